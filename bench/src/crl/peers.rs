//! Other readers of lists on the same list, each in a process of its own, beside ours.

use std::fmt::Write as _;
use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use madoguchi_test_pki::{
    BulkSerial, CertificateBuilder, DIGITAL_SIGNATURE, Extension, KeyKind, Name, PrivateKey,
};
use ring::rand::SystemRandom;
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer, UnixTime};
use x509_parser::prelude::FromDer as _;

use crate::crl::build::{indexed, verify_alone};
use crate::crl::child::measure;
use crate::crl::lists::{Shape, anchors, pki};
use crate::crl::timing::cpu;
use crate::world::now;

/// What one reader took.
pub(crate) struct Peer {
    name: &'static str,
    /// CPU time of all cores: waiting for a core is not in it.
    seconds: f64,
    /// Most memory resident, the list included.
    octets_per_entry: f64,
}

/// Those that are part of this program, each a part by its name.
const OURS: [(&str, &str); 5] = [
    ("peer-ring", "ring: the signature alone"),
    ("peer-madoguchi", "this: signature, strict reading, index, a lookup"),
    ("peer-rasn", "rasn 0.30: decode, a linear lookup"),
    ("peer-x509-parser", "x509-parser 0.18: from_der, a linear lookup"),
    ("peer-webpki", "rustls-webpki 0.103: owned list, one certificate verified with it"),
];

/// Measures all.
pub(crate) fn run(folder: &Path, entries: u64) -> Result<Vec<Peer>, String> {
    let program = "/proc/self/exe";
    let mut peers = Vec::new();
    write_card(folder)?;
    for (part, name) in OURS {
        eprintln!("{name}");
        let mut command = Command::new(program);
        command.args(["crl-part", part]).arg(folder).args([&entries.to_string(), Shape::Jp.name()]);
        let taken = measure(&mut command)?;
        // What the part prints is its own time, without starting and reading the file.
        let seconds = taken.output.trim().parse().map_err(|_| format!("{part}: {}", taken.output))?;
        peers.push(Peer { name, seconds, octets_per_entry: taken.peak as f64 / entries as f64 });
    }
    for (name, arguments, expected) in [
        ("openssl crl -noout", "crl -inform DER -in jp.crl -noout", ""),
        (
            "openssl crl -CAfile: signature, too",
            "crl -inform DER -in jp.crl -noout -CAfile ca.pem",
            "verify OK",
        ),
        (
            "openssl verify -crl_check: one certificate",
            "verify -attime AT -crl_check -CAfile ca.pem -CRLfile jp.crl card.pem",
            "OK",
        ),
    ] {
        eprintln!("{name}");
        let at = (now().as_secs() + 60).to_string();
        let arguments = arguments.split(' ').map(|word| if word == "AT" { at.as_str() } else { word });
        let taken = measure(Command::new("openssl").args(arguments).current_dir(folder))?;
        if !taken.output.contains(expected) {
            return Err(format!("{name}: {}", taken.output));
        }
        peers.push(Peer {
            name,
            seconds: taken.cpu.as_secs_f64(),
            octets_per_entry: taken.peak as f64 / entries as f64,
        });
    }
    Ok(peers)
}

/// One reader in this process; prints how long it took.
pub(crate) fn run_one(name: &str, folder: &Path, shape: Shape) -> Result<(), String> {
    let path = shape.list(folder);
    let (listed, missing) = (shape.serials().at(0), missing(shape));
    let before;
    match name {
        "peer-ring" => {
            let (der, pki) = (fs::read(path).expect("a list"), pki(folder));
            before = cpu();
            verify_alone(pki.auth_ca_key().public_key(), &der);
        }
        "peer-madoguchi" => {
            let anchors = anchors(folder);
            before = cpu();
            let crl = indexed(&anchors, &path);
            assert!(crl.find(listed.octets()).expect("sound").is_some());
            assert!(crl.find(missing.octets()).expect("sound").is_none());
        }
        "peer-rasn" => {
            let der = fs::read(path).expect("a list");
            before = cpu();
            let list: rasn_pkix::CertificateList = rasn::der::decode(&der).expect("read");
            let entries = list.tbs_cert_list.revoked_certificates;
            let missing = rasn::types::Integer::from(missing.serial().expect("short").number());
            assert!(!black_box(&entries).iter().any(|entry| entry.user_certificate == missing));
        }
        "peer-x509-parser" => {
            let der = fs::read(path).expect("a list");
            before = cpu();
            let list = x509_parser::revocation_list::CertificateRevocationList::from_der(&der);
            let (_, list) = list.expect("read");
            let found = list.iter_revoked_certificates().any(|entry| entry.raw_serial() == missing.octets());
            assert!(!found);
        }
        "peer-webpki" => {
            let der = fs::read(path).expect("a list");
            let pki = pki(folder);
            let ca = CertificateDer::from(pki.auth_ca());
            let anchors = [webpki::anchor_from_trusted_cert(&ca).expect("an anchor")];
            let card = CertificateDer::from(fs::read(folder.join(CARD)).expect("a card"));
            before = cpu();
            let list = CertificateRevocationListDer::from(der);
            let list = webpki::OwnedCertRevocationList::from_der(&list).expect("read").into();
            let lists: [&webpki::CertRevocationList<'_>; 1] = [&list];
            let options = webpki::RevocationOptionsBuilder::new(&lists).expect("lists").build();
            let end = webpki::EndEntityCert::try_from(&card).expect("read");
            let usage = webpki::KeyUsage::client_auth();
            let algorithms = &[webpki::ring::RSA_PKCS1_2048_8192_SHA256];
            end.verify_for_usage(algorithms, &anchors, &[], now(), usage, Some(options), None)
                .expect("a path");
        }
        _ => return Err(format!("no part {name:?}")),
    }
    println!("{}", (cpu() - before).as_secs_f64());
    Ok(())
}

/// A card that is not revoked, and its anchor: DER for the others, PEM for `openssl verify`.
fn write_card(folder: &Path) -> Result<(), String> {
    let random = SystemRandom::new();
    let pki = pki(folder);
    let day = Duration::from_hours(24);
    // Without certificate policies, which are critical in a card and unknown to rustls-webpki.
    let sign = || {
        let key = PrivateKey::generate(KeyKind::P256, &random)?;
        let card = CertificateBuilder {
            serial: missing(Shape::Jp).serial().expect("short"),
            issuer: pki.large_crl(None, Shape::Jp.bulk(0..0), (1, None), now(), day)?.issuer,
            not_before: now(),
            not_after: UnixTime::since_unix_epoch(Duration::from_secs(now().as_secs()) + day),
            subject: Name::new(&[("2.5.4.3", "Card")])?,
            subject_public_key_info: key.subject_public_key_info()?,
            extensions: vec![
                Extension::key_usage(DIGITAL_SIGNATURE),
                Extension::ext_key_usage("1.3.6.1.5.5.7.3.2")?,
                Extension::authority_key_identifier_of_key(pki.auth_ca_key().public_key()),
            ],
        };
        card.sign(pki.auth_ca_key(), &random)
    };
    let card = sign().map_err(|error: madoguchi_test_pki::Error| error.to_string())?;
    fs::write(folder.join(CARD), card).map_err(|error| error.to_string())?;
    for (der, pem) in [(CARD, "card.pem"), ("auth-ca.der", "ca.pem")] {
        let made =
            Command::new("openssl").args(["x509", "-in", der, "-out", pem]).current_dir(folder).status();
        if !made.map_err(|error| error.to_string())?.success() {
            return Err(format!("openssl does not read {der}"));
        }
    }
    Ok(())
}

/// A serial number that no list has.
fn missing(shape: Shape) -> BulkSerial {
    shape.serials().at(u64::MAX >> 30)
}

/// All readers beside `ring`, which is the first.
pub(crate) fn table(peers: &[Peer]) -> String {
    let mut text = format!(
        "{:<70} {:>9} {:>9} {:>14}\n",
        "beside others, the same list", "CPU s", "x ring", "peak B/entry"
    );
    let base = peers.first().map_or(f64::NAN, |peer| peer.seconds);
    for peer in peers {
        let _ = writeln!(
            text,
            "{:<70} {:>9.3} {:>7.1} x {:>14.0}",
            peer.name,
            peer.seconds,
            peer.seconds / base,
            peer.octets_per_entry
        );
    }
    text
}

const CARD: &str = "card.der";

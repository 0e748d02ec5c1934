//! Chains of two certificates (a CA's and a card's, for client authentication): ours, rustls-webpki's, OpenSSL's, and
//! `ring` alone.

use std::hint::black_box;

use madoguchi_cert_verify::{
    Anchor, Budget, Certificate, KeyPurpose, NoObserver, PathSettings, verify_chain,
};
use madoguchi_test_pki::{
    CertificateBuilder, DIGITAL_SIGNATURE, Extension, KEY_CERT_SIGN, KeyKind, Name, PrivateKey, Serial,
};
use ring::rand::SystemRandom;
use rustls_pki_types::{CertificateDer, UnixTime};

use crate::openssl_chain::OpenSsl;
use crate::rounds::{Work, print};
use crate::world::{Bare, KINDS, now};

pub(crate) fn run() {
    println!("{}", openssl::version::version());
    for (name, kind, calls) in KINDS {
        of(name, kind, calls);
    }
}

fn of(name: &str, kind: KeyKind, calls: u32) {
    let random = SystemRandom::new();
    let key = || PrivateKey::generate(kind, &random).expect("a key");
    let (root_key, middle_key, end_key) = (key(), key(), key());
    let der = |subject: (&str, &PrivateKey), issuer: (&str, &PrivateKey), ca: bool| {
        issue(subject, issuer, ca, &random)
    };
    let root = der(("Root", &root_key), ("Root", &root_key), true);
    let middle = der(("Middle", &middle_key), ("Root", &root_key), true);
    let end = der(("End", &end_key), ("Middle", &middle_key), false);

    let bare = [Bare::of_certificate(&root_key, &middle), Bare::of_certificate(&middle_key, &end)];
    let anchors = [Anchor::of_others(Certificate::parse(&root).expect("read"))];
    let settings = PathSettings { key_purpose: KeyPurpose::ClientAuth, ..PathSettings::default() };
    let verify = |target: &Certificate, pool: &[Certificate]| {
        let mut budget = Budget::default();
        verify_chain(target, pool, &anchors, &settings, now(), &mut budget, &mut NoObserver).expect("a path");
    };
    let (target, pool) =
        (Certificate::parse(&end).expect("read"), [Certificate::parse(&middle).expect("read")]);

    let openssl = OpenSsl::new(&root, now());
    let (openssl_end, openssl_pool) = (OpenSsl::read(&end), OpenSsl::pool(&[&middle]));

    let root = CertificateDer::from(root);
    let webpki_anchors = [webpki::anchor_from_trusted_cert(&root).expect("an anchor")];
    let webpki_pool = [CertificateDer::from(middle.as_slice())];
    let webpki_end = CertificateDer::from(end.as_slice());
    let webpki = || {
        let end = webpki::EndEntityCert::try_from(black_box(&webpki_end)).expect("read");
        let usage = webpki::KeyUsage::client_auth();
        let path = end.verify_for_usage(WEBPKI, &webpki_anchors, &webpki_pool, now(), usage, None, None);
        path.expect("a path");
    };
    print(
        &format!("a chain of two, {name}"),
        calls,
        vec![
            Work::new("ring alone: two signatures", || bare.iter().for_each(Bare::verify)),
            Work::new("ours, read each time", || {
                let target = Certificate::parse(black_box(&end)).expect("read");
                verify(&target, &[Certificate::parse(black_box(&middle)).expect("read")]);
            }),
            Work::new("ours, read before", || verify(black_box(&target), &pool)),
            Work::new("rustls-webpki, read each time", webpki),
            Work::new("OpenSSL, read each time", || {
                openssl.verify(&OpenSsl::read(black_box(&end)), &OpenSsl::pool(&[black_box(&middle)]));
            }),
            Work::new("OpenSSL, read before", || openssl.verify(black_box(&openssl_end), &openssl_pool)),
        ],
    );
}

fn issue(
    (subject, key): (&str, &PrivateKey),
    (issuer, issuer_key): (&str, &PrivateKey),
    ca: bool,
    random: &SystemRandom,
) -> Vec<u8> {
    let name = |text: &str| Name::new(&[("2.5.4.6", "JP"), ("2.5.4.3", text)]).expect("a name");
    let mut extensions = vec![
        Extension::authority_key_identifier_of_key(issuer_key.public_key()),
        Extension::subject_key_identifier(key.public_key()),
        Extension::key_usage(if ca { KEY_CERT_SIGN } else { DIGITAL_SIGNATURE }),
    ];
    if ca {
        extensions.push(Extension::basic_constraints_ca());
    } else {
        extensions.push(Extension::ext_key_usage("1.3.6.1.5.5.7.3.2").expect("an extension"));
    }
    let day = std::time::Duration::from_hours(24);
    let at = |time: std::time::Duration| UnixTime::since_unix_epoch(time);
    let now = std::time::Duration::from_secs(now().as_secs());
    let builder = CertificateBuilder {
        serial: Serial::new(1).expect("a serial"),
        issuer: name(issuer),
        not_before: at(now - day),
        not_after: at(now + day),
        subject: name(subject),
        subject_public_key_info: key.subject_public_key_info().expect("a key"),
        extensions,
    };
    builder.sign(issuer_key, random).expect("signed")
}

const WEBPKI: &[&dyn rustls_pki_types::SignatureVerificationAlgorithm] =
    &[webpki::ring::RSA_PKCS1_2048_8192_SHA256, webpki::ring::ECDSA_P384_SHA384];

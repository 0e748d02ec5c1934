//! One whole proof as the gateway makes it (statement signature, path, revocation lookup) beside the two signature
//! checks that nobody can do without.

use std::fs;
use std::hint::black_box;
use std::time::Duration;

use madoguchi_cert_verify::{
    AuthenticatedHolder, Certificate, OcspAbsence, OcspEvidence, Sources, Verdict, algorithm_is_allowed,
    decide, verify_path, verify_statement,
};
use madoguchi_protocol::{Octets, Origin, SignInStatement};

use crate::rounds::{Work, print};
use crate::shelf::refreshed;
use crate::world::{Bare, KINDS, World, now};

/// At most so many times the bare signature checks.
const BAR: f64 = 1.15;

/// Prints the ratios; whether all are within the bar.
pub(crate) fn run() -> bool {
    KINDS
        .into_iter()
        .fold(true, |within, (name, kind, calls)| of(name, &mut World::of(kind), calls) && within)
}

fn of(name: &str, world: &mut World, calls: u32) -> bool {
    let folder = tempfile::tempdir().expect("a folder");
    let lists = world.pki.crls(now(), Duration::from_hours(24), &world.random).expect("lists");
    for (name, list) in &lists {
        fs::write(folder.path().join(name), list).expect("written");
    }
    let (shared, mut refresher) = refreshed(&folder.path().join("state"), None, &world.anchors);
    for (name, _) in &lists {
        refresher.take(&folder.path().join(name), now()).expect("taken");
    }

    let origin = Origin::parse("https://login.example").expect("an origin");
    let der = &world.card.auth_certificate;
    let statement = |certificate: &Certificate| {
        let (id, nonce, verifier) = (Octets([1; 16]), Octets([2; 32]), Octets([3; 32]));
        let display = [b'd'; 300];
        let hash = certificate.sha256();
        SignInStatement::with_certificate_hash(&origin, id, nonce, "service", &display, verifier, hash)
    };
    let parsed = Certificate::parse(der).expect("read");
    let key = world.card_key();
    let message = statement(&parsed).to_der();
    let signature = key.sign(&message, &world.random).expect("a signature");
    let bare =
        [Bare::of_message(&key, &message, &signature), Bare::of_certificate(world.pki.auth_ca_key(), der)];
    let policy = World::policy();
    let proof = || {
        let certificate = Certificate::parse(black_box(der)).expect("read");
        let statement = statement(&certificate);
        algorithm_is_allowed(&certificate, &world.anchors).expect("allowed");
        let signed = verify_statement(&statement, &certificate, &signature).expect("signed");
        let path = verify_path(&certificate, &world.anchors, &policy, now()).expect("a path");
        let crl = shared.shelf().evidence(&path, now(), None);
        let ocsp = OcspEvidence::none(&path, OcspAbsence::NotConfigured);
        let Verdict::NotRevoked(not_revoked) = decide(&path, Sources::CrlOnly, ocsp, crl, &[]).verdict else {
            panic!("not revoked");
        };
        AuthenticatedHolder::new(signed, path, not_revoked).expect("a holder");
    };
    let measured = print(
        &format!("one whole proof, {name}, a certificate of {} octets", der.len()),
        calls,
        vec![
            Work::new("ring alone: statement and certificate signature", || {
                bare.iter().for_each(Bare::verify);
            }),
            Work::new("the proof", proof),
            Work::new("of it: the certificate read", || {
                Certificate::parse(black_box(der)).expect("read").sha256();
            }),
            Work::new("of it: the statement built, encoded", || {
                black_box(statement(&parsed).to_der());
            }),
            Work::new("of it: the statement's signature", || {
                verify_statement(&statement(&parsed), &parsed, &signature).expect("signed");
            }),
            Work::new("of it: the path", || {
                verify_path(&parsed, &world.anchors, &policy, now()).expect("a path");
            }),
        ],
    );
    let ratio = measured[1].ratio;
    let within = ratio <= BAR;
    println!("  {name}: {ratio:.3} x, bar {BAR} x: {}", if within { "within" } else { "OVER" });
    within
}

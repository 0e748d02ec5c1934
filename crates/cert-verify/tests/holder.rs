//! The card's signature, and the three proofs that make a holder.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use madoguchi_cert_verify::{
    AuthenticatedHolder, Certificate, NotRevoked, OcspAbsence, OcspEvidence, Sources, StatementSigned,
    Verdict, VerifiedPath, decide, verify_statement,
};
use madoguchi_protocol::{Octets, Origin, SignInStatement};
use madoguchi_test_pki::{CardFiles, CardOptions, KeyKind, PrivateKey};

use support::{World, code, now};

fn statement(certificate: &[u8]) -> SignInStatement {
    let origin = Origin::parse("https://gateway.example").unwrap();
    let (id, nonce, verifier) = (Octets([1; 16]), Octets([2; 32]), Octets([3; 32]));
    SignInStatement::new(&origin, id, nonce, "client", b"display", verifier, certificate)
}

fn sign(world: &World, card: &CardFiles, message: &[u8]) -> Vec<u8> {
    PrivateKey::from_pkcs8(&card.auth_key, &world.random).unwrap().sign(message, &world.random).unwrap()
}

fn card(world: &mut World, kind: KeyKind) -> CardFiles {
    let options = CardOptions { key: kind, ..CardOptions::default() };
    world.pki.issue_card(&options, now(), &world.random).unwrap()
}

#[test]
fn each_kind_of_key_signs_under_its_own_hash() {
    let mut world = World::new();
    for kind in [KeyKind::Rsa2048, KeyKind::P256, KeyKind::P384] {
        let card = card(&mut world, kind);
        let certificate = Certificate::parse(&card.auth_certificate).unwrap();
        let statement = statement(&card.auth_certificate);
        let signature = sign(&world, &card, &statement.to_der());
        let proof = verify_statement(&statement, &certificate, &signature).unwrap();
        assert_eq!(proof.certificate_sha256(), certificate.sha256());
        for wrong in [
            sign(&world, &card, b"another message"),
            signature[..signature.len() - 1].to_vec(),
            [&signature[..], &[0]].concat(),
            Vec::new(),
            vec![0; 513],
        ] {
            let result = verify_statement(&statement, &certificate, &wrong);
            assert_eq!(code(result), "statement_signature_invalid", "{kind:?}");
        }
        let mut turned = signature.clone();
        *turned.last_mut().unwrap() ^= 1;
        assert_eq!(code(verify_statement(&statement, &certificate, &turned)), "statement_signature_invalid");
    }
}

#[test]
fn another_cards_signature_or_certificate_is_refused() {
    let mut world = World::new();
    let (own, other) = (world.card(), world.card());
    let certificate = Certificate::parse(&own.auth_certificate).unwrap();
    let statement_of_own = statement(&own.auth_certificate);
    let foreign = sign(&world, &other, &statement_of_own.to_der());
    assert_eq!(
        code(verify_statement(&statement_of_own, &certificate, &foreign)),
        "statement_signature_invalid"
    );
    // The right key over a statement that names another certificate.
    let statement_of_other = statement(&other.auth_certificate);
    let signature = sign(&world, &own, &statement_of_other.to_der());
    let result = verify_statement(&statement_of_other, &certificate, &signature);
    assert_eq!(code(result), "statement_of_other_certificate");
}

fn proofs(world: &mut World, card: &CardFiles) -> (StatementSigned, VerifiedPath, NotRevoked) {
    let certificate = Certificate::parse(&card.auth_certificate).unwrap();
    let statement = statement(&card.auth_certificate);
    let signature = sign(world, card, &statement.to_der());
    let signed = verify_statement(&statement, &certificate, &signature).unwrap();
    let path = world.path(&card.auth_certificate).unwrap();
    let der = world.crl();
    let crl = world.verified_crl(der).unwrap().evidence_for(&path, now(), None);
    let ocsp = OcspEvidence::none(&path, OcspAbsence::NotConfigured);
    let Verdict::NotRevoked(not_revoked) = decide(&path, Sources::CrlOnly, ocsp, crl).verdict else {
        panic!("not revoked")
    };
    (signed, path, not_revoked)
}

#[test]
fn three_proofs_of_one_certificate_make_a_holder() {
    let mut world = World::new();
    let card = world.card();
    let (signed, path, not_revoked) = proofs(&mut world, &card);
    let holder = AuthenticatedHolder::new(signed, path, not_revoked).unwrap();
    assert_eq!(holder.serial(), &card.auth_serial.to_der()[2..]);
    assert_eq!(holder.issuer_key_hash(), world.anchors()[0].key_hash());
    assert_eq!(holder.not_after(), Certificate::parse(&card.auth_certificate).unwrap().not_after());
    assert_eq!(holder.evidence().source().name(), "crl");
    let shown = format!("{holder:?}");
    assert!(
        shown.contains("CrlGood") && !shown.to_lowercase().contains(&card.auth_serial.to_string()),
        "{shown}"
    );
}

#[test]
fn proofs_of_different_certificates_make_nothing() {
    let mut world = World::new();
    let (a, b) = (world.card(), world.card());
    for odd in 0..3 {
        let (of_a, of_b) = (proofs(&mut world, &a), proofs(&mut world, &b));
        let signed = if odd == 0 { of_b.0 } else { of_a.0 };
        let path = if odd == 1 { of_b.1 } else { of_a.1 };
        let not_revoked = if odd == 2 { of_b.2 } else { of_a.2 };
        assert_eq!(code(AuthenticatedHolder::new(signed, path, not_revoked)), "proofs_differ");
    }
}

#[test]
fn evidence_about_another_certificate_is_no_evidence() {
    let mut world = World::new();
    let (a, b) = (world.card(), world.card());
    let (path_a, path_b) =
        (world.path(&a.auth_certificate).unwrap(), world.path(&b.auth_certificate).unwrap());
    let der = world.crl();
    let about_b = world.verified_crl(der).unwrap().evidence_for(&path_b, now(), None);
    let ocsp = OcspEvidence::none(&path_a, OcspAbsence::Unreachable);
    assert!(matches!(decide(&path_a, Sources::Both, ocsp, about_b).verdict, Verdict::CannotCheck));
    assert!(matches!(decide(&path_b, Sources::Both, ocsp, about_b).verdict, Verdict::NotRevoked(_)));
}

//! The card's signature, and the three proofs that make a holder.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use madoguchi_cert_verify::der::Reader;
use madoguchi_cert_verify::{
    AuthenticatedHolder, Certificate, NotRevoked, OcspAbsence, OcspEvidence, Sources, StatementSigned,
    Verdict, VerifiedPath, decide, verify_statement,
};
use madoguchi_protocol::{Octets, Origin, SignInStatement};
use madoguchi_test_pki::{CardFiles, CardOptions, KeyKind, PrivateKey};
use num_bigint::BigUint;
use ring::digest::{self, Algorithm};

use support::{World, code, now, tlv};

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

/// What a card would sign when it were given another DigestInfo or padding: the private operation of RSA alone.
fn sign_padded(card: &CardFiles, padded: &[u8]) -> Vec<u8> {
    let mut info = Reader::new(&card.auth_key).sequence().unwrap();
    info.read().unwrap();
    info.read().unwrap();
    let mut key = Reader::new(info.octet_string().unwrap()).sequence().unwrap();
    let mut number = || BigUint::from_bytes_be(key.integer().unwrap());
    let (_version, modulus, _e, d) = (number(), number(), number(), number());
    let signature = BigUint::from_bytes_be(padded).modpow(&d, &modulus).to_bytes_be();
    [vec![0; 256 - signature.len()], signature].concat()
}

/// RFC 8017 section 9.2: 00 01 FF… 00 and what follows it.
fn padded(info: &[u8]) -> Vec<u8> {
    [&[0, 1][..], &vec![0xff; 253 - info.len()], &[0], info].concat()
}

/// DigestInfo by hand: the algorithm's identifier, with NULL or without, and a hash.
fn digest_info(oid: &[u8], null: bool, hash: &[u8]) -> Vec<u8> {
    let parameters: &[u8] = if null { &[5, 0] } else { &[] };
    let algorithm = tlv(0x30, &[&tlv(6, oid), parameters].concat());
    tlv(0x30, &[algorithm, tlv(4, hash)].concat())
}

#[test]
fn one_encoding_of_an_rsa_signature_is_right() {
    let mut world = World::new();
    let card = card(&mut world, KeyKind::Rsa2048);
    let certificate = Certificate::parse(&card.auth_certificate).unwrap();
    let statement = statement(&card.auth_certificate);
    let hash = |algorithm: &'static Algorithm| digest::digest(algorithm, &statement.to_der());
    let sha256 = hash(&digest::SHA256);
    let sha1 = hash(&digest::SHA1_FOR_LEGACY_USE_ONLY);
    let (sha384, sha512) = (hash(&digest::SHA384), hash(&digest::SHA512));
    let nist = |last: u8| [0x60, 0x86, 0x48, 0x01, 0x65, 3, 4, 2, last];
    let right = digest_info(&nist(1), true, sha256.as_ref());
    let judge =
        |encoded: &[u8]| code(verify_statement(&statement, &certificate, &sign_padded(&card, encoded)));
    assert_eq!(judge(&padded(&right)), "accepted");
    let long = tlv(0x30, &[&right[2..], &[5, 0]].concat());
    let short_padding = [&[0, 1][..], &[0xff; 8], &[0], &right, &vec![0; 245 - right.len()]].concat();
    let mut type_2 = padded(&right);
    type_2[1] = 2;
    let mut gap = padded(&right);
    gap[9] = 0;
    let long_length = [&[0x30, 0x81, 0x31][..], &right[2..]].concat();
    for (name, wrong) in [
        ("SHA-1", padded(&digest_info(&[0x2b, 0x0e, 3, 2, 0x1a], true, sha1.as_ref()))),
        ("SHA-384", padded(&digest_info(&nist(2), true, sha384.as_ref()))),
        ("SHA-512", padded(&digest_info(&nist(3), true, sha512.as_ref()))),
        ("SHA-1 named SHA-256", padded(&digest_info(&nist(1), true, sha1.as_ref()))),
        ("a hash of 31 octets", padded(&digest_info(&nist(1), true, &sha256.as_ref()[..31]))),
        ("a hash of 33 octets", padded(&digest_info(&nist(1), true, &[sha256.as_ref(), &[0]].concat()))),
        ("no NULL", padded(&digest_info(&nist(1), false, sha256.as_ref()))),
        ("a bare hash", padded(sha256.as_ref())),
        ("octets behind the DigestInfo", padded(&[&right[..], &[0]].concat())),
        ("octets in the DigestInfo", padded(&long)),
        ("a length that is not minimal", padded(&long_length)),
        ("short padding and octets behind", short_padding),
        ("block type 2", type_2),
        ("a zero in the padding", gap),
    ] {
        assert_eq!(judge(&wrong), "statement_signature_invalid", "{name}");
    }
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
    let Verdict::NotRevoked(not_revoked) = decide(&path, Sources::CrlOnly, ocsp, crl, &[]).verdict else {
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
    assert!(matches!(decide(&path_a, Sources::Both, ocsp, about_b, &[]).verdict, Verdict::CannotCheck));
    assert!(matches!(decide(&path_b, Sources::Both, ocsp, about_b, &[]).verdict, Verdict::NotRevoked(_)));
}

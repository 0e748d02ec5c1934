//! What is written is read back, secrets are the owner's alone, and nothing is overwritten.

use std::{fs, os::unix::fs::PermissionsExt as _};

use madoguchi_test_pki::{
    AUTH_POLICY, CardFiles, CardOptions, Error, KeyKind, Options, RevocationReason, TestPki,
};

use crate::support::{Folder, HOUR, now, random};

#[test]
fn a_pki_is_read_back() {
    let mut folder = Folder::new(KeyKind::P384);
    let card = folder.card("card", None);
    folder.pki.revoke(card.auth_serial, RevocationReason::KeyCompromise, now()).unwrap();
    folder.publish();
    let mut again = TestPki::load(folder.path(), &random()).unwrap();
    assert_eq!(again.auth_ca(), folder.pki.auth_ca());
    assert_eq!(again.sign_ca(), folder.pki.sign_ca());
    assert_eq!(again.responder_certificate(), folder.pki.responder_certificate());
    assert_eq!(again.auth_ca_key().pkcs8(), folder.pki.auth_ca_key().pkcs8());
    assert_eq!(again.responder_key().pkcs8(), folder.pki.responder_key().pkcs8());
    let serial = card.auth_serial;
    let reason = RevocationReason::Superseded;
    assert!(matches!(again.revoke(serial, reason, now()), Err(Error::AlreadyRevoked { .. })));
    assert_eq!(again.crls(now(), HOUR, &random()).unwrap().len(), 2);
    let policy = fs::read_to_string(folder.path().join("policy")).unwrap();
    assert_eq!(policy, format!("{AUTH_POLICY}\n"));
}

#[test]
fn a_card_is_read_back() {
    let mut folder = Folder::new(KeyKind::P256);
    let options =
        CardOptions { pin: "0427".to_owned(), municipality: "99202".to_owned(), ..CardOptions::default() };
    let card = folder.issue(&options);
    let again = CardFiles::load(folder.path(), "card").unwrap();
    assert_eq!(again.name, "card");
    assert_eq!(again.municipality, "99202");
    assert_eq!((again.pin.as_str(), again.sign_password.as_str()), ("0427", "ABC123"));
    assert_eq!((again.auth_serial, again.sign_serial), (card.auth_serial, card.sign_serial));
    assert_eq!(again.auth_certificate, card.auth_certificate);
    assert_eq!(again.sign_certificate, card.sign_certificate);
    assert_eq!((&again.auth_key, &again.sign_key), (&card.auth_key, &card.sign_key));
    let shown = format!("{card:?}");
    assert!(!shown.contains("0427") && !shown.contains("ABC123") && !shown.contains("key"), "{shown}");
}

#[test]
fn secrets_are_the_owners_alone() {
    let mut folder = Folder::new(KeyKind::P256);
    folder.card("card", None);
    for file in [
        "ca/auth.key.der",
        "ca/sign.key.der",
        "ocsp/responder.key.der",
        "cards/card/auth.key.der",
        "cards/card/sign.key.der",
        "cards/card/card.json",
    ] {
        let mode = fs::metadata(folder.path().join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}

#[test]
fn nothing_is_overwritten() {
    let mut folder = Folder::new(KeyKind::P256);
    let options = Options { authority_key: KeyKind::P256, ..Options::default() };
    let other = TestPki::create(&options, now(), &random()).unwrap();
    assert!(matches!(other.save(folder.path()), Err(Error::FolderInUse { .. })));
    let before = fs::read(folder.path().join("ca/auth.key.der")).unwrap();
    assert_eq!(before, folder.pki.auth_ca_key().pkcs8());
    let card = folder.card("card", None);
    assert!(matches!(card.save(folder.path()), Err(Error::CardExists { .. })));
}

#[test]
fn malformed_options_are_refused() {
    let mut folder = Folder::new(KeyKind::P256);
    let good = CardOptions::default;
    for (options, expected) in [
        (CardOptions { name: "../card".to_owned(), ..good() }, "name for a card"),
        (CardOptions { name: String::new(), ..good() }, "name for a card"),
        (CardOptions { name: "a".repeat(65), ..good() }, "name for a card"),
        (CardOptions { pin: "12345".to_owned(), ..good() }, "4 digits"),
        (CardOptions { pin: "12a4".to_owned(), ..good() }, "4 digits"),
        (CardOptions { sign_password: "ABC12".to_owned(), ..good() }, "6 to 16"),
        (CardOptions { sign_password: "abc123".to_owned(), ..good() }, "6 to 16"),
        (CardOptions { municipality: "13221".to_owned(), ..good() }, "no municipality"),
    ] {
        let error = folder.pki.issue_card(&options, now(), &random()).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    assert!(matches!(CardFiles::load(folder.path(), "../x"), Err(Error::MalformedCardName { .. })));
}

#[test]
fn only_issued_certificates_are_revoked_and_only_a_hold_changes() {
    let mut folder = Folder::new(KeyKind::P256);
    let card = folder.card("card", None);
    let mut revoke = |serial, reason| folder.pki.revoke(serial, reason, now());
    let never = "7FFFFFFF".parse().unwrap();
    assert!(matches!(revoke(never, RevocationReason::Unspecified), Err(Error::UnknownSerial { .. })));
    revoke(card.auth_serial, RevocationReason::CertificateHold).unwrap();
    revoke(card.auth_serial, RevocationReason::KeyCompromise).unwrap();
    let again = revoke(card.auth_serial, RevocationReason::CertificateHold);
    assert!(matches!(again, Err(Error::AlreadyRevoked { .. })));
}

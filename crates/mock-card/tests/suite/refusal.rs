//! What a mock card never holds: real certificates, and keys that nobody here made up.

use madoguchi_mock_card::{Card, CardContents, MockCardError, Scenario};
use madoguchi_test_pki::{
    CertificateBuilder, CertificateFault, Extension, KeyKind, Name, Options, PrivateKey, Serial, TestPki,
};
use rustls_pki_types::UnixTime;
use zeroize::Zeroizing;

use crate::common::{PIN, issue, now, random, save, sign_ca};

fn read(folder: &std::path::Path) -> Result<CardContents, MockCardError> {
    CardContents::read(folder, "default")
}

fn fresh() -> CardContents {
    let folder = tempfile::tempdir().expect("a folder");
    save(folder.path());
    read(folder.path()).expect("a card")
}

/// A certificate over the key of the card's user-authentication certificate.
fn certificate(subject: &[(&str, &str)], issuer: &[(&str, &str)], policy: &str) -> Vec<u8> {
    let contents = fresh();
    let key = PrivateKey::from_pkcs8(&contents.files.auth_key, &random()).expect("a key");
    let builder = CertificateBuilder {
        serial: Serial::new(5).expect("not zero"),
        issuer: Name::new(issuer).expect("a name"),
        not_before: now(),
        not_after: UnixTime::since_unix_epoch(std::time::Duration::from_secs(now().as_secs() + 1000)),
        subject: Name::new(subject).expect("a name"),
        subject_public_key_info: key.subject_public_key_info().expect("a key"),
        extensions: vec![
            Extension::certificate_policies(policy, "https://madoguchi.example/").expect("an OID"),
        ],
    };
    builder.sign(&key, &random()).expect("a certificate")
}

const COUNTRY: (&str, &str) = ("2.5.4.6", "JP");
const OWN_POLICY: &str = "1.3.6.1.4.1.32473.1";

#[test]
fn certificates_of_real_authorities_are_refused() {
    let named =
        |organization| [COUNTRY, ("2.5.4.10", organization), ("2.5.4.11", "JPKI for user authentication")];
    let harmless = named("MADOGUCHI-TEST-JPKI");
    for certificate in [
        certificate(&[COUNTRY], &named("JPKI"), OWN_POLICY),
        certificate(&named("JPKI"), &harmless, OWN_POLICY),
        certificate(&[COUNTRY], &named("JPKI-TEST"), OWN_POLICY),
        certificate(&[COUNTRY], &named("jpki-test"), OWN_POLICY),
        certificate(&[COUNTRY], &harmless, "1.2.392.200149.8.5.1.3.30"),
        certificate(&[COUNTRY], &harmless, "1.2.392.200149.8.5.1.0.30"),
    ] {
        for place in 0..4 {
            let mut contents = fresh();
            let files = &mut contents.files;
            *[
                &mut files.auth_certificate,
                &mut files.sign_certificate,
                &mut contents.auth_ca_certificate,
                &mut contents.sign_ca_certificate,
            ][place] = certificate.clone();
            let refused = Card::new(&contents, &Scenario::default());
            assert!(matches!(refused, Err(MockCardError::CertificateIsReal { .. })), "place {place}");
        }
    }
    // A name that only looks alike, and a policy arc that only begins alike, are not refused for that.
    let mut contents = fresh();
    contents.files.auth_certificate = certificate(&[COUNTRY], &harmless, "1.2.392.2001490.1");
    assert!(matches!(
        contents.check(),
        Err(MockCardError::IssuerAbsent { certificate: "user-authentication" })
    ));
}

#[test]
fn a_folder_with_a_real_certificate_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    save(folder.path());
    let real = certificate(&[COUNTRY], &[COUNTRY, ("2.5.4.10", "JPKI")], OWN_POLICY);
    std::fs::write(folder.path().join("cards/default/auth.der"), real).expect("written");
    assert!(matches!(read(folder.path()), Err(MockCardError::CertificateIsReal { .. })));
}

#[test]
fn what_cannot_be_read_cannot_be_told_to_be_a_test_s() {
    let mut contents = fresh();
    contents.files.sign_certificate.push(0x00);
    let refused = Card::new(&contents, &Scenario::default());
    assert!(matches!(refused, Err(MockCardError::CertificateUnreadable { certificate: "signature" })));
}

#[test]
fn keys_of_others_are_refused() {
    let mut contents = fresh();
    std::mem::swap(&mut contents.files.auth_key, &mut contents.files.sign_key);
    let refused = Card::new(&contents, &Scenario::default());
    assert!(matches!(refused, Err(MockCardError::KeyOfAnother { key: "user-authentication" })));
}

#[test]
fn a_folder_without_the_authorities_keys_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    save(folder.path());
    for name in ["ca/auth.key.der", "ca/sign.key.der"] {
        let (key, aside) = (folder.path().join(name), folder.path().join("aside"));
        std::fs::rename(&key, &aside).expect("moved");
        let Err(MockCardError::AuthorityKeyAbsent { path }) = read(folder.path()) else {
            panic!("no {name}")
        };
        assert_eq!(path, key);
        // Another key in its place does not help, of whichever kind.
        for kind in [KeyKind::P256, KeyKind::Rsa2048] {
            let other = PrivateKey::generate(kind, &random()).expect("a key");
            std::fs::write(&key, other.pkcs8()).expect("written");
            let refused = read(folder.path());
            assert!(matches!(refused, Err(MockCardError::AuthorityKeyOfAnother { .. })), "{name}");
        }
        std::fs::rename(&aside, &key).expect("moved back");
    }
    read(folder.path()).expect("a card");
}

#[test]
fn authorities_with_rsa_keys_are_recognised() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut pki = TestPki::create(&Options::default(), now(), &random()).expect("a PKI");
    let options = madoguchi_test_pki::CardOptions { name: "default".to_owned(), ..Default::default() };
    let contents = issue(&mut pki, &options);
    pki.save(folder.path()).expect("a PKI");
    contents.files.save(folder.path()).expect("a card");
    read(folder.path()).expect("a card");
}

#[test]
fn certificates_with_faults_are_tests_all_the_same() {
    let options = Options { authority_key: KeyKind::P256, ..Options::default() };
    let mut pki = TestPki::create(&options, now(), &random()).expect("a PKI");
    for fault in [
        CertificateFault::CaFlag,
        CertificateFault::DuplicateExtension,
        CertificateFault::Expired,
        CertificateFault::MissingExtendedKeyUsage,
        CertificateFault::NotYetValid,
        CertificateFault::OtherCa,
        CertificateFault::SignatureCertificate,
        CertificateFault::TamperedSignature,
        CertificateFault::UnknownCriticalExtension,
        CertificateFault::WrongKeyUsage,
        CertificateFault::WrongPolicy,
    ] {
        let name = "faulty".to_owned();
        let options = madoguchi_test_pki::CardOptions { name, fault: Some(fault), ..Default::default() };
        issue(&mut pki, &options).check().unwrap_or_else(|error| panic!("{fault:?}: {error}"));
    }
}

#[test]
fn keys_that_are_no_rsa_keys_are_refused() {
    let refused = |contents: &CardContents| match Card::new(contents, &Scenario::default()) {
        Err(MockCardError::Key { key, .. }) => key,
        _ => panic!("made without keys"),
    };
    let mut contents = fresh();
    contents.files.sign_key = Zeroizing::new(contents.files.sign_certificate.clone());
    assert_eq!(refused(&contents), "signature");
    contents.files.auth_key.truncate(100);
    assert_eq!(refused(&contents), "user-authentication");
}

#[test]
fn a_card_is_read_from_the_folder_of_the_test_pki() {
    let folder = tempfile::tempdir().expect("a folder");
    save(folder.path());
    let contents = read(folder.path()).expect("a card");
    assert_eq!(contents.files.pin.as_str(), PIN);
    assert_eq!(contents.sign_ca_certificate, sign_ca());
    let absent = CardContents::read(folder.path(), "nobody");
    assert!(matches!(absent, Err(MockCardError::CardFiles(_))));
    let path = folder.path().join("sign-ca.der");
    std::fs::remove_file(&path).expect("removed");
    let Err(MockCardError::Unreadable { path: named, .. }) = read(folder.path()) else {
        panic!("half a PKI was read")
    };
    assert_eq!(named, path);
}

//! `openssl verify`, `x509`, `crl`, `rsa` say what they should.

use madoguchi_test_pki::{
    CardOptions, CertificateFault, CrlFault, KeyKind, RevocationReason, TestPki, save_crls,
};

use crate::support::{Folder, HOUR, NOW, now, random};

/// Verifies the authentication certificate of a card against anchor and list of its municipality.
fn verify(folder: &Folder, card: &str, municipality: &str) -> (bool, String) {
    folder.openssl(&format!(
        "verify -x509_strict -attime {} -purpose sslclient -CAfile auth-ca.pem -crl_check -extended_crl \
         -CRLfile crl/{municipality}.crl -policy_check -policy {} -explicit_policy cards/{card}/auth.der",
        NOW + 60,
        madoguchi_test_pki::AUTH_POLICY,
    ))
}

#[track_caller]
fn refused(folder: &Folder, card: &str, why: &str) {
    let (accepted, said) = verify(folder, card, "99201");
    assert!(!accepted && said.contains(why), "{card}: {said}");
}

#[test]
fn a_good_card_of_each_key_kind_is_accepted() {
    for kind in [KeyKind::Rsa2048, KeyKind::P256, KeyKind::P384] {
        let mut folder = Folder::new(kind);
        folder.issue(&CardOptions { key: kind, ..CardOptions::default() });
        folder.publish();
        let (accepted, said) = verify(&folder, "card", "99201");
        assert!(accepted, "{kind:?}: {said}");
        // The list of another municipality does not cover it.
        let (accepted, said) = verify(&folder, "card", "99202");
        assert!(!accepted && said.contains("different CRL scope"), "{kind:?}: {said}");
        // Each key fits its certificate.
        for name in ["auth", "sign"] {
            let certificate = folder.openssl(&format!("x509 -in cards/card/{name}.der -noout -pubkey"));
            let key = folder.openssl(&format!("pkey -in cards/card/{name}.key.der -inform DER -pubout"));
            assert!(certificate.0 && certificate == key, "{certificate:?} {key:?}");
        }
    }
}

#[test]
fn the_signature_certificate_is_accepted_by_its_own_authority_only() {
    let mut folder = Folder::new(KeyKind::Rsa2048);
    folder.card("card", None);
    let verify = |anchor: &str| {
        folder.openssl(&format!("verify -x509_strict -attime {NOW} -CAfile {anchor} cards/card/sign.der"))
    };
    let (accepted, said) = verify("sign-ca.pem");
    assert!(accepted, "{said}");
    assert!(!verify("auth-ca.pem").0);
}

#[test]
fn a_revoked_card_is_refused_once_the_lists_are_new() {
    let mut folder = Folder::new(KeyKind::P256);
    let card = folder.card("card", None);
    folder.publish();
    folder.pki.revoke(card.auth_serial, RevocationReason::KeyCompromise, now()).unwrap();
    assert!(verify(&folder, "card", "99201").0, "lists change only when published");
    folder.publish();
    refused(&folder, "card", "certificate revoked");
}

#[test]
fn each_certificate_fault_is_refused_for_its_reason() {
    let mut folder = Folder::new(KeyKind::Rsa2048);
    folder.publish();
    for (name, fault, why) in [
        ("expired", CertificateFault::Expired, "certificate has expired"),
        ("early", CertificateFault::NotYetValid, "certificate is not yet valid"),
        ("other", CertificateFault::OtherCa, "unable to get local issuer certificate"),
        ("sign", CertificateFault::SignatureCertificate, "unable to get local issuer certificate"),
        ("tampered", CertificateFault::TamperedSignature, "certificate signature failure"),
        ("unknown", CertificateFault::UnknownCriticalExtension, "unhandled critical extension"),
        ("policy", CertificateFault::WrongPolicy, "no explicit policy"),
    ] {
        folder.card(name, Some(fault));
        refused(&folder, name, why);
    }
}

#[test]
fn each_list_fault_is_refused_for_its_reason() {
    let mut folder = Folder::new(KeyKind::Rsa2048);
    folder.card("card", None);
    for (fault, why) in [
        (CrlFault::Future, "CRL is not yet valid"),
        (CrlFault::OnlyCaCertificates, "different CRL scope"),
        (CrlFault::OtherKey, "unable to get certificate CRL"),
        (CrlFault::Stale, "CRL has expired"),
        (CrlFault::TamperedSignature, "CRL signature failure"),
        (CrlFault::UnknownCriticalExtension, "unhandled critical CRL extension"),
        (CrlFault::WrongDistributionPoint, "different CRL scope"),
    ] {
        let lists = folder.pki.faulty_crls(now(), HOUR, fault, &random()).unwrap();
        save_crls(folder.path(), &lists).unwrap();
        refused(&folder, "card", why);
    }
    let none = folder.pki.faulty_crls(now(), HOUR, CrlFault::Missing, &random()).unwrap();
    save_crls(folder.path(), &none).unwrap();
    assert!(!folder.path().join("crl/99201.crl").exists());
}

#[test]
fn an_rsa_key_is_sound_in_all_its_numbers() {
    let mut folder = Folder::new(KeyKind::P256);
    folder.card("card", None);
    let (sound, said) = folder.openssl("rsa -in cards/card/auth.key.der -inform DER -noout -check -text");
    assert!(sound && said.contains("RSA key ok"), "{said}");
    assert!(
        said.contains("Private-Key: (2048 bit, 2 primes)") && said.contains("publicExponent: 65537"),
        "{said}"
    );
}

#[test]
fn certificate_text() {
    let mut folder = Folder::new(KeyKind::Rsa2048);
    folder.card("card", None);
    let (_, said) =
        folder.openssl("x509 -in cards/card/auth.der -noout -text -nameopt RFC2253,utf8,-esc_msb");
    for expected in [
        "Version: 3 (0x2)",
        "Signature Algorithm: sha256WithRSAEncryption",
        "Issuer: OU=Madoguchi Test Authority,OU=JPKI for user authentication,O=MADOGUCHI-TEST-JPKI,C=JP",
        "Not Before: Nov 22 05:00:00 2026 GMT",
        "Not After : Nov 22 14:59:59 2031 GMT",
        "Public-Key: (2048 bit)",
        "TLS Web Client Authentication",
        "Policy: 1.3.6.1.4.1.32473.24817.1.3",
        "CPS: https://madoguchi.example/test-cps",
        "OCSP - URI:http://127.0.0.1:8998",
        "OU = CRL Distribution Points, OU = Midori-ken, CN = Midori-shi CRLDP",
        "DirName:/C=JP/O=MADOGUCHI-TEST-JPKI/OU=JPKI for user authentication/OU=Madoguchi Test Authority",
        "serial:07:00:00:01",
    ] {
        assert!(said.contains(expected), "{expected:?} is not in {said}");
    }
    assert!(!said.contains("O=JPKI,") && !said.contains("JPKI-TEST"), "{said}");
}

#[test]
fn list_text() {
    let mut folder = Folder::new(KeyKind::Rsa2048);
    let card = folder.card("card", None);
    folder.publish();
    folder.pki.revoke(card.auth_serial, RevocationReason::Superseded, now()).unwrap();
    // Of the other authority: not in these lists.
    folder.pki.revoke(card.sign_serial, RevocationReason::AffiliationChanged, now()).unwrap();
    folder.publish();
    let (_, said) = folder.openssl("crl -in crl/99201.crl -noout -text -CAfile auth-ca.pem");
    for expected in [
        "verify OK",
        "Version 2 (0x1)",
        "Last Update: Nov 22 05:00:00 2026 GMT",
        "Next Update: Nov 22 06:00:00 2026 GMT",
        "X509v3 CRL Number: \n                2\n",
        "X509v3 Issuing Distribution Point: critical",
        "CN = Midori-shi CRLDP",
        &format!("Serial Number: {}", card.auth_serial),
        "Superseded",
    ] {
        assert!(said.contains(expected), "{expected:?} is not in {said}");
    }
    assert!(!said.contains(&card.sign_serial.to_string()), "{said}");
    let (_, other) = folder.openssl("crl -in crl/99202.crl -noout -text");
    assert!(other.contains("No Revoked Certificates") && other.contains("CN = Hinata-shi CRLDP"), "{other}");
}

#[test]
fn serial_numbers_are_never_given_twice() {
    let mut folder = Folder::new(KeyKind::P256);
    let first = folder.card("first", None);
    let mut again = TestPki::load(folder.path(), &random()).unwrap();
    let second = again.issue_card(&CardOptions::default(), now(), &random()).unwrap();
    let mut all = vec![first.auth_serial, first.sign_serial, second.auth_serial, second.sign_serial];
    all.dedup();
    assert!(all.len() == 4 && all.is_sorted(), "{all:?}");
}

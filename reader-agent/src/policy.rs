//! Which cards may meet a PIN.

use madoguchi_cert_verify::der::{Reader, tag};
use madoguchi_cert_verify::{
    Anchor, Certificate, Error, KeyKind, Name, PathPolicy, RequiredPolicies, purpose_and_expiry, verify_path,
};
use madoguchi_jpki_card::{CardProfile, DigestAlgorithm};
use madoguchi_protocol::ErrorCode;
use rustls_pki_types::UnixTime;
use tracing::info;

/// Which cards may meet a PIN.
#[derive(Debug)]
pub enum CardPolicy {
    /// Any card for user authentication: a resident looks at what is asked. Who issued it is the gateway's to judge.
    Resident,
    /// Only cards that these test authorities issued: nobody looks, and a developer's real card must never meet a test
    /// PIN.
    TestOnly(TestAnchors),
}

/// Authorities of test cards: any but JPKI's own.
#[derive(Debug)]
pub struct TestAnchors(Vec<Anchor>);

impl TestAnchors {
    /// Takes them, unless one is JPKI's: real cards, and the test cards that J-LIS hands out, are no test cards here.
    pub fn new(anchors: Vec<Anchor>) -> Result<Self, NotATestAnchor> {
        if anchors.iter().any(|anchor| is_jpki(anchor.name())) {
            Err(NotATestAnchor)
        } else {
            Ok(Self(anchors))
        }
    }
}

/// The authority of real cards cannot be one of test cards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("--test-anchor is an authority of JPKI itself (O=JPKI or O=JPKI-TEST): its cards are no test cards")]
pub struct NotATestAnchor;

impl CardPolicy {
    /// The kinds of card that are looked for.
    pub(crate) fn profiles(&self) -> &'static [CardProfile] {
        match self {
            Self::Resident => &[CardProfile::TODAY],
            Self::TestOnly(_) => &[CardProfile::TODAY, CardProfile::HYPOTHETICAL_P384],
        }
    }

    /// Judges the card's certificate before a try can be lost.
    pub(crate) fn check(
        &self,
        certificate: &Certificate,
        profile: &CardProfile,
        now: UnixTime,
    ) -> Result<(), ErrorCode> {
        purpose_and_expiry(certificate, now).map_err(|error| certificate_code(&error))?;
        // The kind of key that such a card signs with. Another one would cost a try and then fail.
        if Some(certificate.public_key().kind()) != key_kind(profile) {
            info!("a key of another kind than such cards have");
            return Err(ErrorCode::CertificateUnusable);
        }
        match self {
            Self::Resident => Ok(()),
            Self::TestOnly(TestAnchors(anchors)) => {
                if certificate.policies().iter().any(|policy| policy.as_octets().starts_with(&JPKI_POLICIES))
                {
                    info!("a certificate under JPKI's own policies; it is left alone");
                    return Err(ErrorCode::TestCardOnly);
                }
                let policy = PathPolicy { policies: RequiredPolicies::danger_any_policy() };
                verify_path(certificate, anchors, &policy, now).map_err(|error| {
                    info!(%error, "not a card of the test anchors; it is left alone");
                    ErrorCode::TestCardOnly
                })?;
                Ok(())
            }
        }
    }
}

/// What the resident is told about a certificate that cannot be used.
pub(crate) fn certificate_code(error: &Error) -> ErrorCode {
    match error {
        Error::Expired { .. } => ErrorCode::CertificateExpired,
        Error::NotYetValid { .. } => ErrorCode::CertificateNotYetValid,
        error => {
            info!(%error, "not a certificate for user authentication");
            ErrorCode::CertificateUnusable
        }
    }
}

fn key_kind(profile: &CardProfile) -> Option<KeyKind> {
    match profile.digest_algorithm() {
        DigestAlgorithm::Sha256 => Some(KeyKind::Rsa),
        DigestAlgorithm::Sha384 => Some(KeyKind::EcP384),
        _ => None,
    }
}

/// Whether one of the name's organisations is JPKI's. A name that cannot be read is taken for one: it is refused.
fn is_jpki(name: &Name) -> bool {
    let organisations = || {
        let mut found = Vec::new();
        let mut names = Reader::new(name.der()).sequence()?;
        while !names.is_empty() {
            let mut attributes = names.expect(tag::SET)?.content();
            while !attributes.is_empty() {
                let mut attribute = attributes.sequence()?;
                let kind = attribute.object_identifier()?;
                let value = attribute.read()?.value;
                if kind == ORGANIZATION_NAME {
                    found.push(value.to_vec());
                }
            }
        }
        Ok::<_, madoguchi_cert_verify::der::DerError>(found)
    };
    organisations().map_or(true, |found| {
        found.iter().any(|value| {
            let value = value.trim_ascii();
            JPKI_ORGANISATIONS.iter().any(|organisation| value.eq_ignore_ascii_case(organisation))
        })
    })
}

/// id-at-organizationName, 2.5.4.10 (RFC 5280 appendix A.1).
const ORGANIZATION_NAME: &[u8] = &[0x55, 0x04, 0x0A];
/// What the authorities of real cards and of J-LIS's test cards are called.
const JPKI_ORGANISATIONS: [&[u8]; 2] = [b"JPKI", b"JPKI-TEST"];
/// 1.2.392.200149.8.5.1: the policies of every JPKI certificate are below it.
const JPKI_POLICIES: [u8; 9] = [0x2A, 0x83, 0x08, 0x8C, 0x9B, 0x55, 0x08, 0x05, 0x01];

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use madoguchi_cert_verify::{Oid, PRODUCTION_AUTH_POLICY};
    use madoguchi_test_pki::{
        CertificateBuilder, DIGITAL_SIGNATURE, Extension, KEY_CERT_SIGN, KeyKind as TestKeyKind, PrivateKey,
        Serial,
    };

    use super::*;
    use crate::testing::{now, random};

    fn name(organisation: &str) -> madoguchi_test_pki::Name {
        let attributes = [("2.5.4.6", "JP"), ("2.5.4.10", organisation), ("2.5.4.11", "test")];
        madoguchi_test_pki::Name::new(&attributes).expect("a name")
    }

    /// An authority of this name.
    fn authority(organisation: &str, key: &PrivateKey) -> Anchor {
        let name = name(organisation);
        let certificate = CertificateBuilder {
            serial: Serial::new(1).expect("not zero"),
            issuer: name.clone(),
            not_before: now(),
            not_after: UnixTime::since_unix_epoch(Duration::from_secs(now().as_secs() + 1000)),
            subject: name,
            subject_public_key_info: key.subject_public_key_info().expect("a key"),
            extensions: vec![
                Extension::key_usage(KEY_CERT_SIGN),
                Extension::basic_constraints_ca(),
                Extension::subject_key_identifier(key.public_key()),
            ],
        };
        Anchor::new(&certificate.sign(key, &random()).expect("a certificate")).expect("an anchor")
    }

    /// A certificate for user authentication under this policy.
    fn certificate(policy: &str, issuer: &PrivateKey, key: &PrivateKey) -> Certificate {
        let builder = CertificateBuilder {
            serial: Serial::new(2).expect("not zero"),
            issuer: name("TEST"),
            not_before: now(),
            not_after: now(),
            subject: name("Hanako"),
            subject_public_key_info: key.subject_public_key_info().expect("a key"),
            extensions: vec![
                Extension::key_usage(DIGITAL_SIGNATURE),
                Extension::ext_key_usage("1.3.6.1.5.5.7.3.2").expect("an identifier"),
                Extension::certificate_policies(policy, "https://madoguchi.example/cps")
                    .expect("an identifier"),
                Extension::crl_distribution_points(&name("TEST")),
                Extension::authority_key_identifier_of_key(issuer.public_key()),
                Extension::subject_key_identifier(key.public_key()),
            ],
        };
        Certificate::parse(&builder.sign(issuer, &random()).expect("a certificate")).expect("a certificate")
    }

    #[test]
    fn no_authority_of_jpki_is_one_of_test_cards() {
        let key = PrivateKey::generate(TestKeyKind::P256, &random()).expect("a key");
        for organisation in ["JPKI", "JPKI-TEST", "jpki", " JPKI "] {
            let anchors = vec![authority("MADOGUCHI-TEST-JPKI", &key), authority(organisation, &key)];
            assert_eq!(TestAnchors::new(anchors).err(), Some(NotATestAnchor), "{organisation}");
        }
        for organisation in ["MADOGUCHI-TEST-JPKI", "JPKI2", "Not JPKI"] {
            assert!(TestAnchors::new(vec![authority(organisation, &key)]).is_ok(), "{organisation}");
        }
    }

    #[test]
    fn a_certificate_under_jpkis_policies_is_no_test_card() {
        let issuer = PrivateKey::generate(TestKeyKind::P256, &random()).expect("a key");
        let key = PrivateKey::generate(TestKeyKind::P384, &random()).expect("a key");
        let policy =
            CardPolicy::TestOnly(TestAnchors::new(vec![authority("TEST", &issuer)]).expect("not JPKI"));
        let check = |oid: &str| {
            policy.check(&certificate(oid, &issuer, &key), &CardProfile::HYPOTHETICAL_P384, now())
        };
        assert_eq!(check("1.3.6.1.4.1.32473.1"), Ok(()));
        for oid in [PRODUCTION_AUTH_POLICY, "1.2.392.200149.8.5.1.0.30", "1.2.392.200149.8.5.1.9.9"] {
            assert_eq!(check(oid), Err(ErrorCode::TestCardOnly), "{oid}");
        }
    }

    #[test]
    fn the_key_is_of_the_kind_that_the_card_signs_with() {
        let issuer = PrivateKey::generate(TestKeyKind::P256, &random()).expect("a key");
        for (kind, right) in [(TestKeyKind::P256, false), (TestKeyKind::P384, true)] {
            let key = PrivateKey::generate(kind, &random()).expect("a key");
            let certificate = certificate("1.3.6.1.4.1.32473.1", &issuer, &key);
            let check = |profile| CardPolicy::Resident.check(&certificate, &profile, now());
            assert_eq!(check(CardProfile::TODAY), Err(ErrorCode::CertificateUnusable));
            assert_eq!(check(CardProfile::HYPOTHETICAL_P384).is_ok(), right);
        }
    }

    #[test]
    fn the_arc_is_that_of_jpki() {
        let production: Oid = PRODUCTION_AUTH_POLICY.parse().expect("an identifier");
        let test: Oid = "1.2.392.200149.8.5.1.0.30".parse().expect("an identifier");
        let other: Oid = "1.2.392.200149.8.5.2.3.30".parse().expect("an identifier");
        assert!(production.as_octets().starts_with(&JPKI_POLICIES));
        assert!(test.as_octets().starts_with(&JPKI_POLICIES));
        assert!(!other.as_octets().starts_with(&JPKI_POLICIES));
    }
}

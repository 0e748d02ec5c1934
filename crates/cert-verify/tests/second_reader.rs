//! x509-parser as a second reader: what the strict reader accepts, x509-parser reads too, and both read the same. It
//! decides nowhere: it accepts encodings that are not canonical, turns a general name that it cannot read into
//! `GeneralName::Invalid` and goes on, and its own signature check allows SHA-1.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use madoguchi_cert_verify::{Certificate, Oid};
use madoguchi_test_pki::KeyKind;
use x509_parser::extensions::{DistributionPointName, GeneralName, ParsedExtension, X509Extension};
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::time::ASN1Time;

use support::{World, code};

/// Changes of an octet: each bit, one more and one less, and the ends.
fn changes(octet: u8) -> Vec<u8> {
    let bits = (0..8).map(|bit| octet ^ (1 << bit));
    bits.chain([octet.wrapping_add(1), octet.wrapping_sub(1), 0x00, 0xff]).collect()
}

#[test]
fn honest_certificates_read_the_same() {
    for kind in [KeyKind::Rsa2048, KeyKind::P256, KeyKind::P384] {
        let mut world = World::of(kind);
        let card = world.rsa_card();
        for der in [
            &card.auth_certificate[..],
            &card.sign_certificate,
            world.pki.auth_ca(),
            world.pki.responder_certificate(),
        ] {
            assert_eq!(code(Certificate::parse(der)), "accepted");
            assert_eq!(difference(der), None);
        }
    }
}

#[test]
fn changed_certificates_read_the_same_or_not_at_all() {
    let mut world = World::new();
    let good = world.card().auth_certificate;
    let mut accepted = 0;
    for place in 0..good.len() {
        for octet in changes(good[place]) {
            let mut changed = good.clone();
            changed[place] = octet;
            if Certificate::parse(&changed).is_ok() {
                accepted += 1;
                assert_eq!(difference(&changed), None, "octet {place} is {octet:02x}");
            }
        }
    }
    // Names, keys and the signature may be anything that has the right form.
    assert!(accepted > 1_000, "only {accepted} changes were read at all");
}

/// Where the two readers differ about a certificate that the strict one accepts.
fn difference(der: &[u8]) -> Option<&'static str> {
    let ours = Certificate::parse(der).unwrap();
    let Ok((rest, other)) = X509Certificate::from_der(der) else { return Some("x509-parser refuses it") };
    let validity = other.validity();
    [
        ("trailing octets", rest.is_empty()),
        ("serial number", other.raw_serial() == ours.serial()),
        ("issuer", other.issuer().as_raw() == ours.issuer().der()),
        ("subject", other.subject().as_raw() == ours.subject().der()),
        ("notBefore", seconds(validity.not_before) == ours.not_before().as_secs()),
        ("notAfter", seconds(validity.not_after) == ours.not_after().as_secs()),
        ("public key", other.public_key().subject_public_key.data.as_ref() == ours.public_key().key()),
        ("algorithm", other.signature_algorithm == other.tbs_certificate.signature),
        ("policies", policies(&other) == ours.policies().iter().map(Oid::as_octets).collect::<Vec<_>>()),
        ("extensions", other.extensions().iter().all(|extension| is_readable(extension.parsed_extension()))),
    ]
    .into_iter()
    .find_map(|(what, same)| (!same).then_some(what))
}

fn policies<'a>(certificate: &'a X509Certificate<'_>) -> Vec<&'a [u8]> {
    let parsed = certificate.extensions().iter().map(X509Extension::parsed_extension);
    let policies = parsed.filter_map(|extension| match extension {
        ParsedExtension::CertificatePolicies(policies) => Some(policies),
        _ => None,
    });
    policies.flatten().map(|policy| policy.policy_id.as_bytes()).collect()
}

/// A moment before 1970 reads as 1970 in the strict reader.
fn seconds(time: ASN1Time) -> u64 {
    u64::try_from(time.timestamp()).unwrap_or(0)
}

fn is_readable(extension: &ParsedExtension<'_>) -> bool {
    match extension {
        ParsedExtension::ParseError { .. } => false,
        ParsedExtension::SubjectAlternativeName(names) => names.general_names.iter().all(is_valid),
        ParsedExtension::IssuerAlternativeName(names) => names.general_names.iter().all(is_valid),
        ParsedExtension::CRLDistributionPoints(points) => points.iter().all(|point| {
            let full = match &point.distribution_point {
                Some(DistributionPointName::FullName(names)) => names.iter().all(is_valid),
                _ => true,
            };
            full && point.crl_issuer.iter().flatten().all(is_valid)
        }),
        ParsedExtension::AuthorityInfoAccess(access) => {
            access.accessdescs.iter().all(|description| is_valid(&description.access_location))
        }
        ParsedExtension::AuthorityKeyIdentifier(key) => {
            key.authority_cert_issuer.iter().flatten().all(is_valid)
        }
        _ => true,
    }
}

fn is_valid(name: &GeneralName<'_>) -> bool {
    !matches!(name, GeneralName::Invalid(..))
}

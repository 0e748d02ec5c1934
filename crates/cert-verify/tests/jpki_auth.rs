//! The rules of `jpki-auth`: each has a certificate that breaks only it.

mod support;

use madoguchi_cert_verify::{
    Anchor, Certificate, PathPolicy, RequiredPolicies, SignatureAlgorithm, purpose_and_expiry, verify_path,
};
use madoguchi_test_pki::{CardOptions, CertificateFault, KeyKind};

use support::{
    AKI, BASIC_CONSTRAINTS, CRLDP, DAY, EKU, Ext, KEY_USAGE, NAME_CONSTRAINTS, NOW, POLICIES, Parts, SAN,
    SKI, World, at, code, now, policy, tlv,
};

#[test]
fn a_card_of_each_kind_of_key_is_accepted() {
    for kind in [KeyKind::Rsa2048, KeyKind::P256, KeyKind::P384] {
        let mut world = World::of(kind);
        let options = CardOptions { key: kind, ..CardOptions::default() };
        let card = world.pki.issue_card(&options, now(), &world.random).unwrap();
        let path = world.path(&card.auth_certificate).unwrap();
        assert_eq!(path.serial(), &card.auth_serial.to_der()[2..]);
        assert_eq!(path.issuer_key_hash(), world.anchors()[0].key_hash());
    }
}

#[test]
fn each_fault_of_the_test_pki_has_its_code() {
    for (fault, expected) in [
        (CertificateFault::CaFlag, "is_ca"),
        (CertificateFault::DuplicateExtension, "extension_twice"),
        (CertificateFault::Expired, "expired"),
        (CertificateFault::MissingExtendedKeyUsage, "not_for_client_auth"),
        (CertificateFault::NotYetValid, "not_yet_valid"),
        (CertificateFault::OtherCa, "authority_key_unknown"),
        (CertificateFault::SignatureCertificate, "issuer_unknown"),
        (CertificateFault::TamperedSignature, "signature_invalid"),
        (CertificateFault::UnknownCriticalExtension, "extension_unknown_critical"),
        (CertificateFault::WrongKeyUsage, "key_usage_not_authentication"),
        (CertificateFault::WrongPolicy, "policy_missing"),
    ] {
        let mut world = World::new();
        let card = world.faulty_card(fault);
        assert_eq!(code(world.path(&card.auth_certificate)), expected, "{fault:?}");
    }
}

#[test]
fn a_signature_certificate_never_authenticates() {
    let mut world = World::new();
    let card = world.card();
    // Even with its CA among the anchors and any policy allowed.
    let anchors = vec![Anchor::new(world.pki.auth_ca()).unwrap(), Anchor::new(world.pki.sign_ca()).unwrap()];
    let any = PathPolicy { policies: RequiredPolicies::danger_any_policy() };
    let certificate = Certificate::parse(&card.sign_certificate).unwrap();
    assert_eq!(code(verify_path(&certificate, &anchors, &any, now())), "key_usage_not_authentication");
    assert_eq!(code(purpose_and_expiry(&certificate, now())), "key_usage_not_authentication");
    // Even when keyUsage and extKeyUsage are made to fit, the policy tells.
    let good = Parts::of(&card.auth_certificate);
    let signature_policy = [0x2a, 0x83, 0x08, 0x8c, 0x9b, 0x55, 8, 5, 1, 1, 20];
    let value = tlv(0x30, &tlv(0x30, &tlv(6, &signature_policy)));
    let der = world.sign(&good.with(Ext::new(POLICIES, true, &value)));
    let certificate = Certificate::parse(&der).unwrap();
    assert_eq!(code(verify_path(&certificate, &anchors, &any, now())), "policy_of_signature_certificate");
}

#[test]
fn the_default_policy_is_the_production_one() {
    let mut world = World::new();
    let card = world.card();
    let certificate = Certificate::parse(&card.auth_certificate).unwrap();
    let path = verify_path(&certificate, &world.anchors(), &PathPolicy::default(), now());
    assert_eq!(code(path), "policy_missing");
    let production = [0x2a, 0x83, 0x08, 0x8c, 0x9b, 0x55, 8, 5, 1, 3, 30];
    let value = tlv(0x30, &tlv(0x30, &tlv(6, &production)));
    let der = world.sign(&Parts::of(&card.auth_certificate).with(Ext::new(POLICIES, true, &value)));
    let certificate = Certificate::parse(&der).unwrap();
    assert_eq!(code(verify_path(&certificate, &world.anchors(), &PathPolicy::default(), now())), "accepted");
    assert_eq!(code(verify_path(&certificate, &world.anchors(), &policy(), now())), "policy_missing");
}

#[test]
fn both_ends_belong_to_the_validity() {
    let mut world = World::new();
    let options =
        CardOptions { not_before: Some(at(NOW)), not_after: Some(at(NOW + DAY)), ..CardOptions::default() };
    let certificate = Certificate::parse(&world.card_with(options).auth_certificate).unwrap();
    for (time, expected) in
        [(NOW - 1, "not_yet_valid"), (NOW, "accepted"), (NOW + DAY, "accepted"), (NOW + DAY + 1, "expired")]
    {
        assert_eq!(code(verify_path(&certificate, &world.anchors(), &policy(), at(time))), expected);
        assert_eq!(code(purpose_and_expiry(&certificate, at(time))), expected);
    }
}

#[test]
fn an_anchor_that_is_not_valid_verifies_nothing() {
    let mut world = World::new();
    // The card's certificate outlives its CA.
    let far = at(NOW + 40 * 365 * DAY);
    let options = CardOptions { not_before: Some(at(0)), not_after: Some(far), ..CardOptions::default() };
    let certificate = Certificate::parse(&world.card_with(options).auth_certificate).unwrap();
    let anchors = world.anchors();
    let after = at(anchors[0].not_after().as_secs() + 1);
    assert_eq!(code(verify_path(&certificate, &anchors, &policy(), after)), "anchor_expired");
    let before = at(anchors[0].certificate().not_before().as_secs() - 1);
    assert_eq!(code(verify_path(&certificate, &anchors, &policy(), before)), "anchor_not_yet_valid");
}

#[test]
fn missing_or_other_extensions() {
    let mut world = World::new();
    let good = Parts::of(&world.card().auth_certificate);
    assert_eq!(code(world.path(&world.sign(&good))), "accepted");
    let any_purpose = tlv(0x30, &tlv(6, &[0x55, 0x1d, 37, 0]));
    let server_auth = tlv(0x30, &tlv(6, &[0x2b, 6, 1, 5, 5, 7, 3, 1]));
    let both =
        tlv(0x30, &[tlv(6, &[0x2b, 6, 1, 5, 5, 7, 3, 1]), tlv(6, &[0x2b, 6, 1, 5, 5, 7, 3, 2])].concat());
    let any_policy = tlv(0x30, &tlv(0x30, &tlv(6, &[0x55, 0x1d, 32, 0])));
    for (parts, expected) in [
        (good.without(KEY_USAGE), "key_usage_not_authentication"),
        (good.with(Ext::new(KEY_USAGE, true, &[3, 2, 3, 0x88])), "key_usage_not_authentication"),
        (good.with(Ext::new(KEY_USAGE, true, &[3, 3, 7, 0x80, 0x80])), "key_usage_not_authentication"),
        (good.with(Ext::new(EKU, false, &any_purpose)), "not_for_client_auth"),
        (good.with(Ext::new(EKU, false, &server_auth)), "not_for_client_auth"),
        (good.with(Ext::new(EKU, true, &both)), "accepted"),
        (good.without(POLICIES), "policy_missing"),
        (good.with(Ext::new(POLICIES, true, &any_policy)), "policy_missing"),
        (good.with(Ext::new(BASIC_CONSTRAINTS, true, &[0x30, 3, 1, 1, 0xff])), "is_ca"),
        (good.with(Ext::new(BASIC_CONSTRAINTS, true, &[0x30, 0])), "accepted"),
        (good.without(CRLDP), "distribution_points_missing"),
        (good.without(AKI), "authority_key_id_missing"),
        (good.with(Ext::new(AKI, false, &[0x30, 0])), "authority_key_id_missing"),
        (good.with(Ext::new(AKI, false, &[0x30, 3, 0x80, 1, 7])), "authority_key_unknown"),
    ] {
        assert_eq!(code(world.path(&world.sign(&parts))), expected);
    }
}

#[test]
fn the_anchor_is_chosen_among_those_of_one_name_by_key() {
    let mut worlds = [World::new(), World::new(), World::new()];
    let anchors: Vec<Anchor> = worlds.iter().flat_map(World::anchors).collect();
    assert!(anchors.iter().all(|anchor| anchor.name() == anchors[0].name()), "three generations of one name");
    for (index, world) in worlds.iter_mut().enumerate() {
        let certificate = Certificate::parse(&world.card().auth_certificate).unwrap();
        let path = verify_path(&certificate, &anchors, &policy(), now()).unwrap();
        assert_eq!(path.issuer_key_hash(), anchors[index].key_hash());
        let others: Vec<Anchor> =
            anchors.iter().enumerate().filter(|(other, _)| *other != index).map(|(_, a)| a.clone()).collect();
        assert_eq!(code(verify_path(&certificate, &others, &policy(), now())), "authority_key_unknown");
        assert_eq!(code(verify_path(&certificate, &[], &policy(), now())), "algorithm_not_allowed");
    }
}

#[test]
fn every_anchor_with_the_key_identifier_is_tried() {
    let mut world = World::new();
    // Another CA that claims our key identifier.
    let other = World::new();
    let ski = Parts::of(world.pki.auth_ca()).extension(SKI).clone();
    let imposter = other.sign(&Parts::of(other.pki.auth_ca()).with(ski));
    let imposter = Anchor::new(&imposter).unwrap();
    let certificate = Certificate::parse(&world.card().auth_certificate).unwrap();
    let both = [imposter.clone(), world.anchors().remove(0)];
    let path = verify_path(&certificate, &both, &policy(), now()).unwrap();
    assert_eq!(path.issuer_key_hash(), both[1].key_hash());
    assert_eq!(code(verify_path(&certificate, &[imposter], &policy(), now())), "signature_invalid");
}

#[test]
fn an_algorithm_that_no_anchor_allows_is_refused_first() {
    let mut world = World::new();
    let der = world.faulty_card(CertificateFault::TamperedSignature).auth_certificate;
    let certificate = Certificate::parse(&der).unwrap();
    let none = Anchor::with_algorithms(world.pki.auth_ca(), Vec::new()).unwrap();
    assert_eq!(code(verify_path(&certificate, &[none], &policy(), now())), "algorithm_not_allowed");
    let rsa = World::of(KeyKind::Rsa2048);
    assert_eq!(code(rsa.path(&der)), "algorithm_not_allowed");
    // Another anchor may use it, but not the one that issued.
    let good = Certificate::parse(&world.card().auth_certificate).unwrap();
    let none = Anchor::with_algorithms(world.pki.auth_ca(), Vec::new()).unwrap();
    let other = World::new().anchors().remove(0);
    assert_eq!(code(verify_path(&good, &[none, other], &policy(), now())), "algorithm_not_allowed");
}

#[test]
fn what_is_no_ca_is_no_anchor() {
    let mut world = World::new();
    let card = world.card();
    assert_eq!(code(Anchor::new(&card.auth_certificate)), "anchor_not_ca");
    let ca = Parts::of(world.pki.auth_ca());
    for (parts, expected) in [
        (ca.clone(), "accepted"),
        (ca.without(BASIC_CONSTRAINTS), "anchor_not_ca"),
        (ca.without(KEY_USAGE), "anchor_not_ca"),
        (ca.with(Ext::new(KEY_USAGE, true, &[3, 2, 1, 0x02])), "anchor_not_ca"),
        (ca.without(SKI), "anchor_without_key_id"),
    ] {
        assert_eq!(code(Anchor::new(&world.sign(&parts))), expected);
    }
    let algorithms = vec![SignatureAlgorithm::RsaSha256];
    assert_eq!(code(Anchor::with_algorithms(world.pki.auth_ca(), algorithms)), "anchor_algorithm");
}

/// What RFC 5280 forbids CAs and lets others read, JPKI does not do, and neither agent nor gateway takes.
#[test]
fn what_jpki_never_issues() {
    const SERIAL: usize = 1;
    const VALIDITY: usize = 4;
    let mut world = World::new();
    let good = Parts::of(&world.card().auth_certificate);
    let times = [tlv(0x18, b"20260101000000Z"), tlv(0x17, b"270101000000Z")].concat();
    let late = [tlv(0x17, b"260101000000Z"), tlv(0x18, b"20500101000000Z")].concat();
    let mut unique = good.clone();
    unique.fields.push(tlv(0x81, &[0, 7]));
    let unknown = |critical| good.with(Ext::new(&[0x2a, 3, 4], critical, &[5, 0]));
    for (parts, expected) in [
        (good.with_field(SERIAL, tlv(2, &[0])), "serial_zero"),
        (good.with_field(SERIAL, tlv(2, &[0x80])), "serial_negative"),
        (good.with_field(SERIAL, tlv(2, &[0, 0x80])), "accepted"),
        (good.with_field(VALIDITY, tlv(0x30, &times)), "time_form"),
        (good.with_field(VALIDITY, tlv(0x30, &late)), "accepted"),
        (unique, "unique_identifiers"),
        (unknown(true), "extension_unknown_critical"),
        (unknown(false), "accepted"),
    ] {
        let der = world.sign(&parts);
        let certificate = Certificate::parse(&der).unwrap();
        assert_eq!(code(world.path(&der)), expected);
        assert_eq!(code(purpose_and_expiry(&certificate, now())), expected);
    }
}

/// The general rules hold here as well: those of the certificate's form, and what the anchor's certificate says.
#[test]
fn the_rules_of_rfc_5280_hold_here_too() {
    let mut world = World::new();
    let good = Parts::of(&world.card().auth_certificate);
    let aki = good.extension(AKI).value.clone();
    let names = |name: &[u8]| tlv(0x30, &tlv(0x82, name));
    for (parts, expected) in [
        (good.with(Ext::new(AKI, true, &aki)), "extension_critical"),
        (good.with(Ext::new(SAN, false, &names(b"a_b"))), "dns_name_invalid"),
        (good.with(Ext::new(KEY_USAGE, true, &[3, 2, 2, 0x84])), "ca_extensions_inconsistent"),
    ] {
        assert_eq!(code(world.path(&world.sign(&parts))), expected);
    }
    let ca = Parts::of(world.pki.auth_ca());
    let permitted = tlv(0x30, &tlv(0xa0, &tlv(0x30, &tlv(0x82, b"example.com"))));
    let excluded = tlv(0x30, &tlv(0xa1, &tlv(0x30, &tlv(0xa4, &[0x30, 0]))));
    for (anchor, expected) in [
        (ca.clone(), "accepted"),
        (ca.with(Ext::new(&[0x2a, 3, 4], true, &[5, 0])), "extension_unknown_critical"),
        (ca.with(Ext::new(NAME_CONSTRAINTS, true, &permitted)), "accepted"),
        (ca.with(Ext::new(NAME_CONSTRAINTS, true, &excluded)), "name_excluded"),
    ] {
        let anchor = Anchor::new(&world.sign(&anchor)).unwrap();
        let certificate = Certificate::parse(&world.sign(&good)).unwrap();
        assert_eq!(code(verify_path(&certificate, &[anchor], &policy(), now())), expected);
    }
}

/// J-LIS has a test hierarchy of the same shape: without an operator's word its policy is not the production one.
#[test]
fn a_card_of_the_test_hierarchy_is_refused() {
    let mut world = World::new();
    let test_policy = [0x2a, 0x83, 0x08, 0x8c, 0x9b, 0x55, 8, 5, 1, 0, 30];
    let value = tlv(0x30, &tlv(0x30, &tlv(6, &test_policy)));
    let parts = Parts::of(&world.card().auth_certificate).with(Ext::new(POLICIES, true, &value));
    let certificate = Certificate::parse(&world.sign(&parts)).unwrap();
    let judge = |policy: &PathPolicy| code(verify_path(&certificate, &world.anchors(), policy, now()));
    assert_eq!(judge(&PathPolicy::default()), "policy_missing");
    assert_eq!(judge(&PathPolicy { policies: RequiredPolicies::danger_any_policy() }), "accepted");
}

/// The next card's chain is P-384 with SHA-384: nothing but the anchor's certificate changes.
#[test]
fn the_next_cards_chain_by_configuration_alone() {
    let mut world = World::of(KeyKind::P384);
    let options = CardOptions { key: KeyKind::P384, ..CardOptions::default() };
    let card = world.pki.issue_card(&options, now(), &world.random).unwrap();
    let certificate = Certificate::parse(&card.auth_certificate).unwrap();
    assert_eq!(certificate.algorithm(), Ok(SignatureAlgorithm::EcdsaP384Sha384));
    let today = World::of(KeyKind::Rsa2048);
    let both: Vec<Anchor> = today.anchors().into_iter().chain(world.anchors()).collect();
    assert_eq!(code(verify_path(&certificate, &both, &policy(), now())), "accepted");
    let only_today = verify_path(&certificate, &today.anchors(), &policy(), now());
    assert_eq!(code(only_today), "algorithm_not_allowed");
}

#[test]
fn debug_shows_nothing_of_the_person() {
    let mut world = World::new();
    let der = world.card().auth_certificate;
    let certificate = Certificate::parse(&der).unwrap();
    assert_eq!(format!("{certificate:?}"), "Certificate(..)");
    assert_eq!(format!("{:?}", world.path(&der).unwrap()), "VerifiedPath(..)");
}

//! The rules of `jpki-auth`: each has a certificate that breaks only it.

mod support;

use madoguchi_cert_verify::{
    Anchor, Certificate, PathPolicy, RequiredPolicies, SignatureAlgorithm, purpose_and_expiry, verify_path,
};
use madoguchi_test_pki::{CardOptions, CertificateFault, KeyKind};

use support::{
    AKI, BASIC_CONSTRAINTS, CRLDP, DAY, EKU, Ext, KEY_USAGE, NOW, POLICIES, Parts, SKI, World, at, code, now,
    policy, tlv,
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
    // Another anchor may use it, but not the one that signed.
    let good = Certificate::parse(&world.card().auth_certificate).unwrap();
    let none = Anchor::with_algorithms(world.pki.auth_ca(), Vec::new()).unwrap();
    let other = World::new().anchors().remove(0);
    assert_eq!(code(verify_path(&good, &[none, other], &policy(), now())), "signature_invalid");
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

#[test]
fn debug_shows_nothing_of_the_person() {
    let mut world = World::new();
    let der = world.card().auth_certificate;
    let certificate = Certificate::parse(&der).unwrap();
    assert_eq!(format!("{certificate:?}"), "Certificate(..)");
    assert_eq!(format!("{:?}", world.path(&der).unwrap()), "VerifiedPath(..)");
}

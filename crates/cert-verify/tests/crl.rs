//! Revocation lists: what is refused, what covers a certificate, what is said about it.

mod support;

use std::time::Duration;

use madoguchi_cert_verify::der::Reader;
use madoguchi_cert_verify::{
    Anchor, CrlAbsence, CrlAnswer, RevocationReason as Reason, VerifiedCrl, VerifiedPath, decide,
};
use madoguchi_cert_verify::{OcspAbsence, OcspEvidence, Rule, Sources, Verdict};
use madoguchi_test_pki::{CrlFault, RevocationReason};

use support::{
    AKI, CRL_NUMBER, CRLDP, DAY, DELTA, Ext, IDP, KEY_USAGE, NOW, Parts, REASON, SKI, World, at, code, now,
    tlv,
};

const VERSION: usize = 0;
const ALGORITHM: usize = 1;
const ISSUER: usize = 2;
const NEXT_UPDATE: usize = 4;
const ENTRIES: usize = 5;

fn answer(crl: &VerifiedCrl, path: &VerifiedPath) -> CrlAnswer {
    crl.evidence_for(path, now(), Some(Duration::from_secs(DAY))).answer()
}

/// The content of one encoding.
fn content(encoding: &[u8]) -> Vec<u8> {
    Reader::new(encoding).read().expect("an encoding").value.to_vec()
}

fn is_good(answer: CrlAnswer) -> bool {
    matches!(answer, CrlAnswer::Good(_))
}

fn world() -> (World, VerifiedPath, Parts) {
    let mut world = World::new();
    let card = world.card();
    let path = world.path(&card.auth_certificate).expect("a good card");
    let list = Parts::of(&world.crl());
    (world, path, list)
}

#[test]
fn a_list_says_who_is_revoked() {
    let mut world = World::new();
    let (good, bad) = (world.card(), world.card());
    world.pki.revoke(bad.auth_serial, RevocationReason::KeyCompromise, at(NOW - 60)).unwrap();
    let der = world.crl();
    let crl = world.verified_crl(der).unwrap();
    assert_eq!((crl.entry_count(), crl.number().to_string().as_str()), (1, "01"));
    assert!(is_good(answer(&crl, &world.path(&good.auth_certificate).unwrap())));
    let CrlAnswer::Revoked(revocation) = answer(&crl, &world.path(&bad.auth_certificate).unwrap()) else {
        panic!("revoked")
    };
    assert_eq!((revocation.reason, revocation.revoked_at), (Reason::KeyCompromise, at(NOW - 60)));
    assert_eq!(revocation.signer_key, crl.issuer_key_hash());
}

#[test]
fn each_fault_of_the_test_pki() {
    for (fault, expected) in [
        (CrlFault::Delta, "crl_is_delta"),
        (CrlFault::Future, "accepted"),
        (CrlFault::Indirect, "accepted"),
        (CrlFault::MissingNumber, "crl_without_number"),
        (CrlFault::OnlyCaCertificates, "accepted"),
        (CrlFault::OnlySomeReasons, "accepted"),
        (CrlFault::OtherKey, "crl_issuer_unknown"),
        (CrlFault::Stale, "accepted"),
        (CrlFault::TamperedSignature, "crl_signature_invalid"),
        (CrlFault::TrailingOctet, "der_trailing_octets"),
        (CrlFault::UnknownCriticalExtension, "extension_unknown_critical"),
        (CrlFault::Version1, "crl_not_version_2"),
        (CrlFault::WrongDistributionPoint, "accepted"),
    ] {
        let mut world = World::new();
        let der = world.faulty_crl(fault);
        assert_eq!(code(world.verified_crl(der)), expected, "{fault:?}");
    }
}

#[test]
fn what_a_faulty_list_says_of_a_good_card() {
    for (fault, absence) in [
        (CrlFault::Future, CrlAbsence::NotYetValid),
        (CrlFault::Indirect, CrlAbsence::MissingPartition),
        (CrlFault::OnlyCaCertificates, CrlAbsence::MissingPartition),
        (CrlFault::OnlySomeReasons, CrlAbsence::MissingPartition),
        (CrlFault::Stale, CrlAbsence::Expired),
        (CrlFault::WrongDistributionPoint, CrlAbsence::MissingPartition),
    ] {
        let mut world = World::new();
        let card = world.card();
        let der = world.faulty_crl(fault);
        let path = world.path(&card.auth_certificate).unwrap();
        let answer = answer(&world.verified_crl(der).unwrap(), &path);
        assert_eq!(answer, CrlAnswer::None(absence), "{fault:?}");
    }
}

#[test]
fn a_walk_says_where_each_entry_stands() {
    let (world, _, list) = world();
    let entries = [entry(&[1], &[]), entry(&[0x11; 20], &[reason(1)]), entry(&[3], &[])];
    let mut parts = list.clone();
    parts.fields.insert(ENTRIES, tlv(0x30, &entries.concat()));
    let crl = world.verified_crl(world.sign(&parts)).unwrap();
    let walked: Vec<_> = crl.walk().map(Result::unwrap).collect();
    assert_eq!(walked.len(), entries.len());
    for (walked, entry) in walked.iter().zip(&entries) {
        assert!(crl.der()[walked.offset..].starts_with(entry));
    }
    let extensions: Vec<bool> = walked.iter().map(|entry| entry.has_extensions).collect();
    assert_eq!(extensions, [false, true, false]);
}

#[test]
fn a_stale_list_says_nothing_but_revoked() {
    let mut world = World::new();
    let (good, bad) = (world.card(), world.card());
    world.pki.revoke(bad.auth_serial, RevocationReason::Superseded, at(NOW - 10 * DAY)).unwrap();
    let der = world.faulty_crl(CrlFault::Stale);
    let crl = world.verified_crl(der).unwrap();
    assert_eq!(
        answer(&crl, &world.path(&good.auth_certificate).unwrap()),
        CrlAnswer::None(CrlAbsence::Expired)
    );
    assert!(matches!(answer(&crl, &world.path(&bad.auth_certificate).unwrap()), CrlAnswer::Revoked(_)));
}

#[test]
fn freshness_is_judged_to_the_second() {
    let (world, path, list) = world();
    let crl = world.verified_crl(world.sign(&list)).unwrap();
    let next = crl.next_update().as_secs();
    let (this, half) = (NOW, Some(Duration::from_secs(DAY / 2)));
    for (time, max_age, expected) in [
        (this - 301, None, Some(CrlAbsence::NotYetValid)),
        (this - 300, None, None),
        (this, None, None),
        (next, None, None),
        (next + 1, None, Some(CrlAbsence::Expired)),
        (this + DAY / 2, half, None),
        (this + DAY / 2 + 1, half, Some(CrlAbsence::TooOld)),
    ] {
        let answer = crl.evidence_for(&path, at(time), max_age).answer();
        assert_eq!(is_good(answer), expected.is_none());
        if let Some(absence) = expected {
            assert_eq!(answer, CrlAnswer::None(absence));
        }
    }
}

#[test]
fn a_list_of_another_partition_or_key_says_nothing() {
    let (mut world, path, _) = world();
    let der = world.faulty_crl(CrlFault::WrongDistributionPoint);
    let missing = CrlAnswer::None(CrlAbsence::MissingPartition);
    assert_eq!(answer(&world.verified_crl(der).unwrap(), &path), missing);
    // The same name and partition, another generation's key; trusted, but not the key that signed the certificate.
    let mut other = World::new();
    let crl = other.crl();
    assert_eq!(answer(&other.verified_crl(crl).unwrap(), &path), missing);
}

#[test]
fn a_revocation_in_another_partition_is_not_this_certificates() {
    let mut world = World::new();
    let card = world.card();
    world.pki.revoke(card.auth_serial, RevocationReason::Superseded, now()).unwrap();
    let der = world.faulty_crl(CrlFault::WrongDistributionPoint);
    let crl = world.verified_crl(der).unwrap();
    let path = world.path(&card.auth_certificate).unwrap();
    assert_eq!(answer(&crl, &path), CrlAnswer::None(CrlAbsence::MissingPartition));
}

/// A name of one organisation.
fn name(text: &[u8]) -> Vec<u8> {
    tlv(0x30, &tlv(0x31, &tlv(0x30, &[tlv(6, &[0x55, 4, 10]), tlv(0x13, text)].concat())))
}

#[test]
fn a_list_of_another_name_with_the_same_key_says_nothing() {
    let (world, path, list) = world();
    let renamed = world.sign(&Parts::of(world.pki.auth_ca()).with_field(5, name(b"OTHER")));
    let anchors = [world.anchors().remove(0), Anchor::new(&renamed).unwrap()];
    let der = world.sign(&list.with_field(ISSUER, name(b"OTHER")));
    assert_eq!(code(VerifiedCrl::verify(der.clone(), &anchors[..1])), "crl_issuer_unknown");
    let crl = VerifiedCrl::verify(der, &anchors).unwrap();
    assert_eq!(answer(&crl, &path), CrlAnswer::None(CrlAbsence::MissingPartition));
}

#[test]
fn an_entry_of_another_serial_is_not_this_certificates() {
    let (world, path, list) = world();
    let mut parts = list.clone();
    parts.fields.insert(ENTRIES, tlv(0x30, &entry(&[1], &[])));
    let crl = world.verified_crl(world.sign(&parts)).unwrap();
    let other = crl.entries().next().unwrap().unwrap();
    assert!(is_good(crl.evidence(&path, Some(other), now(), None).answer()));
}

/// IssuingDistributionPoint of its parts.
fn idp(parts: &[&[u8]]) -> Ext {
    Ext::new(IDP, true, &tlv(0x30, &parts.concat()))
}

#[test]
fn scopes() {
    let (world, path, list) = world();
    let own = content(&list.extension(IDP).value);
    let own = own.as_slice();
    let uri: &[u8] = &tlv(0xa0, &tlv(0xa0, &tlv(0x86, b"http://x.example/")));
    for (parts, expected) in [
        (list.without(IDP), true),
        (list.with(idp(&[own])), true),
        (list.with(idp(&[own, &[0x81, 1, 0xff]])), true),
        (list.with(idp(&[&[0x81, 1, 0xff]])), true),
        (list.with(idp(&[own, &[0x82, 1, 0xff]])), false),
        (list.with(idp(&[own, &[0x83, 2, 6, 0x40]])), false),
        (list.with(idp(&[own, &[0x84, 1, 0xff]])), false),
        (list.with(idp(&[own, &[0x85, 1, 0xff]])), false),
        (list.with(idp(&[uri])), false),
    ] {
        let crl = world.verified_crl(world.sign(&parts)).unwrap();
        assert_eq!(
            is_good(answer(&crl, &path)),
            expected,
            "{:02x?}",
            parts.extensions.last().map(|e| &e.value)
        );
        assert_eq!(crl.covers(&path), expected);
    }
    for parts in [
        list.with(idp(&[])),
        list.with(idp(&[own, &[0x81, 1, 0]])),
        list.with(idp(&[own, &[0x81, 1, 0xff], &[0x82, 1, 0xff]])),
        list.with(idp(&[&[0x83, 0]])),
        list.with(idp(&[own, own])),
    ] {
        assert_eq!(code(world.verified_crl(world.sign(&parts))), "extension_invalid");
    }
}

/// L1: every point and every name of the certificate is compared with every name of the list.
#[test]
fn every_point_and_every_name_is_compared() {
    let mut world = World::new();
    let certificate = Parts::of(&world.card().auth_certificate);
    let list = Parts::of(&world.crl());
    // SEQUENCE { SEQUENCE { [0] { [0] { name } } } }
    let own = content(&content(&certificate.extension(CRLDP).value));
    let name = content(&content(&own));
    let uri = tlv(0x86, b"http://x.example/");
    let point = |names: &[&[u8]]| tlv(0x30, &tlv(0xa0, &tlv(0xa0, &names.concat())));
    let points = |points: &[Vec<u8>]| Ext::new(CRLDP, false, &tlv(0x30, &points.concat()));
    let list_of = |names: &[&[u8]]| list.with(idp(&[&tlv(0xa0, &tlv(0xa0, &names.concat()))]));
    let reasons = tlv(0x30, &[own.clone(), tlv(0x81, &[6, 0x40])].concat());
    for (points, list, expected) in [
        (points(&[point(&[&name])]), list_of(&[&name]), true),
        (points(&[point(&[&uri]), point(&[&name])]), list_of(&[&name]), true),
        (points(&[point(&[&name]), point(&[&uri])]), list_of(&[&name]), true),
        (points(&[point(&[&uri, &name])]), list_of(&[&name]), true),
        (points(&[point(&[&name])]), list_of(&[&uri, &name]), true),
        (points(&[point(&[&uri])]), list_of(&[&name, &uri]), true),
        (points(&[point(&[&uri])]), list_of(&[&name]), false),
        // Only some reasons are in the lists of this point.
        (points(&[reasons]), list_of(&[&name]), false),
    ] {
        let path = world.path(&world.sign(&certificate.with(points.clone()))).unwrap();
        let crl = world.verified_crl(world.sign(&list)).unwrap();
        assert_eq!(crl.covers(&path), expected, "{:02x?}", points.value);
    }
}

#[test]
fn names_relative_to_the_issuer_are_completed() {
    let mut world = World::new();
    let certificate = Parts::of(&world.card().auth_certificate);
    let list = Parts::of(&world.crl());
    let attribute = |text: &[u8]| tlv(0x30, &[tlv(6, &[0x55, 4, 3]), tlv(0x0c, text)].concat());
    let relative = |text: &[u8]| tlv(0xa0, &tlv(0xa1, &attribute(text)));
    // The whole name: the issuer's, and one more attribute.
    let issuer = Parts::of(world.pki.auth_ca()).fields[3].clone();
    let rdns = content(&issuer);
    let whole = tlv(0x30, &[rdns, tlv(0x31, &attribute(b"part"))].concat());
    let full = tlv(0xa0, &tlv(0xa0, &tlv(0xa4, &whole)));
    let points = |name: &[u8]| certificate.with(Ext::new(CRLDP, false, &tlv(0x30, &tlv(0x30, name))));
    for (point, scope, expected) in [
        (relative(b"part"), relative(b"part"), true),
        (relative(b"part"), full.clone(), true),
        (full.clone(), relative(b"PART"), true),
        (relative(b"part"), relative(b"other"), false),
    ] {
        let path = world.path(&world.sign(&points(&point))).unwrap();
        let crl = world.verified_crl(world.sign(&list.with(idp(&[&scope])))).unwrap();
        assert_eq!(crl.covers(&path), expected);
    }
}

#[test]
fn fields_of_the_list() {
    let (world, _, list) = world();
    let sha384 = tlv(0x30, &tlv(6, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3]));
    for (parts, expected) in [
        (list.clone(), "accepted"),
        (list.with_field(VERSION, Vec::new()), "crl_extensions_in_version_1"),
        (list.with_field(VERSION, tlv(2, &[0])), "crl_not_version_2"),
        (list.with_field(VERSION, tlv(2, &[2])), "crl_not_version_2"),
        (list.with_field(ALGORITHM, sha384), "algorithm_mismatch"),
        (list.with_field(ISSUER, name(b"*")), "der_string"),
        (list.with_field(ISSUER, tlv(0x30, &[])), "issuer_empty"),
        (list.with_field(NEXT_UPDATE, Vec::new()), "crl_without_next_update"),
        (list.with_field(NEXT_UPDATE, tlv(0x17, b"200101000000Z")), "crl_times_reversed"),
        (list.with_field(NEXT_UPDATE, tlv(0x18, b"20270101000000Z")), "crl_time_form"),
        (list.with_field(NEXT_UPDATE, tlv(0x18, b"20501301000000Z")), "der_time"),
        (list.without(CRL_NUMBER), "crl_without_number"),
        (list.with(Ext::new(CRL_NUMBER, false, &[2, 1, 0xff])), "extension_invalid"),
        (list.without(AKI), "crl_without_authority_key_id"),
        (list.with(Ext::new(AKI, false, &[0x30, 3, 0x80, 1, 7])), "crl_issuer_unknown"),
        (list.with(Ext::new(DELTA, true, &[2, 1, 1])), "crl_is_delta"),
        (list.with(Ext::new(DELTA, false, &[2, 1, 1])), "extension_not_critical"),
        (list.with(Ext::new(&[0x2a, 3], true, &[5, 0])), "extension_unknown_critical"),
        (list.with(Ext::new(&[0x2a, 3], false, &[5, 0])), "accepted"),
        (list.with(Ext::new(&[0x2a, 3], false, b"no DER")), "accepted"),
        (list.with(Ext::new(CRL_NUMBER, true, &[2, 1, 1])), "extension_critical"),
        (list.with(Ext { critical: false, ..list.extension(IDP).clone() }), "extension_not_critical"),
    ] {
        assert_eq!(code(world.verified_crl(world.sign(&parts))), expected);
    }
    let mut parts = list.clone();
    parts.extensions.push(list.extension(CRL_NUMBER).clone());
    assert_eq!(code(world.verified_crl(world.sign(&parts))), "extension_twice");
    let trailing = [world.sign(&list), vec![0]].concat();
    assert_eq!(code(world.verified_crl(trailing)), "der_trailing_octets");
}

#[test]
fn only_an_anchor_with_crl_sign_signs_lists() {
    let (world, _, list) = world();
    let ca = Parts::of(world.pki.auth_ca());
    let without = world.sign(&ca.with(Ext::new(KEY_USAGE, true, &[3, 2, 2, 0x04])));
    let without = Anchor::new(&without).unwrap();
    let der = world.sign(&list);
    assert_eq!(code(VerifiedCrl::verify(der.clone(), &[without])), "crl_issuer_may_not_sign");
    let none = Anchor::with_algorithms(world.pki.auth_ca(), Vec::new()).unwrap();
    assert_eq!(code(VerifiedCrl::verify(der.clone(), &[none])), "algorithm_not_allowed");
    // Another anchor may use the algorithm, but not the one that signed.
    let none = Anchor::with_algorithms(world.pki.auth_ca(), Vec::new()).unwrap();
    let pair = [none, World::new().anchors().remove(0)];
    assert_eq!(code(VerifiedCrl::verify(der.clone(), &pair)), "crl_signature_invalid");
    // Our key identifier on another CA's certificate.
    let other = World::new();
    let imposter = other.sign(&Parts::of(other.pki.auth_ca()).with(ca.extension(SKI).clone()));
    let imposter = Anchor::new(&imposter).unwrap();
    assert_eq!(
        code(VerifiedCrl::verify(der.clone(), std::slice::from_ref(&imposter))),
        "crl_signature_invalid"
    );
    let both = [imposter, world.anchors().remove(0)];
    assert_eq!(VerifiedCrl::verify(der, &both).unwrap().issuer_key_hash(), both[1].key_hash());
}

fn entry(serial: &[u8], rest: &[Vec<u8>]) -> Vec<u8> {
    tlv(0x30, &[tlv(2, serial), tlv(0x17, b"260101000000Z"), rest.concat()].concat())
}

fn extension(oid: &[u8], critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if critical { vec![1, 1, 0xff] } else { Vec::new() };
    tlv(0x30, &[tlv(6, oid), critical, tlv(4, value)].concat())
}

fn reason(number: u8) -> Vec<u8> {
    tlv(0x30, &extension(REASON, false, &[0x0a, 1, number]))
}

#[test]
fn every_entry_is_read_strictly() {
    let (world, _, list) = world();
    let invalidity: &[u8] = &[0x55, 0x1d, 24];
    let date = tlv(0x18, b"20260101000000Z");
    for (bad, expected) in [
        (entry(&[1], &[]), "accepted"),
        (entry(&[0x11; 20], &[]), "accepted"),
        (entry(&[0x11; 21], &[]), "der_too_long"),
        (entry(&[0, 1], &[]), "der_integer"),
        (entry(&[], &[]), "der_integer"),
        (tlv(0x30, &[tlv(2, &[1]), tlv(0x17, b"261301000000Z")].concat()), "der_time"),
        (tlv(0x30, &[tlv(2, &[1]), tlv(0x18, b"20260101000000Z")].concat()), "crl_time_form"),
        (tlv(0x30, &tlv(2, &[1])), "der_truncated"),
        (tlv(0x31, &[]), "der_unexpected_tag"),
        (entry(&[1], &[vec![5, 0]]), "der_unexpected_tag"),
        (entry(&[1], &[reason(1)]), "accepted"),
        (entry(&[1], &[reason(7)]), "extension_invalid"),
        (entry(&[1], &[reason(11)]), "extension_invalid"),
        (entry(&[1], &[reason(8)]), "crl_remove_in_complete"),
        (entry(&[1], &[tlv(0x30, &[])]), "der_truncated"),
        (entry(&[1], &[reason(1), vec![5, 0]]), "der_trailing_octets"),
        (entry(&[1], &[tlv(0x30, &extension(REASON, true, &[0x0a, 1, 1]))]), "extension_critical"),
        (entry(&[1], &[tlv(0x30, &extension(invalidity, true, &date))]), "extension_critical"),
        (entry(&[1], &[tlv(0x30, &extension(REASON, false, &[2, 1, 1]))]), "extension_invalid"),
        (entry(&[1], &[tlv(0x30, &extension(REASON, false, &[0x0a, 1, 1, 0]))]), "extension_invalid"),
        (entry(&[1], &[tlv(0x30, &extension(invalidity, false, &date))]), "accepted"),
        (
            entry(&[1], &[tlv(0x30, &extension(invalidity, false, &tlv(0x17, b"260101000000Z")))]),
            "extension_invalid",
        ),
        // certificateIssuer belongs to indirect lists.
        (
            entry(&[1], &[tlv(0x30, &extension(&[0x55, 0x1d, 29], true, &tlv(0x30, &tlv(0x82, b"a"))))]),
            "crl_not_indirect",
        ),
        (entry(&[1], &[tlv(0x30, &extension(&[0x2a, 3], false, &[5, 0]))]), "accepted"),
        (entry(&[1], &[tlv(0x30, &extension(&[0x2a, 3], false, b"no DER"))]), "accepted"),
        (entry(&[1], &[tlv(0x30, &extension(&[0x2a, 3], true, &[5, 0]))]), "extension_unknown_critical"),
        (entry(&[1], &[tlv(0x30, &[&reason(1)[2..], &reason(1)[2..]].concat())]), "extension_twice"),
    ] {
        // L8: a bad entry anywhere refuses the whole list.
        for around in [(0, 0), (1, 0), (0, 1), (3, 3)] {
            let fill = |count: usize| (0..count).flat_map(|_| entry(&[9], &[reason(4)])).collect::<Vec<u8>>();
            let entries = tlv(0x30, &[fill(around.0), bad.clone(), fill(around.1)].concat());
            let mut parts = list.clone();
            parts.fields.insert(ENTRIES, entries);
            assert_eq!(code(world.verified_crl(world.sign(&parts))), expected, "{bad:02x?}");
        }
    }
}

/// The gateway asks a list by serial number alone.
#[test]
fn entries_about_other_issuers_are_refused() {
    let (world, _, list) = world();
    let issuer = extension(&[0x55, 0x1d, 29], true, &tlv(0x30, &tlv(0xa4, &name(b"OTHER"))));
    let own = content(&list.extension(IDP).value);
    let mut parts = list.with(idp(&[&own, &[0x84, 1, 0xff]]));
    parts.fields.insert(ENTRIES, tlv(0x30, &entry(&[1], &[tlv(0x30, &issuer)])));
    assert_eq!(code(world.verified_crl(world.sign(&parts))), "extension_unknown_critical");
}

#[test]
fn the_weightiest_of_two_entries_counts() {
    let (world, path, list) = world();
    let hold = entry(path.serial(), &[reason(6)]);
    let last = entry(path.serial(), &[reason(1)]);
    for (entries, expected) in [
        ([hold.clone(), last.clone()], Reason::KeyCompromise),
        ([last, hold.clone()], Reason::KeyCompromise),
        ([hold.clone(), hold], Reason::CertificateHold),
    ] {
        let mut parts = list.clone();
        parts.fields.insert(ENTRIES, tlv(0x30, &entries.concat()));
        let crl = world.verified_crl(world.sign(&parts)).unwrap();
        let CrlAnswer::Revoked(revocation) = answer(&crl, &path) else { panic!("revoked") };
        assert_eq!(revocation.reason, expected);
    }
}

#[test]
fn a_serial_is_the_whole_number() {
    let (world, path, list) = world();
    let serial = path.serial().to_vec();
    let longer = [&serial[..], &[0]].concat();
    let shorter = &serial[..serial.len() - 1];
    let mut parts = list.clone();
    parts.fields.insert(ENTRIES, tlv(0x30, &[entry(&longer, &[]), entry(shorter, &[])].concat()));
    assert!(is_good(answer(&world.verified_crl(world.sign(&parts)).unwrap(), &path)));
}

#[test]
fn a_good_list_makes_the_proof() {
    let (world, path, list) = world();
    let crl = world.verified_crl(world.sign(&list)).unwrap().evidence_for(&path, now(), None);
    let ocsp = OcspEvidence::none(&path, OcspAbsence::NotConfigured);
    let decision = decide(&path, Sources::CrlOnly, ocsp, crl, &[]);
    assert_eq!(decision.rule, Rule::CrlGood);
    let Verdict::NotRevoked(proof) = decision.verdict else { panic!("not revoked") };
    assert_eq!(proof.certificate_sha256(), path.certificate_sha256());
}

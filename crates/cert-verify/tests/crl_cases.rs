//! What RFC 5280 section 5 demands of a list, each demand broken in each way, each refused by its own name.

mod support;

use std::time::Duration;

use madoguchi_cert_verify::{CrlProfile, CrlStatus, Error, OfferedCrls, RevocationReason as Reason};
use madoguchi_test_pki::{CrlBuilder, DistributionPoint, Extension, RevocationReason};

use support::lists::{FRESHEST, TARGET, UNKNOWN, World, dn, entry, from_to, listing, raw_entry};
use support::{AKI, CRL_NUMBER, DAY, DELTA, Ext, IDP, NOW, Parts, at, tlv};

#[test]
fn a_list_says_good_or_revoked() {
    let world = World::new();
    for list in [world.full(), world.list()] {
        world.check_one(&list, "good");
        for (reason, name) in [
            (RevocationReason::Unspecified, "unspecified"),
            (RevocationReason::KeyCompromise, "keyCompromise"),
            (RevocationReason::CertificateHold, "certificateHold"),
        ] {
            world.check_one(&listing(list.clone(), reason), name);
        }
    }
    // The weightiest of several entries counts.
    let (hold, last) = (RevocationReason::CertificateHold, RevocationReason::KeyCompromise);
    world.check_one(&listing(listing(world.list(), hold), last), "keyCompromise");
    world.check_one(&listing(listing(world.list(), last), hold), "keyCompromise");
    let CrlStatus::Good(times) = world.status(&[world.sign(&world.list())]) else { panic!("good") };
    assert_eq!((times.this_update, times.next_update), (at(NOW - 3600), Some(at(NOW + DAY))));
    let list = world.sign(&listing(world.list(), RevocationReason::AffiliationChanged));
    let CrlStatus::Revoked(revocation) = world.status(&[list]) else { panic!("revoked") };
    assert_eq!((revocation.reason, revocation.revoked_at), (Reason::AffiliationChanged, at(NOW - DAY)));
}

/// Section 5.1: fields of the list.
#[test]
fn fields() {
    let world = World::new();
    let list = world.parts();
    let sha1 = tlv(0x30, &tlv(6, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1]));
    let sha384 = tlv(0x30, &tlv(6, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3]));
    let mut outer_sha1 = list.with_field(1, sha1.clone());
    outer_sha1.outer_algorithm = sha1.clone();
    for (parts, expected) in [
        (list.clone(), "good"),
        (list.with_field(0, tlv(2, &[0])), "crl_not_version_2"),
        (list.with_field(0, tlv(2, &[2])), "crl_not_version_2"),
        (list.with_field(0, Vec::new()), "crl_extensions_in_version_1"),
        (list.with_field(1, sha1), "algorithm_mismatch"),
        (list.with_field(1, sha384), "algorithm_mismatch"),
        (outer_sha1, "algorithm_sha1"),
        (list.with_field(2, tlv(0x30, &[])), "issuer_empty"),
        (list.with_field(2, tlv(0x30, &tlv(0x31, &[]))), "der_truncated"),
        (list.with_field(3, tlv(0x17, b"261301000000Z")), "der_time"),
        (list.with_field(3, tlv(0x18, b"20261121000000Z")), "crl_time_form"),
        (list.with_field(4, tlv(0x18, b"20270101000000Z")), "crl_time_form"),
        (list.with_field(4, tlv(0x18, b"20510101000000Z")), "good"),
        (list.with_field(4, Vec::new()), "crl_without_next_update"),
        (list.with_field(5, tlv(0x30, &[])), "crl_entries_empty"),
        (list.with_field(5, tlv(0x31, &[])), "der_trailing_octets"),
        (list.with_field(5, Vec::new()), "good"),
    ] {
        world.check(&[world.sign_parts(&parts)], expected);
    }
    let der = world.sign_parts(&list);
    world.check(&[[&der[..], &[0]].concat()], "der_trailing_octets");
    world.check(&[der[..der.len() - 1].to_vec()], "der_truncated");
    world.check(&[Vec::new()], "der_truncated");
    let version_1 = CrlBuilder { version: None, extensions: Vec::new(), ..world.full() };
    world.check_one(&version_1, "crl_not_version_2");
    world.check_one(&CrlBuilder { extensions: Vec::new(), ..world.full() }, "crl_without_authority_key_id");
}

/// Section 5.2: extensions of the list.
#[test]
fn extensions_of_the_list() {
    let world = World::new();
    let list = world.parts();
    let critical = |oid: &[u8]| Ext { critical: true, ..list.extension(oid).clone() };
    let freshest = Extension::freshest_crl(&[DistributionPoint::of(&dn("deltas"))]).value;
    for (parts, expected) in [
        (list.without(AKI), "crl_without_authority_key_id"),
        (list.with(Ext::new(AKI, false, &[0x30, 0])), "crl_without_authority_key_id"),
        (list.with(Ext::new(AKI, false, &[0x30, 3, 0x80, 1, 7])), "crl_issuer_unknown"),
        (list.with(critical(AKI)), "extension_critical"),
        (list.without(CRL_NUMBER), "crl_without_number"),
        (list.with(critical(CRL_NUMBER)), "extension_critical"),
        (list.with(Ext::new(CRL_NUMBER, false, &[2, 1, 0xff])), "extension_invalid"),
        (list.with(Ext::new(CRL_NUMBER, false, &tlv(2, &[1; 20]))), "good"),
        (list.with(Ext::new(CRL_NUMBER, false, &tlv(2, &[1; 21]))), "extension_invalid"),
        (list.with(Ext { critical: false, ..list.extension(IDP).clone() }), "extension_not_critical"),
        (list.with(Ext::new(DELTA, false, &[2, 1, 1])), "extension_not_critical"),
        (list.with(Ext::new(DELTA, true, &[5, 0])), "extension_invalid"),
        (list.with(Ext::new(FRESHEST, false, &freshest)), "good"),
        (list.with(Ext::new(FRESHEST, true, &freshest)), "extension_critical"),
        (list.with(Ext::new(FRESHEST, false, &[0x30, 0])), "extension_invalid"),
        (list.with(Ext::new(&[0x55, 0x1d, 18], false, &tlv(0x30, &tlv(0x82, b"a")))), "good"),
        (list.with(Ext::new(&[0x55, 0x1d, 18], false, &tlv(0x30, &[]))), "extension_invalid"),
        (list.with(Ext::new(&[0x2a, 3], false, b"no DER")), "good"),
        (list.with(Ext::new(&[0x2a, 3], true, &[5, 0])), "extension_unknown_critical"),
        (list.with(Ext::new(IDP, true, &[0x30, 0])), "extension_invalid"),
        (list.with(Ext::new(IDP, true, &[0x30, 3, 0x81, 1, 0])), "extension_invalid"),
        (list.with(Ext::new(IDP, true, &[0x30, 6, 0x81, 1, 0xff, 0x82, 1, 0xff])), "extension_invalid"),
        (list.with(Ext::new(IDP, true, &[0x30, 6, 0x82, 1, 0xff, 0x81, 1, 0xff])), "extension_invalid"),
        (list.with(Ext::new(IDP, true, &tlv(0x30, &tlv(0xa0, &tlv(0xa2, &[]))))), "extension_invalid"),
    ] {
        world.check(&[world.sign_parts(&parts)], expected);
    }
    let mut twice = list.clone();
    twice.extensions.push(list.extension(CRL_NUMBER).clone());
    world.check(&[world.sign_parts(&twice)], "extension_twice");
}

/// Section 5.3: extensions of an entry, wherever it stands, whomever it is about.
#[test]
fn extensions_of_an_entry() {
    let world = World::new();
    let date = |tag: u8, text: &[u8]| Extension::new("2.5.29.24", false, tlv(tag, text));
    let unknown = |critical: bool| Extension::new(UNKNOWN, critical, b"no DER".to_vec());
    let issuer = |value: &[u8]| Extension::new("2.5.29.29", true, tlv(0x30, value));
    let long = Extension::new("2.5.29.29", true, tlv(0x30, &tlv(0x82, &[b'a'; 4096])));
    for (extensions, expected) in [
        (vec![Extension::crl_reason(1)], "good"),
        (vec![Extension::crl_reason(7)], "extension_invalid"),
        (vec![Extension::crl_reason(11)], "extension_invalid"),
        (vec![Extension::crl_reason(8)], "crl_remove_in_complete"),
        (vec![Extension::crl_reason(8), date(0x18, b"20260101000000Z")], "crl_remove_in_complete"),
        (vec![Extension::new("2.5.29.21", false, vec![2, 1, 1])], "extension_invalid"),
        (vec![Extension::crl_reason(1), Extension::crl_reason(1)], "extension_twice"),
        (vec![date(0x18, b"20260101000000Z")], "good"),
        (vec![date(0x17, b"260101000000Z")], "extension_invalid"),
        (vec![unknown(false)], "good"),
        (vec![unknown(true)], "extension_unknown_critical"),
        (vec![Extension::new("2.5.29.23", false, tlv(6, &[0x2a, 3]))], "good"),
        (vec![Extension::new("2.5.29.23", true, tlv(6, &[0x2a, 3]))], "extension_unknown_critical"),
        (vec![Extension::certificate_issuer(&dn("ca"))], "crl_not_indirect"),
        (vec![issuer(&tlv(0x82, b"\x80"))], "extension_invalid"),
        (vec![issuer(&[])], "extension_invalid"),
        (vec![long], "extension_invalid"),
        ((0..9).map(|n| Extension::new(&format!("1.2.{n}"), false, vec![5, 0])).collect(), "der_too_long"),
    ] {
        for place in [0, 1, 2] {
            let mut list = world.list();
            list.entries.push(entry(4, RevocationReason::KeyCompromise));
            list.entries.insert(place, raw_entry(9, extensions.clone()));
            world.check_one(&list, expected);
        }
    }
    let list = world.parts();
    let bad = |value: &[u8]| list.with_field(5, tlv(0x30, &tlv(0x30, value)));
    let date = tlv(0x17, b"260101000000Z");
    for (value, expected) in [
        ([tlv(2, &[1]), tlv(0x18, b"20260101000000Z")].concat(), "crl_time_form"),
        ([tlv(2, &[1; 21]), date.clone()].concat(), "der_too_long"),
        ([tlv(2, &[0, 1]), date.clone()].concat(), "der_integer"),
        ([tlv(2, &[1]), date.clone(), tlv(0x30, &[])].concat(), "der_truncated"),
        ([tlv(2, &[1]), date.clone(), tlv(5, &[])].concat(), "der_unexpected_tag"),
        ([tlv(2, &[1]), tlv(2, &[1])].concat(), "der_unexpected_tag"),
        (tlv(2, &[1]), "der_truncated"),
    ] {
        world.check(&[world.sign_parts(&bad(&value))], expected);
    }
}

/// What X.509 calls a list counts where a caller says so, and nowhere else.
#[test]
fn lists_that_do_not_conform() {
    let mut world = World::new();
    let entries = vec![entry(3, RevocationReason::Unspecified)];
    let version_1 = CrlBuilder { version: None, entries, extensions: Vec::new(), ..world.full() };
    let without_next = CrlBuilder { next_update: None, ..world.full() };
    let bare = CrlBuilder { extensions: Vec::new(), ..world.full() };
    let general = Parts::of(&world.sign(&world.full())).with_field(3, tlv(0x18, b"20261121000000Z"));
    world.check_one(&version_1, "crl_not_version_2");
    world.check_one(&without_next, "crl_without_next_update");
    world.check_one(&bare, "crl_without_authority_key_id");
    world.check(&[world.sign_parts(&general)], "crl_time_form");
    world.settings.profile = CrlProfile::X509;
    world.check_one(&version_1, "good");
    world.check_one(&without_next, "good");
    world.check_one(&bare, "good");
    world.check(&[world.sign_parts(&general)], "good");
    let mut plain = version_1.clone();
    plain.entries = vec![entry(TARGET, RevocationReason::Unspecified)];
    world.check_one(&plain, "unspecified");
    plain.entries = vec![entry(3, RevocationReason::KeyCompromise)];
    world.check_one(&plain, "crl_extensions_in_version_1");
    // A list is read to its last entry before anything is asked of it.
    let der = world.sign(&plain);
    let crls = OfferedCrls::read([der.as_slice()], world.settings);
    let refusals: Vec<_> = crls.refusals().map(|error| error.map(Error::code)).collect();
    assert_eq!(refusals, [Some("crl_extensions_in_version_1")]);
}

/// Sections 5.1.2.4 and 5.1.2.5, to the second.
#[test]
fn currency() {
    let mut world = World::new();
    for (from, to, expected) in [
        (NOW, NOW + 1, "good"),
        (NOW + 1, NOW + 2, "crl_not_yet_valid"),
        (NOW - 2, NOW, "good"),
        (NOW - 2, NOW - 1, "crl_expired"),
    ] {
        world.check_one(&from_to(world.list(), from, to), expected);
        // Listed is listed.
        let listed = listing(from_to(world.list(), from, to), RevocationReason::KeyCompromise);
        world.check_one(&listed, "keyCompromise");
    }
    world.settings.max_age = Some(Duration::from_secs(100));
    world.check_one(&from_to(world.list(), NOW - 100, NOW + 1), "good");
    world.check_one(&from_to(world.list(), NOW - 101, NOW + 1), "crl_too_old");
}

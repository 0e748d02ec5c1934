//! Lessons that other verifiers taught, and what holds for a question as a whole.

mod support;

use madoguchi_cert_verify::{
    Budget, Certificate, CrlChecker, CrlSettings, CrlStatus, NoObserver, OfferedCrls, PathSettings,
    ResponderStanding, verify_chain, verify_chain_where,
};
use madoguchi_test_pki::{
    CrlBuilder, DistributionPoint, Extension, IssuingDistributionPoint, Name, PointName, RevocationReason,
    reason_flags,
};

use support::chain::{Draft, Holder};
use support::lists::{
    UNKNOWN, World, delta, dn, entry, from_to, issuing, list_of, listing, numbered, points, raw_entry, said,
    sign, target, target_draft,
};
use support::{CRL_NUMBER, CRLDP, Ext, IDP, NOW, Parts, now, tlv};

/// L1 (webpki RUSTSEC-2026-0049, AWS-LC): every point and every name of it, in any order, in every form.
#[test]
fn l1_every_distribution_point_times_every_name() {
    let mut world = World::new();
    let directory = tlv(0xa4, dn("point").as_der());
    let uri = tlv(0x86, b"http://x.example/a.crl");
    let other = tlv(0x86, b"http://x.example/b.crl");
    let whole = Name::new(&[("2.5.4.3", "ca"), ("2.5.4.3", "part")]).unwrap();
    let full = |names: &[&Vec<u8>]| PointName::Full(names.iter().map(|name| (*name).clone()).collect());
    let relative = || PointName::Relative("part".to_owned());
    let noise = || vec![full(&[&other]), PointName::of(&dn("noise"))];
    for hit in
        [full(&[&directory]), full(&[&uri]), relative(), full(&[&other, &uri]), full(&[&uri, &directory])]
    {
        for place in 0..3 {
            let mut names = noise();
            names.insert(place, hit.clone());
            let of_target: Vec<DistributionPoint> = names
                .into_iter()
                .map(|name| DistributionPoint { name, ..DistributionPoint::default() })
                .collect();
            world.target = target(&world.ca, points(&of_target));
            for of_list in [
                full(&[&directory]),
                full(&[&uri]),
                PointName::of(&whole),
                full(&[&tlv(0x82, b"x.example"), &directory, &uri, &tlv(0xa4, whole.as_der())]),
            ] {
                let names = |name: &PointName| match name {
                    PointName::Full(names) => names.clone(),
                    _ => vec![tlv(0xa4, whole.as_der())],
                };
                let expected = if names(&hit).iter().any(|name| names(&of_list).contains(name)) {
                    "good"
                } else {
                    "crl_other_distribution_point"
                };
                let scope = IssuingDistributionPoint { name: of_list, ..IssuingDistributionPoint::default() };
                world.check_one(&issuing(world.full(), &scope), expected);
            }
        }
    }
}

/// L2 (webpki RUSTSEC-2026-0104): an empty BIT STRING where reasons stand, before any signature is checked.
#[test]
fn l2_no_octets_where_reasons_stand() {
    let world = World::new();
    for reasons in [&[0x83, 0][..], &[0x83, 1, 8], &[0x83, 2, 0, 0], &[0x83, 4, 0, 1, 1, 1]] {
        let parts = world.parts().with(Ext::new(IDP, true, &tlv(0x30, reasons)));
        world.check(&[world.sign_parts(&parts)], "extension_invalid");
    }
    let certificate =
        target_draft(Ext::new(CRLDP, false, &tlv(0x30, &tlv(0x30, &[0x81, 0, 0xa2, 3, 0x82, 1, b'a']))));
    assert!(Certificate::parse(&certificate.der(&world.ca)).is_err());
}

/// L4 (x509-parser goes on over `GeneralName::Invalid`): one name that cannot be read refuses the list.
#[test]
fn l4_one_invalid_name_refuses_the_list() {
    let world = World::new();
    let good = tlv(0xa4, dn("point").as_der());
    for (bad, expected) in [
        (tlv(0x82, &[0x80]), "extension_invalid"),
        (tlv(0x87, &[1, 2, 3]), "extension_invalid"),
        (tlv(0x89, &[1]), "extension_invalid"),
        (tlv(0xa4, &[0x30, 1, 0]), "der_truncated"),
    ] {
        for names in [[good.clone(), bad.clone()], [bad, good.clone()]] {
            let scope = Ext::new(IDP, true, &tlv(0x30, &tlv(0xa0, &tlv(0xa0, &names.concat()))));
            world.check(&[world.sign_parts(&world.parts().with(scope))], expected);
        }
    }
    let none = Ext::new(IDP, true, &tlv(0x30, &tlv(0xa0, &tlv(0xa0, &[]))));
    world.check(&[world.sign_parts(&world.parts().with(none))], "extension_invalid");
}

/// L8 (OpenSSL 31040, 31297, 32366): a delta is never a base, whatever its scope; the entries of a list are all read
/// in the same pass, wherever one with a critical extension stands.
#[test]
fn l8_deltas_and_entries() {
    let world = World::new();
    let scope = IssuingDistributionPoint {
        name: PointName::of(&world.point),
        only_some_reasons: Some(reason_flags(&[1, 2, 3, 4, 5, 6, 7, 8])),
        ..IssuingDistributionPoint::default()
    };
    world.check_one(&issuing(world.full(), &scope), "good");
    world.check_one(&issuing(delta(world.full(), 4, 5), &scope), "crl_delta_without_base");
    let mut list = world.list();
    list.entries.push(raw_entry(9, vec![Extension::new("2.5.29.21", false, b"no DER".to_vec())]));
    list.entries.push(raw_entry(10, vec![Extension::new(UNKNOWN, true, vec![5, 0])]));
    world.check_one(&list, "extension_invalid");
    list.entries.swap(1, 2);
    world.check_one(&list, "extension_unknown_critical");
}

/// L9 (OpenSSL 29426): a list that is too long is refused before anything of it is read.
#[test]
fn l9_a_cap_of_octets() {
    let mut world = World::new();
    let list = world.sign(&world.list());
    world.settings.max_octets = list.len();
    world.check(std::slice::from_ref(&list), "good");
    world.settings.max_octets = list.len() - 1;
    world.check(&[list], "crl_too_long");
}

/// L10 (webpki 81): a signature is checked once, however many certificates and points ask.
#[test]
fn l10_a_signature_is_checked_once() {
    let mut world = World::new();
    let of = |number: usize| DistributionPoint::of(&dn(&format!("point {number}")));
    let mut many: Vec<DistributionPoint> = (0..20).map(of).collect();
    many.push(DistributionPoint::of(&world.point));
    world.target = target(&world.ca, points(&many));
    let list = world.sign(&world.full());
    let pool = [world.ca_certificate.clone()];
    let anchors = std::slice::from_ref(&world.anchor);
    let (settings, mut of_path) = (PathSettings::default(), Budget::default());
    let chain =
        verify_chain(&world.target, &pool, anchors, &settings, now(), &mut of_path, &mut NoObserver).unwrap();
    let crls = OfferedCrls::read([list.as_slice()], world.settings);
    let checker = CrlChecker::new(&crls, &pool, now());
    let mut budget = Budget::new(2, 100_000);
    let other = Holder::new("other").leaf().by(&world.ca);
    for certificate in [&world.target, &other, &world.target] {
        let status = checker.status(certificate, &world.ca_certificate, &chain, &mut budget);
        assert_eq!(said(status), "good");
    }
    assert_eq!(budget.signatures_left(), 0, "one signature of P-256");
}

/// L11 (webpki 526): every list is asked; revoked is final from any, and a newer list replaces an older one.
#[test]
fn l11_every_list_is_asked() {
    let world = World::new();
    let (older, newer) = (|| numbered(world.list(), 5), || numbered(world.list(), 6));
    let revoked = RevocationReason::KeyCompromise;
    let hold = RevocationReason::CertificateHold;
    let stale = |list: CrlBuilder| from_to(list, NOW - 20, NOW - 10);
    let future = |list: CrlBuilder| from_to(list, NOW + 10, NOW + 20);
    for (lists, expected) in [
        ([older(), listing(newer(), revoked)], "keyCompromise"),
        ([listing(older(), revoked), newer()], "keyCompromise"),
        // A hold ends with the list that no longer has it.
        ([listing(older(), hold), newer()], "good"),
        ([older(), listing(newer(), hold)], "certificateHold"),
        // There is no way back to an older number, or to an older list of the same number.
        ([older(), stale(newer())], "crl_expired"),
        ([older(), future(newer())], "good"),
        ([from_to(older(), NOW - 50, NOW + 50), stale(older())], "crl_expired"),
        // Lists of two scopes do not replace each other.
        ([listing(older(), hold), numbered(world.full(), 6)], "certificateHold"),
        ([stale(older()), numbered(world.full(), 4)], "good"),
    ] {
        let mut signed: Vec<Vec<u8>> = lists.iter().map(|list| world.sign(list)).collect();
        for _ in 0..2 {
            world.check(&signed, expected);
            signed.reverse();
        }
    }
    // One that is good for itself outweighs one that is not.
    let mut tampered = world.sign(&newer());
    *tampered.last_mut().unwrap() ^= 1;
    world.check(&[tampered, world.sign(&older())], "good");
}

/// L12 (certval 125): lists of two keys of one name do not replace each other.
#[test]
fn l12_keys_of_one_name_are_told_apart() {
    let mut world = World::new();
    let old = Holder::new("ca");
    world.others = vec![Draft { serial: tlv(2, &[11]), ..old.ca() }.by(&world.root)];
    let root_list = sign(&list_of(&world.root, "root"), &world.root);
    let by_old = sign(&numbered(list_of(&old, "ca"), 900), &old);
    let held = world.sign(&listing(world.full(), RevocationReason::CertificateHold));
    // The greater number of the old key's list says nothing about the new key's.
    world.check(&[held, by_old.clone(), root_list.clone()], "certificateHold");
    world.check(&[by_old, root_list], "good");
}

#[test]
fn the_most_telling_reason_is_given() {
    let world = World::new();
    let elsewhere = world.sign(&world.of_point(&dn("elsewhere")));
    let expired = world.sign(&from_to(world.list(), NOW - 9, NOW - 8));
    let malformed = [world.sign(&world.list()), vec![0]].concat();
    let foreign = sign(&list_of(&world.root, "root"), &world.root);
    world.check(&[foreign.clone(), elsewhere.clone()], "crl_other_distribution_point");
    world.check(&[elsewhere.clone(), malformed.clone()], "der_trailing_octets");
    world.check(&[expired.clone(), elsewhere.clone()], "crl_expired");
    // What is refused tells more than what is not of this time.
    world.check(&[expired.clone(), malformed.clone(), elsewhere.clone()], "der_trailing_octets");
    world.check(&[malformed, expired, elsewhere.clone()], "der_trailing_octets");
    // A list that is about somebody else is no evidence, however broken.
    let broken = Parts::of(&foreign).without(CRL_NUMBER).signed_by(&world.root.key, &world.root.random);
    world.check(&[broken, elsewhere], "crl_other_distribution_point");
    let missing = world.status(&[]);
    assert!(matches!(missing, CrlStatus::Undetermined(error) if error.is_absence()));
}

#[test]
fn work_is_bounded() {
    let mut world = World::new();
    let many = |what: &str| -> Vec<Vec<u8>> {
        (0..1500).map(|number| tlv(0x86, format!("http://{what}.example/{number}").as_bytes())).collect()
    };
    let of_list =
        IssuingDistributionPoint { name: PointName::Full(many("a")), ..IssuingDistributionPoint::default() };
    let list = world.sign(&issuing(world.full(), &of_list));
    let of_target = DistributionPoint { name: PointName::Full(many("b")), ..DistributionPoint::default() };
    let draft = target_draft(points(&[of_target]));
    world.target = Certificate::parse_from_anywhere(&draft.der(&world.ca)).unwrap();
    world.check(std::slice::from_ref(&list), "budget_spent");
    let mut signatures = Budget::new(1, 100_000);
    assert_eq!(said(World::new().status_within(&[list], &mut signatures)), "crl_other_distribution_point");
    let world = World::new();
    let mut signatures = Budget::new(1, 100_000);
    let list = world.sign(&world.list());
    assert_eq!(said(world.status_within(std::slice::from_ref(&list), &mut signatures)), "budget_spent");
    // Wherever the budget ends, what was not looked at is not taken for good.
    let revoking = world.sign(&listing(world.of_point(&dn("ca")), RevocationReason::KeyCompromise));
    let lists = [list, revoking];
    let said: Vec<String> =
        (0..30).map(|steps| said(world.status_within(&lists, &mut Budget::new(100, steps)))).collect();
    let enough = said.iter().position(|said| said == "keyCompromise").unwrap();
    assert!(said.iter().take(enough).all(|said| said == "budget_spent"), "{said:?}");
    assert!(said.iter().skip(enough).all(|said| said == "keyCompromise"), "{said:?}");
}

/// Every certificate of a path, for `verify_chain_where`; and an OCSP responder's, which is of no path.
#[test]
fn paths_and_responders() {
    let world = World::new();
    let pool = [world.ca_certificate.clone()];
    let anchors = std::slice::from_ref(&world.anchor);
    let settings = PathSettings::default();
    let demand = |lists: &[Vec<u8>]| {
        let crls = OfferedCrls::read(lists.iter().map(Vec::as_slice), CrlSettings::default());
        let checker = CrlChecker::new(&crls, &pool, now());
        let mut budget = Budget::default();
        let found = verify_chain_where(
            &world.target,
            &pool,
            anchors,
            &settings,
            now(),
            &mut budget,
            &mut NoObserver,
            &mut |chain, budget| checker.demand_good(chain, budget),
        );
        support::chain::said(found)
    };
    let of_root = |reason: Option<RevocationReason>| {
        let mut list = list_of(&world.root, "root");
        list.entries.extend(reason.map(|reason| entry(1, reason)));
        sign(&list, &world.root)
    };
    let good = world.sign(&world.list());
    let revoked = world.sign(&listing(world.list(), RevocationReason::KeyCompromise));
    assert_eq!(demand(&[good.clone(), of_root(None)]), "accepted");
    assert_eq!(demand(std::slice::from_ref(&good)), "intermediate 1: crl_missing");
    assert_eq!(
        demand(&[good.clone(), of_root(Some(RevocationReason::CaCompromise))]),
        "intermediate 1: revoked"
    );
    assert_eq!(demand(&[revoked, of_root(None)]), "target: revoked");

    let responder = Draft { serial: tlv(2, &[12]), ..Holder::new("responder").leaf() }.by(&world.ca);
    let mut budget = Budget::default();
    let chain =
        verify_chain(&world.target, &pool, anchors, &settings, now(), &mut budget, &mut NoObserver).unwrap();
    let mut listed = world.full();
    listed.entries.push(entry(12, RevocationReason::KeyCompromise));
    for (lists, expected) in [
        (vec![world.sign(&world.full())], ResponderStanding::Good),
        (vec![world.sign(&listed)], ResponderStanding::Revoked),
        (vec![good], ResponderStanding::Unknown),
    ] {
        let crls = OfferedCrls::read(lists.iter().map(Vec::as_slice), CrlSettings::default());
        let checker = CrlChecker::new(&crls, &pool, now());
        let standing = checker.responder_standing(&responder, &world.ca_certificate, &chain, &mut budget);
        assert_eq!(standing, expected);
    }
}

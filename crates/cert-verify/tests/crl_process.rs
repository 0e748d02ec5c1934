//! Every rule of RFC 5280 section 6.3, broken in each way, each answered by its own name.

mod support;

use madoguchi_cert_verify::{
    Anchor, Budget, Certificate, CrlChecker, CrlError, CrlSettings, CrlStatus, NoObserver, OfferedCrls,
    PathSettings, SignatureAlgorithm, verify_chain,
};
use madoguchi_test_pki::{
    CrlBuilder, CrlEntry, DistributionPoint, Extension, IssuingDistributionPoint, Name, PointName,
    RevocationReason, reason_flags,
};

use support::chain::{Draft, Holder};
use support::lists::{
    CRL_SIGN, ONLY_ATTRIBUTE, ONLY_CA, ONLY_USER, TARGET, UNKNOWN, World, about, delegating, delta, dn,
    entry, from_to, indirect, issuing, list_of, listing, numbered, points, raw_entry, said, sign, target,
    target_draft,
};
use support::{Ext, NOW, Parts, now, tlv};

/// Section 6.3.3 (b)(1) and (b)(2)(i).
#[test]
fn issuers_and_points() {
    let mut world = World::new();
    world.check(&[], "crl_missing");
    world.check(&[sign(&list_of(&world.root, "root"), &world.root)], "crl_missing");
    world.check(&[world.sign(&list_of(&world.ca, "other"))], "crl_missing");
    world.check_one(&world.of_point(&dn("elsewhere")), "crl_other_distribution_point");
    // A name is compared as section 7.1 says.
    world.check_one(&world.of_point(&dn(" POINT ")), "good");
    // Without distributionPoint in the list, it is about all points.
    world.check_one(&world.full(), "good");
    // Lists of the issuer's own name are of no point in particular.
    world.check_one(&world.of_point(&dn("ca")), "good");
    let no_points = Holder::new("holder").leaf();
    world.target = Draft { serial: tlv(2, &[7]), ..no_points }.by(&world.ca);
    world.check_one(&world.full(), "good");
    world.check_one(&world.of_point(&dn("ca")), "good");
    world.check_one(&world.of_point(&dn("point")), "crl_other_distribution_point");
}

#[test]
fn relative_names() {
    let mut world = World::new();
    let whole = Name::new(&[("2.5.4.3", "ca"), ("2.5.4.3", "part")]).unwrap();
    let relative = PointName::Relative("part".to_owned());
    let point = |name: PointName| DistributionPoint { name, ..DistributionPoint::default() };
    let scope = |name: PointName| IssuingDistributionPoint { name, ..IssuingDistributionPoint::default() };
    for (of_target, of_list, expected) in [
        (relative.clone(), relative.clone(), "good"),
        (relative.clone(), PointName::of(&whole), "good"),
        (PointName::of(&whole), relative.clone(), "good"),
        (relative.clone(), PointName::Relative("other".to_owned()), "crl_other_distribution_point"),
        (relative.clone(), PointName::of(&dn("part")), "crl_other_distribution_point"),
    ] {
        world.target = target(&world.ca, points(&[point(of_target)]));
        world.check_one(&issuing(world.full(), &scope(of_list)), expected);
    }
}

/// Section 6.3.3 (b)(2)(ii) to (iv).
#[test]
fn holders() {
    let mut world = World::new();
    let only = |world: &World, tag: u8| {
        issuing(
            world.full(),
            &IssuingDistributionPoint { only_contains: vec![tag], ..IssuingDistributionPoint::default() },
        )
    };
    let check = |world: &World, expected: [&str; 3]| {
        for (tag, expected) in [ONLY_USER, ONLY_CA, ONLY_ATTRIBUTE].into_iter().zip(expected) {
            world.check_one(&only(world, tag), expected);
        }
    };
    check(&world, ["good", "crl_other_holders", "crl_other_holders"]);
    let below = Holder::new("below");
    world.target = Draft { serial: tlv(2, &[7]), ..below.ca() }.by(&world.ca);
    check(&world, ["crl_other_holders", "good", "crl_other_holders"]);
    // A version 1 certificate does not say what its holder is.
    let mut version_1 = Holder::new("holder").leaf();
    version_1.version = Vec::new();
    version_1.extensions.clear();
    let version_1 = version_1.by(&world.ca);
    for (list, expected) in [
        (world.full(), "good"),
        (only(&world, ONLY_USER), "crl_other_holders"),
        (only(&world, ONLY_CA), "crl_other_holders"),
    ] {
        let status = world.status_of(&version_1, &[world.sign(&list)], &mut Budget::default());
        assert_eq!(said(status), expected);
    }
}

/// Section 6.3.3 (d), (e) and (l).
#[test]
fn reasons() {
    let mut world = World::new();
    let some = |world: &World, bits: &[u8]| {
        world.sign(&issuing(
            world.full(),
            &IssuingDistributionPoint {
                name: PointName::of(&world.point),
                only_some_reasons: Some(reason_flags(bits)),
                ..IssuingDistributionPoint::default()
            },
        ))
    };
    let (first, rest): (&[u8], &[u8]) = (&[1, 2, 3, 4], &[5, 6, 7, 8]);
    let list = |bits: &[u8]| some(&world, bits);
    world.check(&[list(first)], "crl_some_reasons_only");
    world.check(&[list(rest)], "crl_some_reasons_only");
    world.check(&[list(first), list(rest)], "good");
    world.check(&[list(rest), list(first)], "good");
    world.check(&[list(&[1, 2, 3, 4, 5, 6, 7, 8])], "good");
    world.check(&[list(&[0, 1, 2, 3, 4, 5, 6, 7])], "crl_some_reasons_only");
    world.check(&[list(&[])], "crl_some_reasons_only");
    world.check(&[list(&[0])], "crl_some_reasons_only");
    // One of the two is refused for itself: what it should have said is not known.
    let bad = [list(rest), vec![0]].concat();
    world.check(&[list(first), bad], "crl_some_reasons_only");
    // A point of reasons alone says nothing.
    let alone = DistributionPoint { reasons: Some(reason_flags(first)), ..DistributionPoint::default() };
    let alone = Certificate::parse(&target_draft(points(&[alone])).der(&world.ca));
    assert_eq!(support::code(alone), "extension_invalid");
    // The certificate's points divide the reasons.
    let point = |name: &Name, bits: &[u8]| DistributionPoint {
        reasons: Some(reason_flags(bits)),
        ..DistributionPoint::of(name)
    };
    let (a, b) = (dn("a"), dn("b"));
    world.target = target(&world.ca, points(&[point(&a, first), point(&b, rest)]));
    let (of_a, of_b) = (world.sign(&world.of_point(&a)), world.sign(&world.of_point(&b)));
    world.check(std::slice::from_ref(&of_a), "crl_some_reasons_only");
    world.check(&[of_a.clone(), of_b], "good");
    let listed = world.sign(&listing(world.of_point(&b), RevocationReason::KeyCompromise));
    world.check(&[of_a, listed], "keyCompromise");
}

/// Sections 5.2.5, 5.3.3 and 6.3.3 (b)(1).
#[test]
fn indirect_lists() {
    let (mut world, signer) = delegating();
    let list = indirect(&signer, &world.point);
    // The CA's own list says that the signer is good; it is not the one that the target's point names.
    let ca_list = sign(
        &issuing(
            world.full(),
            &IssuingDistributionPoint {
                name: PointName::of(&dn("ca")),
                ..IssuingDistributionPoint::default()
            },
        ),
        &world.ca,
    );
    let check = |world: &World, entries: Vec<CrlEntry>, expected: &str| {
        let list = CrlBuilder { entries, ..list.clone() };
        world.check(&[sign(&list, &signer), ca_list.clone()], expected);
    };
    let plain = || entry(TARGET, RevocationReason::KeyCompromise);
    // The CA's own list alone is of the default point, and so is about the target, too.
    check(&world, vec![], "good");
    check(&world, vec![about(TARGET, "ca")], "keyCompromise");
    check(&world, vec![about(TARGET, "other")], "good");
    // An entry is about the issuer of the one before it; the first about the list's own.
    check(&world, vec![plain()], "good");
    check(&world, vec![about(3, "ca"), plain()], "keyCompromise");
    check(&world, vec![about(3, "ca"), about(4, "other"), plain()], "good");
    check(&world, vec![about(3, "ca"), entry(4, RevocationReason::Superseded), plain()], "keyCompromise");
    // Without the CA's list nobody says that the signer is good.
    let alone = sign(&list, &signer);
    world.check(std::slice::from_ref(&alone), "crl_issuer_unchecked");
    // The CA signs in the signer's name.
    let mut in_its_name = indirect(&world.ca, &world.point);
    in_its_name.issuer = dn("signer");
    world.check(&[world.sign(&in_its_name)], "crl_issuer_unknown");
    // What it lists, counts all the same.
    let revoking = sign(&CrlBuilder { entries: vec![about(TARGET, "ca")], ..list.clone() }, &signer);
    world.check(&[revoking], "keyCompromise");
    // The signer's list is not marked indirect.
    let direct =
        IssuingDistributionPoint { name: PointName::of(&world.point), ..IssuingDistributionPoint::default() };
    let unmarked = sign(&issuing(list_of(&signer, "signer"), &direct), &signer);
    world.check(std::slice::from_ref(&unmarked), "crl_not_marked_indirect");
    // Of another point, and of no point at all.
    world.check(&[sign(&indirect(&signer, &dn("x")), &signer)], "crl_other_distribution_point");
    // The point names the issuer alone: the list's name is then the issuer's.
    let by_issuer = DistributionPoint { crl_issuers: vec![dn("signer")], ..DistributionPoint::default() };
    world.target = target(&world.ca, points(&[by_issuer]));
    let of_issuer = CrlBuilder { entries: vec![about(TARGET, "ca")], ..indirect(&signer, &dn("signer")) };
    world.check(&[sign(&of_issuer, &signer)], "keyCompromise");
    world.check(&[sign(&indirect(&signer, &dn("x")), &signer)], "crl_other_distribution_point");
}

/// nameRelativeToCRLIssuer follows cRLIssuer when there is one.
#[test]
fn a_relative_name_follows_the_crl_issuer() {
    let (mut world, signer) = delegating();
    let relative = PointName::Relative("part".to_owned());
    let point = DistributionPoint {
        name: relative.clone(),
        crl_issuers: vec![dn("signer")],
        ..DistributionPoint::default()
    };
    world.target = target(&world.ca, points(&[point]));
    let of = |name: PointName| IssuingDistributionPoint {
        name,
        indirect: true,
        ..IssuingDistributionPoint::default()
    };
    let revoked = |name: PointName| {
        let mut list = issuing(list_of(&signer, "signer"), &of(name));
        list.entries = vec![about(TARGET, "ca")];
        sign(&list, &signer)
    };
    let whole = Name::new(&[("2.5.4.3", "signer"), ("2.5.4.3", "part")]).unwrap();
    let of_ca = Name::new(&[("2.5.4.3", "ca"), ("2.5.4.3", "part")]).unwrap();
    world.check(&[revoked(relative)], "keyCompromise");
    world.check(&[revoked(PointName::of(&whole))], "keyCompromise");
    world.check(&[revoked(PointName::of(&of_ca))], "crl_other_distribution_point");
    // With two issuers there is nothing to follow (section 4.2.1.13).
    let crl_issuers = vec![dn("signer"), dn("other")];
    let two = DistributionPoint { name: PointName::Relative("part".to_owned()), crl_issuers, reasons: None };
    let two = Certificate::parse(&target_draft(points(&[two])).der(&world.ca));
    assert_eq!(support::code(two), "extension_invalid");
}

/// Who is below a certificate does not vouch for it.
#[test]
fn nobody_vouches_for_a_certificate_above() {
    let mut world = World::new();
    let (middle, below) = (Holder::new("middle"), Holder::new("below"));
    let point = DistributionPoint { crl_issuers: vec![dn("below")], ..DistributionPoint::of(&dn("p")) };
    let certificate = middle.ca().with(points(&[point])).by(&world.ca);
    world.target = below.leaf().with(Ext::new(support::KEY_USAGE, true, CRL_SIGN)).by(&middle);
    let scope = IssuingDistributionPoint {
        name: PointName::of(&dn("p")),
        indirect: true,
        ..IssuingDistributionPoint::default()
    };
    let list = sign(&issuing(list_of(&below, "below"), &scope), &below);
    let (pool, anchors) = ([world.ca_certificate.clone(), certificate], [world.anchor.clone()]);
    let (settings, mut budget) = (PathSettings::default(), Budget::default());
    let chain =
        verify_chain(&world.target, &pool, &anchors, &settings, now(), &mut budget, &mut NoObserver).unwrap();
    let crls = OfferedCrls::read([list.as_slice()], CrlSettings::default());
    let checker = CrlChecker::new(&crls, &pool, now());
    let (issuer, middle) = chain.links().nth(1).unwrap();
    assert_eq!(said(checker.status(middle, issuer, &chain, &mut budget)), "crl_issuer_unknown");
}

/// Section 6.3.3 (f) and (g).
#[test]
fn signers() {
    let mut world = World::new();
    let imposter = Holder::new("ca");
    let signed_by_other = sign(&world.list(), &imposter);
    world.check(std::slice::from_ref(&signed_by_other), "crl_signature_invalid");
    let mut tampered = world.sign(&world.list());
    *tampered.last_mut().unwrap() ^= 1;
    world.check(&[tampered], "crl_signature_invalid");
    let of_imposter = list_of(&imposter, "ca");
    world.check(&[sign(&of_imposter, &imposter)], "crl_issuer_unknown");
    // A certificate of the same name for lists alone, by the CA.
    let ca_list = world.sign(&world.full());
    let lists = Holder::new("ca");
    let for_lists = |usage: &[u8]| {
        let own = points(&[DistributionPoint::of(&dn("own"))]);
        let draft = lists.leaf().with(Ext::new(support::KEY_USAGE, true, usage)).with(own);
        Draft { serial: tlv(2, &[9]), ..draft }
    };
    let by_lists = sign(&list_of(&lists, "ca"), &lists);
    world.others = vec![for_lists(CRL_SIGN).by(&world.ca)];
    // Nobody vouches for himself: the CA's own list must.
    world.check(std::slice::from_ref(&by_lists), "crl_issuer_unchecked");
    world.check(&[by_lists.clone(), ca_list], "good");
    let mut revoking = world.of_point(&dn("own"));
    revoking.entries.push(entry(9, RevocationReason::KeyCompromise));
    world.check(&[by_lists.clone(), world.sign(&revoking)], "crl_issuer_revoked");
    world.others = vec![for_lists(&[3, 2, 7, 0x80]).by(&world.ca)];
    world.check(std::slice::from_ref(&by_lists), "crl_issuer_may_not_sign");
    world.others = vec![for_lists(CRL_SIGN).without(support::KEY_USAGE).by(&world.ca)];
    world.check(std::slice::from_ref(&by_lists), "crl_issuer_may_not_sign");
    world.others = vec![for_lists(CRL_SIGN).valid("250101000000Z", "260101000000Z").by(&world.ca)];
    world.check(std::slice::from_ref(&by_lists), "crl_issuer_path");
    // Under another anchor, whoever that trusts.
    let elsewhere = Holder::new("elsewhere");
    world.others = vec![for_lists(CRL_SIGN).by(&elsewhere), elsewhere.root().by(&elsewhere)];
    world.check(std::slice::from_ref(&by_lists), "crl_issuer_path");
}

#[test]
fn a_ca_without_crl_sign_signs_no_lists() {
    let mut world = World::new();
    world.ca_certificate =
        world.ca.ca().with(Ext::new(support::KEY_USAGE, true, &[3, 2, 2, 0x04])).by(&world.root);
    world.check_one(&world.list(), "crl_issuer_may_not_sign");
    world.ca_certificate = world.ca.ca().without(support::KEY_USAGE).by(&world.root);
    world.check_one(&world.list(), "good");
}

#[test]
fn algorithms_and_keys_of_signers() {
    let mut world = World::new();
    let claiming = |list: &CrlBuilder, holder: &Holder, algorithm: &[u8]| {
        let mut parts = Parts::of(&sign(list, holder)).with_field(1, algorithm.to_vec());
        parts.outer_algorithm = algorithm.to_vec();
        parts.signed_by(&holder.key, &holder.random)
    };
    let sha384 = tlv(0x30, &tlv(6, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3]));
    let rsa = tlv(0x30, &[tlv(6, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11]), tlv(5, &[])].concat());
    world.check(&[claiming(&world.list(), &world.ca, &rsa)], "algorithm_not_of_key");
    world.check(&[claiming(&world.list(), &world.ca, &sha384)], "crl_signature_invalid");
    // A key that nothing verifies with.
    let lists = Holder::new("ca");
    let mut unknown = Draft { serial: tlv(2, &[9]), ..lists.ca() };
    unknown.spki = tlv(0x30, &[tlv(0x30, &tlv(6, &[0x2a, 3])), tlv(3, &[0, 1])].concat());
    world.others = vec![unknown.by(&world.root)];
    world.check(&[sign(&list_of(&lists, "ca"), &lists)], "key_unsupported");
    // An anchor signs lists with what it may use, as it does certificates.
    world.target = world.ca_certificate.clone();
    let list = list_of(&world.root, "root");
    world.check(&[claiming(&list, &world.root, &sha384)], "crl_signature_invalid");
    let allowed = vec![SignatureAlgorithm::EcdsaP256Sha256];
    world.anchor = Anchor::with_algorithms(&world.root.root().der(&world.root), allowed).unwrap();
    world.check(&[sign(&list, &world.root)], "good");
    world.check(&[claiming(&list, &world.root, &sha384)], "algorithm_not_allowed");
}

/// Two issuers of lists that vouch for each other, and nobody else for them.
#[test]
fn issuers_of_lists_do_not_vouch_for_each_other() {
    let mut world = World::new();
    let (a, b) = (Holder::new("a"), Holder::new("b"));
    let certificate = |holder: &Holder, number: u8, vouched_by: &str| {
        let point =
            DistributionPoint { crl_issuers: vec![dn(vouched_by)], ..DistributionPoint::of(&dn("p")) };
        let draft = holder.leaf().with(Ext::new(support::KEY_USAGE, true, CRL_SIGN)).with(points(&[point]));
        Draft { serial: tlv(2, &[number]), ..draft }.by(&world.ca)
    };
    let list = |holder: &Holder, name: &str| {
        let scope = IssuingDistributionPoint {
            name: PointName::of(&dn("p")),
            indirect: true,
            ..IssuingDistributionPoint::default()
        };
        sign(&issuing(list_of(holder, name), &scope), holder)
    };
    let lists = [list(&a, "a"), list(&b, "b")];
    let by =
        |name: &str| DistributionPoint { crl_issuers: vec![dn(name)], ..DistributionPoint::of(&dn("p")) };
    let targets = target(&world.ca, points(&[by("a")]));
    let crossed = vec![certificate(&a, 21, "b"), certificate(&b, 22, "a")];
    let selves = vec![certificate(&a, 21, "a"), certificate(&b, 22, "b")];
    world.target = targets;
    world.others = crossed;
    let CrlStatus::Undetermined(error) = world.status(&lists) else { panic!("undetermined") };
    let mut innermost = error;
    while let CrlError::SignerUnchecked { reason } = innermost {
        innermost = *reason;
    }
    assert_eq!(innermost.code(), "crl_issuer_circular");
    world.others = selves;
    world.check(&lists, "good");
}

/// Sections 5.2.4 and 6.3.3 (c), (h), (i), (k).
#[test]
fn deltas() {
    let world = World::new();
    let base = || numbered(world.list(), 5);
    let held = || listing(base(), RevocationReason::CertificateHold);
    let changing = || delta(world.list(), 5, 6);
    let removing = || {
        let mut list = changing();
        list.entries.push(raw_entry(TARGET, vec![Extension::crl_reason(8)]));
        list
    };
    let stale = |list: CrlBuilder| from_to(list, NOW - 20, NOW - 10);
    let elsewhere = |list: CrlBuilder| {
        let name = PointName::Full(vec![tlv(0xa4, world.point.as_der()), tlv(0x86, b"http://x.example/")]);
        issuing(list, &IssuingDistributionPoint { name, ..IssuingDistributionPoint::default() })
    };
    for (number, (lists, expected)) in [
        (vec![base(), changing()], "good"),
        // A delta alone is never a base (L8).
        (vec![changing()], "crl_delta_without_base"),
        (vec![base(), listing(changing(), RevocationReason::KeyCompromise)], "keyCompromise"),
        (vec![base(), listing(changing(), RevocationReason::CertificateHold)], "certificateHold"),
        (vec![held(), changing()], "certificateHold"),
        (vec![held(), removing()], "good"),
        (vec![removing(), held()], "good"),
        (vec![held(), listing(changing(), RevocationReason::KeyCompromise)], "keyCompromise"),
        // removeFromCRL takes back a hold, nothing else.
        (vec![listing(base(), RevocationReason::KeyCompromise), removing()], "keyCompromise"),
        (vec![base(), removing()], "good"),
        // A delta for a later base, or for this one but not later than it, changes nothing.
        (vec![held(), delta(removing(), 6, 7)], "certificateHold"),
        (vec![held(), delta(removing(), 4, 6)], "good"),
        (vec![held(), delta(removing(), 4, 5)], "certificateHold"),
        (vec![held(), delta(removing(), 3, 4)], "certificateHold"),
        // Another scope.
        (vec![held(), elsewhere(removing())], "certificateHold"),
        // The newest delta counts.
        (
            vec![held(), removing(), delta(listing(changing(), RevocationReason::CertificateHold), 5, 7)],
            "certificateHold",
        ),
        (
            vec![base(), listing(changing(), RevocationReason::CertificateHold), delta(removing(), 5, 7)],
            "good",
        ),
        // Past its nextUpdate a delta still revokes, but takes nothing back.
        (vec![base(), stale(listing(changing(), RevocationReason::KeyCompromise))], "keyCompromise"),
        (vec![base(), stale(listing(changing(), RevocationReason::CertificateHold))], "certificateHold"),
        (vec![held(), stale(removing())], "certificateHold"),
        (vec![base(), stale(changing())], "good"),
        (
            vec![
                held(),
                removing(),
                from_to(
                    delta(listing(changing(), RevocationReason::CertificateHold), 5, 7),
                    NOW + 1,
                    NOW + 2,
                ),
            ],
            "good",
        ),
        // A delta that is to come does neither; one that is current carries an old base on (section 6.3.3 (a)).
        (vec![held(), from_to(removing(), NOW + 1, NOW + 2)], "certificateHold"),
        (vec![stale(base())], "crl_expired"),
        (vec![stale(base()), changing()], "good"),
        (vec![stale(base()), delta(changing(), 6, 7)], "crl_expired"),
        (vec![stale(base()), stale(changing())], "crl_expired"),
        (vec![from_to(base(), NOW + 1, NOW + 2), changing()], "crl_not_yet_valid"),
    ]
    .into_iter()
    .enumerate()
    {
        let lists: Vec<Vec<u8>> = lists.iter().map(|list| world.sign(list)).collect();
        assert_eq!(said(world.status(&lists)), expected, "case {number}");
    }
}

/// Section 6.3.3 (h): the key that signed the base.
#[test]
fn a_delta_by_another_key_changes_nothing() {
    let mut world = World::new();
    let lists = Holder::new("ca");
    let certificate = lists.leaf().with(Ext::new(support::KEY_USAGE, true, CRL_SIGN));
    world.others = vec![Draft { serial: tlv(2, &[9]), ..certificate }.by(&world.ca)];
    let held = world.sign(&listing(world.full(), RevocationReason::CertificateHold));
    let mut removing = delta(list_of(&lists, "ca"), 5, 6);
    removing.entries.push(raw_entry(TARGET, vec![Extension::crl_reason(8)]));
    world.check(&[held, sign(&removing, &lists)], "certificateHold");
}

/// A certificate that its CA has listed by its holder says so with cRLIssuer; a CA's own name says nothing.
#[test]
fn nobody_vouches_for_himself() {
    let (mut world, signer) = delegating();
    let point = DistributionPoint { crl_issuers: vec![dn("signer")], ..DistributionPoint::of(&world.point) };
    let own = |draft: Draft| {
        let draft = draft.with(Ext::new(support::KEY_USAGE, true, CRL_SIGN));
        Draft { serial: tlv(2, &[8]), ..draft }
    };
    let list = sign(&indirect(&signer, &world.point), &signer);
    world.others = vec![own(signer.leaf()).by(&world.ca)];
    world.check(std::slice::from_ref(&list), "crl_issuer_unchecked");
    world.others = vec![own(signer.leaf()).with(points(&[point])).by(&world.ca)];
    world.check(std::slice::from_ref(&list), "good");
    // The CA's next key under its own name, named or not.
    let next = Holder::new("ca");
    let list = sign(&list_of(&next, "ca"), &next);
    let named = DistributionPoint { crl_issuers: vec![dn("ca")], ..DistributionPoint::of(&dn("ca")) };
    for points_of_next in [points(&[DistributionPoint::of(&dn("ca"))]), points(&[named])] {
        world.target = target(&world.ca, points(&[DistributionPoint::of(&world.point)]));
        let rollover = Draft { serial: tlv(2, &[9]), ..next.ca() };
        world.others = vec![rollover.with(points_of_next).by(&world.ca)];
        world.check(std::slice::from_ref(&list), "crl_issuer_unchecked");
    }
}

/// Going through a list costs what comparing its certificateIssuers does.
#[test]
fn naming_issuers_costs_steps() {
    let world = World::new();
    let scope = IssuingDistributionPoint { indirect: true, ..IssuingDistributionPoint::default() };
    let list = |entries: Vec<CrlEntry>| CrlBuilder { entries, ..issuing(world.full(), &scope) };
    let long = "n".repeat(1000);
    let naming = |count| list((0..count).map(|_| about(3, &long)).collect());
    let spent = |list: &CrlBuilder| {
        let mut budget = Budget::default();
        let octets = world.sign(list);
        assert_eq!(said(world.status_within(std::slice::from_ref(&octets), &mut budget)), "good");
        Budget::default().steps_left() - budget.steps_left()
    };
    assert!(spent(&naming(100)) > spent(&naming(50)) + 50 * 1000 / 64);
}

/// Lists that are refused are compared with the certificate's points, too.
#[test]
fn refused_lists_cost_steps() {
    let mut world = World::new();
    let crl_issuers = (0..500).map(|number| dn(&format!("issuer {number}"))).collect();
    let point = DistributionPoint { crl_issuers, ..DistributionPoint::default() };
    world.target = Certificate::parse_from_anywhere(&target_draft(points(&[point])).der(&world.ca)).unwrap();
    let mut unreadable = list_of(&world.ca, "another");
    unreadable.entries.push(raw_entry(4, vec![Extension::new(UNKNOWN, true, vec![5, 0])]));
    let refused = world.sign(&unreadable);
    let mut budget = Budget::default();
    assert_eq!(said(world.status_within(&vec![refused.clone(); 10], &mut budget)), "crl_missing");
    assert!(Budget::default().steps_left() - budget.steps_left() >= 5000);
    assert_eq!(said(world.status_within(&vec![refused; 10], &mut Budget::new(100, 4000))), "budget_spent");
}

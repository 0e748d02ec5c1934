//! What a list says against a certificate stands, also when no conforming issuer makes such a list; and what
//! freshestCRL does not decide.

mod support;

use madoguchi_test_pki::{
    CrlBuilder, CrlEntry, DistributionPoint, Extension, IssuingDistributionPoint, PointName, RevocationReason,
};

use support::lists::{TARGET, World, about, delta, dn, from_to, issuing, listing, numbered, raw_entry, with};
use support::{DAY, NOW, tlv};

/// Lists that break a demand of RFC 5280 section 5 on their issuer, each with the code that "good" is refused by.
fn nonconforming(world: &World) -> Vec<(CrlBuilder, &'static str)> {
    let list = world.full();
    let without = |oid: &str| {
        let mut list = list.clone();
        list.extensions.retain(|extension| extension.id != oid);
        list
    };
    vec![
        (without("2.5.29.20"), "crl_without_number"),
        (without("2.5.29.35"), "crl_without_authority_key_id"),
        (CrlBuilder { extensions: Vec::new(), ..list.clone() }, "crl_without_authority_key_id"),
        (CrlBuilder { next_update: None, ..list.clone() }, "crl_without_next_update"),
    ]
}

#[test]
fn a_list_that_does_not_conform_revokes_and_calls_nothing_good() {
    let world = World::new();
    for (list, code) in nonconforming(&world) {
        world.check_one(&list, code);
        for (reason, name) in [
            (RevocationReason::KeyCompromise, "keyCompromise"),
            (RevocationReason::CertificateHold, "certificateHold"),
        ] {
            let against = world.sign(&listing(list.clone(), reason));
            world.check(std::slice::from_ref(&against), name);
            // Not even beside a list that calls it good.
            world.check(&[against, world.sign(&numbered(world.full(), 9))], name);
        }
        // Nor does it stand in the way of one.
        world.check(&[world.sign(&list), world.sign(&world.full())], "good");
    }
}

/// Only what the issuer signed, and only about the certificates that the list covers.
#[test]
fn a_list_that_does_not_conform_is_still_asked_who_made_it_and_about_whom() {
    let world = World::new();
    for (list, code) in nonconforming(&world) {
        let list = listing(list, RevocationReason::KeyCompromise);
        let mut forged = world.sign(&list);
        *forged.last_mut().expect("a signature") ^= 1;
        world.check(&[forged], "crl_signature_invalid");
        let elsewhere = IssuingDistributionPoint {
            name: PointName::of(&dn("elsewhere")),
            ..IssuingDistributionPoint::default()
        };
        world.check_one(&issuing(list, &elsewhere), code);
    }
}

/// RFC 5280 sections 4.2.1.15 and 5.2.6 say where a delta is found. What it changes is told by section 6.3.3 (c):
/// issuer, scope and key.
#[test]
fn freshest_crl_is_where_to_look_and_nothing_else() {
    let world = World::new();
    let pointing = |place: &str| {
        let freshest = Extension::freshest_crl(&[DistributionPoint::of(&dn(place))]);
        with(numbered(world.full(), 4), freshest)
    };
    let changed = listing(delta(world.full(), 4, 5), RevocationReason::CertificateHold);
    for base in [numbered(world.full(), 4), pointing("deltas"), pointing("elsewhere")] {
        world.check(&[world.sign(&base), world.sign(&delta(world.full(), 4, 5))], "good");
        world.check(&[world.sign(&base), world.sign(&changed)], "certificateHold");
    }
    // A delta of the place that is pointed to, with another scope than the list.
    let at_the_place = issuing(
        world.full(),
        &IssuingDistributionPoint {
            name: PointName::of(&world.point),
            ..IssuingDistributionPoint::default()
        },
    );
    let held = listing(pointing("point"), RevocationReason::CertificateHold);
    let mut other_scope = delta(at_the_place, 4, 5);
    other_scope.entries = vec![raw_entry(TARGET, vec![Extension::crl_reason(8)])];
    world.check(&[world.sign(&held), world.sign(&other_scope)], "certificateHold");
}

/// A hold is said by whatever the issuer signed, until something newer of the scope is there.
#[test]
fn a_hold_counts_though_the_list_that_the_delta_changes_is_not_there() {
    let world = World::new();
    let held = world.sign(&listing(delta(world.full(), 4, 6), RevocationReason::CertificateHold));
    let full = |number| world.sign(&numbered(world.full(), number));
    world.check(std::slice::from_ref(&held), "certificateHold");
    world.check(&[held.clone(), full(3)], "certificateHold");
    for newer in [full(6), full(7)] {
        world.check(&[held.clone(), newer.clone()], "good");
        world.check(&[newer, held.clone()], "good");
    }
    world.check(&[held.clone(), world.sign(&delta(world.full(), 4, 7))], "crl_delta_without_base");
    let to_come = from_to(numbered(world.full(), 7), NOW + DAY, NOW + 2 * DAY);
    world.check(&[held, world.sign(&to_come)], "certificateHold");
    let held = listing(delta(world.full(), 4, 6), RevocationReason::CertificateHold);
    world.check_one(&from_to(held, NOW + DAY, NOW + 2 * DAY), "crl_delta_without_base");
}

/// RFC 5280 section 5.3: which extension of an entry is critical, and that certificateIssuer names somebody. What is
/// understood all the same revokes.
#[test]
fn an_entry_that_does_not_conform_revokes_and_calls_nothing_good() {
    let world = World::new();
    let scope = IssuingDistributionPoint {
        name: PointName::of(&world.point),
        indirect: true,
        ..IssuingDistributionPoint::default()
    };
    let of = |entries: Vec<CrlEntry>| CrlBuilder { entries, ..issuing(world.full(), &scope) };
    let of_ca = Extension::certificate_issuer(&dn("ca"));
    let reason = Extension::crl_reason(1);
    let date = Extension::new("2.5.29.24", false, tlv(0x18, b"20260101000000Z"));
    let nobody = tlv(0x30, &tlv(0x86, b"http://ca.example/"));
    let turned = |extension: &Extension| Extension { critical: !extension.critical, ..extension.clone() };
    for (extensions, code) in [
        (vec![turned(&of_ca), reason.clone()], Some("extension_not_critical")),
        (vec![of_ca.clone(), turned(&reason)], Some("extension_critical")),
        (vec![of_ca.clone(), reason.clone(), turned(&date)], Some("extension_critical")),
        (vec![of_ca.clone(), reason.clone(), date.clone()], None),
    ] {
        world.check_one(&of(vec![raw_entry(TARGET, extensions.clone())]), "keyCompromise");
        world.check_one(&of(vec![raw_entry(TARGET + 1, extensions)]), code.unwrap_or("good"));
    }
    let nameless = vec![Extension::new("2.5.29.29", true, nobody), reason];
    world.check_one(&of(vec![raw_entry(TARGET, nameless), about(3, "ca")]), "extension_invalid");
}

/// The length of an extension's value bounds what reading it costs, before it is read.
#[test]
fn an_extension_of_a_list_has_a_length() {
    let world = World::new();
    let names: Vec<u8> = tlv(0x82, b"a").repeat(100_000);
    let point = tlv(0xa0, &tlv(0xa0, &names));
    let long = with(world.full(), Extension::new("2.5.29.28", true, tlv(0x30, &point)));
    world.check_one(&long, "der_too_long");
    // Also when it is no issuingDistributionPoint at all: nobody has looked.
    let no_point = with(world.full(), Extension::new("2.5.29.28", true, tlv(0x31, &point)));
    world.check_one(&no_point, "der_too_long");
}

//! What a list says against a certificate stands, also when no conforming issuer makes such a list; and what
//! freshestCRL does not decide.

mod support;

use madoguchi_test_pki::{
    CrlBuilder, DistributionPoint, Extension, IssuingDistributionPoint, PointName, RevocationReason,
};

use support::lists::{World, delta, dn, issuing, listing, numbered, with};

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
    let other_scope = listing(delta(at_the_place, 4, 5), RevocationReason::CertificateHold);
    world.check(&[world.sign(&pointing("point")), world.sign(&other_scope)], "good");
}

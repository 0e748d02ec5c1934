//! Whatever anybody sends: an answer, never a panic, and nothing changed is ever accepted.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::sync::LazyLock;

use madoguchi_cert_verify::{Anchor, Certificate, VerifiedCrl, certificate_octets, crl_octets, der};
use madoguchi_test_pki::RevocationReason;
use proptest::prelude::*;

use support::{World, now};

struct Good {
    certificate: Vec<u8>,
    crl: Vec<u8>,
    anchors: Vec<Anchor>,
    world: World,
}

static GOOD: LazyLock<Good> = LazyLock::new(|| {
    let mut world = World::new();
    let card = world.card();
    for _ in 0..3 {
        let revoked = world.card();
        world.pki.revoke(revoked.auth_serial, RevocationReason::Superseded, now()).unwrap();
    }
    let (crl, anchors) = (world.crl(), world.anchors());
    Good { certificate: card.auth_certificate, crl, anchors, world }
});

fn read_everything(octets: &[u8]) -> bool {
    let checked = der::check(octets, 1 << 20).is_ok();
    let certificate = Certificate::parse(octets).is_ok();
    let crl = VerifiedCrl::verify(octets.to_vec(), &GOOD.anchors).is_ok();
    let _ = (certificate_octets(octets).is_ok(), crl_octets(octets).is_ok());
    checked || certificate || crl
}

/// Changes one octet, cuts or repeats a piece.
fn mutated(good: &[u8], place: usize, length: usize, octet: u8, how: u8) -> Vec<u8> {
    let place = place % good.len();
    let end = (place + length).min(good.len());
    let mut bad = good.to_vec();
    match how {
        0 => bad[place] = octet,
        1 => drop(bad.drain(place..end)),
        2 => drop(bad.splice(place..place, good[place..end].to_vec())),
        _ => bad[place..end].fill(octet),
    }
    bad
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_octets(octets in proptest::collection::vec(any::<u8>(), 0..400)) {
        read_everything(&octets);
    }

    #[test]
    fn a_changed_certificate_is_never_accepted(
        place in any::<usize>(), length in 1..40_usize, octet in any::<u8>(), how in 0..4_u8,
    ) {
        let bad = mutated(&GOOD.certificate, place, length, octet, how);
        read_everything(&bad);
        prop_assert_eq!(GOOD.world.path(&bad).is_ok(), bad == GOOD.certificate);
    }

    #[test]
    fn a_changed_list_is_never_accepted(
        place in any::<usize>(), length in 1..40_usize, octet in any::<u8>(), how in 0..4_u8,
    ) {
        let bad = mutated(&GOOD.crl, place, length, octet, how);
        let same = bad == GOOD.crl;
        prop_assert_eq!(VerifiedCrl::verify(bad, &GOOD.anchors).is_ok(), same);
    }
}

#[test]
fn every_octet_and_every_length_counts() {
    let (certificate, crl) = (&GOOD.certificate, &GOOD.crl);
    for place in 0..certificate.len() {
        let mut bad = certificate.clone();
        bad[place] ^= 0x01;
        assert!(GOOD.world.path(&bad).is_err(), "octet {place}");
        assert!(GOOD.world.path(&certificate[..place]).is_err(), "{place} octets");
    }
    for place in 0..crl.len() {
        let mut bad = crl.clone();
        bad[place] ^= 0x01;
        assert!(VerifiedCrl::verify(bad, &GOOD.anchors).is_err(), "octet {place}");
        assert!(VerifiedCrl::verify(crl[..place].to_vec(), &GOOD.anchors).is_err(), "{place} octets");
    }
}

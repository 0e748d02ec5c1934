//! Many lists about one certificate: what nothing depends on is not verified, and the answer is the one of all.

mod support;

use madoguchi_cert_verify::{
    Budget, Case, CrlProfile, CrlStatus, NoObserver, Outcome, RevocationReason, judge,
};
use madoguchi_test_pki::{CrlBuilder, DistributionPoint, Extension, KeyKind};
use proptest::prelude::*;
use proptest::sample::subsequence;

use support::chain::{Draft, Holder};
use support::lists::{
    TARGET, World, delta, from_to, list_of, numbered, points, raw_entry, said, sign, target,
};
use support::{NOW, at, now, tlv};

const HOLD: Option<RevocationReason> = Some(RevocationReason::CertificateHold);
const FINAL: Option<RevocationReason> = Some(RevocationReason::KeyCompromise);
const REMOVED: Option<RevocationReason> = Some(RevocationReason::RemoveFromCrl);
/// What one signature of P-384 costs.
const SIGNATURE: u64 = 30;

/// A world whose CA has a key of P-384.
fn p384() -> World {
    let mut world = World::new();
    world.ca = Holder::of("ca", KeyKind::P384);
    world.ca_certificate = world.ca.ca().by(&world.root);
    world.target = target(&world.ca, points(&[DistributionPoint::of(&world.point)]));
    world
}

fn with_entry(mut list: CrlBuilder, entry: Option<RevocationReason>) -> CrlBuilder {
    let number = match entry {
        None => return list,
        HOLD => 6,
        REMOVED => 8,
        Some(_) => 1,
    };
    list.entries.push(raw_entry(TARGET, vec![Extension::crl_reason(number)]));
    list
}

fn forged(mut list: Vec<u8>) -> Vec<u8> {
    *list.last_mut().expect("a signature") ^= 1;
    list
}

/// The status and how many signatures it took.
fn costs(world: &World, lists: &[Vec<u8>]) -> (String, u64) {
    let mut budget = Budget::default();
    let before = budget.signatures_left();
    let status = world.status_within(lists, &mut budget);
    (said(status), (before - budget.signatures_left()) / SIGNATURE)
}

#[test]
fn of_a_history_the_newest_list_is_verified_and_what_revokes() {
    let world = p384();
    let complete = |number: u64, entry| world.sign(&with_entry(numbered(world.list(), number), entry));
    let changing = |base, number, entry| world.sign(&with_entry(delta(world.list(), base, number), entry));
    let history = |entry| (1..=60).map(|number| complete(number, entry)).collect::<Vec<_>>();
    let beside = |lists: Vec<Vec<u8>>, more: Vec<Vec<u8>>| [lists, more].concat();
    for (which, lists, expected, signatures) in [
        ("not listed", history(None), "good", 1),
        ("a hold that the newest list lifts", beside(history(HOLD), vec![complete(61, None)]), "good", 1),
        ("a hold in all", history(HOLD), "certificateHold", 1),
        ("revoked by all", history(FINAL), "keyCompromise", 1),
        ("revoked by an old one", beside(history(None), vec![complete(0, FINAL)]), "keyCompromise", 1),
        // The next one counts.
        (
            "two forged ones that are newest",
            beside(history(None), vec![forged(complete(62, None)), forged(complete(61, HOLD))]),
            "good",
            3,
        ),
        ("a forged revocation", beside(history(None), vec![forged(complete(7, FINAL))]), "good", 2),
        (
            "deltas over one base",
            beside(vec![complete(5, None)], (6..66).map(|number| changing(5, number, None)).collect()),
            "good",
            2,
        ),
        (
            "deltas, each over the one before",
            beside(history(None), (1..=59).map(|base| changing(base, base + 1, None)).collect()),
            "good",
            1,
        ),
        (
            "a delta that revokes among many",
            beside(
                vec![complete(5, None), changing(5, 6, FINAL)],
                (7..66).map(|number| changing(5, number, None)).collect(),
            ),
            "keyCompromise",
            1,
        ),
    ] {
        assert_eq!(costs(&world, &lists), (expected.to_owned(), signatures), "{which}");
        let backwards: Vec<Vec<u8>> = lists.into_iter().rev().collect();
        assert_eq!(costs(&world, &backwards), (expected.to_owned(), signatures), "{which}, backwards");
    }
}

/// Which key signed a list is known only when one key may have.
#[test]
fn lists_that_several_keys_may_have_signed_are_verified_each() {
    let mut world = p384();
    let other = Holder::of("ca", KeyKind::P384);
    world.others = vec![Draft { serial: tlv(2, &[9]), ..other.ca() }.by(&world.root)];
    world.settings.profile = CrlProfile::X509;
    let unnamed = |number| {
        let mut list = numbered(world.list(), number);
        list.extensions.retain(|extension| extension.id != "2.5.29.35");
        list
    };
    let lists = [world.sign(&unnamed(6)), world.sign(&with_entry(unnamed(5), HOLD))];
    // The older one is of the same key after all; both had to be verified to know that.
    assert_eq!(costs(&world, &lists), ("good".to_owned(), 2));
    let by_other = sign(&with_entry(unnamed(5), HOLD), &other);
    let (status, _) = costs(&world, &[lists[0].clone(), by_other]);
    assert_ne!(status, "good", "another key's list is not replaced");
}

/// A list that is not there yet makes none old.
#[test]
fn a_list_of_a_time_to_come_makes_none_needless() {
    let world = p384();
    let coming = from_to(numbered(world.list(), 9), NOW + 60, NOW + 120);
    let held = with_entry(numbered(world.list(), 8), HOLD);
    assert_eq!(costs(&world, &[world.sign(&coming), world.sign(&held)]).0, "certificateHold");
    assert_eq!(costs(&world, &[world.sign(&coming), world.sign(&numbered(world.list(), 8))]).0, "good");
}

#[test]
fn an_honest_history_is_within_the_usual_budget() {
    let world = p384();
    let lists = (1..=60).map(|number| world.sign(&numbered(world.list(), number)));
    let of_root = sign(&list_of(&world.root, "root"), &world.root);
    let case = Case {
        target: world.target.der().to_vec(),
        anchors: vec![world.anchor.certificate().der().to_vec()],
        intermediates: vec![world.ca_certificate.der().to_vec()],
        crls: lists.chain([of_root]).collect(),
        require_revocation: true,
        ..Case::default()
    };
    let judgement = judge(&case, now(), &mut Budget::default(), &mut NoObserver);
    assert_eq!((judgement.outcome, judgement.error), (Outcome::Accepted, None), "{}", judgement.detail);
}

/// A list of the pool: its base when it is a delta, its number, its entry for the target.
type Listed = (Option<u64>, u64, Option<RevocationReason>);

fn pool() -> Vec<Listed> {
    let complete = (4..=8).flat_map(|number| [None, HOLD, FINAL].map(|entry| (None, number, entry)));
    let deltas = (3..=8).flat_map(|base| (base + 1..=9).map(move |number| (Some(base), number)));
    let deltas = deltas
        .flat_map(|(base, number)| [None, REMOVED, HOLD, FINAL].map(move |entry| (base, number, entry)));
    complete.chain(deltas).collect()
}

/// What all lists together say, by the definitions of sections 5.2.4 and 6.3.3, without a thought of what it costs.
fn model(lists: &[Listed]) -> &'static str {
    let complete: Vec<&Listed> = lists.iter().filter(|(base, ..)| base.is_none()).collect();
    let deltas: Vec<&Listed> = lists.iter().filter(|(base, ..)| base.is_some()).collect();
    if lists.iter().any(|(.., entry)| *entry == FINAL) {
        return "keyCompromise";
    }
    let newest = complete.iter().map(|(_, number, _)| *number).max();
    let in_force = deltas.iter().filter(|(_, number, _)| {
        newest.is_none_or(|newest| newest < *number) && deltas.iter().all(|(_, other, _)| other <= number)
    });
    if in_force.clone().any(|(.., entry)| *entry == HOLD) {
        return "certificateHold";
    }
    let Some(newest) = newest else {
        return if lists.is_empty() { "crl_missing" } else { "crl_delta_without_base" };
    };
    let changing = deltas.iter().filter(|(base, number, _)| *base <= Some(newest) && newest < *number);
    let last = changing.max_by_key(|(_, number, _)| *number);
    let held = complete.iter().any(|(_, number, entry)| *number == newest && *entry == HOLD);
    match last {
        Some((.., HOLD)) => "certificateHold",
        Some((.., REMOVED)) => "good",
        _ if held => "certificateHold",
        _ => "good",
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn any_lists_say_what_all_of_them_together_say(chosen in subsequence(pool(), 0..=7).prop_shuffle()) {
        // Of one number there is one list of a kind: which one of two counted would be the issuer's riddle.
        let mut lists: Vec<Listed> = Vec::new();
        for list in chosen {
            if !lists.iter().any(|other| (other.0.is_some(), other.1) == (list.0.is_some(), list.1)) {
                lists.push(list);
            }
        }
        let signed: Vec<Vec<u8>> = lists.iter().map(|list| signed(*list)).collect();
        prop_assert_eq!(said(world().status(&signed)), model(&lists));
    }
}

fn world() -> &'static World {
    static WORLD: std::sync::LazyLock<World> = std::sync::LazyLock::new(World::new);
    &WORLD
}

fn signed((base, number, entry): Listed) -> Vec<u8> {
    let list = match base {
        Some(base) => delta(world().list(), base, number),
        None => numbered(world().list(), number),
    };
    world().sign(&with_entry(list, entry))
}

/// What revokes is told with the times of the newest list that says so.
#[test]
fn a_revocation_is_told_by_the_newest_list_that_has_it() {
    let world = p384();
    let list = |number: u64| {
        let list = from_to(numbered(world.list(), number), NOW - 1000 + number, NOW + 1000);
        world.sign(&with_entry(list, FINAL))
    };
    let CrlStatus::Revoked(revocation) = world.status(&[list(1), list(9), list(5)]) else {
        panic!("revoked")
    };
    assert_eq!(revocation.times.this_update, at(NOW - 1000 + 9));
}

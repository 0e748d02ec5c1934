//! How many open sign-ins there may be.

use madoguchi_protocol::ErrorCode;

use super::Backend;
use super::fixture::{Fixture, done};
use super::party::{Party, TOWN};
use crate::{NewSignIn, SignIn, SignInLimits, SignInState};

async fn start_in(fixture: &Fixture, number: u32, network: &str) -> SignIn {
    let new = NewSignIn { network: network.to_owned(), ..Party::new(number).sign_in() };
    fixture.store.start(new).await.expect("a start")
}

/// Which of the parties still have an open sign-in.
async fn open(fixture: &Fixture, numbers: impl IntoIterator<Item = u32>) -> Vec<u32> {
    let mut open = Vec::new();
    for number in numbers {
        let sign_in = fixture.sign_in(Party::new(number)).await;
        if sign_in.is_some_and(|sign_in| sign_in.state.is_open()) {
            open.push(number);
        }
    }
    open
}

fn limits(open_per_network: u64, open_in_all: u64) -> SignInLimits {
    SignInLimits { open_per_network, open_in_all, ..SignInLimits::default() }
}

/// The oldest `Started` one of that network is deleted, not an older `Claimed` one and not one of another network.
pub async fn at_the_bound_of_a_network_its_oldest_started_row_gives_way(backend: &dyn Backend) {
    let fixture = Fixture::with(backend, limits(3, 100)).await;
    // What ran out is not the one to go, and the same network in another municipality has a bound of its own.
    start_in(&fixture, 10, "a").await;
    fixture.advance(fixture.limits.started_seconds);
    for number in 14..=16 {
        let elsewhere = NewSignIn { network: "a".to_owned(), ..Party::new(number).twin().sign_in() };
        fixture.store.start(elsewhere).await.expect("a start");
    }
    start_in(&fixture, 1, "b").await;
    start_in(&fixture, 2, "a").await;
    done(fixture.claim(Party::new(2)).await);
    start_in(&fixture, 3, "a").await;
    start_in(&fixture, 4, "a").await;
    assert_eq!(open(&fixture, 1..=4).await, [1, 2, 3, 4], "the bound itself is allowed");
    start_in(&fixture, 5, "a").await;
    assert_eq!(open(&fixture, 1..=5).await, [1, 2, 4, 5]);
    assert_eq!(fixture.sign_in(Party::new(3)).await, None, "it is deleted");
    start_in(&fixture, 6, "a").await;
    assert_eq!(open(&fixture, 1..=6).await, [1, 2, 5, 6]);
    assert_eq!(fixture.state(Party::new(10)).await, SignInState::Expired);
    for number in 14..=16 {
        assert_eq!(fixture.state(Party::new(number).twin()).await, SignInState::Started);
    }
}

/// At the bound in all the fullest network pays, whoever comes.
pub async fn at_the_bound_in_all_the_fullest_network_gives_way(backend: &dyn Backend) {
    let fixture = Fixture::with(backend, limits(100, 6)).await;
    // What ran out fills no network, and neither does what is another municipality's.
    for number in 11..=14 {
        start_in(&fixture, number, "c").await;
    }
    fixture.advance(fixture.limits.started_seconds);
    for number in 15..=20 {
        let elsewhere = NewSignIn { network: "a".to_owned(), ..Party::new(number).twin().sign_in() };
        fixture.store.start(elsewhere).await.expect("a start");
    }
    for (number, network) in [(1, "a"), (2, "b"), (3, "b"), (4, "b"), (5, "c"), (6, "c")] {
        start_in(&fixture, number, network).await;
    }
    assert_eq!(open(&fixture, 1..=6).await, [1, 2, 3, 4, 5, 6], "the bound itself is allowed");
    start_in(&fixture, 7, "d").await;
    assert_eq!(open(&fixture, 1..=7).await, [1, 3, 4, 5, 6, 7]);
    // The bound is the municipality's own.
    fixture.started(Party::new(21).twin()).await;
    assert_eq!(open(&fixture, 1..=7).await, [1, 3, 4, 5, 6, 7]);
}

/// What a network stopped without a card is bounded too, and the oldest is forgotten first. A proven card's row is not
/// counted, nor is another network's.
pub async fn stopped_rows_of_a_network_are_bounded(backend: &dyn Backend) {
    let fixture = Fixture::with(backend, limits(3, 100)).await;
    let stop = async |number: u32, network: &str| {
        let (party, rival) = (Party::new(number), Party::new(number + 100));
        start_in(&fixture, number, network).await;
        done(fixture.claim(party).await);
        if number.is_multiple_of(2) {
            done(fixture.cancel(party, ErrorCode::Declined).await);
        } else {
            let _ = fixture.store.claim(TOWN, party.ticket(), rival.claim()).await.expect("an outcome");
        }
        assert!(!fixture.state(party).await.is_open());
    };
    start_in(&fixture, 20, "a").await;
    done(fixture.claim(Party::new(20)).await);
    done(fixture.prove(Party::new(20)).await);
    done(fixture.cancel_by_browser(Party::new(20)).await);
    stop(21, "b").await;
    for number in 1..=5 {
        stop(number, "a").await;
    }
    let mut kept = Vec::new();
    for number in [1, 2, 3, 4, 5, 20, 21] {
        if fixture.sign_in(Party::new(number)).await.is_some() {
            kept.push(number);
        }
    }
    assert_eq!(kept, [3, 4, 5, 20, 21]);
}

/// Where every row is claimed, the oldest claimed one gives way: a ticket is all that a claim takes.
pub async fn claiming_is_no_way_around_the_bound(backend: &dyn Backend) {
    let fixture = Fixture::with(backend, limits(2, 100)).await;
    for number in 1..=4 {
        start_in(&fixture, number, "a").await;
        done(fixture.claim(Party::new(number)).await);
    }
    assert_eq!(open(&fixture, 1..=4).await, [3, 4]);
}

/// A proven card counts, but is never the one that goes.
pub async fn a_proven_card_never_gives_way(backend: &dyn Backend) {
    let fixture = Fixture::with(backend, limits(2, 3)).await;
    for number in 1..=4 {
        start_in(&fixture, number, "a").await;
        done(fixture.claim(Party::new(number)).await);
        done(fixture.prove(Party::new(number)).await);
    }
    start_in(&fixture, 5, "b").await;
    assert_eq!(open(&fixture, 1..=5).await, [1, 2, 3, 4, 5]);
    start_in(&fixture, 6, "a").await;
    assert_eq!(open(&fixture, 1..=6).await, [1, 2, 3, 4, 6], "the fullest with a row that may go");
}

/// Expired, stopped and completed sign-ins take no place.
pub async fn what_is_over_does_not_count(backend: &dyn Backend) {
    let fixture = Fixture::with(backend, limits(2, 2)).await;
    for number in 1..=2 {
        start_in(&fixture, number, "a").await;
    }
    fixture.advance(fixture.limits.started_seconds);
    for number in 3..=4 {
        start_in(&fixture, number, "a").await;
    }
    assert_eq!(fixture.state(Party::new(1)).await, SignInState::Expired, "kept, since it took no place");
    done(fixture.cancel_by_browser(Party::new(3)).await);
    done(fixture.claim(Party::new(4)).await);
    done(fixture.prove(Party::new(4)).await);
    fixture.back(Party::new(4)).await;
    for number in 5..=6 {
        start_in(&fixture, number, "a").await;
    }
    assert_eq!(open(&fixture, 1..=6).await, [5, 6]);
    assert_eq!(fixture.state(Party::new(4)).await, SignInState::Completed);
    // The browser's own earlier one makes room before anybody else's does.
    let again = NewSignIn {
        browser_hash: Party::new(6).browser(),
        network: "a".to_owned(),
        ..Party::new(7).sign_in()
    };
    fixture.store.start(again).await.expect("a start");
    assert_eq!(fixture.state(Party::new(5)).await, SignInState::Started);
    assert!(fixture.store.claim(TOWN, Party::new(7).ticket(), Party::new(7).claim()).await.is_ok());
}

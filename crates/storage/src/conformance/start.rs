//! The press of the button.

use madoguchi_protocol::ErrorCode;

use super::Backend;
use super::fixture::Fixture;
use super::party::{Party, TOWN};
use crate::{NewSignIn, SignInState};

/// Every field of a new sign-in reads back, and nothing is there that did not happen yet.
pub async fn a_start_keeps_what_it_was_given(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let party = Party::new(1);
    let made = fixture.started(party).await;
    assert_eq!(made.new, party.sign_in());
    assert_eq!(made.state, SignInState::Started);
    assert_eq!(made.created_at.as_secs(), fixture.now());
    assert_eq!(made.expires_at.as_secs(), fixture.now() + fixture.limits.started_seconds);
    assert_eq!((&made.claim, made.finish_hash, &made.proof), (&None, None, &None));
    assert_eq!((made.account, made.proven_at, made.answered), (None, None, false));
    assert_eq!(fixture.sign_in(party).await, Some(made));
}

/// Every open sign-in of the same browser secret is cancelled as replaced, in whatever open state.
pub async fn a_start_replaces_the_browsers_open_one(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let parties = [1, 2, 3].map(Party::new);
    fixture.started(parties[0]).await;
    fixture.claimed(parties[1]).await;
    fixture.proven(parties[2]).await;
    for (number, party) in (10..).zip(parties) {
        let next = NewSignIn { browser_hash: party.browser(), ..Party::new(number).sign_in() };
        fixture.advance(1);
        let at = fixture.now();
        fixture.store.start(next).await.expect("a start");
        fixture.advance(1);
        let replaced = fixture.sign_in(party).await.expect("a sign-in");
        assert_eq!(replaced.state, SignInState::Cancelled(ErrorCode::SignInReplaced));
        assert_eq!(replaced.expires_at.as_secs(), at);
    }
    // Other browsers' are left alone.
    fixture.started(Party::new(4)).await;
    fixture.started(Party::new(5)).await;
    assert_eq!(fixture.state(Party::new(4)).await, SignInState::Started);
}

/// What was completed, stopped or expired stays as it was told.
pub async fn a_start_leaves_what_is_over(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let [expired, never_returned, completed, burned] = [1, 2, 3, 4].map(Party::new);
    fixture.claimed(expired).await;
    fixture.advance(fixture.limits.claimed_seconds);
    fixture.proven(never_returned).await;
    fixture.advance(fixture.limits.proven_seconds);
    fixture.completed(completed).await;
    fixture.claimed(burned).await;
    let _ = fixture.refuse(burned, ErrorCode::SignatureInvalid, true).await;
    for (number, party) in (10..).zip([expired, never_returned, completed, burned]) {
        let before = fixture.snapshot(party).await;
        let next = NewSignIn { browser_hash: party.browser(), ..Party::new(number).sign_in() };
        fixture.store.start(next).await.expect("a start");
        assert_eq!(fixture.snapshot(party).await, before);
    }
    assert_eq!(fixture.state(expired).await, SignInState::Expired);
    assert_eq!(fixture.state(never_returned).await, SignInState::Burned(ErrorCode::SignInExpired));
}

/// The newest is the one started last, also within one second; another browser's is never it.
pub async fn the_newest_of_a_browser_is_found(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let browser = Party::new(1).browser();
    let newest = async || fixture.store.newest_of_browser(TOWN, browser).await.expect("a look");
    assert_eq!(newest().await, None);
    for number in 1..6 {
        let new = NewSignIn { browser_hash: browser, ..Party::new(number).sign_in() };
        let made = fixture.store.start(new).await.expect("a start");
        fixture.started(Party::new(100 + number)).await;
        assert_eq!(newest().await, Some(made));
    }
    let id = Party::new(5).id();
    let foreign = fixture.store.of_browser(TOWN, id, Party::new(105).browser()).await.expect("a look");
    assert_eq!(foreign, None);
}

/// A start is one transaction: when the row cannot be made, nothing was replaced.
pub async fn a_start_that_fails_changes_nothing(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let (first, second) = (Party::new(1), Party::new(2));
    fixture.started(first).await;
    fixture.started(second).await;
    let taken_id = NewSignIn { id: second.id(), ..first.sign_in() };
    fixture.store.start(taken_id).await.expect_err("the id is taken");
    let taken_ticket = NewSignIn { id: Party::new(3).id(), ticket_hash: second.ticket(), ..first.sign_in() };
    fixture.store.start(taken_ticket).await.expect_err("the ticket is taken");
    assert_eq!(fixture.state(first).await, SignInState::Started);
    assert_eq!(fixture.state(second).await, SignInState::Started);
}

//! Stopping early.

use madoguchi_protocol::ErrorCode;

use super::Backend;
use super::fixture::{Fixture, conflict, done, same};
use super::party::{Party, TOWN};
use crate::{SignInState, Transition};

/// The agent's cancel keeps its code; the same one again is the same, one with another code a conflict.
pub async fn an_agent_cancels(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let party = Party::new(1);
    fixture.claimed(party).await;
    fixture.advance(2);
    let cancelled = done(fixture.cancel(party, ErrorCode::PinBlocked).await);
    assert_eq!(cancelled.state, SignInState::Cancelled(ErrorCode::PinBlocked));
    assert_eq!(cancelled.expires_at.as_secs(), fixture.now());
    fixture.advance(1);
    assert_eq!(same(fixture.cancel(party, ErrorCode::PinBlocked).await), cancelled);
    assert_eq!(conflict(fixture.cancel(party, ErrorCode::PinWrong).await), cancelled.state);
    assert_eq!(fixture.sign_in(party).await, Some(cancelled));
    assert_eq!(fixture.log(TOWN).await, []);
}

/// The browser that started it cancels any open state; another browser finds nothing.
pub async fn a_browser_cancels_any_open_state(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let [started, claimed, proven] = [1, 2, 3].map(Party::new);
    fixture.started(started).await;
    fixture.claimed(claimed).await;
    fixture.proven(proven).await;
    for party in [started, claimed, proven] {
        let before = fixture.sign_in(party).await;
        let other = fixture.store.cancel_by_browser(TOWN, party.id(), Party::new(9).browser()).await;
        assert!(matches!(other, Ok(Transition::NotFound)), "{other:?}");
        assert_eq!(fixture.sign_in(party).await, before);
        let cancelled = done(fixture.cancel_by_browser(party).await);
        assert_eq!(cancelled.state, SignInState::Cancelled(ErrorCode::Declined));
        assert_eq!(same(fixture.cancel_by_browser(party).await), cancelled);
    }
}

//! The sweep.

use madoguchi_protocol::ErrorCode;

use super::Backend;
use super::fixture::{Fixture, done};
use super::party::{CODE_SECONDS, Party, SESSION_SECONDS, TOWN};
use crate::{NewAccessToken, NewSession, Redemption};

const HOUR: u64 = 3600;

async fn sweep(fixture: &Fixture) -> u64 {
    fixture.store.sweep(1000).await.expect("a sweep")
}

/// Each kind of row goes when its time has been over for an hour, and no second sooner.
pub async fn the_sweep_takes_what_is_over_for_an_hour(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let [started, cancelled, party] = [1, 2, 3].map(Party::new);
    fixture.redeemed(party).await;
    fixture.claimed(cancelled).await;
    done(fixture.cancel(cancelled, ErrorCode::Declined).await);
    fixture.started(started).await;
    fixture.advance(HOUR - 1);
    let fresh = Party::new(4);
    fixture.redeemed(fresh).await;
    fixture.answered(Party::new(5)).await;
    let before = (fixture.snapshot(fresh).await, fixture.snapshot(Party::new(5)).await);
    assert_eq!(sweep(&fixture).await, 0);
    assert_eq!((fixture.snapshot(fresh).await, fixture.snapshot(Party::new(5)).await), before);
    for party in [fresh, Party::new(5)] {
        assert!(fixture.store.end_session(TOWN, party.session_id()).await.expect("an end"));
    }
    fixture.advance(1);
    assert_eq!(sweep(&fixture).await, 2, "the completed and the cancelled sign-in");
    assert_eq!((fixture.sign_in(party).await, fixture.sign_in(cancelled).await), (None, None));
    assert!(fixture.sign_in(started).await.is_some());
    fixture.advance(fixture.limits.started_seconds - 1);
    assert_eq!(sweep(&fixture).await, 0, "the code waits for its token");
    fixture.advance(1);
    assert_eq!(sweep(&fixture).await, 1);
    assert_eq!(fixture.sign_in(started).await, None);
    fixture.advance(SESSION_SECONDS);
    assert_eq!(sweep(&fixture).await, 3, "token, code and session");
    assert_eq!(fixture.code(party).await, None);
    assert!(fixture.code(fresh).await.is_some());
    fixture.advance(HOUR);
    assert_eq!(sweep(&fixture).await, 4, "two sign-ins and two codes; the token went with its session");
    assert_eq!(sweep(&fixture).await, 0);
    assert_eq!((fixture.accounts(TOWN).await, fixture.log(TOWN).await.len()), (3, 3), "these stay");
}

/// A live session, and what is open, is never swept.
pub async fn the_sweep_keeps_to_its_limit(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    for number in 1..=10 {
        fixture.started(Party::new(number)).await;
    }
    fixture.proven(Party::new(11)).await;
    let lasting = NewSession { lifetime: 10 * HOUR, ..Party::new(11).session() };
    let (id, verifier, browser) = (Party::new(11).id(), Party::new(11).verifier(), Party::new(11).browser());
    let _ = fixture.store.complete(TOWN, id, verifier, Some(browser), lasting).await.expect("an outcome");
    fixture.advance(2 * HOUR);
    fixture.claimed(Party::new(12)).await;
    assert_eq!(fixture.store.sweep(0).await.expect("a sweep"), 0);
    assert_eq!(fixture.store.sweep(4).await.expect("a sweep"), 4);
    assert_eq!(fixture.store.sweep(4).await.expect("a sweep"), 4);
    assert_eq!(fixture.store.sweep(4).await.expect("a sweep"), 3);
    assert_eq!(fixture.store.sweep(4).await.expect("a sweep"), 0);
    assert!(fixture.session(Party::new(11)).await.is_some());
    assert!(fixture.sign_in(Party::new(12)).await.is_some());
}

/// While a code's token lives, a second use of the code still revokes it.
pub async fn a_code_waits_for_its_tokens(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let party = Party::new(1);
    fixture.proven(party).await;
    let lasting = NewSession { lifetime: 10 * HOUR, ..party.session() };
    let returned =
        fixture.store.complete(TOWN, party.id(), party.verifier(), Some(party.browser()), lasting).await;
    assert!(returned.is_ok());
    let _ = fixture.take(party).await;
    let token = NewAccessToken { lifetime: 5 * HOUR, ..party.token() };
    let outcome =
        fixture.store.redeem_code(TOWN, party.code_hash(), Some(token.into())).await.expect("an outcome");
    assert_eq!(outcome, Redemption::Done);
    let (without, twin) = (Party::new(2), party.twin());
    fixture.answered(without).await;
    fixture.answered(twin).await;
    fixture.advance(CODE_SECONDS + 2 * HOUR);
    sweep(&fixture).await;
    assert_eq!((fixture.code(without).await, fixture.code(twin).await), (None, None), "they gave none");
    assert!(fixture.token(party).await.is_some());
    assert_eq!(fixture.redeem(party).await, Redemption::UsedBefore);
    assert_eq!(fixture.token(party).await, None);
    assert_eq!(sweep(&fixture).await, 1, "now the code may go");
    assert_eq!(fixture.redeem(party).await, Redemption::NotFound);
}

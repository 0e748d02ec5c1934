//! Sessions.

use super::Backend;
use super::fixture::Fixture;
use super::party::{Party, SESSION_SECONDS, TOWN};
use crate::{NewAccessToken, Redemption};

/// Found in its last second, not in the next; an expired one was not live when it is ended.
pub async fn a_session_is_found_while_it_lives(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let party = Party::new(1);
    assert_eq!(fixture.session(party).await, None);
    let session = fixture.completed(party).await;
    fixture.advance(SESSION_SECONDS - 1);
    assert_eq!(fixture.session(party).await, Some(session));
    fixture.advance(1);
    assert_eq!(fixture.session(party).await, None);
    assert!(!fixture.store.end_session(TOWN, party.session_id()).await.expect("an outcome"));
}

/// Ending answers whether it was live, and ends no other.
pub async fn an_ended_session_is_gone(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let (party, other) = (Party::new(1), Party::new(2));
    fixture.completed(party).await;
    fixture.completed(other).await;
    assert!(fixture.store.end_session(TOWN, party.session_id()).await.expect("an outcome"));
    assert_eq!(fixture.session(party).await, None);
    assert!(!fixture.store.end_session(TOWN, party.session_id()).await.expect("an outcome"));
    assert!(fixture.session(other).await.is_some());
    assert!(!fixture.store.end_session(TOWN, Party::new(9).session_id()).await.expect("an outcome"));
}

/// A token dies when its session ends or expires, and one that a code gives later is born dead.
pub async fn tokens_die_with_their_session(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let [ended, expiring, late, other] = [1, 2, 3, 4].map(Party::new);
    fixture.redeemed(ended).await;
    fixture.answered(late).await;
    fixture.redeemed(other).await;
    for party in [ended, late] {
        assert!(fixture.store.end_session(TOWN, party.session_id()).await.expect("an outcome"));
    }
    assert_eq!(fixture.token(ended).await, None);
    assert_eq!(fixture.redeem(late).await, Redemption::Done);
    assert_eq!(fixture.token(late).await, None);
    assert!(fixture.token(other).await.is_some(), "another session's token lives");
    fixture.answered(expiring).await;
    let token = NewAccessToken { lifetime: 10 * SESSION_SECONDS, ..expiring.token() };
    let outcome =
        fixture.store.redeem_code(TOWN, expiring.code_hash(), Some(token)).await.expect("an outcome");
    assert_eq!(outcome, Redemption::Done);
    fixture.advance(SESSION_SECONDS - 1);
    assert!(fixture.token(expiring).await.is_some());
    fixture.advance(1);
    assert_eq!(fixture.token(expiring).await, None);
}

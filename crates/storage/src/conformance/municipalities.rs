//! Every record belongs to a municipality, and nothing is found, changed or taken from another.

use madoguchi_protocol::ErrorCode;

use super::Backend;
use super::fixture::Fixture;
use super::party::{OTHER_TOWN, Party, TOWN};
use crate::{AnswerTaken, Redemption, Returned, Transition};

/// With every secret right and the municipality wrong, every method finds nothing and changes nothing.
pub async fn a_municipality_sees_nothing_of_another(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let [started, claimed, proven, completed, answered, redeemed] = [1, 2, 3, 4, 5, 6].map(Party::new);
    fixture.started(started).await;
    fixture.claimed(claimed).await;
    fixture.proven(proven).await;
    fixture.completed(completed).await;
    fixture.answered(answered).await;
    fixture.redeemed(redeemed).await;
    for party in [started, claimed, proven, completed, answered, redeemed] {
        let before = fixture.snapshot(party).await;
        let elsewhere = party.twin();
        for outcome in [
            fixture.claim(elsewhere).await,
            fixture.claim_as(elsewhere, Party::new(9)).await,
            fixture.prove(elsewhere).await,
            fixture.refuse(elsewhere, ErrorCode::CertificateRevoked, true).await,
            fixture.cancel(elsewhere, ErrorCode::Declined).await,
            fixture.cancel_by_browser(elsewhere).await,
        ] {
            assert!(matches!(outcome, Transition::NotFound), "{party:?}: {outcome:?}");
        }
        let store = &fixture.store;
        for browser in [Some(party.browser()), None] {
            let outcome =
                store.complete(OTHER_TOWN, party.id(), party.verifier(), browser, party.session()).await;
            assert!(matches!(outcome, Ok(Returned::NotFound)), "{party:?}: {outcome:?}");
        }
        let outcome = fixture.take(elsewhere).await;
        assert!(matches!(outcome, AnswerTaken::NotFound), "{party:?}: {outcome:?}");
        assert_eq!(fixture.redeem(elsewhere).await, Redemption::NotFound);
        assert!(!store.end_session(OTHER_TOWN, party.session_id()).await.expect("an outcome"));
        let seen = store.claimed(OTHER_TOWN, party.id(), party.claim_secret()).await.expect("a look");
        assert_eq!(seen, None);
        assert_eq!(store.newest_of_browser(OTHER_TOWN, party.browser()).await.expect("a look"), None);
        let there = fixture.snapshot(elsewhere).await;
        assert_eq!((there.sign_in, there.session, there.code, there.token), (None, None, None, None));
        assert_eq!((there.log, there.accounts), (vec![], 0));
        assert_eq!(fixture.snapshot(party).await, before);
    }
}

/// What a method needs beside the sign-in, it needs in the same municipality.
pub async fn a_twin_lends_nothing(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let [ended, answered, revoked] = [1, 2, 3].map(Party::new);
    fixture.completed(ended).await;
    fixture.completed(ended.twin()).await;
    assert!(fixture.store.end_session(TOWN, ended.session_id()).await.expect("an end"));
    let outcome = fixture.take(ended).await;
    assert!(matches!(outcome, AnswerTaken::NotFound), "{outcome:?}");
    assert!(!fixture.sign_in(ended).await.expect("a sign-in").answered);
    let outcome = fixture.complete(ended).await;
    assert!(matches!(outcome, Returned::Other(_)), "{outcome:?}");
    fixture.answered(answered).await;
    fixture.completed(answered.twin()).await;
    let outcome = fixture.complete(answered).await;
    assert!(matches!(outcome, Returned::Other(_)), "{outcome:?}");
    // A twin's session does not keep a token alive, nor its code.
    fixture.redeemed(revoked).await;
    fixture.redeemed(revoked.twin()).await;
    assert!(fixture.store.end_session(TOWN, revoked.session_id()).await.expect("an end"));
    assert_eq!(fixture.token(revoked).await, None);
    assert!(fixture.token(revoked.twin()).await.is_some());
    assert_eq!(fixture.redeem(revoked).await, Redemption::UsedBefore);
    assert!(fixture.token(revoked.twin()).await.is_some());
}

/// The same identifiers and hashes in two municipalities are two things: what happens to one leaves the other alone.
pub async fn twins_in_two_municipalities_live_apart(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let party = Party::new(1);
    let twin = party.twin();
    fixture.started(twin).await;
    fixture.redeemed(party).await;
    let before = fixture.snapshot(party).await;
    assert!(
        fixture.sign_in(twin).await.expect("a sign-in").state.is_open(),
        "not replaced by the other town's"
    );
    assert!(matches!(fixture.claim(twin).await, Transition::Done(_)));
    assert!(matches!(fixture.prove(twin).await, Transition::Done(_)));
    fixture.back(twin).await;
    assert!(matches!(fixture.take(twin).await, AnswerTaken::Taken(_)));
    assert_eq!(fixture.redeem(twin).await, Redemption::Done);
    assert!(fixture.token(twin).await.is_some());
    assert_eq!(fixture.redeem(twin).await, Redemption::UsedBefore);
    assert!(fixture.store.end_session(OTHER_TOWN, twin.session_id()).await.expect("an end"));
    assert_eq!(fixture.snapshot(party).await, before);
    assert_eq!((fixture.accounts(TOWN).await, fixture.accounts(OTHER_TOWN).await), (1, 1));
    assert_eq!(fixture.session(twin).await, None);
    // The other way round, a live twin is left alone as well.
    let third = Party::new(2);
    fixture.redeemed(third).await;
    fixture.redeemed(third.twin()).await;
    assert!(fixture.store.end_session(TOWN, third.session_id()).await.expect("an end"));
    assert_eq!((fixture.session(third).await, fixture.token(third).await), (None, None));
    assert!(fixture.session(third.twin()).await.is_some());
    assert!(fixture.token(third.twin()).await.is_some());
}

//! The agent's finish, good or refused.

use madoguchi_protocol::ErrorCode;

use super::Backend;
use super::fixture::{Fixture, conflict, done, same};
use super::party::{Party, TOWN};
use crate::{AuditKind, SignInState, Transition};

/// Every field of a proof reads back; the time to return begins.
pub async fn a_proof_is_kept_whole(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let party = Party::new(1);
    fixture.claimed(party).await;
    fixture.advance(7);
    let proven = done(fixture.prove(party).await);
    assert_eq!(proven.state, SignInState::Proven);
    assert_eq!(proven.proof, Some(party.proof()));
    assert_eq!(proven.finish_hash, Some(party.finish()));
    assert_eq!(proven.proven_at.map(|at| at.as_secs()), Some(fixture.now()));
    assert_eq!(proven.expires_at.as_secs(), fixture.now() + fixture.limits.proven_seconds);
    assert_eq!(fixture.sign_in(party).await, Some(proven));
}

/// The same finish again answers `Same`, whatever became of the sign-in, and changes nothing. Another one does not.
pub async fn the_same_finish_is_told_again(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let party = Party::new(1);
    let proven = fixture.proven(party).await;
    fixture.advance(1);
    assert_eq!(same(fixture.prove(party).await), proven);
    // A second verdict over the same finish does not undo the first.
    assert_eq!(same(fixture.refuse(party, ErrorCode::CertificateRevoked, true).await), proven);
    assert_eq!(fixture.log(TOWN).await, []);
    let other = Party::new(2);
    let outcome = fixture
        .store
        .prove(TOWN, party.id(), party.claim_secret(), other.finish(), other.proof(), other.cleared())
        .await
        .expect("an outcome");
    assert_eq!(conflict(outcome), SignInState::Proven);
    fixture.back(party).await;
    assert_eq!(same(fixture.prove(party).await).state, SignInState::Completed);
}

/// Without the claim secret a finish finds nothing and changes nothing.
pub async fn a_finish_needs_its_claim_secret(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let (party, other) = (Party::new(1), Party::new(2));
    let claimed = fixture.claimed(party).await;
    let (id, wrong) = (party.id(), other.claim_secret());
    let proven = fixture
        .store
        .prove(TOWN, id, wrong, party.finish(), party.proof(), party.cleared())
        .await
        .expect("an outcome");
    assert!(matches!(proven, Transition::NotFound), "{proven:?}");
    let code = ErrorCode::CertificateRevoked;
    let refused =
        fixture.store.refuse(TOWN, id, wrong, party.finish(), code.into()).await.expect("an outcome");
    assert!(matches!(refused, Transition::NotFound), "{refused:?}");
    let cancelled = fixture.store.cancel(TOWN, id, wrong, code).await.expect("an outcome");
    assert!(matches!(cancelled, Transition::NotFound), "{cancelled:?}");
    assert_eq!(fixture.sign_in(party).await, Some(claimed));
}

/// A refusal cancels without a record, or burns with one, and the same finish is told so again.
pub async fn a_refused_finish_cancels_or_burns(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let code = ErrorCode::CertificateUntrusted;
    for (number, burn) in [(1, false), (2, true)] {
        let party = Party::new(number);
        fixture.claimed(party).await;
        fixture.advance(3);
        let refused = done(fixture.refuse(party, code, burn).await);
        let expected = if burn { SignInState::Burned(code) } else { SignInState::Cancelled(code) };
        assert_eq!(refused.state, expected);
        assert_eq!((refused.finish_hash, &refused.proof), (Some(party.finish()), &None));
        assert_eq!(refused.expires_at.as_secs(), fixture.now());
        fixture.advance(1);
        assert_eq!(same(fixture.refuse(party, code, burn).await), refused);
        assert_eq!(same(fixture.prove(party).await), refused, "the first verdict stands");
        assert_eq!(fixture.sign_in(party).await, Some(refused));
    }
    let log = fixture.log(TOWN).await;
    assert_eq!(log.len(), 1, "{log:?}");
    assert_eq!((log[0].kind, log[0].code), (AuditKind::SignInBurned, Some(code)));
    assert_eq!((log[0].sign_in, &log[0].evidence), (Some(Party::new(2).id()), &None));
}

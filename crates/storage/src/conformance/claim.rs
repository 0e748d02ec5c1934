//! The agent's claim.

use madoguchi_protocol::ErrorCode;

use super::Backend;
use super::fixture::{Fixture, conflict, done, same};
use super::party::{Party, TOWN};
use crate::{AuditKind, Claim, ClaimHashes, SignInState, Transition};

/// A claim is kept whole; the same one again answers `Same` in every later state that is not stopped, and gains no time.
pub async fn a_claim_is_done_once_and_told_again(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let party = Party::new(1);
    fixture.started(party).await;
    let claimed = done(fixture.claim(party).await);
    assert_eq!(claimed.state, SignInState::Claimed);
    assert_eq!(claimed.claim, Some(party.claim()));
    assert_eq!(claimed.expires_at.as_secs(), fixture.now() + fixture.limits.claimed_seconds);
    assert_eq!(fixture.sign_in(party).await.as_ref(), Some(&claimed));
    fixture.advance(1);
    assert_eq!(same(fixture.claim(party).await), claimed);
    let proven = done(fixture.prove(party).await);
    assert_eq!(same(fixture.claim(party).await), proven);
    fixture.back(party).await;
    assert_eq!(same(fixture.claim(party).await).state, SignInState::Completed);
    let unknown = fixture.store.claim(TOWN, Party::new(9).ticket(), party.claim()).await.expect("an outcome");
    assert!(matches!(unknown, Transition::NotFound), "{unknown:?}");
}

/// One other hash is enough; it burns `Claimed` and `Proven`, is logged, and leaves no way on.
pub async fn a_claim_with_other_hashes_burns(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let other = Party::new(99);
    let hashes =
        |party: Party| ClaimHashes { return_verifier: party.verifier(), claim_secret: party.claim_secret() };
    for number in 1..=4 {
        let party = Party::new(number);
        fixture.claimed(party).await;
        if number > 2 {
            done(fixture.prove(party).await);
        }
        let other_hashes = if number.is_multiple_of(2) {
            ClaimHashes { return_verifier: other.verifier(), ..hashes(party) }
        } else {
            ClaimHashes { claim_secret: other.claim_secret(), ..hashes(party) }
        };
        let claim = Claim { hashes: other_hashes, ..party.claim() };
        let outcome = fixture.store.claim(TOWN, party.ticket(), claim).await.expect("an outcome");
        assert_eq!(conflict(outcome), SignInState::Burned(ErrorCode::TicketUsed));
        let burned = fixture.sign_in(party).await.expect("a sign-in");
        assert_eq!(burned.state, SignInState::Burned(ErrorCode::TicketUsed));
        assert_eq!(burned.claim, Some(party.claim()), "the first claim is kept");
        let log = fixture.log(TOWN).await;
        if number > 2 {
            let last = log.last().expect("a record");
            assert_eq!((last.kind, last.sign_in), (AuditKind::SignInBurned, Some(party.id())));
            assert_eq!(last.code, Some(ErrorCode::TicketUsed));
            assert_eq!(last.evidence, Some(party.proof().evidence));
        } else {
            assert_eq!(log, [], "no card was proven: it is counted");
        }
        assert_eq!(conflict(fixture.claim(party).await), burned.state);
        assert_eq!(fixture.log(TOWN).await, log, "burned once, logged once");
    }
}

/// The claim secret shows the sign-in in every state; another secret shows nothing.
pub async fn the_claimed_sign_in_is_shown_to_its_agent_alone(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let party = Party::new(1);
    let look = async |secret| fixture.store.claimed(TOWN, party.id(), secret).await.expect("a look");
    fixture.started(party).await;
    assert_eq!(look(party.claim_secret()).await, None);
    let claimed = done(fixture.claim(party).await);
    assert_eq!(look(party.claim_secret()).await, Some(claimed));
    assert_eq!(look(Party::new(2).claim_secret()).await, None);
    let proven = done(fixture.prove(party).await);
    assert_eq!(look(party.claim_secret()).await, Some(proven));
    done(fixture.cancel_by_browser(party).await);
    let cancelled = look(party.claim_secret()).await.expect("a sign-in");
    assert_eq!(cancelled.state, SignInState::Cancelled(ErrorCode::Declined));
    let elsewhere =
        fixture.store.claimed(TOWN, Party::new(2).id(), party.claim_secret()).await.expect("a look");
    assert_eq!(elsewhere, None);
}

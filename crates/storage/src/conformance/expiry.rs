//! Time. A state ends at its second, for every method and look, and nothing needs to have written so.

use madoguchi_protocol::ErrorCode;

use super::Backend;
use super::fixture::{Fixture, conflict, done};
use super::party::{Party, TOWN};
use crate::{Returned, SignInLimits, SignInState, Transition};

/// A `Started` one can be claimed in its last second and not after.
pub async fn started_expires_to_the_second(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let (late, just) = (Party::new(1), Party::new(2));
    fixture.started(late).await;
    fixture.started(just).await;
    fixture.advance(fixture.limits.started_seconds - 1);
    assert_eq!(fixture.state(late).await, SignInState::Started);
    done(fixture.claim(just).await);
    fixture.advance(1);
    assert_eq!(fixture.state(late).await, SignInState::Expired);
    let newest = fixture.store.newest_of_browser(TOWN, late.browser()).await.expect("a look");
    assert_eq!(newest.expect("a sign-in").state, SignInState::Expired);
    let outcome = fixture.claim(late).await;
    assert!(matches!(outcome, Transition::Expired), "{outcome:?}");
    let outcome = fixture.cancel_by_browser(late).await;
    assert!(matches!(outcome, Transition::Expired), "{outcome:?}");
    assert_eq!(fixture.sign_in(late).await.expect("a sign-in").claim, None);
}

/// A `Claimed` one can be proven, refused or cancelled in its last second and not after.
pub async fn claimed_expires_to_the_second(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let [late, proven, refused, cancelled] = [1, 2, 3, 4].map(Party::new);
    for party in [late, proven, refused, cancelled] {
        fixture.claimed(party).await;
    }
    fixture.advance(fixture.limits.claimed_seconds - 1);
    assert_eq!(fixture.state(late).await, SignInState::Claimed);
    done(fixture.prove(proven).await);
    done(fixture.refuse(refused, ErrorCode::CertificateExpired, false).await);
    done(fixture.cancel(cancelled, ErrorCode::Declined).await);
    fixture.advance(1);
    assert_eq!(fixture.state(late).await, SignInState::Expired);
    let seen = fixture.store.claimed(TOWN, late.id(), late.claim_secret()).await.expect("a look");
    assert_eq!(seen.expect("a sign-in").state, SignInState::Expired);
    let outcomes = [
        fixture.claim(late).await,
        fixture.claim_as(late, Party::new(9)).await,
        fixture.prove(late).await,
        fixture.refuse(late, ErrorCode::CertificateExpired, true).await,
        fixture.cancel(late, ErrorCode::Declined).await,
        fixture.cancel_by_browser(late).await,
    ];
    for outcome in outcomes {
        assert!(matches!(outcome, Transition::Expired), "{outcome:?}");
    }
    assert_eq!(fixture.state(late).await, SignInState::Expired);
}

/// A `Proven` one is completed in its last second; after it, it is burned as expired, and another browser is no alarm.
pub async fn proven_is_burned_to_the_second(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let (late, just) = (Party::new(1), Party::new(2));
    fixture.proven(late).await;
    fixture.proven(just).await;
    fixture.advance(fixture.limits.proven_seconds - 1);
    assert_eq!(fixture.state(late).await, SignInState::Proven);
    fixture.back(just).await;
    fixture.advance(1);
    let over = SignInState::Burned(ErrorCode::SignInExpired);
    assert_eq!(fixture.state(late).await, over);
    let before = fixture.snapshot(late).await;
    for browser in [Some(late.browser()), Some(just.browser()), None] {
        let outcome = fixture.store.complete(TOWN, late.id(), late.verifier(), browser, late.session()).await;
        assert!(matches!(outcome, Ok(Returned::Other(ref sign_in)) if sign_in.state == over), "{outcome:?}");
    }
    assert_eq!(conflict(fixture.claim(late).await), over);
    assert_eq!(conflict(fixture.claim_as(late, just).await), over);
    assert_eq!(conflict(fixture.cancel(late, ErrorCode::Declined).await), over);
    assert_eq!(conflict(fixture.cancel_by_browser(late).await), over);
    assert_eq!(fixture.snapshot(late).await, before);
}

/// The limits that the store was opened with are the ones that hold, each for its state.
pub async fn each_state_has_its_own_time(backend: &dyn Backend) {
    let limits = SignInLimits {
        started_seconds: 11,
        claimed_seconds: 13,
        proven_seconds: 17,
        ..SignInLimits::default()
    };
    let fixture = Fixture::with(backend, limits).await;
    let party = Party::new(1);
    let left = |expires_at: rustls_pki_types::UnixTime| expires_at.as_secs() - fixture.now();
    assert_eq!(left(fixture.started(party).await.expires_at), 11);
    fixture.advance(1);
    assert_eq!(left(done(fixture.claim(party).await).expires_at), 13);
    fixture.advance(1);
    assert_eq!(left(done(fixture.prove(party).await).expires_at), 17);
}

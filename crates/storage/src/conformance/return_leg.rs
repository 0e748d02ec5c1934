//! The return leg: by verifier, state and browser, in this order.

use madoguchi_protocol::{ErrorCode, Octets};

use super::Backend;
use super::fixture::{Fixture, Snapshot};
use super::party::{Party, SESSION_SECONDS, TOWN};
use crate::{AuditKind, NewSession, Proof, Returned, SessionRecord, SignInState};

/// What a return that is repeated brings: a new session of its own.
fn again(other: Party) -> NewSession {
    NewSession { lifetime: 9, ..other.session() }
}

async fn come_back(
    fixture: &Fixture,
    party: Party,
    browser: Option<Octets<32>>,
    new: NewSession,
) -> Returned {
    fixture.store.complete(TOWN, party.id(), party.verifier(), browser, new).await.expect("an outcome")
}

#[track_caller]
fn other(returned: Returned) -> SignInState {
    match returned {
        Returned::Other(sign_in) => sign_in.state,
        unexpected => panic!("not told as another state: {unexpected:?}"),
    }
}

/// Account, session and audit record are made with the state; the holder moves into the session.
pub async fn the_return_completes(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    for number in [1, 2] {
        let party = Party::new(number);
        let proven_at = fixture.now();
        fixture.proven(party).await;
        fixture.advance(5);
        let Returned::Completed { sign_in, session } = fixture.complete(party).await else {
            panic!("not completed");
        };
        assert_eq!(sign_in.state, SignInState::Completed);
        assert_eq!((sign_in.account, sign_in.answered), (Some(party.account()), false));
        assert_eq!(sign_in.expires_at.as_secs(), fixture.now());
        assert_eq!(sign_in.proof, Some(Proof { holder_sealed: vec![], ..party.proof() }));
        assert_eq!(session.auth_time.as_secs(), proven_at);
        let expected = SessionRecord {
            id_hash: party.session_id(),
            municipality: TOWN.to_owned(),
            sid: party.sid(),
            sign_in: party.id(),
            client_id: format!("service {number}"),
            account: party.account(),
            auth_time: session.auth_time,
            counter: party.claim().counter,
            holder_sealed: party.proof().holder_sealed,
            revocation_source: party.proof().revocation_source,
            revocation_checked_at: session.auth_time,
            browser: party.sid(),
            idle_until: session.idle_until,
            relinked_at: None,
            moved_at: None,
            expires_at: session.expires_at,
        };
        assert_eq!(*session, expected);
        assert_eq!(session.expires_at.as_secs(), fixture.now() + SESSION_SECONDS);
        assert_eq!(fixture.sign_in(party).await.as_ref(), Some(&*sign_in));
        assert_eq!(fixture.session(party).await, Some(expected));
        let log = fixture.log(TOWN).await;
        let last = log.last().expect("a record");
        assert_eq!(
            (last.kind, last.sign_in, last.code),
            (AuditKind::SignInCompleted, Some(party.id()), None)
        );
    }
    assert_eq!(fixture.log(TOWN).await.len(), 2);
}

/// A verifier that is not this sign-in's finds nothing, in every state, and changes nothing.
pub async fn a_wrong_verifier_changes_nothing(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let [started, claimed, proven, completed, wrong] = [1, 2, 3, 4, 5].map(Party::new);
    fixture.started(started).await;
    fixture.claimed(claimed).await;
    fixture.proven(proven).await;
    fixture.completed(completed).await;
    fixture.proven(wrong).await;
    for party in [started, claimed, proven, completed] {
        let before = fixture.snapshot(party).await;
        for browser in [Some(party.browser()), Some(wrong.browser()), None] {
            let new = again(Party::new(9));
            let outcome = fixture.store.complete(TOWN, party.id(), wrong.verifier(), browser, new).await;
            assert!(matches!(outcome, Ok(Returned::NotFound)), "{outcome:?}");
            assert_eq!(fixture.snapshot(party).await, before);
        }
    }
    let unknown = fixture.complete(Party::new(8)).await;
    assert!(matches!(unknown, Returned::NotFound), "{unknown:?}");
}

async fn burns(backend: &dyn Backend, browser: Option<Octets<32>>) {
    let fixture = Fixture::open(backend).await;
    let party = Party::new(1);
    fixture.proven(party).await;
    fixture.advance(1);
    let over = SignInState::Burned(ErrorCode::PossiblePhishing);
    match come_back(&fixture, party, browser, party.session()).await {
        Returned::WrongBrowser(sign_in) => assert_eq!(sign_in.state, over),
        unexpected => panic!("not burned: {unexpected:?}"),
    }
    let Snapshot { sign_in, session, log, accounts, .. } = fixture.snapshot(party).await;
    let sign_in = sign_in.expect("a sign-in");
    assert_eq!((sign_in.state, sign_in.expires_at.as_secs()), (over, fixture.now()));
    assert_eq!((session, accounts), (None, 0), "no half-made session");
    assert_eq!(log.len(), 1);
    assert_eq!((log[0].kind, log[0].code), (AuditKind::SignInBurned, Some(ErrorCode::PossiblePhishing)));
    // The alarm sounds once; the right browser is too late, too.
    assert_eq!(other(come_back(&fixture, party, browser, party.session()).await), over);
    assert_eq!(other(fixture.complete(party).await), over);
    assert_eq!(fixture.log(TOWN).await, log);
}

/// The verifier in another browser burns a proven sign-in.
pub async fn another_browser_burns(backend: &dyn Backend) {
    burns(backend, Some(Party::new(2).browser())).await;
}

/// And so it does in a browser without a cookie.
pub async fn no_browser_burns(backend: &dyn Backend) {
    burns(backend, None).await;
}

/// The first answer may have been lost: the session gets the new id and keeps everything else.
pub async fn a_repeated_return_gets_a_new_session_id(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let (party, later) = (Party::new(1), Party::new(2));
    let first = fixture.completed(party).await;
    let log = fixture.log(TOWN).await;
    fixture.advance(2);
    let outcome = come_back(&fixture, party, Some(party.browser()), again(later)).await;
    let Returned::Completed { sign_in, session } = outcome else {
        panic!("not completed again: {outcome:?}");
    };
    assert_eq!(sign_in.state, SignInState::Completed);
    assert_eq!(*session, SessionRecord { id_hash: later.session_id(), ..first });
    assert_eq!(fixture.browser_session(party).await, None, "nor is the browser's first secret");
    assert_eq!(fixture.browser_session(later).await, Some(*session.clone()));
    assert_eq!(fixture.session(party).await, None, "the first id is worth nothing now");
    assert_eq!(fixture.session(later).await, Some(*session));
    assert_eq!((fixture.log(TOWN).await, fixture.accounts(TOWN).await), (log, 1));
}

/// As long as a proof waits for the return, a return may be repeated, and no second longer.
pub async fn a_repeated_return_has_its_time(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let party = Party::new(1);
    fixture.completed(party).await;
    fixture.advance(fixture.limits.proven_seconds);
    let outcome = come_back(&fixture, party, Some(party.browser()), again(Party::new(2))).await;
    assert!(matches!(outcome, Returned::Completed { .. }), "{outcome:?}");
    fixture.advance(1);
    let outcome = come_back(&fixture, party, Some(party.browser()), again(Party::new(3))).await;
    assert_eq!(other(outcome), SignInState::Completed, "the time counts from the first return");
    assert!(fixture.session(Party::new(2)).await.is_some(), "nothing changed");
}

/// A session that ran out is not brought back, however short its life was.
pub async fn a_repeated_return_needs_its_live_session(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let [party, later, latest] = [1, 2, 3].map(Party::new);
    fixture.proven(party).await;
    let lifetime = fixture.limits.proven_seconds / 2;
    let short = NewSession { lifetime, ..party.session() };
    let outcome = come_back(&fixture, party, Some(party.browser()), short).await;
    assert!(matches!(outcome, Returned::Completed { .. }), "{outcome:?}");
    fixture.advance(lifetime - 1);
    let outcome = come_back(&fixture, party, Some(party.browser()), again(later)).await;
    assert!(matches!(outcome, Returned::Completed { .. }), "{outcome:?}");
    fixture.advance(1);
    let outcome = come_back(&fixture, party, Some(party.browser()), again(latest)).await;
    assert_eq!(other(outcome), SignInState::Completed);
}

/// A completed sign-in is no alarm in another browser, and gives it nothing.
pub async fn a_repeated_return_needs_its_browser(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let party = Party::new(1);
    fixture.completed(party).await;
    let before = fixture.snapshot(party).await;
    for browser in [Some(Party::new(2).browser()), None] {
        let outcome = come_back(&fixture, party, browser, again(Party::new(2))).await;
        assert_eq!(other(outcome), SignInState::Completed);
        assert_eq!(fixture.snapshot(party).await, before);
    }
}

/// Once the answer was handed out, a repeated return changes nothing.
pub async fn after_the_hand_out_a_return_repeats_nothing(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let party = Party::new(1);
    fixture.answered(party).await;
    let before = fixture.snapshot(party).await;
    let outcome = come_back(&fixture, party, Some(party.browser()), again(Party::new(2))).await;
    assert_eq!(other(outcome), SignInState::Completed);
    assert_eq!(fixture.snapshot(party).await, before);
}

/// Who signed out is not signed in again by a reload of the return address.
pub async fn a_return_after_the_session_ended_repeats_nothing(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let (party, later) = (Party::new(1), Party::new(2));
    fixture.completed(party).await;
    assert!(fixture.store.end_session(TOWN, party.session_id()).await.expect("an end"));
    let outcome = come_back(&fixture, party, Some(party.browser()), again(later)).await;
    assert_eq!(other(outcome), SignInState::Completed);
    assert_eq!((fixture.session(party).await, fixture.session(later).await), (None, None));
}

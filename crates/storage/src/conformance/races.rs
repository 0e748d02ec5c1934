//! Sixty-four at once on real threads: exactly one wins.

use std::sync::Arc;

use madoguchi_protocol::ErrorCode;

use super::Backend;
use super::fixture::{Fixture, RUNNERS, done, race};
use super::party::{Party, TOWN};
use crate::{
    AnswerTaken, AuditKind, NewAccessToken, NewCode, NewSession, NewSignIn, Proof, Redemption, Returned,
    SealedSecret, SecretPurpose, SignInLimits, SignInState, Transition,
};

async fn open(backend: &dyn Backend) -> Arc<Fixture> {
    Arc::new(Fixture::open(backend).await)
}

fn count<T>(outcomes: &[T], is: impl Fn(&T) -> bool) -> usize {
    outcomes.iter().filter(|outcome| is(outcome)).count()
}

fn runner(number: u32) -> Party {
    Party::new(1000 + number)
}

/// At most one is told that it holds the sign-in, and the others burned it.
pub async fn of_64_different_claims_none_survives(backend: &dyn Backend) {
    let fixture = open(backend).await;
    let party = Party::new(1);
    fixture.started(party).await;
    let outcomes =
        race(&fixture, |fixture, number| async move { fixture.claim_as(party, runner(number)).await }).await;
    let burned = SignInState::Burned(ErrorCode::TicketUsed);
    assert_eq!(count(&outcomes, |outcome| matches!(outcome, Transition::Done(_))), 1);
    assert_eq!(
        count(&outcomes, |outcome| matches!(outcome, Transition::Conflict(at) if *at == burned)),
        RUNNERS - 1
    );
    assert_eq!(fixture.state(party).await, burned);
    assert_eq!(fixture.log(TOWN).await, [], "no card was proven: it is counted");
}

/// One is done, the others are told the same.
pub async fn of_64_identical_claims_one_is_done(backend: &dyn Backend) {
    let fixture = open(backend).await;
    let party = Party::new(1);
    fixture.started(party).await;
    let outcomes = race(&fixture, |fixture, _| async move { fixture.claim(party).await }).await;
    assert_eq!(count(&outcomes, |outcome| matches!(outcome, Transition::Done(_))), 1);
    assert_eq!(count(&outcomes, |outcome| matches!(outcome, Transition::Same(_))), RUNNERS - 1);
    assert_eq!(fixture.state(party).await, SignInState::Claimed);
    let outcomes = race(&fixture, |fixture, _| async move { fixture.prove(party).await }).await;
    assert_eq!(count(&outcomes, |outcome| matches!(outcome, Transition::Done(_))), 1);
    assert_eq!(count(&outcomes, |outcome| matches!(outcome, Transition::Same(_))), RUNNERS - 1);
}

async fn come_back(fixture: &Fixture, party: Party, number: u32, own: bool) -> Returned {
    let other = runner(number);
    let new = NewSession { lifetime: 60, ..other.session() };
    let browser = if own { party.browser() } else { other.browser() };
    fixture.store.complete(TOWN, party.id(), party.verifier(), Some(browser), new).await.expect("an outcome")
}

async fn live_sessions(fixture: &Fixture) -> usize {
    let mut live = 0;
    for number in 0u32..64 {
        live += usize::from(fixture.session(runner(number)).await.is_some());
    }
    live
}

/// All are the same browser's: they share one session, and only the id given last is worth something.
pub async fn of_64_returns_one_session_remains(backend: &dyn Backend) {
    let fixture = open(backend).await;
    let party = Party::new(1);
    fixture.proven(party).await;
    let outcomes =
        race(&fixture, |fixture, number| async move { come_back(&fixture, party, number, true).await }).await;
    let mut sids = Vec::new();
    for outcome in outcomes {
        match outcome {
            Returned::Completed { session, .. } => sids.push((session.sid, session.account)),
            other => panic!("not completed: {other:?}"),
        }
    }
    sids.dedup();
    assert_eq!(sids.len(), 1);
    assert_eq!(live_sessions(&fixture).await, 1);
    assert_eq!((fixture.accounts(TOWN).await, fixture.log(TOWN).await.len()), (1, 1));
}

/// One burns it; for the others it is over already.
pub async fn of_64_foreign_returns_one_burns(backend: &dyn Backend) {
    let fixture = open(backend).await;
    let party = Party::new(1);
    fixture.proven(party).await;
    let outcomes =
        race(&fixture, |fixture, number| async move { come_back(&fixture, party, number, false).await })
            .await;
    assert_eq!(count(&outcomes, |outcome| matches!(outcome, Returned::WrongBrowser(_))), 1);
    assert_eq!(count(&outcomes, |outcome| matches!(outcome, Returned::Other(_))), RUNNERS - 1);
    assert_eq!((live_sessions(&fixture).await, fixture.log(TOWN).await.len()), (0, 1));
}

/// Whoever is first decides for all: completed, or burned.
pub async fn returns_and_foreign_returns_never_both_win(backend: &dyn Backend) {
    let fixture = open(backend).await;
    for attempt in 1..=8 {
        let party = Party::new(attempt);
        fixture.proven(party).await;
        let base = attempt * 100;
        let outcomes = race(&fixture, |fixture, number| async move {
            come_back(&fixture, party, base + number, number.is_multiple_of(2)).await
        })
        .await;
        let completed = count(&outcomes, |outcome| matches!(outcome, Returned::Completed { .. }));
        let burned = count(&outcomes, |outcome| matches!(outcome, Returned::WrongBrowser(_)));
        let log = fixture.log(TOWN).await;
        let last = log.last().expect("a record").kind;
        match fixture.state(party).await {
            SignInState::Completed => {
                assert_eq!((completed, burned, last), (RUNNERS / 2, 0, AuditKind::SignInCompleted));
            }
            SignInState::Burned(ErrorCode::PossiblePhishing) => {
                assert_eq!((completed, burned, last), (0, 1, AuditKind::SignInBurned));
            }
            other => panic!("neither completed nor burned: {other:?}"),
        }
        assert_eq!(log.len(), usize::try_from(attempt).expect("small"));
    }
}

/// One gets the code; no other code is stored.
pub async fn of_64_askers_one_takes_the_answer(backend: &dyn Backend) {
    let fixture = open(backend).await;
    let party = Party::new(1);
    fixture.completed(party).await;
    let outcomes = race(&fixture, |fixture, number| async move {
        let code = NewCode { hash: runner(number).code_hash(), ..party.code() };
        fixture
            .store
            .take_answer(TOWN, party.id(), party.browser(), party.session_id(), code)
            .await
            .expect("an outcome")
    })
    .await;
    assert_eq!(count(&outcomes, |outcome| matches!(outcome, AnswerTaken::Taken(_))), 1);
    assert_eq!(count(&outcomes, |outcome| matches!(outcome, AnswerTaken::Before(_))), RUNNERS - 1);
    let mut codes = 0;
    for number in 0u32..64 {
        codes += usize::from(fixture.code(runner(number)).await.is_some());
    }
    assert_eq!(codes, 1);
}

/// One is done; the others are reuse, so that no token lives in the end.
pub async fn of_64_redemptions_one_is_done(backend: &dyn Backend) {
    let fixture = open(backend).await;
    let party = Party::new(1);
    fixture.answered(party).await;
    let outcomes = race(&fixture, |fixture, number| async move {
        let token =
            NewAccessToken { hash: runner(number).token_hash(), lifetime: 600, key: None, scope: None };
        fixture.store.redeem_code(TOWN, party.code_hash(), Some(token.into())).await.expect("an outcome")
    })
    .await;
    assert_eq!(count(&outcomes, |outcome| *outcome == Redemption::Done), 1);
    assert_eq!(count(&outcomes, |outcome| *outcome == Redemption::UsedBefore), RUNNERS - 1);
    for number in 0u32..64 {
        assert_eq!(fixture.token(runner(number)).await, None);
    }
}

/// Every asker gets the same secret, which is one of theirs.
pub async fn of_64_secrets_one_stays(backend: &dyn Backend) {
    let fixture = open(backend).await;
    let offer = |number: u32| SealedSecret(format!("secret {number}").into_bytes());
    let mut kept = race(&fixture, |fixture, number| async move {
        let purpose = SecretPurpose::SigningKeyEs256;
        fixture.store.secret_or_insert(TOWN, purpose, offer(number)).await.expect("a secret")
    })
    .await;
    kept.dedup();
    assert_eq!(kept.len(), 1);
    assert!((0..64).any(|number| offer(number) == kept[0]));
}

/// A browser has one open sign-in, however often its button is pressed.
pub async fn of_64_starts_of_a_browser_one_stays_open(backend: &dyn Backend) {
    let fixture = open(backend).await;
    let browser = Party::new(1).browser();
    let started = race(&fixture, |fixture, number| async move {
        let new = NewSignIn { browser_hash: browser, ..runner(number).sign_in() };
        fixture.store.start(new).await.expect("a start").new.id
    })
    .await;
    let (mut open, mut replaced) = (0, 0);
    for id in started {
        let found = fixture.store.of_browser(TOWN, id, browser).await.expect("a look");
        match found.map(|sign_in| sign_in.state) {
            Some(state) if state.is_open() => open += 1,
            Some(state) => {
                assert_eq!(state, SignInState::Cancelled(ErrorCode::SignInReplaced));
                replaced += 1;
            }
            None => {}
        }
    }
    // The presses of one browser leave two rows, however many they are.
    assert_eq!((open, replaced), (1, 1));
}

/// One card in many sign-ins at once is one account; the log has a record for each.
pub async fn of_64_cards_at_once_each_gets_its_account_once(backend: &dyn Backend) {
    let fixture = open(backend).await;
    let accounts = race(&fixture, |fixture, number| async move {
        let party = runner(number);
        fixture.claimed(party).await;
        let proof = Proof { account_lookup: Party::new(number % 4).proof().account_lookup, ..party.proof() };
        let store = &fixture.store;
        let proven =
            store.prove(TOWN, party.id(), party.claim_secret(), party.finish(), proof, party.cleared()).await;
        done(proven.expect("an outcome"));
        (number % 4, fixture.back(party).await.account)
    })
    .await;
    for card in 0..4 {
        let mut of_card: Vec<_> =
            accounts.iter().filter(|(number, _)| *number == card).map(|(_, account)| *account).collect();
        of_card.sort();
        of_card.dedup();
        assert_eq!(of_card.len(), 1);
    }
    assert_eq!((fixture.accounts(TOWN).await, fixture.log(TOWN).await.len()), (4, RUNNERS));
}

/// However many buttons are pressed at once behind one address, no more sign-ins stay open than its bound, and none is
/// refused.
pub async fn of_64_starts_of_a_network_its_bound_stays_open(backend: &dyn Backend) {
    let limits = SignInLimits { open_per_network: 3, ..SignInLimits::default() };
    assert_eq!(open_after_64_starts(backend, limits, |_| "network".to_owned()).await, 3);
}

/// The same in all, over sixteen networks.
pub async fn of_64_starts_the_bound_in_all_stays_open(backend: &dyn Backend) {
    let limits = SignInLimits { open_in_all: 5, ..SignInLimits::default() };
    assert_eq!(open_after_64_starts(backend, limits, |number| format!("network {}", number % 16)).await, 5);
}

async fn open_after_64_starts(
    backend: &dyn Backend,
    limits: SignInLimits,
    network: fn(u32) -> String,
) -> usize {
    let fixture = Arc::new(Fixture::with(backend, limits).await);
    race(&fixture, move |fixture, number| async move {
        let new = NewSignIn { network: network(number), ..runner(number).sign_in() };
        fixture.store.start(new).await.expect("a start");
    })
    .await;
    let mut open = 0;
    for number in 0u32..64 {
        let found = fixture.sign_in(runner(number)).await;
        open += usize::from(found.is_some_and(|sign_in| sign_in.state.is_open()));
    }
    open
}

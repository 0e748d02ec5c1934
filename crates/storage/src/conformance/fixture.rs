//! A fresh store with its clock, and the steps of a sign-in that go well.

use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use tokio::runtime::Handle;

use madoguchi_protocol::ErrorCode;

use super::Backend;
use super::party::Party;
use crate::{
    AccessTokenRecord, AnswerTaken, AuditRecord, Clock as _, CodeRecord, ManualClock, Redemption, Refused,
    Returned, SessionRecord, SignIn, SignInLimits, SignInState, Storage, Transition,
};

pub(super) struct Fixture {
    pub(super) store: Arc<dyn Storage>,
    pub(super) clock: Arc<ManualClock>,
    pub(super) limits: SignInLimits,
}

impl Fixture {
    pub(super) async fn open(backend: &dyn Backend) -> Self {
        Self::with(backend, SignInLimits::default()).await
    }

    pub(super) async fn with(backend: &dyn Backend, limits: SignInLimits) -> Self {
        let clock = Arc::new(ManualClock::new(1_800_000_000));
        let store = backend.open(Arc::clone(&clock), limits).await;
        Self { store, clock, limits }
    }

    pub(super) fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    pub(super) fn now(&self) -> u64 {
        self.clock.now().as_secs()
    }

    pub(super) async fn started(&self, party: Party) -> SignIn {
        self.store.start(party.sign_in()).await.expect("a start")
    }

    pub(super) async fn claimed(&self, party: Party) -> SignIn {
        self.started(party).await;
        done(self.claim(party).await)
    }

    pub(super) async fn proven(&self, party: Party) -> SignIn {
        self.claimed(party).await;
        done(self.prove(party).await)
    }

    pub(super) async fn completed(&self, party: Party) -> SessionRecord {
        self.proven(party).await;
        self.back(party).await
    }

    pub(super) async fn answered(&self, party: Party) -> SessionRecord {
        let session = self.completed(party).await;
        let answer = self.take(party).await;
        assert!(matches!(answer, AnswerTaken::Taken(_)), "{answer:?}");
        session
    }

    pub(super) async fn redeemed(&self, party: Party) -> SessionRecord {
        let session = self.answered(party).await;
        assert_eq!(self.redeem(party).await, Redemption::Done);
        session
    }

    pub(super) async fn claim(&self, party: Party) -> Transition {
        self.store.claim(party.town, party.ticket(), party.claim()).await.expect("an outcome")
    }

    /// A claim of the same ticket by another agent.
    pub(super) async fn claim_as(&self, party: Party, other: Party) -> Transition {
        self.store.claim(party.town, party.ticket(), other.claim()).await.expect("an outcome")
    }

    pub(super) async fn prove(&self, party: Party) -> Transition {
        self.store
            .prove(
                party.town,
                party.id(),
                party.claim_secret(),
                party.finish(),
                party.proof(),
                party.cleared(),
            )
            .await
            .expect("an outcome")
    }

    pub(super) async fn refuse(&self, party: Party, code: ErrorCode, burn: bool) -> Transition {
        self.store
            .refuse(
                party.town,
                party.id(),
                party.claim_secret(),
                party.finish(),
                Refused { burn, ..code.into() },
            )
            .await
            .expect("an outcome")
    }

    pub(super) async fn cancel(&self, party: Party, code: ErrorCode) -> Transition {
        self.store.cancel(party.town, party.id(), party.claim_secret(), code).await.expect("an outcome")
    }

    pub(super) async fn cancel_by_browser(&self, party: Party) -> Transition {
        self.store.cancel_by_browser(party.town, party.id(), party.browser()).await.expect("an outcome")
    }

    pub(super) async fn complete(&self, party: Party) -> Returned {
        self.store
            .complete(party.town, party.id(), party.verifier(), Some(party.browser()), party.session())
            .await
            .expect("an outcome")
    }

    /// A return that completes.
    pub(super) async fn back(&self, party: Party) -> SessionRecord {
        match self.complete(party).await {
            Returned::Completed { session, .. } => *session,
            other => panic!("not completed: {other:?}"),
        }
    }

    pub(super) async fn take(&self, party: Party) -> AnswerTaken {
        self.store
            .take_answer(party.town, party.id(), party.browser(), party.session_id(), party.code())
            .await
            .expect("an outcome")
    }

    pub(super) async fn redeem(&self, party: Party) -> Redemption {
        self.store
            .redeem_code(party.town, party.code_hash(), Some(party.token().into()))
            .await
            .expect("an outcome")
    }

    pub(super) async fn sign_in(&self, party: Party) -> Option<SignIn> {
        self.store.of_browser(party.town, party.id(), party.browser()).await.expect("a look")
    }

    pub(super) async fn state(&self, party: Party) -> SignInState {
        self.sign_in(party).await.expect("a sign-in").state
    }

    pub(super) async fn session(&self, party: Party) -> Option<SessionRecord> {
        self.store.find_session(party.town, party.session_id()).await.expect("a look")
    }

    /// The session that answers this party's browser.
    pub(super) async fn browser_session(&self, party: Party) -> Option<SessionRecord> {
        let found = self.store.find_browser_session(party.town, party.session_cookie()).await;
        found.expect("a look")
    }

    pub(super) async fn code(&self, party: Party) -> Option<CodeRecord> {
        self.store.find_code(party.town, party.code_hash()).await.expect("a look")
    }

    pub(super) async fn token(&self, party: Party) -> Option<AccessTokenRecord> {
        self.store.find_access_token(party.town, party.token_hash()).await.expect("a look")
    }

    pub(super) async fn log(&self, town: &str) -> Vec<AuditRecord> {
        self.store.audit_records(town, 0, 10_000).await.expect("the log")
    }

    pub(super) async fn accounts(&self, town: &str) -> u64 {
        self.store.count_accounts(town).await.expect("a count")
    }

    /// What can be seen of a party's own records.
    pub(super) async fn visible(&self, party: Party) -> Snapshot {
        Snapshot { log: vec![], accounts: 0, ..self.snapshot(party).await }
    }

    /// All that can be seen of a party, and of its municipality.
    pub(super) async fn snapshot(&self, party: Party) -> Snapshot {
        Snapshot {
            sign_in: self.sign_in(party).await,
            session: self.session(party).await,
            code: self.code(party).await,
            token: self.token(party).await,
            log: self.log(party.town).await,
            accounts: self.accounts(party.town).await,
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Snapshot {
    pub(super) sign_in: Option<SignIn>,
    pub(super) session: Option<SessionRecord>,
    pub(super) code: Option<CodeRecord>,
    pub(super) token: Option<AccessTokenRecord>,
    pub(super) log: Vec<AuditRecord>,
    pub(super) accounts: u64,
}

#[track_caller]
pub(super) fn done(transition: Transition) -> SignIn {
    match transition {
        Transition::Done(sign_in) => *sign_in,
        other => panic!("not done: {other:?}"),
    }
}

#[track_caller]
pub(super) fn same(transition: Transition) -> SignIn {
    match transition {
        Transition::Same(sign_in) => *sign_in,
        other => panic!("not the same: {other:?}"),
    }
}

#[track_caller]
pub(super) fn conflict(transition: Transition) -> SignInState {
    match transition {
        Transition::Conflict(state) => state,
        other => panic!("no conflict: {other:?}"),
    }
}

/// Sixty-four at once, each on a thread of its own; their outcomes in the order of their numbers.
pub(super) async fn race<T, F>(fixture: &Arc<Fixture>, run: impl Fn(Arc<Fixture>, u32) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let line = Arc::new(Barrier::new(RUNNERS));
    let runners: Vec<_> = (0u32..64)
        .map(|number| {
            let (line, runtime) = (Arc::clone(&line), Handle::current());
            let runner = run(Arc::clone(fixture), number);
            thread::spawn(move || {
                line.wait();
                runtime.block_on(runner)
            })
        })
        .collect();
    let outcomes = tokio::task::spawn_blocking(|| {
        runners.into_iter().map(|runner| runner.join().expect("a runner that does not panic")).collect()
    });
    outcomes.await.expect("all runners")
}

pub(super) const RUNNERS: usize = 64;

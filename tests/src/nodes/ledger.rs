//! What was answered, and what was found of it afterwards.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use madoguchi_protocol::Octets;

use super::browser::Browser;

/// A step of a sign-in that the gateway answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// The button: a ticket.
    Started,
    /// The agent's claim.
    Claimed,
    /// The agent's finish.
    Proven,
    /// The return leg: a session.
    Completed,
    /// The hand-out of the service's answer: a code.
    Answered,
    /// The code's tokens.
    Redeemed,
    /// The refresh token's.
    Refreshed,
}

/// Something that must not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It was answered, and is not there.
    Lost(String),
    /// It was accepted a second time.
    Twice(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost(what) => write!(f, "lost: {what}"),
            Self::Twice(what) => write!(f, "twice: {what}"),
        }
    }
}

/// A resident who is signed in, with everything that browser and service were given.
pub struct SignedIn {
    /// The sign-in.
    pub id: Octets<16>,
    /// The browser with its session.
    pub browser: Browser,
    /// The code, which was redeemed.
    pub code: String,
    /// What redeems it.
    pub code_verifier: String,
    /// The access token.
    pub access_token: String,
    /// The refresh token, the newest one.
    pub refresh_token: String,
}

/// Counts and faults of a whole run, of all residents.
#[derive(Default)]
pub struct Ledger {
    /// How often something was killed so far.
    kills: AtomicU64,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    answered: BTreeMap<Step, u64>,
    crossed: BTreeMap<Step, u64>,
    checked: BTreeMap<&'static str, u64>,
    unknown: BTreeMap<&'static str, u64>,
    unanswered: BTreeMap<String, u64>,
    faults: Vec<Fault>,
    signed_in: Vec<SignedIn>,
    completed: Vec<Octets<16>>,
}

impl Ledger {
    /// Something is about to be killed.
    pub fn kill(&self) {
        self.kills.fetch_add(1, Ordering::SeqCst);
    }

    /// How often something was killed so far.
    pub fn kills(&self) -> u64 {
        self.kills.load(Ordering::SeqCst)
    }

    /// The gateway answered a step; the answer before it came after so many kills.
    pub(super) fn answered(&self, step: Step, kills_before: u64) {
        let crossed = self.kills() > kills_before;
        self.with(|inner| {
            *inner.answered.entry(step).or_default() += 1;
            *inner.crossed.entry(step).or_default() += u64::from(crossed);
        });
    }

    /// The session of this sign-in was answered.
    pub(super) fn completed(&self, id: Octets<16>) {
        self.with(|inner| inner.completed.push(id));
    }

    /// A resident is signed in.
    pub(super) fn signed_in(&self, signed_in: SignedIn) {
        self.with(|inner| inner.signed_in.push(signed_in));
    }

    /// An artefact that was answered before was asked for again, and was there.
    pub(super) fn checked(&self, what: &'static str) {
        self.with(|inner| *inner.checked.entry(what).or_default() += 1);
    }

    /// What is given once was given to nobody: its answer got lost. Whoever asked knows, and starts again.
    pub(super) fn unknown(&self, what: &'static str) {
        self.with(|inner| *inner.unknown.entry(what).or_default() += 1);
    }

    /// A try that got no answer.
    pub(super) fn unanswered(&self, why: &str) {
        self.with(|inner| *inner.unanswered.entry(why.to_owned()).or_default() += 1);
    }

    /// Something that must not be.
    pub fn fault(&self, fault: Fault) {
        self.with(|inner| inner.faults.push(fault));
    }

    /// Everybody who signed in since this was asked last.
    pub(super) fn take_signed_in(&self) -> Vec<SignedIn> {
        self.with(|inner| std::mem::take(&mut inner.signed_in))
    }

    /// Every sign-in whose session was answered.
    pub fn all_completed(&self) -> Vec<Octets<16>> {
        self.with(|inner| inner.completed.clone())
    }

    /// Everything that must not be and was.
    pub fn faults(&self) -> Vec<Fault> {
        self.with(|inner| inner.faults.clone())
    }

    /// How often a step was answered, and how often after a kill that came after the step before it.
    pub fn steps(&self, step: Step) -> (u64, u64) {
        let of = |counts: &BTreeMap<Step, u64>| counts.get(&step).copied().unwrap_or(0);
        self.with(|inner| (of(&inner.answered), of(&inner.crossed)))
    }

    /// How many of these were asked for again.
    pub fn count_checked(&self, what: &str) -> u64 {
        self.with(|inner| inner.checked.get(what).copied().unwrap_or(0))
    }

    fn with<T>(&self, see: impl FnOnce(&mut Inner) -> T) -> T {
        see(&mut self.inner.lock().expect("nobody panics with the ledger"))
    }
}

impl fmt::Display for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with(|inner| {
            writeln!(f, "answered: {:?}", inner.answered)?;
            writeln!(f, "of these after a kill that came after the step before: {:?}", inner.crossed)?;
            writeln!(f, "asked for again after a kill, and there: {:?}", inner.checked)?;
            writeln!(f, "given once, its answer lost, told so: {:?}", inner.unknown)?;
            writeln!(f, "tries without an answer: {:?}", inner.unanswered)?;
            let twice = inner.faults.iter().filter(|fault| matches!(fault, Fault::Twice(_))).count();
            writeln!(f, "lost: {}; twice: {twice}", inner.faults.len() - twice)?;
            inner.faults.iter().try_for_each(|fault| writeln!(f, "  {fault}"))
        })
    }
}

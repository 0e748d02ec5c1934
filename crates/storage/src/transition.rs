//! What a conditional write answers.

use crate::{SessionRecord, SignIn, SignInState};

/// The outcome of one transition of a sign-in.
#[derive(Debug)]
#[must_use]
pub enum Transition {
    /// The write was done; the record as it is now.
    Done(Box<SignIn>),
    /// The very same request was done before; the record as it is now. The caller answers as it did then.
    Same(Box<SignIn>),
    /// The sign-in is in a state that does not allow it. Nothing changed, except where the method says that a
    /// conflict burns.
    Conflict(SignInState),
    /// It ran out of time.
    Expired,
    /// No such sign-in for these secrets.
    NotFound,
}

impl SignIn {
    /// Why a transition was not done, when it was not done before either.
    pub fn refusal(&self) -> Transition {
        match self.state {
            SignInState::Expired => Transition::Expired,
            state => Transition::Conflict(state),
        }
    }
}

/// The outcome of the return leg.
#[derive(Debug)]
#[must_use]
pub enum Returned {
    /// Right verifier, right browser, `Proven`: completed, with its new session.
    Completed {
        /// The sign-in.
        sign_in: Box<SignIn>,
        /// Its session.
        session: Box<SessionRecord>,
    },
    /// Right verifier in another browser: burned now. Somebody may be trying to use the resident's card.
    WrongBrowser(Box<SignIn>),
    /// Right verifier, but the sign-in is in another state. Nothing changed.
    Other(Box<SignIn>),
    /// Absent or wrong verifier, or no such sign-in. Nothing changed.
    NotFound,
}

/// The outcome of asking for the service's answer.
#[derive(Debug)]
#[must_use]
pub enum AnswerTaken {
    /// The code is stored; hand the answer out.
    Taken(Box<SignIn>),
    /// It was handed out before.
    Before(Box<SignIn>),
    /// Not this browser's, not this session's, or not completed.
    NotFound,
}

//! The readers and cards that the service knows of, looked at in a thread of its own.
//!
//! One question is one look: the first answers at once, each later one when something has changed. Whoever asks can stop
//! waiting at any moment; the look is then called off (SCardCancel), and a service that does not even answer that holds up nobody.

use std::ffi::{CStr, CString};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use pcsc::{Context, Error, PNP_NOTIFICATION, ReaderState, Scope, State};

use super::error::reader_error;
use super::readers::ReaderFilter;
use crate::{Patience, ReaderError};

/// Looks at readers and cards.
pub(super) struct Watch {
    questions: Sender<()>,
    answers: Receiver<Answer>,
    /// For interrupts, which come the same way.
    others: Sender<Answer>,
    context: Arc<Mutex<Option<Context>>>,
    asked: bool,
}

enum Answer {
    Interrupted,
    Seen(Result<Vec<Seen>, ReaderError>),
}

/// What is to be said about one reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) reader: CString,
    pub(super) card: SeenCard,
    /// Changes with every card that comes or goes.
    pub(super) count: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SeenCard {
    None,
    /// There, but it does not answer: upside down, or no card with a chip of this kind.
    Mute,
    There,
}

impl Watch {
    pub(super) fn new(filter: ReaderFilter) -> Self {
        let (questions, asked) = channel();
        let (others, answers) = channel();
        let context = Arc::new(Mutex::new(None));
        let (sender, shared) = (others.clone(), Arc::clone(&context));
        thread::spawn(move || look_when_asked(&filter, &asked, &sender, &shared));
        Self { questions, answers, others, context, asked: false }
    }

    /// The next look. Absent when `limit` is over or an interrupt came first.
    pub(super) fn next(
        &mut self,
        limit: Duration,
        patience: &Patience<'_>,
    ) -> Option<Result<Vec<Seen>, ReaderError>> {
        if !self.asked {
            // The thread lives as long as this end of the channel.
            let _ = self.questions.send(());
            self.asked = true;
        }
        match self.wait(limit, patience)? {
            Answer::Interrupted => None,
            Answer::Seen(seen) => {
                self.asked = false;
                Some(seen)
            }
        }
    }

    /// Waits without a look, until `limit` is over or an interrupt comes.
    pub(super) fn pause(&mut self, limit: Duration, patience: &Patience<'_>) {
        debug_assert!(!self.asked, "an answer would be lost");
        let _ = self.wait(limit, patience);
    }

    fn wait(&mut self, limit: Duration, patience: &Patience<'_>) -> Option<Answer> {
        let others = self.others.clone();
        let _waking = patience.interrupt().on(move || {
            let _ = others.send(Answer::Interrupted);
        });
        self.answers.recv_timeout(limit).ok()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if !self.asked {
            return;
        }
        let context = Arc::clone(&self.context);
        // The receiving end goes to the thread that calls the look off, so that it learns when the look is over.
        let (_, nobody) = channel();
        let answers = std::mem::replace(&mut self.answers, nobody);
        thread::spawn(move || call_off(&context, &answers));
    }
}

/// Calls a look off. One that is just about to begin cannot be called off yet, so this asks until it is over.
fn call_off(context: &Mutex<Option<Context>>, answers: &Receiver<Answer>) {
    for _ in 0..CALLS_OFF {
        let context = context.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(context) = context {
            let _ = context.cancel();
        }
        loop {
            match answers.recv_timeout(CALL_OFF_TIME) {
                Ok(Answer::Seen(_)) | Err(RecvTimeoutError::Disconnected) => return,
                Ok(Answer::Interrupted) => {}
                Err(RecvTimeoutError::Timeout) => break,
            }
        }
    }
}

fn look_when_asked(
    filter: &ReaderFilter,
    asked: &Receiver<()>,
    answers: &Sender<Answer>,
    shared: &Mutex<Option<Context>>,
) {
    let mut look = None;
    while asked.recv().is_ok() {
        let seen = Look::next(&mut look, filter, shared);
        if seen.is_err() {
            // The service may be another one next time.
            look = None;
            *shared.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
        if answers.send(Answer::Seen(seen)).is_err() {
            return;
        }
    }
}

/// A connection to the service, and what it said last.
struct Look {
    context: Context,
    states: Vec<ReaderState>,
    told: Option<Vec<Seen>>,
}

impl Look {
    fn next(
        this: &mut Option<Self>,
        filter: &ReaderFilter,
        shared: &Mutex<Option<Context>>,
    ) -> Result<Vec<Seen>, ReaderError> {
        let look = if let Some(look) = this {
            look
        } else {
            let context = Context::establish(Scope::User).map_err(reader_error)?;
            *shared.lock().unwrap_or_else(PoisonError::into_inner) = Some(context.clone());
            this.insert(Self { context, states: Vec::new(), told: None })
        };
        loop {
            let seen = look.look(filter)?;
            // Readers that are left out change, too.
            if look.told.as_ref() != Some(&seen) {
                look.told = Some(seen.clone());
                return Ok(seen);
            }
        }
    }

    /// One SCardGetStatusChange over everything that is connected.
    fn look(&mut self, filter: &ReaderFilter) -> Result<Vec<Seen>, ReaderError> {
        let names = filter.list(&self.context)?;
        self.states.retain(|state| {
            is_notification(state.name()) || names.iter().any(|name| name.as_c_str() == state.name())
        });
        if self.states.is_empty() {
            // The pseudo-reader reports readers that come and go.
            self.states.push(ReaderState::new(PNP_NOTIFICATION(), State::UNAWARE));
        }
        for name in &names {
            if !self.states.iter().any(|state| state.name() == name.as_c_str()) {
                self.states.push(ReaderState::new(name.clone(), State::UNAWARE));
            }
        }
        let new = self.told.is_none();
        let notified = !self.states[0].event_state().contains(State::UNKNOWN);
        let limit = match (new, notified) {
            (true, _) => Duration::ZERO,
            (false, true) => LOOK_AGAIN,
            (false, false) => LIST_AGAIN,
        };
        match self.context.get_status_change(limit, &mut self.states) {
            // The last two: a reader was unplugged between listing and waiting.
            Ok(()) | Err(Error::Timeout | Error::UnknownReader | Error::ReaderUnavailable) => {}
            Err(error) => return Err(reader_error(error)),
        }
        for state in &mut self.states {
            state.sync_current_state();
        }
        Ok(self.states.iter().filter(|state| !is_notification(state.name())).map(seen).collect())
    }
}

fn is_notification(name: &CStr) -> bool {
    name == PNP_NOTIFICATION()
}

fn seen(state: &ReaderState) -> Seen {
    let now = state.event_state();
    let card = if now.contains(State::PRESENT | State::MUTE) {
        SeenCard::Mute
    } else if now.contains(State::PRESENT) {
        SeenCard::There
    } else {
        SeenCard::None
    };
    Seen { reader: state.name().to_owned(), card, count: state.event_count() }
}

/// How often, and how long after each other, a look is called off: together a few seconds.
const CALLS_OFF: usize = 100;
const CALL_OFF_TIME: Duration = Duration::from_millis(50);
/// A reader that comes between listing and waiting is reported by no service before the next change.
const LOOK_AGAIN: Duration = Duration::from_secs(15);
/// Where the service does not report readers that come and go (macOS, old pcsc-lite).
const LIST_AGAIN: Duration = Duration::from_secs(1);

//! A thread that owns what may keep a caller waiting.
//!
//! A call of PC/SC cannot be taken back, and has no time-out: it lasts as long as the card, its driver or the service. So the
//! calls are made here, and whoever needs their answer waits as long as they like. What they own stays here, and goes
//! when the last call is over, however late.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use crate::{Interrupt, hygiene};

/// The other end of such a thread, which is over when this is dropped and its work is done.
pub(super) struct Worker<O> {
    work: Sender<Work<O>>,
    over: Over,
}

struct Work<O>(Box<dyn FnOnce(&mut O) + Send>);

/// Tells when a worker is over, and what it owned is gone.
#[derive(Debug)]
pub(super) struct Over(Receiver<()>);

/// Why a worker gave no answer. It is still at work, and must not be asked again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unanswered {
    Interrupted,
    /// Not in time.
    Late,
}

enum Answer<A> {
    Done(A),
    Interrupted,
}

impl<O: Send + 'static> Worker<O> {
    pub(super) fn new(owned: O) -> Self {
        let (work, waiting) = channel::<Work<O>>();
        let (busy, over) = channel();
        thread::spawn(move || {
            // Dropped in the opposite order, also on the way out of a panic.
            let _busy = busy;
            // The PIN passes through here.
            let _locked = hygiene::lock_stack();
            let mut owned = owned;
            for Work(work) in waiting {
                work(&mut owned);
            }
        });
        Self { work, over: Over(over) }
    }

    /// Has this done and waits for what comes of it, at most for `limit`. After an interrupt only for a moment more: what is
    /// nearly done is better known than not.
    pub(super) fn ask<A: Send + 'static>(
        &self,
        limit: Duration,
        interrupt: &Interrupt,
        work: impl FnOnce(&mut O) -> A + Send + 'static,
    ) -> Result<A, Unanswered> {
        let (sender, answers) = channel();
        let others = sender.clone();
        let waking = interrupt.on(move || {
            let _ = others.send(Answer::Interrupted);
        });
        self.tell(move |owned| {
            // Nobody may be waiting any more.
            let _ = sender.send(Answer::Done(work(owned)));
        });
        match answers.recv_timeout(limit) {
            Ok(Answer::Done(answer)) => return Ok(answer),
            Ok(Answer::Interrupted) => {}
            Err(_) => return Err(Unanswered::Late),
        }
        drop(waking);
        loop {
            match answers.recv_timeout(MOMENT) {
                Ok(Answer::Done(answer)) => return Ok(answer),
                // More than one came.
                Ok(Answer::Interrupted) => {}
                Err(_) => return Err(Unanswered::Interrupted),
            }
        }
    }

    /// Has this done when all that was asked before is done.
    pub(super) fn tell(&self, work: impl FnOnce(&mut O) + Send + 'static) {
        // Its thread lives as long as this end, unless it panicked: then nothing answers.
        let _ = self.work.send(Work(Box::new(work)));
    }

    /// Nothing more is asked.
    pub(super) fn end(self) -> Over {
        self.over
    }
}

impl Over {
    /// Whether the worker is over, within `limit`.
    pub(super) fn within(&self, limit: Duration) -> bool {
        // Nothing is ever sent.
        self.0.recv_timeout(limit) == Err(RecvTimeoutError::Disconnected)
    }
}

/// How long an answer is waited for after an interrupt. A signature takes about a second.
const MOMENT: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_mins(1);
    const SHORT: Duration = Duration::from_millis(10);

    /// Notes what becomes of it.
    struct Owned(Sender<&'static str>);

    impl Drop for Owned {
        fn drop(&mut self) {
            let _ = self.0.send("gone");
        }
    }

    fn worker() -> (Worker<Owned>, Receiver<&'static str>) {
        let (notes, noted) = channel();
        (Worker::new(Owned(notes)), noted)
    }

    #[test]
    fn it_answers_and_is_over_with_what_it_owned() {
        let (worker, noted) = worker();
        assert_eq!(worker.ask(LONG, &Interrupt::default(), |_| 7), Ok(7));
        assert!(worker.end().within(LONG));
        assert_eq!(noted.try_iter().collect::<Vec<_>>(), ["gone"]);
    }

    /// A card that never answers: the wait ends, and what was left to do is done when it does answer.
    #[test]
    fn what_takes_too_long_is_not_waited_for() {
        let (worker, noted) = worker();
        let (go_on, blocked) = channel::<()>();
        let stuck = worker.ask(SHORT, &Interrupt::default(), move |_| blocked.recv().is_ok());
        assert_eq!(stuck, Err(Unanswered::Late));
        worker.tell(|owned| owned.0.send("left").expect("somebody listens"));
        let over = worker.end();
        assert!(!over.within(SHORT), "it is still at work");
        assert!(noted.try_recv().is_err());
        go_on.send(()).expect("it waits");
        assert!(over.within(LONG));
        assert_eq!(noted.try_iter().collect::<Vec<_>>(), ["left", "gone"]);
    }

    #[test]
    fn an_interrupt_ends_the_wait_and_what_is_nearly_done_is_still_known() {
        let (worker, _noted) = worker();
        let interrupt = Interrupt::default();
        let (go_on, blocked) = channel::<()>();
        let stop = interrupt.clone();
        let nearly = worker.ask(LONG, &interrupt, move |_| {
            stop.stop();
            7
        });
        assert_eq!(nearly, Ok(7));
        assert_eq!(worker.ask(LONG, &interrupt, |_| 8), Ok(8), "nor is what begins after it lost");
        let stuck = worker.ask(LONG, &interrupt, move |_| blocked.recv().is_ok());
        assert_eq!(stuck, Err(Unanswered::Interrupted));
        drop(go_on);
        assert!(worker.end().within(LONG));
    }

    #[test]
    fn a_panic_there_is_a_late_answer_here() {
        let (worker, noted) = worker();
        let panics: Result<(), _> =
            worker.ask(SHORT, &Interrupt::default(), |_| std::panic::resume_unwind(Box::new(())));
        assert_eq!(panics, Err(Unanswered::Late));
        assert_eq!(worker.ask(SHORT, &Interrupt::default(), |_| 7), Err(Unanswered::Late));
        assert!(worker.end().within(LONG));
        assert_eq!(noted.try_iter().collect::<Vec<_>>(), ["gone"]);
    }
}

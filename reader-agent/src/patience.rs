//! How long a question to the resident or a wait for the card may take, and what ends it early.

use std::fmt;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use madoguchi_protocol::{ErrorCode, MIN_SECONDS_FOR_PIN};

use crate::Clock;

/// Ends the running sign-in from outside: the program is told to stop, or a newer attempt took its place.
/// Clones share one state.
#[derive(Clone, Default)]
pub struct Interrupt(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: AtomicU8,
    wakers: Mutex<Vec<Waker>>,
}

struct Waker {
    number: u64,
    wake: Box<dyn Fn() + Send>,
}

impl Interrupt {
    /// The program stops: the running sign-in and all later ones end as `declined`.
    pub fn stop(&self) {
        self.0.state.store(STOPPED, Ordering::SeqCst);
        self.wake();
    }

    /// The gateway says that a newer attempt replaced the running sign-in. A stop outweighs it.
    pub fn replace(&self) {
        // An error means that it is already set to something, which stands.
        let _ = self.0.state.compare_exchange(CALM, REPLACED, Ordering::SeqCst, Ordering::SeqCst);
        self.wake();
    }

    /// The next sign-in begins; a stop stays.
    pub(crate) fn begin(&self) {
        let _ = self.0.state.compare_exchange(REPLACED, CALM, Ordering::SeqCst, Ordering::SeqCst);
    }

    /// Why it was interrupted, if it was.
    pub(crate) fn reason(&self) -> Option<ErrorCode> {
        match self.0.state.load(Ordering::SeqCst) {
            STOPPED => Some(ErrorCode::Declined),
            REPLACED => Some(ErrorCode::SignInReplaced),
            _ => None,
        }
    }

    /// Calls `wake` at the next interrupt, and at once if there was one, until the guard is dropped. It must not wait for
    /// anything.
    pub(crate) fn on(&self, wake: impl Fn() + Send + 'static) -> Waking {
        let number = {
            let mut wakers = self.wakers();
            let number = wakers.last().map_or(0, |last| last.number + 1);
            wakers.push(Waker { number, wake: Box::new(wake) });
            number
        };
        // One that came before it was registered woke nobody.
        if self.reason().is_some() {
            self.wake();
        }
        Waking { interrupt: self.clone(), number }
    }

    fn wake(&self) {
        for waker in &*self.wakers() {
            (waker.wake)();
        }
    }

    fn wakers(&self) -> MutexGuard<'_, Vec<Waker>> {
        self.0.wakers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Interrupt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Interrupt").field(&self.reason()).finish()
    }
}

/// As long as it lives, an interrupt wakes whoever waits.
#[must_use]
pub(crate) struct Waking {
    interrupt: Interrupt,
    number: u64,
}

impl Drop for Waking {
    fn drop(&mut self) {
        self.interrupt.wakers().retain(|waker| waker.number != self.number);
    }
}

const CALM: u8 = 0;
const REPLACED: u8 = 1;
const STOPPED: u8 = 2;

/// The time that is left of one sign-in. Whoever waits for the resident or the card waits no longer than [`Self::left`], and is
/// woken by an interrupt or looks at least twice a second.
pub struct Patience<'a> {
    clock: &'a dyn Clock,
    deadline: Duration,
    interrupt: Interrupt,
}

impl<'a> Patience<'a> {
    /// Patience until `deadline` on the monotonic clock.
    pub fn new(clock: &'a dyn Clock, deadline: Duration, interrupt: Interrupt) -> Self {
        Self { clock, deadline, interrupt }
    }

    /// Goes on, or says why not: interrupted, or the sign-in ran out of time.
    pub fn check(&self) -> Result<(), ErrorCode> {
        match self.interrupt.reason() {
            Some(reason) => Err(reason),
            None if self.left().is_zero() => Err(ErrorCode::SignInExpired),
            None => Ok(()),
        }
    }

    /// The same, and time enough to send a PIN: a try must never be spent on a sign-in that cannot end well.
    pub fn check_for_pin(&self) -> Result<(), ErrorCode> {
        self.check_for_pin_in(Duration::ZERO)
    }

    /// The same for a PIN that is sent after `time`.
    pub(crate) fn check_for_pin_in(&self, time: Duration) -> Result<(), ErrorCode> {
        self.check()?;
        if self.left() < time + Duration::from_secs(MIN_SECONDS_FOR_PIN) {
            Err(ErrorCode::TooLittleTime)
        } else {
            Ok(())
        }
    }

    /// Patience of the same sign-in, for at most `limit` from now.
    pub fn at_most(&self, limit: Duration) -> Self {
        let deadline = self.deadline.min(self.clock.monotonic().saturating_add(limit));
        Self { clock: self.clock, deadline, interrupt: self.interrupt.clone() }
    }

    /// What ends it from outside.
    pub(crate) fn interrupt(&self) -> &Interrupt {
        &self.interrupt
    }

    /// Time left.
    pub fn left(&self) -> Duration {
        self.deadline.saturating_sub(self.clock.monotonic())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::HandClock;

    #[test]
    fn time_runs_out() {
        let clock = HandClock::default();
        let patience = Patience::new(&clock, Duration::from_mins(1), Interrupt::default());
        assert_eq!(patience.check_for_pin(), Ok(()));
        clock.advance(Duration::from_secs(40));
        assert_eq!(patience.check_for_pin(), Ok(()));
        assert_eq!(patience.check_for_pin_in(Duration::from_secs(1)), Err(ErrorCode::TooLittleTime));
        clock.advance(Duration::from_millis(1));
        assert_eq!(patience.check_for_pin(), Err(ErrorCode::TooLittleTime));
        assert_eq!(patience.check(), Ok(()));
        clock.advance(Duration::from_secs(20));
        assert_eq!(patience.check(), Err(ErrorCode::SignInExpired));
    }

    #[test]
    fn a_shorter_patience_ends_first_and_never_later() {
        let clock = HandClock::default();
        let patience = Patience::new(&clock, Duration::from_mins(1), Interrupt::default());
        assert_eq!(patience.at_most(Duration::from_secs(5)).left(), Duration::from_secs(5));
        assert_eq!(patience.at_most(Duration::from_secs(90)).left(), Duration::from_mins(1));
    }

    #[test]
    fn a_stop_outweighs_and_stays() {
        let clock = HandClock::default();
        let interrupt = Interrupt::default();
        let patience = Patience::new(&clock, Duration::from_mins(1), interrupt.clone());
        interrupt.replace();
        assert_eq!(patience.check(), Err(ErrorCode::SignInReplaced));
        interrupt.begin();
        assert_eq!(patience.check(), Ok(()));
        interrupt.stop();
        interrupt.replace();
        interrupt.begin();
        assert_eq!(patience.check(), Err(ErrorCode::Declined));
    }

    #[test]
    fn an_interrupt_wakes_whoever_waits() {
        let interrupt = Interrupt::default();
        let (sender, woken) = std::sync::mpsc::channel();
        let (first, second) = (sender.clone(), sender.clone());
        let waking = interrupt.on(move || first.send(1).expect("a receiver"));
        let _other = interrupt.on(move || second.send(2).expect("a receiver"));
        interrupt.replace();
        assert_eq!(woken.try_iter().collect::<Vec<_>>(), [1, 2]);
        drop(waking);
        interrupt.stop();
        assert_eq!(woken.try_iter().collect::<Vec<_>>(), [2]);
        let _late = interrupt.on(move || sender.send(3).expect("a receiver"));
        assert!(woken.try_iter().any(|number| number == 3), "it had come before");
    }
}

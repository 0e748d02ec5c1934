//! A circuit breaker: a responder that failed several times in a row is left alone for a while, and then one request
//! finds out whether it is back.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustls_pki_types::UnixTime;

/// How a breaker behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakerSettings {
    /// So many failures in a row open it.
    pub failures: u32,
    /// How long it stays open before one request may try.
    pub open_for: Duration,
}

/// Whether requests go through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BreakerState {
    /// All of them.
    Closed,
    /// None, or only the one that finds out.
    HalfOpen,
    /// None.
    Open,
}

impl BreakerState {
    /// The name in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::HalfOpen => "half_open",
            Self::Open => "open",
        }
    }
}

/// The breaker of one responder.
#[derive(Debug)]
pub(crate) struct Breaker {
    settings: BreakerSettings,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
enum Inner {
    Closed { failures: u32 },
    Open { since: UnixTime, probing: bool },
}

/// Leave to send one request. Dropped without a word, it has changed nothing.
#[derive(Debug)]
pub(crate) struct Permit<'a> {
    breaker: &'a Breaker,
    probe: bool,
}

impl Breaker {
    pub(crate) fn new(settings: BreakerSettings) -> Self {
        Self { settings, inner: Mutex::new(Inner::Closed { failures: 0 }) }
    }

    /// Leave to send a request, unless the responder is left alone for now.
    pub(crate) fn admit(&self, now: UnixTime) -> Option<Permit<'_>> {
        let mut inner = self.lock();
        match &mut *inner {
            Inner::Closed { .. } => Some(Permit { breaker: self, probe: false }),
            Inner::Open { since, probing } if !*probing && self.is_over(*since, now) => {
                *probing = true;
                Some(Permit { breaker: self, probe: true })
            }
            Inner::Open { .. } => None,
        }
    }

    pub(crate) fn state(&self, now: UnixTime) -> BreakerState {
        match &*self.lock() {
            Inner::Closed { .. } => BreakerState::Closed,
            Inner::Open { since, probing } if *probing || self.is_over(*since, now) => BreakerState::HalfOpen,
            Inner::Open { .. } => BreakerState::Open,
        }
    }

    /// A clock that was put back must not keep it open for long.
    fn is_over(&self, since: UnixTime, now: UnixTime) -> bool {
        now.as_secs().checked_sub(since.as_secs()).is_none_or(|open| open >= self.settings.open_for.as_secs())
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit<'_> {
    /// The responder answered. True when this closed the breaker.
    pub(crate) fn answered(self) -> bool {
        let mut inner = self.breaker.lock();
        let was_open = matches!(*inner, Inner::Open { .. });
        *inner = Inner::Closed { failures: 0 };
        was_open
    }

    /// The responder failed. True when this opened the breaker.
    pub(crate) fn failed(self, now: UnixTime) -> bool {
        let mut inner = self.breaker.lock();
        match &mut *inner {
            Inner::Closed { failures } if failures.saturating_add(1) < self.breaker.settings.failures => {
                *failures += 1;
                false
            }
            Inner::Closed { .. } => {
                *inner = Inner::Open { since: now, probing: false };
                true
            }
            // Of a request that was on its way when it opened there is nothing to learn.
            Inner::Open { .. } if !self.probe => false,
            Inner::Open { .. } => {
                *inner = Inner::Open { since: now, probing: false };
                false
            }
        }
    }
}

impl Drop for Permit<'_> {
    /// A probe that nobody waited for leaves its place to the next one.
    fn drop(&mut self) {
        if self.probe
            && let Inner::Open { probing, .. } = &mut *self.breaker.lock()
        {
            *probing = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: BreakerSettings = BreakerSettings { failures: 3, open_for: Duration::from_secs(30) };

    fn at(seconds: u64) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(1_000_000 + seconds))
    }

    fn opened(seconds: u64) -> Breaker {
        let breaker = Breaker::new(SETTINGS);
        for last in [false, false, true] {
            assert_eq!(breaker.admit(at(seconds)).unwrap().failed(at(seconds)), last);
        }
        breaker
    }

    #[test]
    fn failures_in_a_row_open_it_and_an_answer_between_starts_the_count_again() {
        let breaker = Breaker::new(SETTINGS);
        for _ in 0..10 {
            assert!(!breaker.admit(at(0)).unwrap().failed(at(0)));
            assert!(!breaker.admit(at(0)).unwrap().failed(at(0)));
            assert!(!breaker.admit(at(0)).unwrap().answered());
        }
        assert_eq!(breaker.state(at(0)), BreakerState::Closed);
        let breaker = opened(0);
        assert_eq!(breaker.state(at(0)), BreakerState::Open);
        assert!(breaker.admit(at(29)).is_none());
    }

    #[test]
    fn one_request_finds_out_and_an_answer_closes_it() {
        let breaker = opened(0);
        assert_eq!(breaker.state(at(30)), BreakerState::HalfOpen);
        let probe = breaker.admit(at(30)).expect("the probe");
        assert!(breaker.admit(at(31)).is_none(), "one at a time");
        assert!(probe.answered());
        assert_eq!(breaker.state(at(31)), BreakerState::Closed);
        assert!(breaker.admit(at(31)).is_some() && breaker.admit(at(31)).is_some());
    }

    #[test]
    fn a_probe_that_fails_opens_it_for_as_long_again() {
        let breaker = opened(0);
        breaker.admit(at(40)).unwrap().failed(at(40));
        assert_eq!(breaker.state(at(69)), BreakerState::Open);
        assert!(breaker.admit(at(69)).is_none());
        assert!(breaker.admit(at(70)).is_some());
    }

    #[test]
    fn a_probe_that_nobody_waited_for_leaves_its_place() {
        let breaker = opened(0);
        drop(breaker.admit(at(30)).expect("the probe"));
        assert!(breaker.admit(at(30)).is_some());
    }

    #[test]
    fn what_was_on_its_way_when_it_opened_changes_nothing_but_an_answer_closes_it() {
        let breaker = Breaker::new(SETTINGS);
        let late = [breaker.admit(at(0)).unwrap(), breaker.admit(at(0)).unwrap()];
        for _ in 0..3 {
            breaker.admit(at(0)).unwrap().failed(at(0));
        }
        let [failed, answered] = late;
        assert!(!failed.failed(at(29)));
        assert!(breaker.admit(at(30)).is_some(), "open since 0, not since 29");
        assert!(answered.answered());
        assert_eq!(breaker.state(at(1)), BreakerState::Closed);
    }

    #[test]
    fn a_clock_that_was_put_back_does_not_keep_it_open() {
        let breaker = opened(100_000);
        assert!(breaker.admit(at(0)).is_some());
    }
}

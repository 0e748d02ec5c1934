//! A circuit breaker: a responder that failed several times in a row is left alone for a while, and then one request
//! finds out whether it is back.

use std::collections::VecDeque;
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
    Closed { failed: Failed },
    Open { since: UnixTime, probing: bool, failed: Failed },
}

/// How a request failed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Failure {
    /// Nobody answered.
    Silence,
    /// What was answered to the question about the certificate with this hash is no answer.
    About([u8; 32]),
}

/// What failed since the last answer. A certificate counts once: the responder may be well for all others.
#[derive(Debug, Default)]
struct Failed {
    silences: u32,
    certificates: VecDeque<[u8; 32]>,
}

impl Failed {
    /// False for a certificate that is counted already. Never more than `most` certificates are.
    fn count(&mut self, failure: Failure, most: u32) -> bool {
        let Failure::About(certificate) = failure else {
            self.silences = self.silences.saturating_add(1);
            return true;
        };
        if self.certificates.contains(&certificate) {
            return false;
        }
        self.certificates.push_back(certificate);
        if self.sum() > most && self.certificates.len() > 1 {
            self.certificates.pop_front();
        }
        true
    }

    fn sum(&self) -> u32 {
        u32::try_from(self.certificates.len()).unwrap_or(u32::MAX).saturating_add(self.silences)
    }
}

/// Leave to send one request. Dropped without a word, it has changed nothing.
#[derive(Debug)]
pub(crate) struct Permit<'a> {
    breaker: &'a Breaker,
    probe: bool,
}

impl Breaker {
    pub(crate) fn new(settings: BreakerSettings) -> Self {
        Self { settings, inner: Mutex::new(Inner::Closed { failed: Failed::default() }) }
    }

    /// Leave to send a request, unless the responder is left alone for now.
    pub(crate) fn admit(&self, now: UnixTime) -> Option<Permit<'_>> {
        let mut inner = self.lock();
        match &mut *inner {
            Inner::Closed { .. } => Some(Permit { breaker: self, probe: false }),
            Inner::Open { since, probing, .. } if !*probing && self.is_over(*since, now) => {
                *probing = true;
                Some(Permit { breaker: self, probe: true })
            }
            Inner::Open { .. } => None,
        }
    }

    pub(crate) fn state(&self, now: UnixTime) -> BreakerState {
        match &*self.lock() {
            Inner::Closed { .. } => BreakerState::Closed,
            Inner::Open { since, probing, .. } if *probing || self.is_over(*since, now) => {
                BreakerState::HalfOpen
            }
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
        *inner = Inner::Closed { failed: Failed::default() };
        was_open
    }

    /// The responder failed. True when this opened the breaker.
    pub(crate) fn failed(self, now: UnixTime, failure: Failure) -> bool {
        let most = self.breaker.settings.failures;
        let mut inner = self.breaker.lock();
        match &mut *inner {
            Inner::Closed { failed } => {
                failed.count(failure, most);
                let is_over = failed.sum() >= most;
                if is_over {
                    let failed = std::mem::take(failed);
                    *inner = Inner::Open { since: now, probing: false, failed };
                }
                is_over
            }
            // Of a request that was on its way when it opened there is nothing to learn.
            Inner::Open { .. } if !self.probe => false,
            Inner::Open { since, probing, failed } => {
                *probing = false;
                // A certificate that has failed before tells nothing of the others: the next one may try at once.
                if failed.count(failure, most) {
                    *since = now;
                }
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

    fn fail(breaker: &Breaker, seconds: u64) -> bool {
        breaker.admit(at(seconds)).expect("admitted").failed(at(seconds), Failure::Silence)
    }

    fn fail_about(breaker: &Breaker, seconds: u64, card: u8) -> bool {
        breaker.admit(at(seconds)).expect("admitted").failed(at(seconds), Failure::About([card; 32]))
    }

    fn opened(seconds: u64) -> Breaker {
        let breaker = Breaker::new(SETTINGS);
        for last in [false, false, true] {
            assert_eq!(fail(&breaker, seconds), last);
        }
        breaker
    }

    #[test]
    fn failures_in_a_row_open_it_and_an_answer_between_starts_the_count_again() {
        let breaker = Breaker::new(SETTINGS);
        for _ in 0..10 {
            assert!(!fail(&breaker, 0));
            assert!(!fail(&breaker, 0));
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
        fail(&breaker, 40);
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
            fail(&breaker, 0);
        }
        let [failed, answered] = late;
        assert!(!failed.failed(at(29), Failure::Silence));
        assert!(breaker.admit(at(30)).is_some(), "open since 0, not since 29");
        assert!(answered.answered());
        assert_eq!(breaker.state(at(1)), BreakerState::Closed);
    }

    #[test]
    fn a_clock_that_was_put_back_does_not_keep_it_open() {
        let breaker = opened(100_000);
        assert!(breaker.admit(at(0)).is_some());
    }

    #[test]
    fn one_certificate_counts_once_and_an_answer_forgets_it() {
        let breaker = Breaker::new(SETTINGS);
        for _ in 0..10 {
            assert!(!fail_about(&breaker, 0, 1));
        }
        assert!(!fail_about(&breaker, 0, 2));
        breaker.admit(at(0)).expect("admitted").answered();
        assert!(!fail_about(&breaker, 0, 1));
        assert!(!fail(&breaker, 0));
        assert!(fail_about(&breaker, 0, 2), "silences count beside certificates");
    }

    #[test]
    fn a_certificate_that_opened_it_does_not_keep_others_out() {
        let breaker = Breaker::new(SETTINGS);
        for card in 1..=3 {
            assert_eq!(fail_about(&breaker, 0, card), card == 3);
        }
        for card in 1..=3 {
            assert!(!fail_about(&breaker, 30, card), "the next one may try at once");
        }
        assert!(!fail_about(&breaker, 30, 4));
        assert!(breaker.admit(at(59)).is_none(), "it fails for others as well");
        assert!(!fail_about(&breaker, 60, 4));
        assert!(breaker.admit(at(60)).expect("the probe of another one").answered());
        assert_eq!(breaker.state(at(60)), BreakerState::Closed);
    }

    #[test]
    fn it_remembers_no_more_certificates_than_open_it() {
        let breaker = Breaker::new(SETTINGS);
        for card in 1..=100 {
            let seconds = u64::from(card) * 30;
            fail_about(&breaker, seconds, card);
        }
        let Inner::Open { failed, .. } = &*breaker.lock() else { panic!("open") };
        assert_eq!(failed.certificates.len(), 3);
    }
}

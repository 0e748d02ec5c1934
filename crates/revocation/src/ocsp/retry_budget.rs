//! How often a second responder may be asked: a fraction of the questions, so that a failing one is not answered by a
//! storm on the next.

use std::sync::atomic::{AtomicU32, Ordering};

/// Tokens: every question brings a part of one, every further request of a question takes a whole one.
#[derive(Debug)]
pub(crate) struct RetryBudget {
    settings: RetrySettings,
    parts: AtomicU32,
}

/// How often a second responder may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetrySettings {
    /// Further requests for every hundred questions.
    pub percent: u32,
    /// After a quiet time, so many at once: enough for the failures that open a breaker.
    pub saved: u32,
}

impl RetryBudget {
    pub(crate) fn new(settings: RetrySettings) -> Self {
        Self { settings, parts: AtomicU32::new(settings.most()) }
    }

    /// A question is asked for the first time.
    pub(crate) fn deposit(&self) {
        // Never an error: the closure always has a value.
        let _ = self.parts.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |parts| {
            Some(parts.saturating_add(self.settings.percent).min(self.settings.most()))
        });
    }

    /// True when it may be asked once more.
    pub(crate) fn withdraw(&self) -> bool {
        self.parts
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |parts| parts.checked_sub(PARTS_OF_A_TOKEN))
            .is_ok()
    }
}

impl RetrySettings {
    fn most(self) -> u32 {
        self.saved.saturating_mul(PARTS_OF_A_TOKEN)
    }
}

const PARTS_OF_A_TOKEN: u32 = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn further_requests_are_a_part_of_the_questions() {
        for percent in [1, 20, 100] {
            let budget = RetryBudget::new(RetrySettings { percent, saved: 50 });
            while budget.withdraw() {}
            let further: u32 = (0..1000)
                .map(|_| {
                    budget.deposit();
                    u32::from(budget.withdraw())
                })
                .sum();
            assert_eq!(further, 10 * percent);
        }
    }

    #[test]
    fn a_quiet_time_saves_up_no_more_than_its_bound() {
        let budget = RetryBudget::new(RetrySettings { percent: 20, saved: 50 });
        (0..10_000).for_each(|_| budget.deposit());
        assert_eq!((0..10_000).filter(|_| budget.withdraw()).count(), 50);
    }
}

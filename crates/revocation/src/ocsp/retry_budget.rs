//! How often a second responder may be asked: a fraction of the questions, so that a failing one is not answered by a
//! storm on the next.

use std::sync::atomic::{AtomicU32, Ordering};

/// Tokens: every question brings a part of one, every further request of a question takes a whole one.
#[derive(Debug)]
pub(crate) struct RetryBudget(AtomicU32);

impl RetryBudget {
    pub(crate) fn new() -> Self {
        Self(AtomicU32::new(MOST))
    }

    /// A question is asked for the first time.
    pub(crate) fn deposit(&self) {
        // Never an error: the closure always has a value.
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |parts| {
            Some(parts.saturating_add(1).min(MOST))
        });
    }

    /// True when it may be asked once more.
    pub(crate) fn withdraw(&self) -> bool {
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |parts| parts.checked_sub(PARTS_OF_A_TOKEN))
            .is_ok()
    }
}

/// One more request for every five questions.
const PARTS_OF_A_TOKEN: u32 = 5;
/// After a quiet time, so many at once: enough for the failures that open a breaker.
const MOST: u32 = 50 * PARTS_OF_A_TOKEN;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn further_requests_are_a_fifth_of_the_questions() {
        let budget = RetryBudget::new();
        while budget.withdraw() {}
        let further: u32 = (0..1000)
            .map(|_| {
                budget.deposit();
                u32::from(budget.withdraw())
            })
            .sum();
        assert_eq!(further, 200);
    }

    #[test]
    fn a_quiet_time_saves_up_no_more_than_its_bound() {
        let budget = RetryBudget::new();
        (0..10_000).for_each(|_| budget.deposit());
        assert_eq!((0..10_000).filter(|_| budget.withdraw()).count(), 50);
    }
}

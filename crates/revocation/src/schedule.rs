//! When to ask a server for its list again.

use std::time::Duration;

use rustls_pki_types::UnixTime;

/// When one list is due. Whoever asks many servers, or is one of many who ask one, must not ask in step: each wait is
/// shortened by up to a tenth, by chance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Schedule {
    every: Duration,
    due: UnixTime,
    failures: u32,
}

impl Schedule {
    /// Due at once.
    pub(crate) fn new(every: Duration) -> Self {
        Self { every, due: UnixTime::since_unix_epoch(Duration::ZERO), failures: 0 }
    }

    pub(crate) fn is_due(&self, now: UnixTime) -> bool {
        self.due <= now
    }

    pub(crate) fn due(&self) -> UnixTime {
        self.due
    }

    /// After an answer.
    pub(crate) fn succeeded(&mut self, now: UnixTime, chance: u8) {
        self.failures = 0;
        self.due = later(now, self.every, chance);
    }

    /// After a failure: a minute, doubled each time, never longer than after an answer.
    pub(crate) fn failed(&mut self, now: UnixTime, chance: u8) {
        let doubled = FIRST_RETRY.saturating_mul(1 << self.failures.min(16));
        self.failures = self.failures.saturating_add(1);
        self.due = later(now, doubled.min(self.every), chance);
    }
}

fn later(now: UnixTime, wait: Duration, chance: u8) -> UnixTime {
    let wait = wait.saturating_sub(wait * u32::from(chance) / (10 * 255));
    UnixTime::since_unix_epoch(Duration::from_secs(now.as_secs()).saturating_add(wait))
}

const FIRST_RETRY: Duration = Duration::from_mins(1);

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(seconds))
    }

    #[test]
    fn after_an_answer_the_next_question_is_a_little_early_by_chance() {
        let mut schedule = Schedule::new(Duration::from_hours(1));
        assert!(schedule.is_due(at(0)));
        schedule.succeeded(at(10), 0);
        assert_eq!(schedule.due(), at(3610));
        schedule.succeeded(at(10), 255);
        assert_eq!(schedule.due(), at(3250));
        assert!(!schedule.is_due(at(3249)));
        assert!(schedule.is_due(at(3250)));
    }

    #[test]
    fn failures_wait_longer_each_time_and_never_longer_than_answers() {
        let mut schedule = Schedule::new(Duration::from_mins(5));
        let waits: Vec<u64> = (0..40)
            .map(|_| {
                schedule.failed(at(0), 0);
                schedule.due().as_secs()
            })
            .collect();
        assert_eq!(waits[..4], [60, 120, 240, 300]);
        assert!(waits[4..].iter().all(|wait| *wait == 300));
        schedule.succeeded(at(0), 0);
        schedule.failed(at(0), 0);
        assert_eq!(schedule.due(), at(60));
    }
}

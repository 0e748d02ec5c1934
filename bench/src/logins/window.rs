//! A stretch of time in which one server is kept busy.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::crl::timing::Histogram;
use crate::logins::party::Party;

/// What was seen in it.
pub(crate) struct Window {
    pub(crate) logins: u64,
    pub(crate) verified: u64,
    pub(crate) failures: BTreeMap<String, u64>,
    pub(crate) times: Histogram,
    pub(crate) elapsed: Duration,
    pub(crate) cpu: Duration,
}

impl Window {
    /// Keeps the server busy for so long, so many logins at once.
    pub(crate) async fn of(party: &Arc<Party>, at_once: usize, length: Duration) -> Result<Self, String> {
        let mut lines = Vec::new();
        for _ in 0..at_once {
            lines.push(party.line().await?);
        }
        let (start, before) = (Instant::now(), party.process.cpu());
        let mut residents = JoinSet::new();
        for mut line in lines {
            let party = Arc::clone(party);
            residents.spawn(async move {
                let mut seen = Seen::default();
                while start.elapsed() < length && seen.failures.is_empty() {
                    let verify = seen.times.len() % SAMPLE == 0;
                    match party.log_in(&mut line, verify).await {
                        Ok(took) => {
                            seen.times.push(took);
                            seen.verified += u64::from(verify);
                        }
                        Err(error) => seen.failures.push(error),
                    }
                }
                seen
            });
        }
        let seen = residents.join_all().await;
        let (elapsed, cpu) = (start.elapsed(), party.process.cpu() - before);
        let mut times = Histogram::new();
        seen.iter().flat_map(|seen| &seen.times).for_each(|took| times.add(*took));
        let mut failures = BTreeMap::<String, u64>::new();
        for failure in seen.iter().flat_map(|seen| &seen.failures) {
            *failures.entry(failure.clone()).or_default() += 1;
        }
        let logins = seen.iter().map(|seen| seen.times.len() as u64).sum();
        let verified = seen.iter().map(|seen| seen.verified).sum();
        Ok(Self { logins, verified, failures, times, elapsed, cpu })
    }

    /// CPU time of the server for each login, in milliseconds.
    pub(crate) fn cost(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e3 / self.logins as f64
    }

    pub(crate) fn rate(&self) -> f64 {
        self.logins as f64 / self.elapsed.as_secs_f64()
    }
}

/// What one resident after another has seen.
#[derive(Default)]
struct Seen {
    times: Vec<Duration>,
    verified: u64,
    failures: Vec<String>,
}

/// The signature of one login in so many is verified.
const SAMPLE: usize = 100;

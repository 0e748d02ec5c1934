//! Many residents at once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::crl::timing::{Histogram, cpu};
use crate::sign_ins::line::Line;
use crate::sign_ins::resident::Claimed;
use crate::sign_ins::town::{Card, RunningGateway, Town};

/// How long a sign-in took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    /// All of it; the resident does not hesitate.
    pub(crate) whole: Duration,
    /// The agent's finish, in which the sources are asked.
    pub(crate) finish: Duration,
}

/// What came of a crowd.
pub(crate) struct Outcome {
    pub(crate) signed_in: u64,
    /// How often, by what the gateway said.
    pub(crate) failures: BTreeMap<String, u64>,
    pub(crate) whole: Histogram,
    pub(crate) finish: Histogram,
    pub(crate) elapsed: Duration,
    /// CPU time of the gateway's process.
    pub(crate) gateway: Duration,
    /// CPU time of this one: all residents, cards, the service, and the responder.
    pub(crate) others: Duration,
}

/// Who signs in, and where.
#[derive(Clone)]
pub(crate) struct Crowd {
    pub(crate) town: Arc<Town>,
    pub(crate) gateway: Arc<RunningGateway>,
    /// Counts for whoever looks meanwhile.
    pub(crate) failed: Arc<AtomicU64>,
}

impl Crowd {
    pub(crate) fn new(town: &Arc<Town>, gateway: RunningGateway) -> Self {
        Self { town: Arc::clone(town), gateway: Arc::new(gateway), failed: Arc::default() }
    }

    /// Each of these cards signs in once; so many residents at a time.
    pub(crate) async fn each(
        &self,
        cards: std::ops::Range<usize>,
        at_once: usize,
    ) -> Result<Outcome, String> {
        let next = Arc::new(AtomicUsize::new(cards.start));
        let residents = self.lines(at_once).await?.into_iter().map(|line| {
            let (crowd, next, end) = (self.clone(), Arc::clone(&next), cards.end);
            async move {
                let take = || Some(next.fetch_add(1, Ordering::SeqCst)).filter(|card| *card < end);
                crowd.sign_in_while(line, take).await
            }
        });
        Ok(self.all(residents).await)
    }

    /// Residents keep signing in, card after card, until they are told to stop.
    pub(crate) async fn until(&self, stop: &Arc<AtomicBool>, at_once: usize) -> Result<Outcome, String> {
        let next = Arc::new(AtomicUsize::new(0));
        let residents = self.lines(at_once).await?.into_iter().map(|line| {
            let (crowd, next, stop) = (self.clone(), Arc::clone(&next), Arc::clone(stop));
            async move {
                let take = || (!stop.load(Ordering::SeqCst)).then(|| next.fetch_add(1, Ordering::SeqCst));
                crowd.sign_in_while(line, take).await
            }
        });
        Ok(self.all(residents).await)
    }

    /// So many sign-ins with one card, which all ask to be believed at the same moment.
    pub(crate) async fn together(&self, card: usize, at_once: usize) -> Result<Outcome, String> {
        let barrier = Arc::new(Barrier::new(at_once));
        let residents = self.lines(at_once).await?.into_iter().map(|mut line| {
            let (crowd, barrier) = (self.clone(), Arc::clone(&barrier));
            async move {
                let (card, mut seen) = (&crowd.town.cards[card], Seen::default());
                let claimed = Claimed::reach(&mut line, &crowd.gateway.origin, card).await;
                barrier.wait().await;
                let times = match claimed {
                    Ok(claimed) => claimed.complete(&mut line).await,
                    Err(error) => Err(error),
                };
                crowd.note(&mut seen, times);
                seen
            }
        });
        Ok(self.all(residents).await)
    }

    async fn sign_in_while(self, mut line: Line, take: impl Fn() -> Option<usize>) -> Seen {
        let mut seen = Seen::default();
        while let Some(card) = take() {
            let card = &self.town.cards[card % self.town.cards.len()];
            let times = self.sign_in(&mut line, card).await;
            if times.is_err()
                && let Ok(another) = self.line().await
            {
                line = another;
            }
            self.note(&mut seen, times);
        }
        seen
    }

    async fn sign_in(&self, line: &mut Line, card: &Card) -> Result<Times, String> {
        Claimed::reach(line, &self.gateway.origin, card).await?.complete(line).await
    }

    /// A connection for each resident, made before the clock runs: a proxy in front of the gateway keeps its own.
    async fn lines(&self, count: usize) -> Result<Vec<Line>, String> {
        let mut lines = Vec::new();
        for _ in 0..count {
            lines.push(self.line().await?);
        }
        Ok(lines)
    }

    async fn line(&self) -> Result<Line, String> {
        Line::open(self.gateway.address, &self.gateway.host).await
    }

    fn note(&self, seen: &mut Seen, times: Result<Times, String>) {
        match times {
            Ok(times) => seen.times.push(times),
            Err(error) => {
                self.failed.fetch_add(1, Ordering::SeqCst);
                *seen.failures.entry(error).or_default() += 1;
            }
        }
    }

    async fn all(
        &self,
        residents: impl Iterator<Item = impl Future<Output = Seen> + Send + 'static>,
    ) -> Outcome {
        let (start, gateway, others) = (Instant::now(), self.gateway.cpu(), cpu());
        let mut residents: JoinSet<Seen> = residents.collect();
        let (mut whole, mut finish) = (Histogram::new(), Histogram::new());
        let (mut signed_in, mut failures) = (0, BTreeMap::<String, u64>::new());
        while let Some(seen) = residents.join_next().await {
            let seen = seen.expect("a resident");
            for times in seen.times {
                signed_in += 1;
                whole.add(times.whole);
                finish.add(times.finish);
            }
            for (failure, count) in seen.failures {
                *failures.entry(failure).or_default() += count;
            }
        }
        let (elapsed, gateway) = (start.elapsed(), self.gateway.cpu() - gateway);
        Outcome { signed_in, failures, whole, finish, elapsed, gateway, others: cpu() - others }
    }
}

/// What one resident has seen.
#[derive(Default)]
struct Seen {
    times: Vec<Times>,
    failures: BTreeMap<String, u64>,
}

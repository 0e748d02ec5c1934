//! Residents keep signing in while something is killed again and again.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use ring::rand::SecureRandom as _;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::ledger::{Fault, Step};
use super::resident::Resident;
use super::town::Town;
use crate::town::random;

/// What is killed.
#[async_trait]
pub trait Victim: Send {
    /// Ends it as a power cut would.
    async fn kill(&mut self);
    /// Begins to start it.
    async fn spawn(&mut self);
    /// Waits until it serves.
    async fn ready(&mut self);
}

/// The load, and where it goes.
pub struct Crash {
    town: Arc<Town>,
    nodes: Arc<[SocketAddr]>,
    pace: watch::Sender<Pace>,
    residents: JoinSet<()>,
}

/// What residents do after a sign-in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pace {
    Begin,
    Wait,
    Leave,
}

impl Crash {
    /// So many residents begin to sign in at these nodes.
    pub fn begin(town: &Arc<Town>, nodes: &[SocketAddr], residents: usize) -> Self {
        let nodes = Arc::<[SocketAddr]>::from(nodes);
        let (pace, watched) = watch::channel(Pace::Begin);
        let next = Arc::<AtomicUsize>::default();
        let residents = (0..residents).map(|number| {
            let mut resident = Resident::new(town, town.lines(&nodes, number));
            let (mut pace, next) = (watched.clone(), Arc::clone(&next));
            async move {
                while pace.wait_for(|pace| *pace != Pace::Wait).await.is_ok_and(|pace| *pace == Pace::Begin) {
                    resident.sign_in(next.fetch_add(1, Ordering::SeqCst)).await;
                }
            }
        });
        let residents = residents.collect();
        Self { town: Arc::clone(town), nodes, pace, residents }
    }

    /// Kills it so often, at moments that nobody chose: while it works, and one time in eight while it starts. After each
    /// everything that was answered before is asked for again.
    pub async fn kill(&self, victim: &mut impl Victim, times: u64) {
        for number in 0..times {
            moment(Duration::from_millis(20), Duration::from_millis(600)).await;
            self.town.ledger.kill();
            victim.kill().await;
            let mut answered = self.town.ledger.take_signed_in();
            victim.spawn().await;
            if number % 8 == 7 {
                moment(Duration::ZERO, Duration::from_millis(150)).await;
                self.town.ledger.kill();
                victim.kill().await;
                victim.spawn().await;
            }
            victim.ready().await;
            // Those under way go on meanwhile, over the kill; nobody begins.
            self.pace.send_replace(Pace::Wait);
            answered.extend(self.town.ledger.take_signed_in());
            self.check(answered).await;
            self.pace.send_replace(Pace::Begin);
        }
    }

    /// Nobody begins another sign-in; those under way are finished, and everything since the last kill is asked for again.
    pub async fn end(mut self) {
        self.pace.send_replace(Pace::Leave);
        while let Some(ended) = self.residents.join_next().await {
            ended.expect("a resident");
        }
        self.check(self.town.ledger.take_signed_in()).await;
        if self.town.ledger.steps(Step::Redeemed).0 == 0 {
            self.town.ledger.fault(Fault::Lost("nobody signed in at all".to_owned()));
        }
    }

    async fn check(&self, answered: Vec<super::SignedIn>) {
        let answered = Arc::new(std::sync::Mutex::new(answered));
        let mut checkers: JoinSet<()> = (0..CHECKERS)
            .map(|number| {
                let mut checker = Resident::new(&self.town, self.town.lines(&self.nodes, number));
                let answered = Arc::clone(&answered);
                async move {
                    let take = || answered.lock().expect("nobody panics with it").pop();
                    while let Some(signed_in) = take() {
                        checker.check(signed_in).await;
                    }
                }
            })
            .collect();
        while let Some(checked) = checkers.join_next().await {
            checked.expect("a checker");
        }
    }
}

/// A moment within this time. No event leads to it: that is the point.
async fn moment(least: Duration, most: Duration) {
    let mut octets = [0; 4];
    random().fill(&mut octets).expect("randomness");
    let share = f64::from(u32::from_le_bytes(octets)) / f64::from(u32::MAX);
    tokio::time::sleep(least + most.saturating_sub(least).mul_f64(share)).await;
}

const CHECKERS: usize = 8;

#[async_trait]
impl Victim for super::Node {
    async fn kill(&mut self) {
        Self::kill(self).await;
    }

    async fn spawn(&mut self) {
        Self::spawn(self);
    }

    async fn ready(&mut self) {
        Self::ready(self).await;
    }
}

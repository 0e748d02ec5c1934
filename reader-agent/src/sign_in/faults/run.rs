//! One sign-in of the agent with one card, and what must hold of it whatever went wrong.

use std::sync::Arc;
use std::time::Duration;

use madoguchi_iso7816::StatusWord;
use madoguchi_mock_card::{CardContents, Fault, Scenario};
use madoguchi_protocol::{CLAIMED_SECONDS, ErrorCode, Octets, Secret};

use super::super::Order;
use super::bench::{Bench, Seen, Surroundings};
use super::step::Step;
use crate::desk::End;
use crate::testing::{FakeGateway, HandClock, Resident, clerk, origin};
use crate::{Clock, Notice};

/// What is different from run to run.
#[derive(Clone, Debug)]
pub(super) struct Trial {
    pub(super) scenario: Scenario,
    /// What the resident types. They type until the list is over.
    pub(super) pins: &'static [&'static str],
    pub(super) surroundings: Surroundings,
}

/// What came of it.
pub(super) struct Run {
    pub(super) result: Result<(), ErrorCode>,
    pub(super) seen: Vec<Seen>,
    /// Where the fault struck; none when the sign-in was over before.
    pub(super) struck: Option<Step>,
    pub(super) tries_left: u8,
    end: End,
    logged_in: bool,
    typed: usize,
    /// How often the resident was told that a try may be spent, and how many are left where that is known.
    told_of_a_try: Vec<Option<u8>>,
    finished: u32,
    cancelled: Vec<ErrorCode>,
    took: Duration,
}

/// What must never happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Violation {
    /// More VERIFYs than PINs typed.
    VerifiedAgain,
    /// A VERIFY that no counter above zero, told by the card, came before.
    VerifiedBlindly,
    /// Tries went that no wrong PIN took, or more than one at once.
    TriesLost,
    /// The card would sign for the next program.
    LeftLoggedIn,
    /// More commands than any reason can need.
    TooManyCommands,
    /// More time than the sign-in had.
    TooLong,
    /// Browser, gateway and resident do not learn the same.
    ToldDifferently,
    /// A VERIFY went without an answer that says right or wrong and the resident was not told, or was told without need
    /// or another number than the card's.
    TryNotTold,
}

impl Trial {
    pub(super) fn fault(&self) -> Option<Fault> {
        self.scenario.fault.map(|plan| plan.fault())
    }

    pub(super) fn run(&self, card: &CardContents) -> Run {
        let clock = Arc::new(HandClock::default());
        let bench = Bench::new(card, &self.scenario, self.surroundings, Arc::clone(&clock));
        let gateway = Arc::new(FakeGateway::default());
        let resident = Resident::default();
        {
            let mut mind = resident.0.lock().expect("the mind");
            mind.pins = self.pins.iter().copied().collect();
            mind.again = self.pins.len() > 1;
        }
        let mut clerk = clerk(bench.clone(), &resident, &gateway, &clock);
        let before = clock.monotonic();
        let ticket = Secret::decode(&Octets([9; 32]).encode()).expect("32 octets");
        let end = clerk.serve(Order { gateway: origin(), ticket });
        let seen = bench.seen();
        let mind = resident.0.lock().expect("the mind");
        Run {
            result: *mind.ends.last().expect("an end"),
            end,
            struck: seen.iter().find(|seen| seen.struck).map(|seen| seen.step),
            seen,
            logged_in: bench.is_logged_in(),
            tries_left: bench.tries_left().expect("a PIN"),
            typed: self.pins.len() - mind.pins.len(),
            told_of_a_try: mind
                .notices
                .iter()
                .filter_map(|notice| match notice {
                    Notice::TryMayBeSpent { tries_left } => Some(*tries_left),
                    _ => None,
                })
                .collect(),
            finished: *gateway.finished.lock().expect("the count"),
            cancelled: gateway.cancelled.lock().expect("the list").clone(),
            took: clock.monotonic().saturating_sub(before),
        }
    }
}

impl Run {
    /// Everything that must not have happened and did.
    pub(super) fn violations(&self, trial: &Trial) -> Vec<Violation> {
        let verifies = || self.seen.iter().filter(|seen| seen.step == Step::Verify);
        let found = [
            (verifies().count() > self.typed, Violation::VerifiedAgain),
            (self.verified_blindly(), Violation::VerifiedBlindly),
            (self.lost_tries(trial), Violation::TriesLost),
            (self.logged_in && !self.could_not_leave(trial), Violation::LeftLoggedIn),
            (self.seen.len() > MOST_COMMANDS, Violation::TooManyCommands),
            (self.took > Duration::from_secs(CLAIMED_SECONDS), Violation::TooLong),
            (self.told_differently(), Violation::ToldDifferently),
            (
                self.told_of_a_try.len() != verifies().filter(|seen| !is_verdict(seen.status)).count(),
                Violation::TryNotTold,
            ),
            (
                self.told_of_a_try.iter().flatten().any(|tries| *tries != self.tries_left),
                Violation::TryNotTold,
            ),
        ];
        found.into_iter().filter(|(happened, _)| *happened).map(|(_, violation)| violation).collect()
    }

    fn verified_blindly(&self) -> bool {
        let mut told = None;
        self.seen.iter().any(|seen| {
            match (seen.step, seen.status) {
                (Step::Verify, _) => return !matches!(told.take(), Some(1..)),
                (Step::Query, Some(StatusWord::TriesLeft(tries))) => told = Some(tries),
                // No answer, or another application and another counter.
                (Step::Query | Step::Enter | Step::SelectJpki | Step::Leave, _) => told = None,
                _ => {}
            }
            false
        })
    }

    /// Compares the counter with what each VERIFY must have made of it.
    fn lost_tries(&self, trial: &Trial) -> bool {
        let mut tries = Some(trial.scenario.auth_tries);
        let mut pins = trial.pins.iter();
        for seen in &self.seen {
            if seen.tries[0] != tries {
                return true;
            }
            let blocked = seen.struck && trial.fault() == Some(Fault::BlockedPin);
            if blocked {
                tries = Some(0);
            } else if seen.step == Step::Verify {
                // One more VERIFY than PINs repeats the last.
                let pin = pins.next().or(trial.pins.last());
                // 61xx comes after the command's effect; without an answer only a card that went out after it knows.
                let effect = is_verdict(seen.status)
                    || matches!(seen.status, Some(StatusWord::MoreData(_)))
                    || (seen.status.is_none() && trial.fault() == Some(Fault::RemoveAfter));
                tries = match tries {
                    Some(1..) if effect && pin == Some(&RIGHT_PIN) => Some(ALL_TRIES),
                    Some(left @ 1..) if effect => Some(left - 1),
                    same => same,
                };
            }
            if seen.tries[1] != tries {
                return true;
            }
        }
        Some(self.tries_left) != tries
    }

    /// Where the power stays on, all depends on the last command, which is sent twice where the card refuses it. Nothing is
    /// sent to a card that was reset, and only another program's hold of it at that moment keeps the command from it.
    fn could_not_leave(&self, trial: &Trial) -> bool {
        let kept_away = match trial.fault() {
            Some(Fault::WarmReset) => self.struck.is_some(),
            Some(Fault::Hold) => self.struck == Some(Step::Leave),
            _ => false,
        };
        trial.surroundings.keeps_power && kept_away
    }

    fn told_differently(&self) -> bool {
        let End::Redirect(url) = &self.end else { return true };
        match self.result {
            Ok(()) => self.finished != 1 || !self.cancelled.is_empty() || !url.contains("/return?v="),
            Err(code) => self.finished != 0 || self.cancelled != [code] || !url.ends_with("/stopped"),
        }
    }
}

/// Right, wrong or blocked.
fn is_verdict(status: Option<StatusWord>) -> bool {
    matches!(
        status,
        Some(
            StatusWord::Ok
                | StatusWord::TriesLeft(_)
                | StatusWord::AuthenticationMethodBlocked
                | StatusWord::ReferenceDataNotUsable
        )
    )
}

pub(super) const RIGHT_PIN: &str = "1234";
const ALL_TRIES: u8 = 3;
/// Three times those of a sign-in in which a PIN is typed twice.
const MOST_COMMANDS: usize = 100;

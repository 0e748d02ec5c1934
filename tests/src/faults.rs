//! The shipped agent against a fault of the mock card at a command of a sign-in, on the real smart card service.
//!
//! One town, many sign-ins. What goes wrong is told to the mock card by lines; what it cannot do itself (a second program, a
//! reader that is unplugged) is done here when it says that the moment has come. Which command met the fault, and how many
//! carried a PIN, is read from the card's own trace.

mod allowed;
mod attendant;
mod trace;

use std::collections::BTreeMap;
use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use madoguchi_demo::{Browser, Child, Pcscd, Program, TEST_PIN};
use serde_json::Value;
use tokio::sync::oneshot;
use tokio::time::Instant;

use self::allowed::Allowed;
use self::attendant::Attendant;
use self::trace::{answers, steps};
use crate::town::{Town, shown_code};

/// How long a sign-in may take, whatever goes wrong: the agent waits a second for a card.
pub const TIME_LIMIT: Duration = Duration::from_secs(15);

/// The town, and the card that things happen to.
pub struct Matrix {
    town: Town,
    card: Child,
    agent: Child,
    trace: PathBuf,
    /// Cards so far.
    cards: u32,
    /// Lines of the trace that belong to earlier sign-ins.
    read: usize,
    allowed: Allowed,
    /// The commands of a sign-in without a fault, by the PIN.
    healthy: BTreeMap<&'static str, Vec<String>>,
}

/// One sign-in to be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Plan {
    /// What goes wrong, and where: `remove@7`, or `none`.
    pub fault: String,
    /// What the agent is given when it asks.
    pub pin: &'static str,
}

/// What came of it.
#[derive(Debug)]
pub struct Run {
    /// What was to go wrong.
    pub plan: Plan,
    /// The command that met it; none when the sign-in was over before.
    pub step: Option<String>,
    /// `proven`, or the error code.
    pub outcome: String,
    /// Everything about it that must not be.
    pub wrong: Vec<String>,
    /// What the card said of itself afterwards; none when it went with its reader, and nobody can ask.
    pub after: Option<After>,
    /// From the service's page to the last one.
    pub took: Duration,
}

/// The card after a sign-in.
#[derive(Clone, Copy, Debug)]
pub struct After {
    /// Tries lost that no wrong PIN took.
    pub tries_lost: u64,
    /// It would have signed for the next program.
    pub left_logged_in: bool,
}

impl Matrix {
    /// A town with a card that has nothing wrong with it yet.
    pub async fn start() -> Self {
        let mut town = Town::usual().await;
        town.stack.child("mock-card").expect("the mock card").stop().await;
        let trace = town.stack.folder().join("trace-0");
        let card = insert_card(&mut town, &trace).await;
        let agent = start_agent(&mut town).await;
        let allowed = Allowed::read();
        let mut matrix =
            Self { town, card, agent, trace, cards: 1, read: 0, allowed, healthy: BTreeMap::new() };
        for pin in PINS {
            let run = matrix.run(&Plan { fault: "none".to_owned(), pin }).await;
            assert!(run.wrong.is_empty(), "{run:?}");
            matrix.healthy.insert(pin, matrix.steps_of_last_run());
        }
        matrix
    }

    /// Commands of a sign-in with this PIN in which nothing goes wrong.
    pub fn commands(&self, pin: &str) -> u32 {
        u32::try_from(self.healthy[pin].len()).expect("few commands")
    }

    /// One sign-in.
    pub async fn run(&mut self, plan: &Plan) -> Run {
        self.read = self.lines().len();
        // Not all that there can be: so the counter shows whether the right PIN arrived.
        for line in [format!("tries {TRIES}"), format!("fault {}", plan.fault)] {
            self.tell(&line, "ok").await;
        }
        let began = Instant::now();
        let (end, over) = oneshot::channel();
        let attendant = Attendant {
            pcscd: self.town.stack.pcscd().expect("a PC/SC service").id().expect("it runs"),
            folder: self.town.stack.folder().join("pcscd"),
            socket: self.town.socket(),
            pin: plan.pin,
            moment_came: false,
            without_readers: None,
            outcome: None,
            wrong: Vec::new(),
        };
        let card = std::mem::replace(&mut self.card, idle(self.town.stack.folder()));
        let agent = std::mem::replace(&mut self.agent, idle(self.town.stack.folder()));
        let attending = tokio::spawn(attendant.attend(card, agent, over));
        self.town.browser = Browser::new();
        let page = self.town.sign_in();
        let took = began.elapsed();
        // Fails when the task has panicked, which the next line tells.
        let _ = end.send(());
        let (attendant, card, agent) = attending.await.expect("nothing panicked at the card");
        (self.card, self.agent) = (card, agent);
        let mut wrong = attendant.wrong;
        let outcome = attendant.outcome.unwrap_or_default();

        let steps = self.steps_of_last_run();
        let (fault, at) = plan.fault.split_once('@').unwrap_or((&plan.fault, "0"));
        let at: usize = at.split(':').next().and_then(|at| at.parse().ok()).expect("a number");
        // A command that is kept back when the service goes is not in the trace.
        let step = match at.checked_sub(1) {
            Some(index) if attendant.moment_came => self.healthy[plan.pin].get(index),
            Some(index) => steps.get(index),
            None => None,
        };
        let may = self.allowed.outcomes(fault, step.map(String::as_str));
        let unharmed = if plan.pin == TEST_PIN { "proven" } else { "pin_wrong" };
        if !(may.contains(&outcome) || (may.contains("unharmed") && outcome == unharmed)) {
            wrong.push(format!("it may only be {may:?}"));
        }
        let shown = if page.has("#done") { "proven".to_owned() } else { shown_code(&page) };
        if shown != outcome {
            wrong.push(format!("the browser shows {shown}"));
        }
        let verifies: Vec<_> =
            steps.iter().zip(self.answers()).filter(|(step, _)| *step == "verify").collect();
        if verifies.len() > 1 {
            wrong.push(format!("{} VERIFYs for one PIN", verifies.len()));
        }
        if took > TIME_LIMIT {
            wrong.push(format!("it took {took:?}"));
        }
        let step = step.cloned();
        let after = if let Some(bare) = attendant.without_readers {
            self.plug_in(bare, &attendant.folder).await;
            None
        } else {
            let verify = verifies.first().map(|(_, status)| status.as_str());
            // Blocked by the fault, the counter says nothing.
            let may_be =
                if fault == "blocked-pin" && step.is_some() { 0..=0 } else { tries_after(verify, plan.pin) };
            Some(self.look_at_the_card(&may_be, &mut wrong).await)
        };
        let unsure = step.as_deref() == Some("verify") || verifies.iter().any(|(_, status)| status != "9000");
        if unsure || outcome == "pin_blocked" {
            // A PIN that was not right, or may not have been, ends automation.
            self.agent.stop().await;
            self.agent = start_agent(&mut self.town).await;
        }
        Run { plan: plan.clone(), step, outcome, wrong, after, took }
    }

    /// How the card is now, and in the reader again.
    async fn look_at_the_card(&mut self, may_be: &RangeInclusive<u64>, wrong: &mut Vec<String>) -> After {
        let state = self.state().await;
        let tries: u64 = state["auth_tries"].parse().expect("a number");
        if !may_be.contains(&tries) {
            wrong.push(format!("{tries} tries are left, not {may_be:?}"));
        }
        let left_logged_in = state["auth_verified"] != "false" || state["sign_verified"] != "false";
        if left_logged_in {
            wrong.push("the card was left logged in".to_owned());
        }
        if state["inserted"] == "false" {
            self.tell("insert", "ok inserted").await;
        }
        After { tries_lost: may_be.start().saturating_sub(tries), left_logged_in }
    }

    /// Stops everything.
    pub async fn stop(mut self) {
        self.agent.stop().await;
        self.card.stop().await;
        self.town.stack.stop().await;
    }

    async fn tell(&mut self, line: &str, answer: &str) {
        self.card.tell(line).await.expect("told");
        self.card.wait_for_line(|said| said.starts_with(answer)).await.expect("done");
    }

    /// The card's own account of itself.
    async fn state(&mut self) -> BTreeMap<String, String> {
        self.card.tell("state").await.expect("told");
        let line = self.card.wait_for_line(|line| line.starts_with("ok state ")).await.expect("an answer");
        let pairs = line.split_whitespace().filter_map(|word| word.split_once('='));
        pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
    }

    /// The reader is plugged in again, with a card in it: the one before went with the service it was connected to.
    async fn plug_in(&mut self, mut bare: Pcscd, folder: &Path) {
        bare.stop().await;
        *self.town.stack.pcscd().expect("a PC/SC service") =
            Pcscd::start(folder).await.expect("pcscd starts");
        self.card.stop().await;
        self.trace = self.town.stack.folder().join(format!("trace-{}", self.cards));
        self.cards += 1;
        self.read = 0;
        self.card = insert_card(&mut self.town, &self.trace).await;
    }

    fn lines(&self) -> Vec<Value> {
        let text = fs::read_to_string(&self.trace).expect("the trace");
        text.lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect()
    }

    fn steps_of_last_run(&self) -> Vec<String> {
        steps(self.lines().get(self.read..).unwrap_or_default())
    }

    /// Status words of the same commands; nothing where no answer came.
    fn answers(&self) -> Vec<String> {
        answers(self.lines().get(self.read..).unwrap_or_default())
    }
}

/// Tries that may be left after VERIFY with this answer, or after none was sent.
fn tries_after(verify: Option<&str>, pin: &str) -> RangeInclusive<u64> {
    match verify {
        None => TRIES..=TRIES,
        Some("9000") => ALL_TRIES..=ALL_TRIES,
        // Whether it had an effect is left open by the answer, or by none.
        Some(_) if pin == TEST_PIN => TRIES..=ALL_TRIES,
        Some("63C1") => TRIES - 1..=TRIES - 1,
        Some(_) => TRIES - 1..=TRIES,
    }
}

async fn insert_card(town: &mut Town, trace: &Path) -> Child {
    let pki = town.stack.ready().pki_dir.clone().expect("a PKI");
    let (folder, binary) = (town.stack.folder().to_owned(), town.binary("madoguchi-mock-card"));
    let pcscd = town.stack.pcscd().expect("a PC/SC service");
    let program = Program::new("faulty-card", binary)
        .args(["--vpcd", pcscd.vpcd(), "--pki"])
        .arg(pki)
        .arg("--trace")
        .arg(trace);
    let mut card = pcscd.spawn_inside(program, &folder).expect("starts");
    card.wait_until_ready().await.expect("the card is in the reader");
    card
}

/// Our own agent in the place of the town's, which may have to start anew: a wrong PIN ends automation.
async fn start_agent(town: &mut Town) -> Child {
    let (issuer, socket) = (town.ports.issuer(), town.socket());
    town.other_agent(&["--gateway", &issuer, "--card-wait", "1"], &socket).await
}

/// Stands in for a program while another task has it.
fn idle(folder: &Path) -> Child {
    Program::new("idle", "cat").spawn(folder).expect("starts")
}

/// The right PIN and a wrong one.
pub const PINS: [&str; 2] = [TEST_PIN, "0000"];

/// Tries of the PIN before each sign-in: one less than the card has at most.
const TRIES: u64 = 2;
const ALL_TRIES: u64 = 3;

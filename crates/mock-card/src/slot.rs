//! Where the card lies.

mod exchange;

use std::time::Duration;

use thiserror::Error;

use crate::{Card, FaultPlan, Replay, Scenario, Trace, selection::Selection};

/// A reader's slot with a card that can be taken out. In process it is a transaction with the card.
pub struct Slot {
    card: Card,
    place: Place,
    /// Commands since the card was put in.
    commands: u32,
    verifies: u32,
    planned: Option<Planned>,
    fault_happened: bool,
    wrong_label: bool,
    /// What GET RESPONSE would fetch.
    waiting: Vec<u8>,
    selection: Selection,
    delayed: Duration,
    replay: Option<Replay>,
    trace: Option<Trace>,
}

/// Why a command got no answer.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SlotError {
    /// The card is out, or went out before it answered.
    #[error("the card was removed")]
    CardRemoved,
    /// Another program reset the card: what the caller believes about it is void. The command was not sent.
    #[error("the card was reset by another program")]
    CardReset,
    /// Another program has the card. The command was not sent.
    #[error("the card is held by another program")]
    HeldByAnother,
    /// The reader is gone, and the card with it.
    #[error("the reader was unplugged")]
    ReaderUnplugged,
}

/// Where the card is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Inserted,
    Taken,
    /// In the reader, and the reader is nowhere.
    Unplugged,
}

struct Planned {
    plan: FaultPlan,
    /// Commands that the card had received when the plan was made.
    after: u32,
}

impl Slot {
    /// A slot with this card in it, powered, and the scenario's fault plan before it.
    pub fn new(card: Card, scenario: &Scenario) -> Self {
        let mut slot = Self {
            card,
            place: Place::Taken,
            commands: 0,
            verifies: 0,
            planned: None,
            fault_happened: false,
            wrong_label: false,
            waiting: Vec::new(),
            selection: Selection::default(),
            delayed: Duration::ZERO,
            replay: None,
            trace: None,
        };
        slot.insert();
        slot.set_fault(scenario.fault);
        slot
    }

    /// Answers from a trace, and starts with the tries left that the trace saw.
    pub fn set_replay(&mut self, replay: Replay) {
        replay.set_counters(&mut self.card);
        self.replay = Some(replay);
    }

    /// Writes down what happens from now on.
    pub fn set_trace(&mut self, trace: Trace) {
        self.trace = Some(trace);
    }

    /// The answer to reset: the card's, or the one that is replayed.
    pub fn atr(&self) -> &[u8] {
        self.replay.as_ref().and_then(Replay::atr).unwrap_or(self.card.atr())
    }

    /// Puts the card in and powers it; a reader that was unplugged is back.
    pub fn insert(&mut self) {
        self.note("insert");
        self.power_on();
        self.place = Place::Inserted;
        self.commands = 0;
        if let Some(planned) = &mut self.planned {
            planned.after = 0;
        }
    }

    /// Takes the card out.
    pub fn remove(&mut self) {
        self.note("remove");
        self.power_off();
        self.place = Place::Taken;
    }

    /// Power comes.
    pub fn power_on(&mut self) {
        self.note("power-on");
        self.forget();
        if let Some(replay) = &mut self.replay {
            replay.begin();
        }
        self.card.power_on();
    }

    /// Power goes.
    pub fn power_off(&mut self) {
        self.note("power-off");
        self.forget();
        self.card.power_off();
    }

    /// Warm reset.
    pub fn reset(&mut self) {
        self.note("reset");
        self.waiting.clear();
        self.card.reset();
    }

    /// Replaces the fault plan; its commands are counted from now. What another plan did stays done, except that the
    /// label is right again.
    pub fn set_fault(&mut self, plan: Option<FaultPlan>) {
        self.planned = plan.map(|plan| Planned { plan, after: self.commands });
        self.fault_happened = false;
        self.wrong_label = false;
    }

    /// The plan that has not happened yet.
    pub fn fault(&self) -> Option<FaultPlan> {
        self.planned.as_ref().map(|planned| planned.plan)
    }

    /// Whether the plan has happened.
    pub fn fault_happened(&self) -> bool {
        self.fault_happened
    }

    /// The card, wherever it is.
    pub fn card(&self) -> &Card {
        &self.card
    }

    /// The card, for what a reader or a town office does to it.
    pub fn card_mut(&mut self) -> &mut Card {
        &mut self.card
    }

    /// Whether a card is in the slot.
    pub fn is_inserted(&self) -> bool {
        self.place == Place::Inserted
    }

    /// Commands that the card has received since it was put in.
    pub fn commands(&self) -> u32 {
        self.commands
    }

    /// VERIFY commands with data that have reached the slot, ever: how often a PIN was sent.
    pub fn verifies(&self) -> u32 {
        self.verifies
    }

    /// How long `slow-answer` has kept answers back. In process nobody waits: whoever wants to know how patient they
    /// are adds this to their clock.
    pub fn delayed(&self) -> Duration {
        self.delayed
    }

    /// The fault that the next command will meet.
    pub(crate) fn due(&self) -> Option<FaultPlan> {
        self.planned.as_ref().filter(|planned| planned.is_due(self.commands + 1)).map(|planned| planned.plan)
    }

    fn note(&mut self, event: &str) {
        if let Some(trace) = &mut self.trace {
            trace.event(event);
        }
    }

    fn forget(&mut self) {
        self.waiting.clear();
        self.selection.forget();
    }
}

impl Planned {
    fn is_due(&self, command: u32) -> bool {
        command.saturating_sub(self.after) >= self.plan.at_apdu()
    }
}

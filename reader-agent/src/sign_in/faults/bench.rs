//! A reader with a card and its fault plan, in process, that behaves towards the agent as the smart card service does,
//! and notes every command. Planted in it at will: the mistakes that the matrix must find.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use madoguchi_iso7816::{CardTransaction, CommandApdu, PinEntry, PinPad, ResponseApdu, StatusWord};
use madoguchi_mock_card::{Card, CardContents, Scenario, Slot, SlotError};
use madoguchi_protocol::ErrorCode;

use super::step::{Selected, Step};
use crate::testing::HandClock;
use crate::{CardSource, InsertedCard, Notice, Patience, ReaderError};

/// How this reader and its surroundings differ from good ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Surroundings {
    /// The reader does not take the card's power away when it is told to.
    pub(super) keeps_power: bool,
    /// A card that went comes back as soon as it is waited for, and so does a reader.
    pub(super) comes_back: bool,
    /// What is wrong with the agent itself.
    pub(super) planted: Option<Planted>,
}

/// A mistake in the driver or the agent, made by this bench in their place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Planted {
    /// The same VERIFY again after no answer, or none that is understood.
    VerifiesAgain,
    /// The application is not left: no selection of another one.
    StaysInApplication,
    /// The card is not powered down.
    StaysPowered,
    /// The counter is made up instead of asked for.
    CounterMadeUp,
    /// A counter that says 0 is not believed.
    CounterIgnored,
    /// To look at the counter, a PIN that somebody thought of is tried.
    QueryCosts,
}

/// A command that reached the card, or did not.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) step: Step,
    /// What came back; none when nothing did.
    pub(super) status: Option<StatusWord>,
    /// It met the fault.
    pub(super) struck: bool,
    /// Tries of the user-authentication PIN before and after.
    pub(super) tries: [Option<u8>; 2],
}

#[derive(Clone)]
pub(super) struct Bench(Arc<Mutex<State>>);

struct State {
    slot: Slot,
    powered: bool,
    unplugged: bool,
    /// Cards put in so far.
    inserted: u32,
    clock: Arc<HandClock>,
    selected: Selected,
    seen: Vec<Seen>,
    surroundings: Surroundings,
}

impl Bench {
    pub(super) fn new(
        contents: &CardContents,
        scenario: &Scenario,
        surroundings: Surroundings,
        clock: Arc<HandClock>,
    ) -> Self {
        let slot = Slot::new(Card::new(contents, scenario).expect("a card"), scenario);
        let state = State {
            slot,
            powered: true,
            unplugged: false,
            inserted: 1,
            clock,
            selected: Selected::default(),
            seen: Vec::new(),
            surroundings,
        };
        Self(Arc::new(Mutex::new(state)))
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.state().seen.clone()
    }

    pub(super) fn tries_left(&self) -> Option<u8> {
        self.state().slot.card().auth_tries_left()
    }

    pub(super) fn is_logged_in(&self) -> bool {
        self.state().slot.card().is_auth_verified()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// As the smart card service says it.
    fn present(&self) -> Result<(), ReaderError> {
        match (self.unplugged, self.slot.is_inserted()) {
            (true, _) => Err(ReaderError::NoReader),
            (false, false) => Err(ReaderError::NoCard),
            (false, true) => Ok(()),
        }
    }

    fn card(&self) -> InsertedCard {
        InsertedCard { reader: "bench".to_owned(), count: self.inserted }
    }

    fn exchange(&mut self, command: &CommandApdu) -> Result<ResponseApdu, SlotError> {
        let planned = self.slot.fault().is_some();
        let late = self.slot.delayed();
        let before = self.slot.card().auth_tries_left();
        let answer = self.slot.transmit(command);
        self.clock.advance(self.slot.delayed().saturating_sub(late));
        if answer == Err(SlotError::ReaderUnplugged) {
            self.unplugged = true;
        }
        self.seen.push(Seen {
            step: self.selected.step(command),
            status: answer.as_ref().ok().map(ResponseApdu::status),
            struck: planned && self.slot.fault().is_none(),
            tries: [before, self.slot.card().auth_tries_left()],
        });
        answer
    }
}

impl CardSource for Bench {
    type Card = BenchCard;

    fn wait(
        &mut self,
        tried: &[InsertedCard],
        patience: &Patience<'_>,
        _: &mut dyn FnMut(Notice),
    ) -> Result<Vec<InsertedCard>, ReaderError> {
        let mut state = self.state();
        if state.present().is_err() && state.surroundings.comes_back {
            state.slot.insert();
            (state.powered, state.unplugged) = (true, false);
            state.inserted += 1;
        }
        if let Err(absent) = state.present() {
            // Nobody brings it: all the patience is used up.
            state.clock.advance(patience.left());
            return match patience.check() {
                Err(ErrorCode::SignInExpired) => Err(absent),
                Err(code) => Err(ReaderError::Interrupted(code)),
                Ok(()) => panic!("patience without end"),
            };
        }
        Ok(Some(state.card()).into_iter().filter(|card| !tried.contains(card)).collect())
    }

    fn open(&mut self, card: &InsertedCard, _: &Patience<'_>) -> Result<BenchCard, ReaderError> {
        let mut state = self.state();
        state.present()?;
        if *card != state.card() {
            return Err(ReaderError::NoCard);
        }
        if !state.powered {
            state.slot.power_on();
            state.powered = true;
        }
        state.selected = Selected::default();
        Ok(BenchCard { bench: self.clone(), stale: None })
    }
}

/// The agent's hold on the card.
pub(super) struct BenchCard {
    bench: Bench,
    /// After news of a reset or a removal the service answers every command with that news, until a new connection.
    stale: Option<ReaderError>,
}

impl CardTransaction for BenchCard {
    type Error = ReaderError;

    fn transmit(&mut self, command: &CommandApdu) -> Result<ResponseApdu, ReaderError> {
        if let Some(news) = &self.stale {
            return Err(news.clone());
        }
        let mut state = self.bench.state();
        let planted = state.surroundings.planted;
        let is_query = command.instruction() == VERIFY && command.data().is_empty();
        let is_verify = command.instruction() == VERIFY && !is_query;
        if planted == Some(Planted::StaysInApplication) && command.data() == ISD_AID {
            return Ok(ResponseApdu::new(Vec::new(), StatusWord::Ok));
        }
        if planted == Some(Planted::CounterMadeUp) && is_query {
            return Ok(ResponseApdu::new(Vec::new(), StatusWord::TriesLeft(3)));
        }
        if planted == Some(Planted::QueryCosts) && is_query {
            let made_up = CommandApdu::new(0x00, VERIFY, command.p1(), command.p2()).with_data(b"9999");
            // Whatever comes of it.
            let _ = state.exchange(&made_up.expect("four digits"));
        }
        let mut answer = state.exchange(command);
        if planted == Some(Planted::CounterIgnored) && is_query && answer.is_ok() {
            answer = Ok(ResponseApdu::new(Vec::new(), StatusWord::TriesLeft(3)));
        }
        let understood = matches!(
            answer.as_ref().map(ResponseApdu::status),
            Ok(StatusWord::Ok | StatusWord::TriesLeft(_) | StatusWord::ReferenceDataNotUsable)
        );
        if planted == Some(Planted::VerifiesAgain) && is_verify && !understood {
            answer = state.exchange(command);
        }
        drop(state);
        answer.map_err(|error| match error {
            SlotError::HeldByAnother => ReaderError::Busy,
            SlotError::CardReset => self.stale.insert(ReaderError::Reset).clone(),
            SlotError::ReaderUnplugged => self.stale.insert(ReaderError::NoReader).clone(),
            _ => self.stale.insert(ReaderError::Removed).clone(),
        })
    }
}

impl PinPad for BenchCard {
    fn has_pin_pad(&self) -> bool {
        false
    }

    fn verify_pin_direct(&mut self, _: &PinEntry) -> Result<StatusWord, ReaderError> {
        unreachable!("there is no keypad")
    }
}

impl Drop for BenchCard {
    fn drop(&mut self) {
        let mut state = self.bench.state();
        let stays = state.surroundings.planted == Some(Planted::StaysPowered);
        if state.present().is_ok() && !state.surroundings.keeps_power && !stays {
            state.slot.power_off();
            state.powered = false;
        }
    }
}

const ISD_AID: &[u8] = &[0xA0, 0x00, 0x00, 0x01, 0x51, 0x00, 0x00];
const VERIFY: u8 = 0x20;

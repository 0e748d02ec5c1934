//! Where the card lies, and the hand that takes it away.

use madoguchi_iso7816::{CardTransaction, CommandApdu, Iso7816Error, ResponseApdu};
use thiserror::Error;

use crate::{Card, Scenario};

/// A reader's slot with a card that can be taken out. In process it is a transaction with the card.
pub struct Slot {
    card: Card,
    inserted: bool,
    commands: u32,
    removal: Option<Removal>,
}

/// The card is out, or went out before it answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the card was removed")]
pub struct CardRemoved;

struct Removal {
    at_apdu: u32,
    after_execution: bool,
}

impl Slot {
    /// A slot with this card in it, powered, and the scenario's fault plan before it.
    pub fn new(card: Card, scenario: &Scenario) -> Self {
        let removal = scenario
            .remove_at_apdu
            .map(|at_apdu| Removal { at_apdu, after_execution: scenario.remove_after_execution });
        let mut slot = Self { card, inserted: false, commands: 0, removal };
        slot.insert();
        slot
    }

    /// Puts the card in and powers it.
    pub fn insert(&mut self) {
        self.card.power_on();
        self.inserted = true;
        self.commands = 0;
    }

    /// Takes the card out.
    pub fn remove(&mut self) {
        self.card.power_off();
        self.inserted = false;
    }

    /// The card, wherever it is.
    pub fn card(&self) -> &Card {
        &self.card
    }

    /// The card, for what a reader or a town office does to it.
    pub fn card_mut(&mut self) -> &mut Card {
        &mut self.card
    }

    /// Commands that the card has received since it was put in.
    pub fn commands(&self) -> u32 {
        self.commands
    }

    /// One command and its answer.
    pub fn exchange(&mut self, apdu: &[u8]) -> Result<Vec<u8>, CardRemoved> {
        if !self.inserted {
            return Err(CardRemoved);
        }
        self.commands += 1;
        let commands = self.commands;
        if let Some(removal) = self.removal.take_if(|removal| removal.at_apdu <= commands) {
            if removal.after_execution {
                self.card.handle(apdu);
            }
            self.remove();
            return Err(CardRemoved);
        }
        Ok(self.card.handle(apdu))
    }
}

impl CardTransaction for Slot {
    type Error = CardRemoved;

    fn transmit(&mut self, command: &CommandApdu) -> Result<ResponseApdu, CardRemoved> {
        let answer = self.exchange(&command.to_octets())?;
        // A card without power answers nothing.
        ResponseApdu::parse(&answer).map_err(|_: Iso7816Error| CardRemoved)
    }
}

//! Readers with a keypad of their own (PC/SC part 10): a PIN that never enters the computer.

use std::time::Duration;

use crate::{CardTransaction, CommandApdu, StatusWord};

/// A reader that may have a keypad of its own.
pub trait PinPad: CardTransaction {
    /// Whether the reader can verify a PIN by itself.
    fn has_pin_pad(&self) -> bool;

    /// FEATURE_VERIFY_PIN_DIRECT: the resident types on the reader, which completes `entry.command` with the PIN and
    /// sends it. Once, as [`CardTransaction::transmit`] does.
    ///
    /// The status is the card's, or the reader's own when the card was not asked: 6400 nothing typed in time, 6401
    /// cancelled, 6402 and 6403 not a PIN of the right form.
    fn verify_pin_direct(&mut self, entry: &PinEntry) -> Result<StatusWord, Self::Error>;
}

impl<T: PinPad + ?Sized> PinPad for &mut T {
    fn has_pin_pad(&self) -> bool {
        (**self).has_pin_pad()
    }

    fn verify_pin_direct(&mut self, entry: &PinEntry) -> Result<StatusWord, Self::Error> {
        (**self).verify_pin_direct(entry)
    }
}

/// What a keypad is to ask for, and what becomes of it. The digits go to the card as ASCII, without padding.
#[derive(Debug, PartialEq, Eq)]
pub struct PinEntry {
    /// VERIFY without its data field, which the reader fills in.
    pub command: CommandApdu,
    /// Fewest digits.
    pub min_digits: u8,
    /// Most digits.
    pub max_digits: u8,
    /// How long the resident has.
    pub timeout: Duration,
}

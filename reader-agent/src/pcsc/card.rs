//! One card, held from its first command until it has lost its power.

use std::ffi::{CStr, CString};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use madoguchi_iso7816::{CardTransaction, CommandApdu, PinEntry, PinPad, ResponseApdu, StatusWord};
use pcsc::{Card, Context, Disposition, Protocols, Scope, ShareMode};
use tracing::{debug, warn};
use zeroize::Zeroizing;

use super::error::{news, reader_error};
use super::hold::hold;
use super::pin_pad::VerifyPinDirect;
use crate::{Patience, ReaderError};

/// A card in a reader that nobody else can use until it is dropped; then it is powered down.
pub struct PcscCard {
    card: Option<Card>,
    context: Context,
    reader: CString,
    pin_pad: Option<VerifyPinDirect>,
    /// Another program reset the card. Nothing more is sent: whose login is on it is not known.
    reset: bool,
}

impl PcscCard {
    pub(super) fn connect(
        reader: CString,
        pin_pads: bool,
        patience: &Patience<'_>,
    ) -> Result<Self, ReaderError> {
        let context = Context::establish(Scope::User).map_err(reader_error)?;
        let card = hold(&context, &reader, Some(patience))?;
        let pin_pad = pin_pads.then(|| VerifyPinDirect::of(&card)).flatten();
        Ok(Self { card: Some(card), context, reader, pin_pad, reset: false })
    }

    /// Sends by `exchange`, unless the card is no longer ours, and tells what a failure means.
    fn send<A>(&mut self, exchange: impl FnOnce(&Card) -> Result<A, pcsc::Error>) -> Result<A, ReaderError> {
        if self.reset {
            return Err(ReaderError::Reset);
        }
        let card = self.card.as_ref().ok_or(ReaderError::Removed)?;
        exchange(card).map_err(|error| match reader_error(error) {
            ReaderError::NoCard => ReaderError::Removed,
            ReaderError::Reset => {
                self.reset = true;
                ReaderError::Reset
            }
            error @ ReaderError::Reader { .. } => news(&self.context, &self.reader).unwrap_or(error),
            error => error,
        })
    }

    /// Some drivers answer with nothing when the card leaves in the middle.
    fn malformed(&self, reason: String) -> ReaderError {
        news(&self.context, &self.reader).unwrap_or(ReaderError::Reader { reason })
    }
}

impl CardTransaction for PcscCard {
    type Error = ReaderError;

    fn transmit(&mut self, command: &CommandApdu) -> Result<ResponseApdu, ReaderError> {
        let octets = command.to_octets();
        let mut buffer = Zeroizing::new([0; MAX_RESPONSE_OCTETS]);
        let response =
            self.send(|card| card.transmit(&octets, buffer.as_mut_slice()).map(ResponseApdu::parse))?;
        response.map_err(|error| self.malformed(error.to_string()))
    }
}

impl PinPad for PcscCard {
    fn has_pin_pad(&self) -> bool {
        self.pin_pad.is_some()
    }

    fn verify_pin_direct(&mut self, entry: &PinEntry) -> Result<StatusWord, ReaderError> {
        let pin_pad = self.pin_pad.ok_or_else(|| ReaderError::Reader { reason: "no keypad".to_owned() })?;
        let response = self.send(|card| pin_pad.verify(card, entry))?;
        response.map_err(|error| self.malformed(error.to_string())).map(|response| response.status())
    }
}

impl Drop for PcscCard {
    fn drop(&mut self) {
        let Some(mut card) = self.card.take() else {
            return;
        };
        if self.reset && !leave_application(&mut card) {
            debug!("a card that was reset could not be cleaned before it loses power");
        }
        let Err((card, error)) = card.disconnect(Disposition::UnpowerCard) else {
            return;
        };
        debug!(%error, "the card could not be powered down; trying with a new connection");
        // Its own drop disconnects once more, with a reset.
        drop(card);
        let reader = self.reader.clone();
        let (sender, done) = channel();
        // The service may have stopped, and then may take its time.
        thread::spawn(move || {
            let _ = sender.send(leave_clean(&reader));
        });
        match done.recv_timeout(CLEAN_TIME) {
            Ok(Ok(())) => {}
            Ok(Err(error)) => warn!(%error, "the card could not be powered down"),
            Err(_) => warn!("the card could not be powered down in time"),
        }
    }
}

/// Connects anew, only to leave the JPKI application and power the card down. A card or reader that is gone has no power.
fn leave_clean(reader: &CStr) -> Result<(), ReaderError> {
    let clean = || {
        let context = Context::establish(Scope::User).map_err(reader_error)?;
        let mut card = hold(&context, reader, None)?;
        leave_application(&mut card);
        card.disconnect(Disposition::UnpowerCard).map_err(|(_, error)| reader_error(error))
    };
    match clean() {
        Err(ReaderError::NoCard | ReaderError::NoReader | ReaderError::Removed) => Ok(()),
        result => result,
    }
}

/// Powers the card down and up again and selects the issuer security domain: either ends a login by itself, where a vendor's card
/// does as expected.
fn leave_application(card: &mut Card) -> bool {
    let mut buffer = [0; MAX_RESPONSE_OCTETS];
    card.reconnect(ShareMode::Shared, Protocols::ANY, Disposition::UnpowerCard).is_ok()
        && card.transmit(&SELECT_ISD, &mut buffer).is_ok()
}

/// SELECT by name, first occurrence, no answer wanted (ISO 7816-4 section 11.2.2), of GlobalPlatform's issuer security domain.
const SELECT_ISD: [u8; 12] = [0x00, 0xA4, 0x04, 0x0C, 0x07, 0xA0, 0x00, 0x00, 0x01, 0x51, 0x00, 0x00];
/// Data of a short response, SW1 and SW2.
const MAX_RESPONSE_OCTETS: usize = 258;
/// How long the second way of powering a card down may take.
const CLEAN_TIME: Duration = Duration::from_secs(5);

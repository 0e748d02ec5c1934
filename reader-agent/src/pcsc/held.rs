//! One card, held from its first command until it has lost its power. Everything here may take as long as the card, its reader
//! and the service like.

use std::ffi::{CStr, CString};

use madoguchi_iso7816::{ResponseApdu, StatusWord};
use pcsc::{Card, Context, Disposition, Protocols, Scope, ShareMode};
use tracing::{debug, warn};
use zeroize::Zeroizing;

use super::error::{news, reader_error};
use super::hold::hold;
use super::pin_pad::VerifyPinDirect;
use crate::ReaderError;

/// A card that nobody else can use. When it is dropped it is powered down, if anything was sent to it.
pub(super) struct HeldCard {
    card: Option<Card>,
    context: Context,
    reader: CString,
    pin_pad: Option<VerifyPinDirect>,
    /// Something was sent to it.
    used: bool,
    /// Another program reset the card. Nothing more is sent: whose login is on it is not known.
    reset: bool,
}

impl HeldCard {
    pub(super) fn hold(context: Context, reader: CString, pin_pads: bool) -> Result<Self, ReaderError> {
        let card = hold(&context, &reader)?;
        let pin_pad = pin_pads.then(|| VerifyPinDirect::of(&card)).flatten();
        Ok(Self { card: Some(card), context, reader, pin_pad, used: false, reset: false })
    }

    pub(super) fn has_pin_pad(&self) -> bool {
        self.pin_pad.is_some()
    }

    pub(super) fn transmit(&mut self, octets: &[u8]) -> Result<ResponseApdu, ReaderError> {
        let mut buffer = Zeroizing::new([0; MAX_RESPONSE_OCTETS]);
        let response =
            self.send(|card| card.transmit(octets, buffer.as_mut_slice()).map(ResponseApdu::parse))?;
        response.map_err(|error| self.malformed(error.to_string()))
    }

    pub(super) fn verify_pin_direct(&mut self, structure: &[u8]) -> Result<StatusWord, ReaderError> {
        let pin_pad = self.pin_pad.ok_or_else(|| ReaderError::Reader { reason: "no keypad".to_owned() })?;
        let response = self.send(|card| pin_pad.verify(card, structure))?;
        response.map_err(|error| self.malformed(error.to_string())).map(|response| response.status())
    }

    /// Ends whatever login there is, for one that went away in the middle. Before it is dropped, which is the surer way.
    pub(super) fn leave(&mut self) {
        if self.used
            && let Err(error) = self.transmit(&SELECT_ISD)
        {
            debug!(%error, "the card could not be left before it loses power");
        }
    }

    /// Sends by `exchange`, unless the card is no longer ours, and tells what a failure means.
    fn send<A>(&mut self, exchange: impl FnOnce(&Card) -> Result<A, pcsc::Error>) -> Result<A, ReaderError> {
        if self.reset {
            return Err(ReaderError::Reset);
        }
        let card = self.card.as_ref().ok_or(ReaderError::Removed)?;
        self.used = true;
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

impl Drop for HeldCard {
    fn drop(&mut self) {
        let Some(mut card) = self.card.take() else {
            return;
        };
        if self.reset && !leave_application(&mut card) {
            debug!("a card that was reset could not be cleaned before it loses power");
        }
        let disposition = disposition(self.used);
        let Err((card, error)) = card.disconnect(disposition) else {
            return;
        };
        if disposition == Disposition::LeaveCard {
            // Its own drop would reset the card.
            std::mem::forget(card);
            return;
        }
        debug!(%error, "the card could not be powered down; trying with a new connection");
        // Its own drop disconnects once more, with a reset.
        drop(card);
        if let Err(error) = leave_clean(&self.reader) {
            warn!(%error, "the card could not be powered down");
        }
    }
}

/// What becomes of a card. One to which nothing was sent came too late: the other program, which had it until then and may come
/// back to it, finds it as it was.
fn disposition(used: bool) -> Disposition {
    if used { Disposition::UnpowerCard } else { Disposition::LeaveCard }
}

/// Connects anew, only to leave the JPKI application and power the card down. A card or reader that is gone has no power.
fn leave_clean(reader: &CStr) -> Result<(), ReaderError> {
    let clean = || {
        let context = Context::establish(Scope::User).map_err(reader_error)?;
        let mut card = hold(&context, reader)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_that_came_too_late_is_left_as_it_was() {
        assert_eq!(disposition(false), Disposition::LeaveCard);
        assert_eq!(disposition(true), Disposition::UnpowerCard);
    }
}

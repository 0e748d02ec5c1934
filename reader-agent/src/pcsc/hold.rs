//! Getting a card for oneself: exclusively, or in a transaction where another program is connected too.

use std::ffi::CStr;

use pcsc::{Card, Context, Disposition, Error, Protocols, ReaderState, ShareMode, State};
use tracing::debug;

use super::card::HOLD_TIME;
use super::error::{news, reader_error};
use crate::ReaderError;

/// Holds the card, when another program gives it away. The service has no time-out for that: it waits as long as another
/// program has a transaction.
pub(super) fn hold(context: &Context, reader: &CStr) -> Result<Card, ReaderError> {
    let mut held = hold_now(context, reader);
    for _ in 0..LOOKS {
        if !matches!(held, Err(Error::SharingViolation)) || !wait_until_given_away(context, reader) {
            break;
        }
        held = hold_now(context, reader);
    }
    held.map_err(|error| match reader_error(error) {
        error @ ReaderError::Reader { .. } => match news(context, reader) {
            Some(ReaderError::Removed) => ReaderError::NoCard,
            other => other.unwrap_or(error),
        },
        // The service still shows a card when the driver knows that it left: until both agree there is nothing to be seen.
        ReaderError::NoCard | ReaderError::Removed => match news(context, reader) {
            None | Some(ReaderError::Removed) => ReaderError::NoCard,
            Some(other) => other,
        },
        error => error,
    })
}

/// Connects exclusively, or in a transaction.
fn hold_now(context: &Context, reader: &CStr) -> Result<Card, Error> {
    match context.connect(reader, ShareMode::Exclusive, Protocols::ANY) {
        // Another program is connected too, perhaps only to watch: a transaction keeps it out as well.
        Err(Error::SharingViolation) => {}
        result => return result,
    }
    debug!("no exclusive connection; trying a transaction");
    let mut card = context.connect(reader, ShareMode::Shared, Protocols::ANY)?;
    // Not ended before the disconnect, which ends it after the card has lost power. A guard that borrows the card
    // could not be kept beside it.
    match card.transaction().map(std::mem::forget) {
        Ok(()) => Ok(card),
        Err(error) => {
            let _ = card.disconnect(Disposition::LeaveCard);
            Err(error)
        }
    }
}

/// Waits for the end of another program's exclusive connection; false when it did not come.
fn wait_until_given_away(context: &Context, reader: &CStr) -> bool {
    let mut states = [ReaderState::new(reader, State::PRESENT | State::EXCLUSIVE)];
    match context.get_status_change(HOLD_TIME, &mut states) {
        // Any other news is a reason to try again, too.
        Ok(()) => true,
        Err(error) => {
            debug!(%error, "the other program keeps the card");
            false
        }
    }
}

/// How often news of the reader are followed by another try.
const LOOKS: usize = 8;

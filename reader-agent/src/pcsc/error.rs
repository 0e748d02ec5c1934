//! What a failed call means for the one who waits for a card.

use std::ffi::CStr;
use std::time::Duration;

use pcsc::{Context, Error, ReaderState, State};
use tracing::debug;

use crate::ReaderError;

pub(super) fn reader_error(error: Error) -> ReaderError {
    match error {
        Error::SharingViolation => ReaderError::Busy,
        Error::NoReadersAvailable | Error::UnknownReader | Error::ReaderUnavailable => ReaderError::NoReader,
        Error::NoSmartcard => ReaderError::NoCard,
        Error::RemovedCard | Error::UnpoweredCard => ReaderError::Removed,
        Error::ResetCard => ReaderError::Reset,
        Error::UnresponsiveCard | Error::UnsupportedCard => ReaderError::Mute,
        // By us, and nobody waits for it any more.
        Error::Cancelled => ReaderError::Reader { reason: error.to_string() },
        // What a service that went away, or that came back and does not know us, looks like. pcsc-lite says "security violation"
        // when it hangs up without an answer, be it that it ends or that it does not let us in.
        Error::NoService
        | Error::ServiceStopped
        | Error::CommError
        | Error::InvalidHandle
        | Error::SecurityViolation => ReaderError::ServiceUnavailable,
        error => {
            debug!(%error, "PC/SC");
            ReaderError::Reader { reason: error.to_string() }
        }
    }
}

/// What became of the card, when a driver only knows that an exchange broke. It may notice that before the service notices
/// that the card left, so this waits for the news for a moment; absent when the card is still there.
pub(super) fn news(context: &Context, reader: &CStr) -> Option<ReaderError> {
    let mut states = [ReaderState::new(reader, State::UNAWARE)];
    for _ in 0..NEWS_LOOKS {
        match context.get_status_change(NEWS_TIME, &mut states) {
            Ok(()) => {
                let now = states[0].event_state();
                if now.intersects(State::UNKNOWN | State::UNAVAILABLE) {
                    return Some(ReaderError::NoReader);
                }
                if !now.contains(State::PRESENT) {
                    return Some(ReaderError::Removed);
                }
                // Other news, such as that the card is no longer in use.
                states[0].sync_current_state();
            }
            Err(Error::Timeout) => {}
            Err(error) => return Some(reader_error(error)),
        }
    }
    None
}

/// Together longer than a service takes between two looks at its readers.
const NEWS_LOOKS: usize = 8;
const NEWS_TIME: Duration = Duration::from_millis(250);

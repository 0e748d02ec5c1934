//! Getting a card for oneself: exclusively, or in a transaction where another program is connected too.

use std::ffi::{CStr, CString};
use std::sync::mpsc::{SendError, Sender, channel};
use std::thread;
use std::time::Duration;

use pcsc::{Card, Context, Disposition, Error, Protocols, ReaderState, ShareMode, State};
use tracing::debug;

use super::error::{news, reader_error};
use crate::{Patience, ReaderError};

enum Answer {
    Interrupted,
    Held(Result<Card, Error>),
}

/// Holds the card, when another program gives it away within a moment. In a thread of its own, because the service has no
/// time-out: it waits as long as another program has a transaction.
pub(super) fn hold(
    context: &Context,
    reader: &CStr,
    patience: Option<&Patience<'_>>,
) -> Result<Card, ReaderError> {
    let (sender, answers) = channel();
    let others = sender.clone();
    let _waking = patience.map(|patience| {
        patience.on_interrupt(move || {
            let _ = others.send(Answer::Interrupted);
        })
    });
    let (theirs, name) = (context.clone(), reader.to_owned());
    thread::spawn(move || hold_and_tell(&theirs, &name, &sender));
    let answer = answers.recv_timeout(HOLD_TIME);
    if !matches!(answer, Ok(Answer::Held(_))) {
        // The thread may be waiting for the other program; a transaction cannot be called off.
        let theirs = context.clone();
        thread::spawn(move || theirs.cancel());
    }
    match answer {
        Ok(Answer::Held(Ok(card))) => Ok(card),
        Ok(Answer::Held(Err(Error::SharingViolation | Error::Cancelled))) | Err(_) => Err(ReaderError::Busy),
        Ok(Answer::Held(Err(error))) => Err(match reader_error(error) {
            error @ ReaderError::Reader { .. } => match news(context, reader) {
                Some(ReaderError::Removed) => ReaderError::NoCard,
                other => other.unwrap_or(error),
            },
            ReaderError::Removed => ReaderError::NoCard,
            error => error,
        }),
        Ok(Answer::Interrupted) => {
            let over = patience.and_then(|patience| patience.check().err());
            Err(over.map_or(ReaderError::Busy, ReaderError::Interrupted))
        }
    }
}

fn hold_and_tell(context: &Context, reader: &CString, sender: &Sender<Answer>) {
    let mut held = hold_now(context, reader);
    for _ in 0..LOOKS {
        if !matches!(held, Err(Error::SharingViolation)) || !wait_until_given_away(context, reader) {
            break;
        }
        held = hold_now(context, reader);
    }
    if let Err(SendError(Answer::Held(Ok(card)))) = sender.send(Answer::Held(held)) {
        // Too late. Nothing was done to the card, and the other program may go on with it.
        let _ = card.disconnect(Disposition::LeaveCard);
    }
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

/// How long another program's hold on the card is waited for.
const HOLD_TIME: Duration = Duration::from_secs(3);
/// How often news of the reader are followed by another try.
const LOOKS: usize = 8;

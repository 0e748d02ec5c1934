//! Card readers through PC/SC.

use std::ffi::{CStr, CString};
use std::sync::mpsc::{SendError, channel};
use std::thread;
use std::time::Duration;

use madoguchi_iso7816::{CardTransaction, CommandApdu, ResponseApdu};
use pcsc::{Card, Context, Disposition, PNP_NOTIFICATION, Protocols, ReaderState, Scope, ShareMode, State};
use tracing::{debug, warn};
use zeroize::Zeroizing;

use crate::{CardSource, Notice, Patience, ReaderError};

/// The readers of the computer's smart card service.
#[derive(Debug, Default)]
pub struct PcscReaders {
    /// Part of the name of the reader to use; all of them when absent.
    name: Option<String>,
}

impl PcscReaders {
    /// All readers, or those whose name holds `name`.
    pub fn new(name: Option<String>) -> Self {
        Self { name }
    }

    /// Names of the readers that are connected now.
    pub fn names(&self) -> Result<Vec<String>, ReaderError> {
        let context = Context::establish(Scope::User).map_err(reader_error)?;
        Ok(self.list(&context)?.iter().map(|name| name.to_string_lossy().into_owned()).collect())
    }

    fn list(&self, context: &Context) -> Result<Vec<CString>, ReaderError> {
        match context.list_readers_owned() {
            Ok(mut names) => {
                if let Some(part) = &self.name {
                    names.retain(|name| name.to_string_lossy().contains(part.as_str()));
                }
                Ok(names)
            }
            Err(pcsc::Error::NoReadersAvailable) => Ok(Vec::new()),
            Err(error) => Err(reader_error(error)),
        }
    }
}

impl CardSource for PcscReaders {
    type Card = PcscCard;

    fn wait(
        &mut self,
        patience: &Patience<'_>,
        notice: &mut dyn FnMut(Notice),
    ) -> Result<Vec<String>, ReaderError> {
        let context = Context::establish(Scope::User).map_err(reader_error)?;
        let mut told = None;
        let mut tell = |now: Notice| {
            if told.replace(now) != Some(now) {
                notice(now);
            }
        };
        // The pseudo-reader reports readers that come and go.
        let mut states = vec![ReaderState::new(PNP_NOTIFICATION(), State::UNAWARE)];
        loop {
            let names = self.list(&context)?;
            states.retain(|state| {
                state.name() == PNP_NOTIFICATION() || names.iter().any(|n| **n == *state.name())
            });
            for name in &names {
                if !states.iter().any(|state| state.name() == name.as_c_str()) {
                    states.push(ReaderState::new(name.clone(), State::UNAWARE));
                }
            }
            match context.get_status_change(STEP, &mut states) {
                // The last two: a reader was unplugged between listing and waiting.
                Ok(())
                | Err(pcsc::Error::Timeout | pcsc::Error::UnknownReader | pcsc::Error::ReaderUnavailable) => {
                }
                Err(error) => return Err(reader_error(error)),
            }
            let with_card: Vec<String> = states
                .iter()
                .filter(|state| {
                    let now = state.event_state();
                    now.contains(State::PRESENT) && !now.contains(State::MUTE)
                })
                .map(|state| state.name().to_string_lossy().into_owned())
                .collect();
            if !with_card.is_empty() {
                return Ok(with_card);
            }
            for state in &mut states {
                state.sync_current_state();
            }
            tell(if names.is_empty() { Notice::ConnectReader } else { Notice::PlaceCard });
            match patience.check() {
                Ok(()) => {}
                Err(madoguchi_protocol::ErrorCode::SignInExpired) if names.is_empty() => {
                    return Err(ReaderError::NoReader);
                }
                Err(madoguchi_protocol::ErrorCode::SignInExpired) => return Err(ReaderError::NoCard),
                Err(code) => return Err(ReaderError::Interrupted(code)),
            }
        }
    }

    fn open(&mut self, reader: &str) -> Result<PcscCard, ReaderError> {
        let context = Context::establish(Scope::User).map_err(reader_error)?;
        let reader = CString::new(reader).map_err(|_| ReaderError::NoReader)?;
        PcscCard::connect(context, reader)
    }
}

/// A card in a reader that nobody else can use until it is dropped; then it is powered down.
pub struct PcscCard {
    card: Option<Card>,
    context: Context,
    reader: CString,
}

impl PcscCard {
    /// Connects in a thread of its own, because the service has no time-out: it waits as long as another program has
    /// a transaction.
    fn connect(context: Context, reader: CString) -> Result<Self, ReaderError> {
        let (sender, connected) = channel();
        let (theirs, name) = (context.clone(), reader.clone());
        thread::spawn(move || {
            if let Err(SendError(Ok(card))) = sender.send(hold(&theirs, &name)) {
                // Too late. Nothing was done to the card, and the other program may go on with it.
                let _ = card.disconnect(Disposition::LeaveCard);
            }
        });
        match connected.recv_timeout(HOLD_TIME) {
            Ok(Ok(card)) => Ok(Self { card: Some(card), context, reader }),
            Ok(Err(pcsc::Error::SharingViolation)) | Err(_) => Err(ReaderError::Busy),
            Ok(Err(_)) if is_gone(&context, &reader) => Err(ReaderError::NoCard),
            Ok(Err(error)) => Err(reader_error(error)),
        }
    }
}

/// Connects exclusively, or in a transaction.
fn hold(context: &Context, reader: &CStr) -> Result<Card, pcsc::Error> {
    match context.connect(reader, ShareMode::Exclusive, Protocols::ANY) {
        // Another program is connected too, perhaps only to watch: a transaction keeps it out as well.
        Err(pcsc::Error::SharingViolation) => {}
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

impl CardTransaction for PcscCard {
    type Error = ReaderError;

    fn transmit(&mut self, command: &CommandApdu) -> Result<ResponseApdu, ReaderError> {
        let card = self.card.as_ref().ok_or(ReaderError::Removed)?;
        let octets = command.to_octets();
        let mut buffer = Zeroizing::new([0; MAX_RESPONSE_OCTETS]);
        let answer =
            card.transmit(&octets, buffer.as_mut_slice()).map_err(|error| match reader_error(error) {
                ReaderError::NoCard | ReaderError::NoReader => ReaderError::Removed,
                ReaderError::Reader { .. } if is_gone(&self.context, &self.reader) => ReaderError::Removed,
                error => error,
            })?;
        // Some drivers answer with nothing when the card leaves in the middle.
        ResponseApdu::parse(answer).map_err(|error| {
            if is_gone(&self.context, &self.reader) {
                ReaderError::Removed
            } else {
                ReaderError::Reader { reason: error.to_string() }
            }
        })
    }
}

impl Drop for PcscCard {
    fn drop(&mut self) {
        if let Some(card) = self.card.take()
            && let Err((card, error)) = card.disconnect(Disposition::UnpowerCard)
        {
            debug!(%error, "the card could not be powered down");
            // Its own drop disconnects once more, with a reset.
            drop(card);
        }
    }
}

/// Whether the card is out. A driver may notice a broken exchange before the service notices that the card left, so this
/// waits for the news for a moment.
fn is_gone(context: &Context, reader: &CStr) -> bool {
    let mut states = [ReaderState::new(reader, State::UNAWARE)];
    for _ in 0..NEWS_LOOKS {
        match context.get_status_change(NEWS_TIME, &mut states) {
            Ok(()) if !states[0].event_state().contains(State::PRESENT) => return true,
            // Other news, such as that the card is no longer in use.
            Ok(()) => states[0].sync_current_state(),
            Err(pcsc::Error::Timeout) => {}
            Err(_) => return true,
        }
    }
    false
}

fn reader_error(error: pcsc::Error) -> ReaderError {
    match error {
        pcsc::Error::SharingViolation => ReaderError::Busy,
        pcsc::Error::NoReadersAvailable | pcsc::Error::UnknownReader | pcsc::Error::ReaderUnavailable => {
            ReaderError::NoReader
        }
        pcsc::Error::NoSmartcard => ReaderError::NoCard,
        pcsc::Error::RemovedCard | pcsc::Error::ResetCard | pcsc::Error::UnpoweredCard => {
            ReaderError::Removed
        }
        pcsc::Error::NoService | pcsc::Error::ServiceStopped => ReaderError::ServiceUnavailable,
        error => {
            warn!(%error, "PC/SC");
            ReaderError::Reader { reason: error.to_string() }
        }
    }
}

/// How long another program's transaction is waited for.
const HOLD_TIME: Duration = Duration::from_secs(3);
/// Together longer than a service takes between two looks at its readers.
const NEWS_LOOKS: usize = 8;
const NEWS_TIME: Duration = Duration::from_millis(250);
/// Data of a short response, SW1 and SW2.
const MAX_RESPONSE_OCTETS: usize = 258;
/// How long one wait lasts before the patience is asked again.
const STEP: Duration = Duration::from_millis(400);

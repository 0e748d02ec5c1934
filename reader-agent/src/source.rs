//! Where cards come from. The program wires PC/SC; tests put a card in software here.

use madoguchi_iso7816::CardTransaction;
use madoguchi_jpki_card::{JpkiCard, JpkiCardError};
use madoguchi_protocol::ErrorCode;
use tracing::info;

use crate::{Notice, Patience};

/// A source of cards.
pub trait CardSource: Send {
    /// Exclusive use of one card. Dropping it powers the card down, also on the way out of an error or a panic.
    type Card: CardTransaction<Error = ReaderError>;

    /// Waits until at least one reader holds a card; names all that do.
    fn wait(
        &mut self,
        patience: &Patience<'_>,
        notice: &mut dyn FnMut(Notice),
    ) -> Result<Vec<String>, ReaderError>;

    /// Takes the card in `reader` for exclusive use; [`ReaderError::NoCard`] when it is gone again.
    fn open(&mut self, reader: &str) -> Result<Self::Card, ReaderError>;
}

/// The first My Number card among the cards that lie on readers.
pub(crate) fn find_card<S: CardSource>(
    source: &mut S,
    patience: &Patience<'_>,
    notice: &mut dyn FnMut(Notice),
) -> Result<JpkiCard<S::Card>, ErrorCode> {
    loop {
        let mut refused = None;
        for reader in source.wait(patience, notice).map_err(|error| error.code())? {
            let card = match source.open(&reader) {
                // Gone again, or the service had not noticed yet that it went.
                Err(ReaderError::NoCard) => continue,
                card => card.map_err(|error| error.code()),
            };
            match card.and_then(|card| JpkiCard::select(card).map_err(|error| card_code(&error))) {
                Ok(card) => return Ok(card),
                Err(code) => refused = Some(code),
            }
        }
        if let Some(code) = refused {
            return Err(code);
        }
        patience
            .check()
            .map_err(|code| if code == ErrorCode::SignInExpired { ErrorCode::NoCard } else { code })?;
    }
}

/// What the resident is told about a failure of the card.
pub(crate) fn card_code(error: &JpkiCardError<ReaderError>) -> ErrorCode {
    // Command and status word only: the error holds no data of the card.
    info!(%error, "card");
    match error {
        JpkiCardError::CertificateTooLong { .. } => ErrorCode::CertificateUnusable,
        JpkiCardError::NoCertificate => ErrorCode::CertificateMissing,
        JpkiCardError::NotMyNumberCard { .. } | JpkiCardError::UnsupportedToken { .. } => {
            ErrorCode::NotMyNumberCard
        }
        JpkiCardError::PossiblyConsumed { source } | JpkiCardError::Transport { source, .. } => source.code(),
        _ => ErrorCode::CardError,
    }
}

/// What goes wrong between the agent and a card.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReaderError {
    /// Another program holds the card.
    #[error("another program holds the card")]
    Busy,
    /// The sign-in ended while waiting.
    #[error("stopped while waiting: {0}")]
    Interrupted(ErrorCode),
    /// No card in the time there was.
    #[error("no card on the reader")]
    NoCard,
    /// No reader in the time there was.
    #[error("no card reader is connected")]
    NoReader,
    /// The reader or its driver failed.
    #[error("the reader failed: {reason}")]
    Reader {
        /// The driver's word for it, for the log.
        reason: String,
    },
    /// The card left the reader, or lost power.
    #[error("the card left the reader")]
    Removed,
    /// The computer's smart card service does not run.
    #[error("the smart card service does not run")]
    ServiceUnavailable,
}

impl ReaderError {
    /// What the resident is told.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Busy => ErrorCode::CardBusy,
            Self::Interrupted(code) => *code,
            Self::NoCard => ErrorCode::NoCard,
            Self::NoReader => ErrorCode::NoReader,
            Self::Reader { .. } => ErrorCode::CardError,
            Self::Removed => ErrorCode::CardRemoved,
            Self::ServiceUnavailable => ErrorCode::ReaderServiceUnavailable,
        }
    }
}

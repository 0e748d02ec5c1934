//! Where cards come from. The program wires PC/SC; tests put a card in software here.

use madoguchi_iso7816::CardTransaction;
use madoguchi_jpki_card::{Command, JpkiCard, JpkiCardError};
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
    let mut unsettled = ErrorCode::CardRemoved;
    for _ in 0..ROUNDS {
        let mut refused = None;
        for reader in source.wait(patience, notice).map_err(|error| error.code())? {
            match take_card(source, &reader) {
                Ok(card) => return Ok(card),
                Err(Refused::Settled(code)) => refused = Some(code),
                Err(Refused::Unsettled(code)) => unsettled = code,
            }
        }
        if let Some(code) = refused {
            return Err(code);
        }
        patience
            .check()
            .map_err(|code| if code == ErrorCode::SignInExpired { ErrorCode::NoCard } else { code })?;
    }
    Err(unsettled)
}

enum Refused {
    /// This card will not do.
    Settled(ErrorCode),
    /// It was gone again, or went and came between two looks of the service, which then holds a connection to the card
    /// before. Nothing was done to it yet, so it may be taken anew.
    Unsettled(ErrorCode),
}

fn take_card<S: CardSource>(source: &mut S, reader: &str) -> Result<JpkiCard<S::Card>, Refused> {
    let passing = |error: &ReaderError| {
        matches!(error, ReaderError::NoCard | ReaderError::Reader { .. } | ReaderError::Removed)
    };
    let card = source.open(reader).map_err(|error| match error {
        error if passing(&error) => Refused::Unsettled(error.code()),
        error => Refused::Settled(error.code()),
    })?;
    JpkiCard::select(card).map_err(|error| match &error {
        JpkiCardError::Transport { command: Command::SelectIssuerSecurityDomain, source }
            if passing(source) =>
        {
            Refused::Unsettled(source.code())
        }
        error => Refused::Settled(card_code(error)),
    })
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

/// How often a card may be seen and fail at the first command, as with a bad contact, before that is told.
const ROUNDS: usize = 5;

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

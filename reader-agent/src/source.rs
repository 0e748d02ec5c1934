//! Where cards come from. The program wires PC/SC; tests put a card in software here.

use std::time::Duration;

use madoguchi_iso7816::PinPad;
use madoguchi_jpki_card::{CardProfile, Command, JpkiCard, JpkiCardError};
use madoguchi_protocol::ErrorCode;
use tracing::info;

use crate::{Notice, Patience};

/// A source of cards.
pub trait CardSource: Send {
    /// Exclusive use of one card. Dropping it powers the card down, also on the way out of an error or a panic.
    type Card: PinPad<Error = ReaderError>;

    /// Waits until at least one reader holds a card that is not among `tried`; names all such cards. None when every reader
    /// holds one of `tried`, so that there is no place for another.
    fn wait(
        &mut self,
        tried: &[InsertedCard],
        patience: &Patience<'_>,
        notice: &mut dyn FnMut(Notice),
    ) -> Result<Vec<InsertedCard>, ReaderError>;

    /// Takes a card for exclusive use; [`ReaderError::NoCard`] when it is gone again.
    fn open(&mut self, card: &InsertedCard, patience: &Patience<'_>) -> Result<Self::Card, ReaderError>;

    /// Waits at most for `limit` for the cards that were dropped while their reader did not answer. Whether all are left.
    fn left_within(&mut self, _limit: Duration) -> bool {
        true
    }
}

/// A card on a reader. When it is taken away and put there again, that is another value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InsertedCard {
    /// Name of the reader.
    pub reader: String,
    /// Another number for every card that comes or goes there.
    pub count: u32,
}

/// The one My Number card among the cards that lie on readers, and where it lies. Cards of other kinds are left alone, and as
/// long as a reader is free the right one is waited for, whatever is wrong with those that lie there. With two My Number cards it
/// is not for us to choose: a PIN typed for one would cost the other a try. So nothing is chosen either as long as another card
/// cannot be looked at because another program is using it.
pub(crate) fn find_card<S: CardSource>(
    source: &mut S,
    profiles: &[CardProfile],
    patience: &Patience<'_>,
    notice: &mut dyn FnMut(Notice),
) -> Result<(InsertedCard, JpkiCard<S::Card>), ErrorCode> {
    let mut tried = Vec::new();
    // What is told when no other card comes.
    let mut refused = ErrorCode::NoCard;
    // Cards that may do the next time, and how often they did not.
    let mut passing: Vec<(InsertedCard, usize)> = Vec::new();
    let mut told_in_use = false;
    loop {
        let mut tell = |news| {
            // A card that is set aside for another reason than its kind is looked at once more when it is placed again.
            let own = news == Notice::OtherCard && refused != ErrorCode::NotMyNumberCard;
            notice(if own { Notice::CardUnreadable } else { news });
        };
        let places = match source.wait(&tried, patience, &mut tell) {
            Ok(places) if places.is_empty() => return Err(refused),
            Ok(places) => places,
            Err(ReaderError::NoCard) => return Err(refused),
            Err(error) => return Err(error.code()),
        };
        let mut found = None;
        let mut over = None;
        let (mut busy, mut unsettled) = (false, false);
        for place in places {
            match take_card(source, &place, profiles, patience) {
                // Both are left and lose their power.
                Ok(_) if found.is_some() => return Err(ErrorCode::SeveralCards),
                Ok(card) => found = Some((place, card)),
                Err(Refused::OtherCard) => {
                    refused = ErrorCode::NotMyNumberCard;
                    tried.push(place);
                }
                Err(Refused::Mute) => {
                    if refused == ErrorCode::NoCard {
                        refused = ErrorCode::CardError;
                    }
                    tried.push(place);
                }
                Err(Refused::Broken(code)) => {
                    refused = code;
                    tried.push(place);
                }
                Err(Refused::Over(code)) => over = Some(code),
                // The other program lets go of it at some time; then it is looked at.
                Err(Refused::Passing(ErrorCode::CardBusy)) => busy = true,
                Err(Refused::Passing(code)) => {
                    unsettled = true;
                    if once_more(&mut passing, &place) >= ROUNDS {
                        refused = code;
                        tried.push(place);
                    }
                }
            }
        }
        match found {
            Some(found) if !busy && !unsettled => return Ok(found),
            // Left until it is the only one.
            found => drop(found),
        }
        if let Some(code) = over {
            return Err(code);
        }
        if busy && !std::mem::replace(&mut told_in_use, true) {
            notice(Notice::CardInUse);
        }
        match patience.check() {
            Ok(()) => {}
            Err(ErrorCode::SignInExpired) if busy => return Err(ErrorCode::CardBusy),
            Err(ErrorCode::SignInExpired) => return Err(refused),
            Err(code) => return Err(code),
        }
    }
}

/// How often this card has failed by now.
fn once_more(passing: &mut Vec<(InsertedCard, usize)>, place: &InsertedCard) -> usize {
    if let Some((_, times)) = passing.iter_mut().find(|(card, _)| card == place) {
        *times += 1;
        *times
    } else {
        passing.push((place.clone(), 1));
        1
    }
}

enum Refused {
    /// It does not answer; it may when it is put there again.
    Mute,
    /// No My Number card; there may be one elsewhere.
    OtherCard,
    /// What it does makes no sense, or another program broke in on it. It is not asked again before it is put there again.
    Broken(ErrorCode),
    /// It went while it was looked at, or there is no more looking.
    Over(ErrorCode),
    /// It was gone again, or went and came between two looks of the service, which then holds a connection to the card
    /// before; or another program is using it, or the service stopped. Nothing was done to it yet, so it may be taken anew.
    Passing(ErrorCode),
}

impl Refused {
    fn at_first(error: &ReaderError) -> Self {
        match error {
            ReaderError::Busy
            | ReaderError::NoCard
            | ReaderError::Reader { .. }
            | ReaderError::Removed
            | ReaderError::Reset
            | ReaderError::ServiceUnavailable => Self::Passing(error.code()),
            ReaderError::Mute => Self::Mute,
            error => Self::Over(error.code()),
        }
    }
}

fn take_card<S: CardSource>(
    source: &mut S,
    place: &InsertedCard,
    profiles: &[CardProfile],
    patience: &Patience<'_>,
) -> Result<JpkiCard<S::Card>, Refused> {
    let card = source.open(place, patience).map_err(|error| Refused::at_first(&error))?;
    JpkiCard::select(card, profiles).map_err(|error| match &error {
        JpkiCardError::Transport { command: Command::SelectIssuerSecurityDomain, source } => {
            Refused::at_first(source)
        }
        error => match card_code(error) {
            ErrorCode::NotMyNumberCard => Refused::OtherCard,
            code @ (ErrorCode::CardBusy | ErrorCode::CardError) => Refused::Broken(code),
            code => Refused::Over(code),
        },
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

/// How often a card may be seen and fail at the first command, as with a bad contact, before it is set aside.
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
    /// The card does not answer: it lies the wrong way, or is no card with such a chip.
    #[error("the card does not answer")]
    Mute,
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
    /// Another program reset the card, so that nothing that was believed about it holds.
    #[error("another program reset the card")]
    Reset,
    /// The computer's smart card service does not run.
    #[error("the smart card service does not run")]
    ServiceUnavailable,
}

impl ReaderError {
    /// What the resident is told.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Busy | Self::Reset => ErrorCode::CardBusy,
            Self::Interrupted(code) => *code,
            Self::NoCard => ErrorCode::NoCard,
            Self::NoReader => ErrorCode::NoReader,
            Self::Mute | Self::Reader { .. } => ErrorCode::CardError,
            Self::Removed => ErrorCode::CardRemoved,
            Self::ServiceUnavailable => ErrorCode::ReaderServiceUnavailable,
        }
    }
}

#[cfg(test)]
mod tests;

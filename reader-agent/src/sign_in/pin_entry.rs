//! From the counter to a verified PIN: nothing is sent twice, and every VERIFY comes after a look at the counter and a last
//! one at the clock.

use std::time::Duration;

use madoguchi_jpki_card::{Command, JpkiCard, JpkiCardError, PadOutcome, VerifyOutcome};
use madoguchi_protocol::{ErrorCode, MIN_SECONDS_FOR_PIN};

use super::Clerk;
use crate::source::card_code;
use crate::{CardSource, InsertedCard, Notice, Patience, Prompt, ReaderError};

/// Why no PIN was verified.
pub(super) enum PinError {
    /// It is known what became of the tries.
    Ends(ErrorCode),
    /// The card has seen a PIN, or may have, and did not say whether it was right or wrong.
    Unknown(ErrorCode),
}

impl PinError {
    fn of(error: &JpkiCardError<ReaderError>) -> Self {
        let code = card_code(error);
        match error {
            JpkiCardError::PossiblyConsumed { .. }
            | JpkiCardError::UnexpectedStatus { command: Command::Verify, .. } => Self::Unknown(code),
            _ => Self::Ends(code),
        }
    }
}

impl From<ErrorCode> for PinError {
    fn from(code: ErrorCode) -> Self {
        Self::Ends(code)
    }
}

impl<S: CardSource, P: Prompt> Clerk<S, P> {
    /// PIN and VERIFY, as often as the resident wants and the card has tries. `wrong` becomes what the card says after a wrong
    /// PIN.
    pub(super) fn verify_pin(
        &mut self,
        card: &mut JpkiCard<S::Card>,
        patience: &Patience<'_>,
        wrong: &mut Option<u8>,
    ) -> Result<(), PinError> {
        loop {
            let tries_left = card.tries_left().map_err(|error| card_code(&error))?;
            match tries_left {
                0 => return Err(ErrorCode::PinBlocked.into()),
                1 => self.prompt.ask_last_try(patience)?,
                _ => {}
            }
            patience.check_for_pin()?;
            let outcome = if card.has_pin_pad() {
                self.verify_on_reader(card, tries_left, patience)?
            } else {
                Some(self.verify_here(card, tries_left, patience)?)
            };
            match outcome {
                Some(VerifyOutcome::Verified) => return Ok(()),
                Some(VerifyOutcome::Wrong { tries_left }) => {
                    *wrong = Some(tries_left);
                    self.prompt.ask_again(tries_left, patience)?;
                }
                Some(VerifyOutcome::Blocked) => return Err(ErrorCode::PinBlocked.into()),
                None => self.prompt.ask_reader_again(patience)?,
            }
        }
    }

    /// A PIN that is typed on the computer.
    fn verify_here(
        &mut self,
        card: &mut JpkiCard<S::Card>,
        tries_left: u8,
        patience: &Patience<'_>,
    ) -> Result<VerifyOutcome, PinError> {
        let pin = self.prompt.ask_pin(tries_left, patience)?;
        patience.check_for_pin()?;
        self.prompt.notice(Notice::Signing);
        let mut last_look = Ok(());
        let mut wanted = || {
            last_look = patience.check_for_pin();
            last_look.is_ok()
        };
        let outcome = card.verify_pin(pin, &mut wanted);
        last_look?;
        outcome.map_err(|error| PinError::of(&error))
    }

    /// The same on the reader's own keypad; absent when the card has counted nothing.
    fn verify_on_reader(
        &mut self,
        card: &mut JpkiCard<S::Card>,
        tries_left: u8,
        patience: &Patience<'_>,
    ) -> Result<Option<VerifyOutcome>, PinError> {
        self.prompt.ask_pin_on_reader(tries_left, patience)?;
        // What is typed last is still sent with the time that a PIN needs.
        let time = PIN_PAD_TIME.min(patience.left().saturating_sub(MIN_TIME_FOR_PIN + LOOK_TIME));
        if time < MIN_PIN_PAD_TIME {
            return Err(ErrorCode::TooLittleTime.into());
        }
        let mut last_look = Ok(());
        let mut wanted = || {
            last_look = patience.check_for_pin_in(time);
            last_look.is_ok()
        };
        let outcome = card.verify_pin_on_pad(time, &mut wanted);
        last_look?;
        match outcome.map_err(|error| PinError::of(&error))? {
            PadOutcome::Verified => {
                self.prompt.notice(Notice::Signing);
                Ok(Some(VerifyOutcome::Verified))
            }
            PadOutcome::Wrong { tries_left } => Ok(Some(VerifyOutcome::Wrong { tries_left })),
            PadOutcome::Blocked => Ok(Some(VerifyOutcome::Blocked)),
            PadOutcome::Cancelled => Err(ErrorCode::Declined.into()),
            // A card may say the same as a reader. Whether it has counted a PIN, its counter tells.
            PadOutcome::TimedOut | PadOutcome::Malformed => match card.tries_left() {
                Ok(now) if now >= tries_left => Ok(None),
                Ok(_) => Err(PinError::Unknown(ErrorCode::CardError)),
                Err(error) => Err(PinError::Unknown(card_code(&error))),
            },
        }
    }

    /// Tries left after a VERIFY without an answer, if the same card is still there. Nothing but that is asked of it.
    pub(super) fn tries_now(
        &mut self,
        place: &InsertedCard,
        certificate: &[u8],
        patience: &Patience<'_>,
    ) -> Option<u8> {
        let card = self.source.open(place, patience).ok()?;
        let mut card = JpkiCard::select(card, self.policy.profiles()).ok()?;
        // Another card may lie there now.
        if card.read_auth_certificate().ok()? != certificate {
            return None;
        }
        card.tries_left().ok()
    }
}

/// How long a reader waits for the PIN. It cannot be called off meanwhile, so that this is shorter than the time that the
/// program takes to stop.
pub(crate) const PIN_PAD_TIME: Duration = Duration::from_secs(30);
/// In less nobody types four digits.
const MIN_PIN_PAD_TIME: Duration = Duration::from_secs(10);
/// For the look at the counter before the reader asks.
const LOOK_TIME: Duration = Duration::from_secs(5);
const MIN_TIME_FOR_PIN: Duration = Duration::from_secs(MIN_SECONDS_FOR_PIN);

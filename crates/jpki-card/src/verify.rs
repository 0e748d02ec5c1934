//! The retry counter and VERIFY: the commands that a mistake of ours could cost a resident a try with.

use std::time::Duration;

use madoguchi_iso7816::{CardTransaction, CommandApdu, PinEntry, PinPad, StatusWord};

use crate::{Command, JpkiCard, JpkiCardError, Pin, card::CURRENT_EF};

/// What the card made of a PIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerifyOutcome {
    /// It was right; the card has all its tries again and will sign.
    Verified,
    /// It was wrong.
    Wrong {
        /// Tries left, at least one.
        tries_left: u8,
    },
    /// No tries are left, by this PIN or by ones before it. The town office sets a new PIN.
    Blocked,
}

/// What came of asking for the PIN on the reader's own keypad.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PadOutcome {
    /// It was right; the card has all its tries again and will sign.
    Verified,
    /// It was wrong.
    Wrong {
        /// Tries left, at least one.
        tries_left: u8,
    },
    /// No tries are left, by this PIN or by ones before it. The town office sets a new PIN.
    Blocked,
    /// The resident pressed the key that cancels. By the reader's account, the card has seen nothing.
    Cancelled,
    /// Nothing was typed in time, or so the reader says: a card could answer the same (6400). The counter tells.
    TimedOut,
    /// What was typed has not the length of a PIN. By the reader's account, the card has seen nothing.
    Malformed,
}

impl<T: CardTransaction> JpkiCard<T> {
    /// Tries left of the user-authentication PIN; none left means blocked. Costs nothing, and is good for one
    /// [`JpkiCard::verify_pin`].
    ///
    /// It does not tell whether the PIN is verified now: the card answers the same either way.
    pub fn tries_left(&mut self) -> Result<u8, JpkiCardError<T::Error>> {
        self.told = None;
        let tries_left = self.query_tries()?;
        self.told = Some(tries_left);
        Ok(tries_left)
    }

    /// Verifies the user-authentication PIN: at most one VERIFY, and the PIN is gone after it.
    ///
    /// The counter is read once more right before, in the same file, and must be what [`JpkiCard::tries_left`] told since
    /// the last VERIFY: without that nothing is sent. So a PIN goes to no file but one that behaves like its own. And
    /// because a card may take its time over these, `wanted` is asked last of all whether the PIN is still to be sent.
    ///
    /// With an error other than [`JpkiCardError::PossiblyConsumed`] or an unexpected status of VERIFY itself, the card
    /// has not seen the PIN.
    pub fn verify_pin(
        &mut self,
        pin: Pin,
        wanted: &mut dyn FnMut() -> bool,
    ) -> Result<VerifyOutcome, JpkiCardError<T::Error>> {
        let command = Command::Verify;
        if self.permit(wanted)? == 0 {
            return Ok(VerifyOutcome::Blocked);
        }
        let apdu = verify()
            .with_data(pin.as_octets())
            .map_err(|source| JpkiCardError::Command { command, source })?;
        drop(pin);
        // Not by `exchange`, which may send a command twice.
        let response = self.transaction.transmit(&apdu);
        drop(apdu);
        match response.map_err(|source| JpkiCardError::PossiblyConsumed { source })?.status() {
            StatusWord::Ok => Ok(VerifyOutcome::Verified),
            StatusWord::TriesLeft(0)
            | StatusWord::AuthenticationMethodBlocked
            | StatusWord::ReferenceDataNotUsable => Ok(VerifyOutcome::Blocked),
            StatusWord::TriesLeft(tries_left) => Ok(VerifyOutcome::Wrong { tries_left }),
            status => Err(JpkiCardError::UnexpectedStatus { command, status }),
        }
    }

    /// What has to be true before a VERIFY. Answers the tries left; with none, whatever was told, there is nothing to send.
    fn permit(&mut self, wanted: &mut dyn FnMut() -> bool) -> Result<u8, JpkiCardError<T::Error>> {
        let told = self.told.take().ok_or(JpkiCardError::TriesNotRead)?;
        match self.query_tries()? {
            0 => Ok(0),
            found if found != told => Err(JpkiCardError::TriesChanged { told, found }),
            _ if !wanted() => Err(JpkiCardError::NotWanted),
            found => Ok(found),
        }
    }

    /// Selects the PIN's file and asks for the counter.
    fn query_tries(&mut self) -> Result<u8, JpkiCardError<T::Error>> {
        let command = Command::QueryTries;
        self.select_ef(self.profile.files.auth_pin)?;
        let mut status = self.query(&verify())?;
        if status == StatusWord::WrongLength {
            // Some readers' drivers want a fifth octet. An Le, not an Lc: there is no PIN in it that could be wrong.
            status = self.query(&verify().with_le(0x00))?;
        }
        match status {
            StatusWord::TriesLeft(tries) => Ok(tries),
            StatusWord::AuthenticationMethodBlocked | StatusWord::ReferenceDataNotUsable => Ok(0),
            status => Err(JpkiCardError::UnexpectedStatus { command, status }),
        }
    }

    fn query(&mut self, apdu: &CommandApdu) -> Result<StatusWord, JpkiCardError<T::Error>> {
        // Not by `exchange`, which may send a command twice.
        let response = self.transaction.transmit(apdu);
        let response =
            response.map_err(|source| JpkiCardError::Transport { command: Command::QueryTries, source })?;
        Ok(response.status())
    }
}

impl<T: PinPad> JpkiCard<T> {
    /// Whether the reader has a keypad that can take the PIN.
    pub fn has_pin_pad(&self) -> bool {
        self.transaction.has_pin_pad()
    }

    /// As [`JpkiCard::verify_pin`], with the PIN typed on the reader's own keypad within `timeout`: it never enters the
    /// computer.
    pub fn verify_pin_on_pad(
        &mut self,
        timeout: Duration,
        wanted: &mut dyn FnMut() -> bool,
    ) -> Result<PadOutcome, JpkiCardError<T::Error>> {
        if self.permit(wanted)? == 0 {
            return Ok(PadOutcome::Blocked);
        }
        let rules = self.profile.pin;
        let entry = PinEntry {
            command: verify(),
            min_digits: rules.min_digits,
            max_digits: rules.max_digits,
            timeout,
        };
        let status = self.transaction.verify_pin_direct(&entry);
        match status.map_err(|source| JpkiCardError::PossiblyConsumed { source })? {
            StatusWord::Ok => Ok(PadOutcome::Verified),
            StatusWord::TriesLeft(0)
            | StatusWord::AuthenticationMethodBlocked
            | StatusWord::ReferenceDataNotUsable => Ok(PadOutcome::Blocked),
            StatusWord::TriesLeft(tries_left) => Ok(PadOutcome::Wrong { tries_left }),
            StatusWord::ExecutionError => Ok(PadOutcome::TimedOut),
            StatusWord::Other(PAD_CANCELLED) => Ok(PadOutcome::Cancelled),
            StatusWord::Other(PAD_MISMATCH | PAD_LENGTH) => Ok(PadOutcome::Malformed),
            status => Err(JpkiCardError::UnexpectedStatus { command: Command::Verify, status }),
        }
    }
}

/// VERIFY (ISO 7816-4 section 11.5.6) of the current EF, without data: the question for the counter.
fn verify() -> CommandApdu {
    CommandApdu::new(0x00, 0x20, 0x00, CURRENT_EF)
}

/// The reader's own answers (PC/SC part 10, section 2.5.2; 6400, nothing typed in time, has a name in ISO 7816-4 too).
const PAD_CANCELLED: u16 = 0x6401;
const PAD_MISMATCH: u16 = 0x6402;
const PAD_LENGTH: u16 = 0x6403;

//! A PIN with its retry counter (ISO 7816-4 section 11.5.6, and JICSAP's limits as observed).

use std::ops::RangeInclusive;

use madoguchi_iso7816::StatusWord;
use zeroize::Zeroizing;

use crate::{BlockedQuery, Scenario};

/// Reference data in an internal EF.
pub(crate) struct Pin {
    /// Empty when none was given out: nothing is equal to it.
    value: Zeroizing<Vec<u8>>,
    format: PinFormat,
    tries_at_most: u8,
    tries_left: u8,
    verified: bool,
}

/// What a PIN may look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PinFormat {
    /// This many digits.
    Digits(usize),
    /// 6 to 16 capital letters and digits. That new ones must mix both is the town office's rule, not the card's
    /// (inferred).
    Password,
    /// Fixed when the card was made; it cannot be changed (inferred).
    Fixed(usize),
}

impl Pin {
    /// A PIN with all its tries.
    pub(crate) fn new(value: &str, format: PinFormat, tries: u8) -> Self {
        let value = Zeroizing::new(value.as_bytes().to_vec());
        Self { value, format, tries_at_most: tries, tries_left: tries, verified: false }
    }

    /// One that has been blocked since the card was issued.
    pub(crate) fn blocked(format: PinFormat, tries: u8) -> Self {
        Self { tries_left: 0, ..Self::new("", format, tries) }
    }

    /// The same with this many tries left.
    pub(crate) fn with_tries_left(mut self, tries: u8) -> Self {
        self.set_tries_left(tries);
        self
    }

    /// VERIFY with data. A wrong value costs a try and, unless the scenario says otherwise, an earlier success; a
    /// right one gives all tries back.
    pub(crate) fn verify(&mut self, data: &[u8], scenario: &Scenario) -> Result<(), StatusWord> {
        let fits = self.format.lengths().contains(&data.len());
        if data.len() > LONGEST || (scenario.wrong_length_is_free && !fits) {
            return Err(StatusWord::WrongLength);
        }
        if self.tries_left == 0 {
            return Err(StatusWord::ReferenceDataNotUsable);
        }
        if data == self.value.as_slice() {
            self.verified = true;
            self.tries_left = self.tries_at_most;
            return Ok(());
        }
        self.verified &= scenario.wrong_verify_keeps_login;
        self.tries_left -= 1;
        if self.tries_left == 0 {
            self.verified = false;
        }
        Err(StatusWord::TriesLeft(self.tries_left))
    }

    /// VERIFY without data: tells the counter and costs nothing. Not 9000 even when verified (observed).
    pub(crate) fn query(&self, scenario: &Scenario) -> Result<(), StatusWord> {
        match (self.tries_left, scenario.blocked_query) {
            _ if self.verified && scenario.verified_query_is_ok => Ok(()),
            (0, BlockedQuery::ReferenceDataNotUsable) => Err(StatusWord::ReferenceDataNotUsable),
            (tries, _) => Err(StatusWord::TriesLeft(tries)),
        }
    }

    /// CHANGE REFERENCE DATA to a new value, after VERIFY of the old one.
    pub(crate) fn change(&mut self, new: &[u8]) -> Result<(), StatusWord> {
        if !self.verified {
            return Err(StatusWord::SecurityStatusNotSatisfied);
        }
        if new.is_empty() || new.len() > LONGEST {
            return Err(StatusWord::WrongLength);
        }
        match self.format {
            PinFormat::Fixed(_) => return Err(StatusWord::ConditionsNotSatisfied),
            // What cards answer is not known.
            _ if !self.format.allows(new) => return Err(StatusWord::IncorrectData),
            _ => {}
        }
        self.value = Zeroizing::new(new.to_vec());
        Ok(())
    }

    pub(crate) fn is_verified(&self) -> bool {
        self.verified
    }

    pub(crate) fn forget(&mut self) {
        self.verified = false;
    }

    pub(crate) fn tries_left(&self) -> u8 {
        self.tries_left
    }

    /// Without tries nothing is verified.
    pub(crate) fn set_tries_left(&mut self, tries: u8) {
        self.tries_left = tries.min(self.tries_at_most);
        self.verified &= self.tries_left > 0;
    }

    /// All tries again, if there is a PIN at all.
    pub(crate) fn reset_counter(&mut self) {
        if !self.value.is_empty() {
            self.tries_left = self.tries_at_most;
        }
    }
}

impl PinFormat {
    fn lengths(self) -> RangeInclusive<usize> {
        match self {
            Self::Digits(digits) | Self::Fixed(digits) => digits..=digits,
            Self::Password => 6..=LONGEST,
        }
    }

    fn allows(self, value: &[u8]) -> bool {
        let letters = self == Self::Password;
        let allowed = |octet: &u8| octet.is_ascii_digit() || (letters && octet.is_ascii_uppercase());
        self.lengths().contains(&value.len()) && value.iter().all(allowed)
    }
}

/// Most octets that VERIFY takes (JICSAP, observed).
const LONGEST: usize = 16;

//! A PIN with its retry counter (ISO 7816-4 section 11.5.6, and JICSAP's limits as observed).

use madoguchi_iso7816::StatusWord;
use zeroize::Zeroizing;

use crate::BlockedQuery;

/// Reference data in an internal EF.
pub(crate) struct Pin {
    value: Zeroizing<Vec<u8>>,
    tries_at_most: u8,
    tries_left: u8,
    verified: bool,
}

impl Pin {
    pub(crate) fn new(value: Zeroizing<Vec<u8>>, tries_at_most: u8, tries_left: u8) -> Self {
        Self { value, tries_at_most, tries_left: tries_left.min(tries_at_most), verified: false }
    }

    /// VERIFY with data. A wrong value costs a try and an earlier success; a right one gives all tries back.
    pub(crate) fn verify(&mut self, data: &[u8]) -> Result<(), StatusWord> {
        if data.len() > LONGEST {
            return Err(StatusWord::WrongLength);
        }
        if self.tries_left == 0 {
            return Err(StatusWord::ReferenceDataNotUsable);
        }
        // A value of the wrong length is a wrong value.
        self.verified = data == self.value.as_slice();
        if self.verified {
            self.tries_left = self.tries_at_most;
            Ok(())
        } else {
            self.tries_left -= 1;
            Err(StatusWord::TriesLeft(self.tries_left))
        }
    }

    /// VERIFY without data: tells the counter and costs nothing. Not 9000 even when verified (observed).
    pub(crate) fn query(&self, blocked: BlockedQuery) -> StatusWord {
        match (self.tries_left, blocked) {
            (0, BlockedQuery::ReferenceDataNotUsable) => StatusWord::ReferenceDataNotUsable,
            (tries, _) => StatusWord::TriesLeft(tries),
        }
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

    pub(crate) fn set_tries_left(&mut self, tries: u8) {
        self.tries_left = tries.min(self.tries_at_most);
    }
}

/// Most octets that VERIFY takes (JICSAP, observed).
const LONGEST: usize = 16;

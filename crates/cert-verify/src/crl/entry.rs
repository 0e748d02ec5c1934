//! The entries of a list that the gateway takes: complete, and of one issuer.

use rustls_pki_types::UnixTime;

use crate::crl::{EntryWalk, WalkedEntry};
use crate::{Error, RevocationReason};

/// One entry of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CrlEntry<'a> {
    /// The content octets of the serial number, minimal: equal octets are equal numbers.
    pub serial: &'a [u8],
    /// revocationDate.
    pub revoked_at: UnixTime,
    /// reasonCode, or unspecified.
    pub reason: RevocationReason,
}

/// The entries of a list in its order, each read strictly; after an error there is nothing more.
#[derive(Clone, Debug)]
pub struct CrlEntries<'a> {
    walk: EntryWalk<'a>,
}

impl<'a> CrlEntries<'a> {
    pub(crate) fn new(walk: EntryWalk<'a>) -> Self {
        Self { walk }
    }
}

impl<'a> Iterator for CrlEntries<'a> {
    type Item = Result<CrlEntry<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.walk.next().map(|walked| walked.map(|entry| entry.entry()))
    }
}

impl<'a> WalkedEntry<'a> {
    /// The entry without its place.
    pub fn entry(&self) -> CrlEntry<'a> {
        CrlEntry { serial: self.serial, revoked_at: self.revoked_at, reason: self.reason }
    }
}

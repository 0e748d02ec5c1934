//! A complete list in memory, whose signature holds and whose every entry was read: for whoever has no index.

use std::fmt;
use std::ops::Deref;
use std::time::Duration;

use rustls_pki_types::UnixTime;

use crate::crl::{AskedCrl, CrlEntries, CrlEntry, CrlHead, EntryWalk, UnverifiedCrl};
use crate::{Anchor, CrlEvidence, Error, VerifiedPath};

/// A complete version 2 list, signed by a trust anchor, with every entry well formed. It may be stale.
#[derive(Clone)]
pub struct VerifiedCrl {
    head: CrlHead,
    der: Vec<u8>,
    entry_count: usize,
}

impl VerifiedCrl {
    /// Reads a DER list, verifies its signature by an anchor with cRLSign, and only then reads every entry.
    pub fn verify(der: Vec<u8>, anchors: &[Anchor]) -> Result<Self, Error> {
        let list = UnverifiedCrl::read(&der)?;
        if list.is_delta() {
            return Err(Error::CrlIsDelta);
        }
        let head = list.verify_signature(anchors)?;
        let entry_count =
            list.walk().try_fold(0_usize, |count, entry| entry.map(|_| count.saturating_add(1)))?;
        Ok(Self { head, der, entry_count })
    }

    /// How many entries it has.
    pub fn entry_count(&self) -> usize {
        self.entry_count
    }

    /// The octets it was read from.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The entries in the list's order.
    pub fn entries(&self) -> CrlEntries<'_> {
        CrlEntries::new(self.walk())
    }

    /// The same with the place of each entry in [`Self::der`].
    pub fn walk(&self) -> EntryWalk<'_> {
        self.head.walk(&self.der)
    }

    /// What the list says about a certificate, found by going through the entries.
    pub fn evidence_for(&self, path: &VerifiedPath, now: UnixTime, max_age: Option<Duration>) -> CrlEvidence {
        let mut found: Option<CrlEntry<'_>> = None;
        for entry in self.entries().flatten().filter(|entry| entry.serial == path.serial()) {
            if found.is_none_or(|earlier| entry.outweighs(&earlier)) {
                found = Some(entry);
            }
        }
        self.evidence(path, found, now, max_age)
    }

    /// The same for whoever has looked the serial up: `found` is the entry with the certificate's serial, the
    /// weightiest when there are several.
    pub fn evidence(
        &self,
        path: &VerifiedPath,
        found: Option<CrlEntry<'_>>,
        now: UnixTime,
        max_age: Option<Duration>,
    ) -> CrlEvidence {
        AskedCrl { head: &self.head, found }.evidence(path, now, max_age)
    }
}

impl Deref for VerifiedCrl {
    type Target = CrlHead;

    fn deref(&self) -> &CrlHead {
        &self.head
    }
}

impl fmt::Debug for VerifiedCrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedCrl")
            .field("head", &self.head)
            .field("entries", &self.entry_count)
            .finish_non_exhaustive()
    }
}

//! One verified list with its serials in order.

use std::cmp::Ordering;
use std::path::PathBuf;
use std::time::Duration;

use madoguchi_cert_verify::{CrlEntry, CrlEvidence, Partition, RevocationReason, VerifiedCrl, VerifiedPath};
use rustls_pki_types::UnixTime;

/// A list, ready to be asked.
#[derive(Debug)]
pub(crate) struct Shelved {
    pub(crate) path: PathBuf,
    pub(crate) partition: Partition,
    pub(crate) crl: VerifiedCrl,
    /// Sorted by serial; each serial once, with its weightiest entry.
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    serial: Box<[u8]>,
    revoked_at: UnixTime,
    reason: RevocationReason,
}

impl Entry {
    fn as_crl_entry(&self) -> CrlEntry<'_> {
        CrlEntry { serial: &self.serial, revoked_at: self.revoked_at, reason: self.reason }
    }
}

impl Shelved {
    pub(crate) fn new(path: PathBuf, crl: VerifiedCrl) -> Self {
        let mut entries: Vec<Entry> = crl
            .entries()
            .flatten()
            .map(|entry| Entry {
                serial: entry.serial.into(),
                revoked_at: entry.revoked_at,
                reason: entry.reason,
            })
            .collect();
        // The weightiest entry of a serial comes first and stays.
        entries.sort_by(|a, b| a.serial.cmp(&b.serial).then_with(|| heavier_first(a, b)));
        entries.dedup_by(|later, first| later.serial == first.serial);
        Self { path, partition: crl.partition(), crl, entries }
    }

    /// The entry of this serial.
    pub(crate) fn find(&self, serial: &[u8]) -> Option<CrlEntry<'_>> {
        let index = self.entries.binary_search_by(|entry| (*entry.serial).cmp(serial)).ok()?;
        self.entries.get(index).map(Entry::as_crl_entry)
    }

    pub(crate) fn evidence(
        &self,
        path: &VerifiedPath,
        now: UnixTime,
        max_age: Option<Duration>,
    ) -> CrlEvidence {
        self.crl.evidence(path, self.find(path.serial()), now, max_age)
    }

    /// Whether this list replaces another of the same partition: number first, then time.
    pub(crate) fn is_newer_than(&self, other: &Self) -> bool {
        (self.crl.number(), self.crl.this_update()) > (other.crl.number(), other.crl.this_update())
    }

    pub(crate) fn is_older_than(&self, other: &Self) -> bool {
        other.is_newer_than(self)
    }
}

fn heavier_first(a: &Entry, b: &Entry) -> Ordering {
    let (a, b) = (a.as_crl_entry(), b.as_crl_entry());
    b.outweighs(&a).cmp(&a.outweighs(&b))
}

//! A list with its index.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use madoguchi_cert_verify::{Anchor, AskedCrl, CrlEntry, CrlEvidence, CrlHead, UnverifiedCrl, VerifiedPath};
use madoguchi_mapped_file::MappedFile;
use rustls_pki_types::UnixTime;

use crate::index::build::build;
use crate::index::checksum::Checksum;
use crate::index::key::IndexKey;
use crate::index::table::{Buckets, Shape};
use crate::index::{Damaged, IndexError, file};

/// A list whose signature holds and whose every entry was read, complete or a delta, and where each serial number
/// stands in it. It never changes; it may be stale.
pub struct IndexedCrl {
    pub(super) head: CrlHead,
    pub(super) der: MappedFile,
    pub(super) checksum: Checksum,
    pub(super) key: IndexKey,
    pub(super) shape: Shape,
    pub(super) counts: Counts,
    pub(super) buckets: Buckets,
}

/// How much there is of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) entries: usize,
    pub(super) serials: usize,
}

impl IndexedCrl {
    /// Maps a private file with a DER list of at most `max_octets`, verifies its signature, reads every entry and
    /// indexes it. Nothing is written. `progress` is told how many octets of how many are read, on this thread.
    pub fn build(
        list: &Path,
        anchors: &[Anchor],
        key: IndexKey,
        max_octets: u64,
        progress: &dyn Fn(u64, u64),
    ) -> Result<Self, IndexError> {
        let der = MappedFile::open(list, max_octets)?;
        let built = build(&der, anchors, key, progress)?;
        let table = built.table;
        Ok(Self {
            head: built.head,
            der,
            checksum: built.checksum,
            key: table.key,
            shape: table.shape,
            counts: table.counts,
            buckets: Buckets::Built(table.regions),
        })
    }

    /// Writes the index to a private file, whole or not at all. The list's own file is the caller's to keep beside it.
    pub fn save(&self, index: &Path) -> Result<(), IndexError> {
        file::save(self, index)
    }

    /// Maps a list and the index that was made of it. Both are compared with their checksums; the signature is not
    /// verified again (see [`Self::reverify`]), but the anchor that it held with must still be there and be allowed to
    /// sign lists.
    pub fn open(list: &Path, index: &Path, anchors: &[Anchor]) -> Result<Self, IndexError> {
        file::open(list, index, anchors)
    }

    /// Verifies the signature again, over the octets that are asked.
    pub fn reverify(&self, anchors: &[Anchor]) -> Result<(), IndexError> {
        let head = UnverifiedCrl::read(&self.der)?.verify_signature(anchors)?;
        if head.issuer_key_hash() == self.head.issuer_key_hash() {
            Ok(())
        } else {
            Err(IndexError::OtherList)
        }
    }

    /// The list's header.
    pub fn head(&self) -> &CrlHead {
        &self.head
    }

    /// The list.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// How many entries the list has.
    pub fn entry_count(&self) -> usize {
        self.counts.entries
    }

    /// How many serial numbers it has: fewer when some have several entries.
    pub fn serial_count(&self) -> usize {
        self.counts.serials
    }

    /// The entry of this serial number, the weightiest when there are several.
    pub fn find(&self, serial: &[u8]) -> Result<Option<CrlEntry<'_>>, Damaged> {
        for offset in self.buckets.candidates(self.shape, self.key.hash(serial)) {
            let offset = usize::try_from(offset).map_err(|_| Damaged)?;
            let entry = self.head.entry_at(&self.der, offset).map_err(|_| Damaged)?;
            if entry.serial == serial {
                return Ok(Some(entry.entry()));
            }
        }
        Ok(None)
    }

    /// What the list says about a certificate by itself.
    pub fn evidence(
        &self,
        path: &VerifiedPath,
        now: UnixTime,
        max_age: Option<Duration>,
    ) -> Result<CrlEvidence, Damaged> {
        Ok(self.asked(path)?.evidence(path, now, max_age))
    }

    /// What the list says together with a delta of its partition.
    pub fn evidence_with_delta(
        &self,
        delta: &Self,
        path: &VerifiedPath,
        now: UnixTime,
        max_age: Option<Duration>,
    ) -> Result<CrlEvidence, Damaged> {
        Ok(self.asked(path)?.evidence_with_delta(delta.asked(path)?, path, now, max_age))
    }

    fn asked(&self, path: &VerifiedPath) -> Result<AskedCrl<'_>, Damaged> {
        Ok(AskedCrl { head: &self.head, found: self.find(path.serial())? })
    }
}

impl fmt::Debug for IndexedCrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IndexedCrl")
            .field("head", &self.head)
            .field("counts", &self.counts)
            .finish_non_exhaustive()
    }
}

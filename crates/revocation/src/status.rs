//! The state of a partition, for an operator and for health.

use std::path::PathBuf;
use std::time::Duration;

use madoguchi_cert_verify::{CrlNumber, Partition};
use rustls_pki_types::UnixTime;

use crate::shelved::Shelved;

/// One partition's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionStatus {
    /// Which partition.
    pub partition: Partition,
    /// The file it was read from.
    pub path: PathBuf,
    /// cRLNumber.
    pub number: CrlNumber,
    /// thisUpdate.
    pub this_update: UnixTime,
    /// nextUpdate.
    pub next_update: UnixTime,
    /// How many entries.
    pub entries: usize,
    /// Time since thisUpdate; zero when that lies in the future.
    pub age: Duration,
    /// Whether nextUpdate is past.
    pub expired: bool,
}

impl PartitionStatus {
    pub(crate) fn new(shelved: &Shelved, now: UnixTime) -> Self {
        let crl = &shelved.crl;
        let age = now.as_secs().saturating_sub(crl.this_update().as_secs());
        Self {
            partition: shelved.partition.clone(),
            path: shelved.path.clone(),
            number: crl.number().clone(),
            this_update: crl.this_update(),
            next_update: crl.next_update(),
            entries: crl.entry_count(),
            age: Duration::from_secs(age),
            expired: now > crl.next_update(),
        }
    }
}

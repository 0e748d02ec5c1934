//! How fresh what revocation is judged by is: for an operator, for health and for metrics.

use std::collections::BTreeMap;

use madoguchi_cert_verify::Anchor;
use rustls_pki_types::UnixTime;
use serde::{Deserialize, Serialize};

use crate::shelved::{Shelved, ShelvedList};
use crate::{CrlShelf, OcspHealth, Problem};

/// All of it. Times are seconds since 1970.
#[derive(Clone, Debug, Serialize)]
pub struct RevocationHealth {
    /// The moment.
    pub at: u64,
    /// Each partition.
    pub partitions: Vec<PartitionHealth>,
    /// The greatest age of a partition, in seconds; absent when there is none.
    pub worst_age_seconds: Option<u64>,
    /// Partitions past their nextUpdate.
    pub expired: usize,
    /// What cannot be used.
    pub problems: Vec<Problem>,
    /// What is being indexed.
    pub building: Option<Building>,
    /// How many files of the drop folder lie in `rejected`.
    pub rejected: usize,
    /// Each address that lists are fetched from.
    pub downloads: Vec<DownloadHealth>,
    /// Each trust anchor.
    pub anchors: Vec<AnchorHealth>,
    /// OCSP's part, where OCSP is a source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ocsp: Option<OcspHealth>,
}

/// One partition.
#[derive(Clone, Debug, Serialize)]
pub struct PartitionHealth {
    /// The first half of its identifier, which is also in the names of its files.
    pub partition: String,
    /// The distribution point's names; empty when the lists cover all of the issuer.
    pub label: String,
    /// The complete list.
    pub complete: ListHealth,
    /// The delta, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delta: Option<ListHealth>,
    /// Seconds since thisUpdate of the newer of the two; zero when that lies in the future.
    pub age_seconds: u64,
    /// Whether nextUpdate of the newer of the two is past.
    pub expired: bool,
}

/// One list.
#[derive(Clone, Debug, Serialize)]
pub struct ListHealth {
    /// cRLNumber, hexadecimal.
    pub number: String,
    /// thisUpdate.
    pub this_update: u64,
    /// nextUpdate.
    pub next_update: u64,
    /// How many entries.
    pub entries: u64,
    /// How long verifying and indexing took; absent when another process did it.
    pub build_milliseconds: Option<u64>,
}

/// A list that is being verified and indexed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Building {
    /// Where it comes from.
    pub place: String,
    /// How many octets are done.
    pub done: u64,
    /// Of how many.
    pub octets: u64,
}

/// One address that lists are fetched from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DownloadHealth {
    /// The address.
    pub url: String,
    /// When it answered last, with a list or that there is no newer one.
    pub last_good: Option<u64>,
    /// Why it gave none the last time.
    pub problem: Option<Problem>,
    /// When it last gave none, whatever came of it since.
    pub last_failure: Option<FailedDownload>,
    /// When it is asked next.
    pub next: u64,
}

/// A download that brought no list that could be used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedDownload {
    /// When.
    pub at: u64,
    /// The stable name of what was wrong.
    pub code: String,
    /// What was wrong.
    pub message: String,
}

/// One trust anchor.
#[derive(Clone, Debug, Serialize)]
pub struct AnchorHealth {
    /// SHA-256 of its public key.
    pub key: String,
    /// notAfter.
    pub not_after: u64,
    /// Whole days until then; negative afterwards.
    pub days_left: i64,
}

/// What the refresher knows beside the shelf.
#[derive(Clone, Debug, Default)]
pub struct CrlReport {
    /// What cannot be used.
    pub problems: Vec<Problem>,
    /// What is being indexed.
    pub building: Option<Building>,
    /// How many files of the drop folder lie in `rejected`.
    pub rejected: usize,
    /// Each address that lists are fetched from.
    pub downloads: BTreeMap<String, DownloadHealth>,
}

impl RevocationHealth {
    /// Puts together what is known at `now`.
    pub fn new(shelf: &CrlShelf, report: &CrlReport, anchors: &[Anchor], now: UnixTime) -> Self {
        let partitions: Vec<_> = shelf.partitions().map(|list| PartitionHealth::new(list, now)).collect();
        Self {
            at: now.as_secs(),
            worst_age_seconds: partitions.iter().map(|partition| partition.age_seconds).max(),
            expired: partitions.iter().filter(|partition| partition.expired).count(),
            partitions,
            problems: report.problems.clone(),
            building: report.building.clone(),
            rejected: report.rejected,
            downloads: report.downloads.values().cloned().collect(),
            anchors: anchors.iter().map(|anchor| AnchorHealth::new(anchor, now)).collect(),
            ocsp: None,
        }
    }

    /// The same with OCSP's part.
    pub fn with_ocsp(self, ocsp: OcspHealth) -> Self {
        Self { ocsp: Some(ocsp), ..self }
    }
}

impl PartitionHealth {
    fn new(list: &Shelved, now: UnixTime) -> Self {
        let newest = list.delta.as_ref().unwrap_or(&list.complete).crl.head();
        Self {
            partition: list.complete.stem.partition().to_owned(),
            label: list.partition.to_string(),
            complete: ListHealth::new(&list.complete),
            delta: list.delta.as_deref().map(ListHealth::new),
            age_seconds: now.as_secs().saturating_sub(newest.this_update().as_secs()),
            expired: now > newest.next_update(),
        }
    }
}

impl ListHealth {
    fn new(list: &ShelvedList) -> Self {
        let head = list.crl.head();
        Self {
            number: head.number().to_string(),
            this_update: head.this_update().as_secs(),
            next_update: head.next_update().as_secs(),
            entries: list.crl.entry_count() as u64,
            build_milliseconds: list.build.map(|build| u64::try_from(build.as_millis()).unwrap_or(u64::MAX)),
        }
    }
}

impl AnchorHealth {
    fn new(anchor: &Anchor, now: UnixTime) -> Self {
        let seconds = i64::try_from(anchor.not_after().as_secs()).unwrap_or(i64::MAX)
            - i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        Self {
            key: anchor.key_hash().to_hex(),
            not_after: anchor.not_after().as_secs(),
            days_left: seconds.div_euclid(86_400),
        }
    }
}

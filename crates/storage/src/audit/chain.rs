//! The chain of a municipality's audit records: what a sealer adds to them, and the trait of whoever keeps them.

use std::collections::BTreeMap;

use async_trait::async_trait;
use rustls_pki_types::UnixTime;
use serde_json::json;

use madoguchi_protocol::{Octets, Secret};

use super::content::{chain_start, link, network_digest, salt};
use crate::{AuditContent, StorageError};

/// The chain of audit records. A record is inserted in the transaction of what it records, and has no place in the chain
/// then: so the chain is no lock on a city. Whoever seals gives it one soon after.
#[async_trait]
pub trait AuditChain {
    /// The municipalities that have a log, by id: records, a chain or checkpoints, whatever else is known of them.
    async fn audited_municipalities(&self) -> Result<Vec<String>, StorageError>;

    /// The municipalities with records that have no place yet, and failures of minutes that are over.
    async fn unsealed_audit(&self) -> Result<Vec<UnsealedAudit>, StorageError>;

    /// Gives at most `limit` records of a municipality their places, in the order of their numbers; in one transaction, and
    /// never two of a municipality at once. Before that each kind of failure of each minute that is over becomes one record
    /// (`SignInsFailed`). The salts come from `seed`, which is used for this call alone and nowhere kept.
    async fn seal_audit(
        &self,
        municipality: &str,
        seed: Secret<32>,
        limit: u32,
    ) -> Result<SealedAudit, StorageError>;

    /// Where a chain begins and ends, and its last checkpoint.
    async fn audit_chain(&self, municipality: &str) -> Result<ChainState, StorageError>;

    /// Records with a place after `after`, by place, at most `limit`: as they are stored, whatever they say.
    async fn chained_audit(
        &self,
        municipality: &str,
        after: u64,
        limit: u32,
    ) -> Result<Vec<ChainedRecord>, StorageError>;

    /// Keeps a checkpoint. Answers false when there is one for this place already, which stays.
    async fn add_audit_checkpoint(
        &self,
        municipality: &str,
        checkpoint: StoredCheckpoint,
    ) -> Result<bool, StorageError>;

    /// Checkpoints at places from `from` on, by place, at most `limit`.
    async fn audit_checkpoints(
        &self,
        municipality: &str,
        from: u64,
        limit: u32,
    ) -> Result<Vec<StoredCheckpoint>, StorageError>;

    /// The last checkpoint of `before` or earlier.
    async fn audit_checkpoint_before(
        &self,
        municipality: &str,
        before: UnixTime,
    ) -> Result<Option<StoredCheckpoint>, StorageError>;

    /// Moves the beginning of a chain to a place that it has, audited (`AuditRetired`, with `order` as its evidence).
    /// What lies before is never told again, and [`sweep_audit`](Self::sweep_audit) deletes it. Answers false, and changes
    /// nothing, when the chain has no such record with this hash after its beginning.
    async fn retire_audit(
        &self,
        municipality: &str,
        start: NewChainStart,
        order: &str,
    ) -> Result<bool, StorageError>;

    /// Erases the content of one record with its salts, audited (`AuditErased`, with `order` as its evidence, which holds a
    /// [signed](super::checkpoint::CheckpointKind::Erasure) statement). The record's place, digest and hash stay.
    async fn erase_audit(
        &self,
        municipality: &str,
        position: u64,
        order: &str,
    ) -> Result<AuditErasure, StorageError>;

    /// Deletes at most `limit` retired records and checkpoints, and network addresses of records older than
    /// `addresses_before`. Answers how many.
    async fn sweep_audit(&self, addresses_before: UnixTime, limit: u32) -> Result<u64, StorageError>;
}

/// What waits to be sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnsealedAudit {
    /// Whose.
    pub municipality: String,
    /// How many records.
    pub records: u64,
    /// When the oldest of them was written.
    pub oldest: Option<UnixTime>,
}

impl UnsealedAudit {
    /// Of `records` that wait, by municipality, and of municipalities where sign-ins `failed` in minutes that are over.
    pub fn all(records: Vec<Self>, failed: Vec<String>) -> Vec<Self> {
        let mut all: BTreeMap<_, _> =
            records.into_iter().map(|waiting| (waiting.municipality.clone(), waiting)).collect();
        for municipality in failed {
            let nothing = Self { municipality: municipality.clone(), records: 0, oldest: None };
            all.entry(municipality).or_insert(nothing);
        }
        all.into_values().collect()
    }
}

/// The evidence of `SignInsFailed`: how many sign-ins failed in one minute, counted from 1970-01-01 UTC.
pub fn failures_evidence(minute: i64, count: u64) -> String {
    let from = minute * AUDIT_MINUTE;
    json!({ "count": count, "from": from, "until": from + AUDIT_MINUTE }).to_string()
}

/// Failures are counted for so many seconds, then they are one record for each code.
pub const AUDIT_MINUTE: i64 = 60;

/// What was sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealedAudit {
    /// How many records.
    pub records: u64,
    /// Where the chain ends now.
    pub end: ChainEnd,
}

/// A place in a chain, and the hash there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainEnd {
    /// Counted from 1; 0 is before the first record.
    pub position: u64,
    /// The hash.
    pub hash: Octets<32>,
}

impl ChainEnd {
    /// Of a municipality that has no records yet.
    pub fn empty(municipality: &str) -> Self {
        Self { position: 0, hash: chain_start(municipality) }
    }

    /// Puts a record at the end.
    pub fn seal(&mut self, municipality: &str, seed: &Secret<32>, record: UnsealedRecord) -> SealedRecord {
        let seed = seed.hash();
        let position = self.position + 1;
        let network = record.network.map(|address| {
            let salt = salt(b"madoguchi audit network salt v1", seed, position);
            (salt, network_digest(&salt.0, &address))
        });
        let content =
            AuditContent { network_digest: network.map(|(_, digest)| digest.0.to_vec()), ..record.content };
        let salt = salt(b"madoguchi audit salt v1", seed, position);
        let content_digest = content.digest(municipality, &salt.0);
        let hash = link(self.hash, position, record.number, &content_digest.0);
        *self = Self { position, hash };
        SealedRecord { number: record.number, position, salt, network, content_digest, hash }
    }
}

/// A record that has no place yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnsealedRecord {
    /// Its number in the order of insertion.
    pub number: i64,
    /// What it says.
    pub content: AuditContent,
    /// The network address.
    pub network: Option<Vec<u8>>,
}

/// What sealing adds to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealedRecord {
    /// Which record.
    pub number: i64,
    /// Its place.
    pub position: u64,
    /// The salt of its content.
    pub salt: Octets<32>,
    /// Salt and digest of its network address.
    pub network: Option<(Octets<32>, Octets<32>)>,
    /// The content's digest.
    pub content_digest: Octets<32>,
    /// The chain's hash there.
    pub hash: Octets<32>,
}

/// A record in its place, octet by octet as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainedRecord {
    /// Its place.
    pub position: u64,
    /// Its number in the order of insertion.
    pub number: i64,
    /// The format that it was sealed in.
    pub format: i64,
    /// What it says: nothing once it was erased.
    pub content: AuditContent,
    /// The network address.
    pub network: Option<Vec<u8>>,
    /// The salt of the address.
    pub network_salt: Option<Vec<u8>>,
    /// The salt of the content; absent once it was erased.
    pub salt: Option<Vec<u8>>,
    /// The content's digest.
    pub content_digest: Vec<u8>,
    /// The chain's hash there.
    pub hash: Vec<u8>,
}

/// Where a chain begins and ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainState {
    /// Before the first record that is left.
    pub start: ChainEnd,
    /// The statement that moved it there; absent at the very beginning.
    pub start_signed: Option<String>,
    /// The last record.
    pub end: ChainEnd,
    /// The last checkpoint.
    pub checkpoint: Option<StoredCheckpoint>,
}

impl ChainState {
    /// Of a municipality that has no records yet.
    pub fn empty(municipality: &str) -> Self {
        let empty = ChainEnd::empty(municipality);
        Self { start: empty, start_signed: None, end: empty, checkpoint: None }
    }
}

/// A checkpoint as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCheckpoint {
    /// Which place it vouches for.
    pub position: u64,
    /// When it was made.
    pub at: UnixTime,
    /// The signed statement, which says the hash too.
    pub signed: String,
}

/// A new beginning of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewChainStart {
    /// The last place that is retired.
    pub end: ChainEnd,
    /// The signed statement of it.
    pub signed: String,
}

/// What became of an order to erase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum AuditErasure {
    /// The content is gone.
    Done,
    /// It was erased before.
    ErasedBefore,
    /// No record has this place.
    NotFound,
    /// It says itself that something was erased or retired, and stays.
    Stays,
}

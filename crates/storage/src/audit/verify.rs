//! Verifies a chain, record by record, in bounded memory.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use rustls_pki_types::UnixTime;
use serde::Deserialize;

use madoguchi_oidc::jose::PublicJwk;
use madoguchi_protocol::Octets;

use super::chain::{ChainEnd, ChainedRecord, StoredCheckpoint};
use super::checkpoint::{AuditCheckpoint, CheckpointKind};
use super::content::{link, network_digest};
use super::damage::{ChainDamage, Damage};
use super::{AUDIT_FORMAT, AuditContent, AuditKind};
use crate::{Storage, StorageError};

/// Follows a chain from a place that is believed.
#[derive(Clone, Debug)]
pub struct ChainVerifier {
    municipality: String,
    key: PublicJwk,
    end: ChainEnd,
    /// Erased records, for which no order was met yet.
    erased: BTreeMap<u64, Erased>,
    erased_count: u64,
    forgotten_addresses: u64,
}

impl ChainVerifier {
    /// From a place on. Orders to erase are believed that `key` signed.
    pub fn new(municipality: &str, start: ChainEnd, key: PublicJwk) -> Self {
        let (municipality, erased) = (municipality.to_owned(), BTreeMap::new());
        Self { municipality, key, end: start, erased, erased_count: 0, forgotten_addresses: 0 }
    }

    /// How far the chain is verified.
    pub fn end(&self) -> ChainEnd {
        self.end
    }

    /// The next record.
    pub fn take(&mut self, record: &ChainedRecord) -> Result<(), ChainDamage> {
        let position = self.end.position + 1;
        if record.position != position {
            // The one that was read next is another; of the missing one nothing is left.
            return Err(ChainDamage { position, number: None, damage: Damage::Missing });
        }
        let damaged = |damage| ChainDamage { position, number: Some(record.number), damage };
        if record.format != i64::from(AUDIT_FORMAT) {
            return Err(damaged(Damage::UnknownFormat));
        }
        let erased = self.check_content(record).map_err(damaged)?;
        let hash = link(self.end.hash, position, record.number, &record.content_digest);
        if record.hash != hash.0 {
            return Err(damaged(Damage::LinkBroken));
        }
        self.end = ChainEnd { position, hash };
        if erased {
            self.erased_count += 1;
            self.erased.insert(position, Erased { number: record.number, hash });
            if self.erased.len() > MOST_ERASED {
                return Err(damaged(Damage::TooManyErased));
            }
        } else if let Some(order) = self.order(&record.content)
            && self.erased.get(&order.position).is_some_and(|erased| erased.hash == order.hash)
        {
            self.erased.remove(&order.position);
        }
        Ok(())
    }

    /// Whether of the records up to a place all that were erased were erased by order, so far.
    fn settled(&self, until: u64) -> bool {
        self.end.position >= until && self.erased.range(..=until).next().is_none()
    }

    /// After the last record: what was erased was erased by order.
    pub fn finish(&self) -> Result<(), ChainDamage> {
        let Some((position, erased)) = self.erased.first_key_value() else { return Ok(()) };
        let (position, number) = (*position, Some(erased.number));
        Err(ChainDamage { position, number, damage: Damage::ErasedWithoutOrder })
    }

    /// What a record orders to be erased, where the key signed it: who can write to the database writes any record, and
    /// the sealer seals it.
    fn order(&self, content: &AuditContent) -> Option<AuditCheckpoint> {
        if content.kind != AuditKind::AuditErased.as_str().as_bytes() {
            return None;
        }
        let order: Order = serde_json::from_slice(content.evidence.as_deref()?).ok()?;
        AuditCheckpoint::verify(&order.signed, CheckpointKind::Erasure, &self.municipality, &self.key).ok()
    }

    /// Whether the content was erased.
    fn check_content(&mut self, record: &ChainedRecord) -> Result<bool, Damage> {
        let content = &record.content;
        if record.content_digest.len() != 32 {
            return Err(Damage::ContentChanged);
        }
        let Some(salt) = &record.salt else {
            let nothing = *content == AuditContent::default();
            let nothing = nothing && record.network.is_none() && record.network_salt.is_none();
            return if nothing { Ok(true) } else { Err(Damage::ErasedHoldsContent) };
        };
        // A salt of another length would let octets pass from it to the first field.
        if salt.len() != 32 || content.digest(&self.municipality, salt).0 != *record.content_digest {
            return Err(Damage::ContentChanged);
        }
        match (&record.network, &record.network_salt, &content.network_digest) {
            (None, None, None) => {}
            (None, None, Some(_)) => self.forgotten_addresses += 1,
            (Some(network), Some(salt), Some(digest))
                if salt.len() == 32 && network_digest(salt, network).0 == **digest => {}
            _ => return Err(Damage::NetworkChanged),
        }
        Ok(false)
    }
}

/// A record whose content is gone.
#[derive(Clone, Debug)]
struct Erased {
    number: i64,
    hash: Octets<32>,
}

/// The evidence of an order to erase.
#[derive(Deserialize)]
struct Order {
    signed: String,
}

/// What was found of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainReport {
    /// Where it begins.
    pub start: ChainEnd,
    /// How far it is whole.
    pub end: ChainEnd,
    /// Records whose content was erased by order.
    pub erased: u64,
    /// Records whose network address was forgotten.
    pub forgotten_addresses: u64,
    /// Stored checkpoints that were compared.
    pub stored_checkpoints: u64,
    /// Checkpoints kept elsewhere that were compared.
    pub kept_checkpoints: u64,
    /// Checkpoints kept elsewhere that are of before the beginning: there is nothing to compare them with.
    pub kept_before_start: u64,
    /// The newest checkpoint of either sort that agrees.
    pub last_checkpoint: Option<AuditCheckpoint>,
    /// Records that have no place yet, and that nothing vouches for.
    pub unsealed: u64,
    /// The first damage.
    pub damage: Option<ChainDamage>,
}

/// Verifies the chain of a municipality from its beginning to its end; or to `until`, and then as far as the orders for what was
/// erased before that place. `kept` are checkpoints that were kept elsewhere and whose signatures hold, in the order of their
/// places. `key` is believed.
pub async fn verify_chain(
    storage: &dyn Storage,
    municipality: &str,
    key: &PublicJwk,
    kept: &[AuditCheckpoint],
    until: Option<u64>,
) -> Result<ChainReport, StorageError> {
    loop {
        let state = storage.audit_chain(municipality).await?;
        let verifier = ChainVerifier::new(municipality, state.start, key.clone());
        let before = kept.partition_point(|kept| kept.position < state.start.position);
        let report = ChainReport {
            start: state.start,
            end: state.start,
            erased: 0,
            forgotten_addresses: 0,
            stored_checkpoints: 0,
            kept_checkpoints: 0,
            kept_before_start: u64::try_from(before).unwrap_or(u64::MAX),
            last_checkpoint: None,
            unsealed: 0,
            damage: None,
        };
        let mut run = Run {
            storage,
            municipality,
            key,
            verifier,
            report,
            kept: &kept[before..],
            stored: VecDeque::new(),
            stored_from: Some(state.start.position),
        };
        run.report.damage = match run.start(state.start_signed.as_deref()) {
            Err(damage) => Some(damage),
            Ok(()) => run.follow(until.unwrap_or(u64::MAX)).await?.err(),
        };
        // Somebody retired the beginning meanwhile: what was missed is no damage.
        let moved = storage.audit_chain(municipality).await?.start != state.start;
        if run.report.damage.is_some() && moved {
            continue;
        }
        return run.ended().await;
    }
}

struct Run<'a> {
    storage: &'a dyn Storage,
    municipality: &'a str,
    key: &'a PublicJwk,
    verifier: ChainVerifier,
    report: ChainReport,
    /// Checkpoints kept elsewhere that were not reached yet.
    kept: &'a [AuditCheckpoint],
    /// The same of the stored ones, as far as they were read.
    stored: VecDeque<StoredCheckpoint>,
    /// Where those begin that were not read; absent when there are none.
    stored_from: Option<u64>,
}

impl Run<'_> {
    fn start(&self, signed: Option<&str>) -> Result<(), ChainDamage> {
        let start = self.report.start;
        let good = match signed {
            None => start == ChainEnd::empty(self.municipality),
            Some(signed) => {
                AuditCheckpoint::verify(signed, CheckpointKind::Start, self.municipality, self.key)
                    .is_ok_and(|said| said.end() == start)
            }
        };
        let forged = ChainDamage { position: start.position, number: None, damage: Damage::StartForged };
        if good { Ok(()) } else { Err(forged) }
    }

    async fn follow(&mut self, until: u64) -> Result<Result<(), ChainDamage>, StorageError> {
        if let Err(damage) = self.compare().await? {
            return Ok(Err(damage));
        }
        loop {
            let after = self.verifier.end().position;
            let page = self.storage.chained_audit(self.municipality, after, PAGE).await?;
            for record in &page {
                if self.verifier.settled(until) {
                    return Ok(Ok(()));
                }
                if let Err(damage) = self.verifier.take(record) {
                    return Ok(Err(damage));
                }
                if let Err(damage) = self.compare().await? {
                    return Ok(Err(damage));
                }
            }
            if self.verifier.settled(until) {
                return Ok(Ok(()));
            }
            if page.is_empty()
                && let Some(ended) = self.at_end().await?
            {
                return Ok(ended);
            }
        }
    }

    /// After the last record that was read. `None` when there are more by now.
    async fn at_end(&mut self) -> Result<Option<Result<(), ChainDamage>>, StorageError> {
        let end = self.verifier.end();
        let missing = end.position + 1;
        // In this order: a record is there before the chain ends with it, and before somebody vouches for it.
        let beyond = self.storage.audit_checkpoints(self.municipality, missing, 1).await?;
        let state = self.storage.audit_chain(self.municipality).await?;
        if !self.storage.chained_audit(self.municipality, end.position, 1).await?.is_empty() {
            self.stored_from = self.stored_from.or(Some(missing));
            return Ok(None);
        }
        let damaged = |position, damage| Ok(Some(Err(ChainDamage { position, number: None, damage })));
        if let Some(beyond) = beyond.first() {
            return match self.read(beyond) {
                Ok(said) => damaged(missing, truncated(&said)),
                Err(damage) => Ok(Some(Err(damage))),
            };
        }
        if let [beyond, ..] = self.kept {
            return damaged(missing, truncated(beyond));
        }
        if state.end != end {
            return damaged(missing.min(state.end.position + 1), Damage::HeadDisagrees);
        }
        Ok(Some(self.verifier.finish()))
    }

    /// Compares every checkpoint for the place that was reached.
    async fn compare(&mut self) -> Result<Result<(), ChainDamage>, StorageError> {
        let reached = self.verifier.end().position;
        while let [checkpoint, rest @ ..] = self.kept
            && checkpoint.position == reached
        {
            self.kept = rest;
            self.report.kept_checkpoints += 1;
            if let Err(damage) = self.agree(checkpoint) {
                return Ok(Err(damage));
            }
        }
        if self.stored.is_empty()
            && let Some(from) = self.stored_from
        {
            self.stored = self.storage.audit_checkpoints(self.municipality, from, PAGE).await?.into();
            self.stored_from = self.stored.back().map(|last| last.position + 1);
        }
        if let Some(stored) = self.stored.pop_front_if(|stored| stored.position <= reached) {
            self.report.stored_checkpoints += 1;
            return Ok(self.read(&stored).and_then(|said| self.agree(&said)));
        }
        Ok(Ok(()))
    }

    /// A stored checkpoint is what the key signed, for the place where it stands.
    fn read(&self, stored: &StoredCheckpoint) -> Result<AuditCheckpoint, ChainDamage> {
        let kind = CheckpointKind::Checkpoint;
        let said = AuditCheckpoint::verify(&stored.signed, kind, self.municipality, self.key).ok();
        let said = said.filter(|said| said.position == stored.position && said.iat == stored.at.as_secs());
        let damage = Damage::CheckpointForged;
        said.ok_or(ChainDamage { position: stored.position, number: None, damage })
    }

    fn agree(&mut self, checkpoint: &AuditCheckpoint) -> Result<(), ChainDamage> {
        let ChainEnd { position, hash } = self.verifier.end();
        if checkpoint.hash != hash {
            return Err(ChainDamage { position, number: None, damage: Damage::CheckpointDisagrees });
        }
        let newer = self.report.last_checkpoint.as_ref().is_none_or(|last| last.iat <= checkpoint.iat);
        if newer {
            self.report.last_checkpoint = Some(checkpoint.clone());
        }
        Ok(())
    }

    async fn ended(mut self) -> Result<ChainReport, StorageError> {
        self.report.end = self.verifier.end();
        self.report.erased = self.verifier.erased_count;
        self.report.forgotten_addresses = self.verifier.forgotten_addresses;
        let unsealed = self.storage.unsealed_audit().await?;
        let mine = unsealed.iter().find(|unsealed| unsealed.municipality == self.municipality);
        self.report.unsealed = mine.map_or(0, |mine| mine.records);
        Ok(self.report)
    }
}

/// Records that somebody vouched for are not there.
fn truncated(checkpoint: &AuditCheckpoint) -> Damage {
    Damage::Truncated(UnixTime::since_unix_epoch(Duration::from_secs(checkpoint.iat)))
}

const PAGE: u32 = 1000;
/// Erased records whose order stands far behind them, that are remembered at once.
const MOST_ERASED: usize = 100_000;

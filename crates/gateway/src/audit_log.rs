//! Seals the audit log: gives records their place in the chain, signs checkpoints, retires the beginning. Any number of nodes
//! may do so at once; the store lets one at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use ring::rand::SecureRandom;
use rustls_pki_types::UnixTime;
use serde_json::{Value, json};

use madoguchi_oidc::SigningKey;
use madoguchi_oidc::jose::{JwsAlg, PublicJwk};
use madoguchi_protocol::{Octets, Secret};
use madoguchi_storage::{
    AuditCheckpoint, AuditErasure, ChainDamage, ChainEnd, CheckpointError, CheckpointKind, Clock, Damage,
    NewChainStart, SecretPurpose, Storage, StorageError, StoredCheckpoint, sign_checkpoint, verify_chain,
};

use crate::keys::{KeyError, SecretVault, open_secret};
use crate::seal::{SealError, Sealer};

/// The audit logs of a store. Their keys are made when they are first needed, one for each municipality.
pub struct AuditLog<'r> {
    storage: Arc<dyn Storage>,
    kek: Arc<Sealer>,
    random: &'r (dyn SecureRandom + Send + Sync),
    clock: Arc<dyn Clock>,
    /// A checkpoint follows at least after so many records.
    checkpoint_records: u64,
    keys: Mutex<BTreeMap<String, Arc<SigningKey>>>,
    /// Whose chain may have grown since its last checkpoint.
    grown: Mutex<BTreeSet<String>>,
}

impl<'r> AuditLog<'r> {
    /// The logs of a store.
    pub fn new(
        storage: Arc<dyn Storage>,
        kek: Arc<Sealer>,
        random: &'r (dyn SecureRandom + Send + Sync),
        clock: Arc<dyn Clock>,
        checkpoint_records: u64,
    ) -> Self {
        let (keys, grown) = (Mutex::default(), Mutex::default());
        Self { storage, kek, random, clock, checkpoint_records, keys, grown }
    }

    /// The key that signs a municipality's checkpoints, made when there is none.
    pub async fn key(&self, municipality: &str) -> Result<Arc<SigningKey>, AuditLogError> {
        let known =
            self.keys.lock().unwrap_or_else(PoisonError::into_inner).get(municipality).map(Arc::clone);
        if let Some(key) = known {
            return Ok(key);
        }
        let vault =
            SecretVault { storage: &*self.storage, kek: &self.kek, municipality, random: self.random };
        let fresh = SigningKey::generate(JwsAlg::Es256, self.random).map_err(KeyError::Crypto)?;
        let pkcs8 = vault.secret(SecretPurpose::AuditKeyEs256, &fresh).await?;
        let key = SigningKey::from_pkcs8(JwsAlg::Es256, &pkcs8, self.random).map_err(KeyError::Crypto)?;
        let key = Arc::new(key);
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        keys.insert(municipality.to_owned(), Arc::clone(&key));
        Ok(key)
    }

    /// Seals whatever waits, and signs the checkpoints that are due. One municipality's trouble keeps no other waiting;
    /// answers how many records were sealed, and the first trouble.
    pub async fn seal(&self) -> (u64, Result<(), AuditLogError>) {
        let (mut sealed, mut result) = (0, Ok(()));
        match self.storage.unsealed_audit().await {
            Err(error) => return (0, Err(error.into())),
            Ok(waiting) => {
                for waiting in waiting {
                    match self.seal_all_of(&waiting.municipality).await {
                        Ok(count) => sealed += count,
                        Err(error) => result = result.and(Err(error)),
                    }
                }
            }
        }
        let grown = self.grown().clone();
        for municipality in grown {
            result = result.and(self.checkpoint(&municipality, false).await);
        }
        (sealed, result)
    }

    /// The same, and signs a checkpoint of whatever grew: before a gateway ends.
    pub async fn close(&self) -> Result<(), AuditLogError> {
        let (_, mut result) = self.seal().await;
        let grown = self.grown().clone();
        for municipality in grown {
            result = result.and(self.checkpoint(&municipality, true).await);
        }
        result
    }

    /// Any chain may have grown since somebody signed its end: another node may have died before it could. Those of
    /// municipalities that were removed too.
    pub async fn look_at_all(&self) -> Result<(), AuditLogError> {
        let all = self.storage.audited_municipalities().await?;
        self.grown().extend(all);
        Ok(())
    }

    /// The last checkpoints into the log stream, for whoever keeps it: a gateway may have ended before it wrote a line.
    pub async fn tell_last(&self) -> Result<(), AuditLogError> {
        for municipality in self.storage.audited_municipalities().await? {
            if let Some(last) = self.storage.audit_chain(&municipality).await?.checkpoint {
                tell(&municipality, &last);
            }
        }
        Ok(())
    }

    /// Retires of every log what is covered so. One municipality's trouble keeps no other waiting; answers the first.
    pub async fn retire_all(&self, before: UnixTime, order: &Value) -> Result<(), AuditLogError> {
        let mut result = Ok(());
        for municipality in self.storage.audited_municipalities().await? {
            let retired = self.retire(&municipality, before, order.clone()).await;
            result = result.and(retired.map(drop));
        }
        result
    }

    /// Retires what a checkpoint of `before` or earlier covers, after it was verified once more. `order` goes into the
    /// audit record.
    pub async fn retire(
        &self,
        municipality: &str,
        before: UnixTime,
        mut order: Value,
    ) -> Result<Option<u64>, AuditLogError> {
        // An order to erase has its place, or what it erased would look as if nobody had ordered it.
        self.seal_all_of(municipality).await?;
        let start = self.storage.audit_chain(municipality).await?.start;
        let Some(checkpoint) = self.storage.audit_checkpoint_before(municipality, before).await? else {
            return Ok(None);
        };
        if checkpoint.position <= start.position {
            return Ok(None);
        }
        let key = self.key(municipality).await?;
        let (kind, public) = (CheckpointKind::Checkpoint, key.public());
        let said = AuditCheckpoint::verify(&checkpoint.signed, kind, municipality, public);
        let said = said.map_err(|error| AuditLogError::Checkpoint {
            municipality: municipality.to_owned(),
            position: checkpoint.position,
            error,
        })?;
        let kept = [said.clone()];
        let report = verify_chain(&*self.storage, municipality, public, &kept, Some(said.position)).await?;
        let damaged = |damage| AuditLogError::Damaged { municipality: municipality.to_owned(), damage };
        if let Some(damage) = report.damage {
            return Err(damaged(damage));
        }
        if report.kept_checkpoints == 0 {
            // Somebody else retired more meanwhile.
            return Ok(None);
        }
        let statement = AuditCheckpoint::new(municipality, said.end(), self.clock.now());
        let signed = self.sign(&key, CheckpointKind::Start, &statement)?;
        order["position"] = json!(said.position);
        let new = NewChainStart { end: said.end(), signed };
        let retired = self.storage.retire_audit(municipality, new, &order.to_string()).await?;
        Ok(retired.then_some(said.position - start.position))
    }

    /// Erases the content of one record. `order` goes into the audit record, signed for this record alone.
    pub async fn erase(
        &self,
        municipality: &str,
        position: u64,
        mut order: Value,
    ) -> Result<AuditErasure, AuditLogError> {
        let page = self.storage.chained_audit(municipality, position.saturating_sub(1), 1).await?;
        let Some(record) = page.into_iter().find(|record| record.position == position) else {
            return Ok(AuditErasure::NotFound);
        };
        let hash = record.hash.try_into().map_err(|_| AuditLogError::Damaged {
            municipality: municipality.to_owned(),
            damage: ChainDamage { position, number: Some(record.number), damage: Damage::LinkBroken },
        })?;
        let (key, end) = (self.key(municipality).await?, ChainEnd { position, hash: Octets(hash) });
        let statement = AuditCheckpoint::new(municipality, end, self.clock.now());
        order["position"] = json!(position);
        order["signed"] = json!(self.sign(&key, CheckpointKind::Erasure, &statement)?);
        Ok(self.storage.erase_audit(municipality, position, &order.to_string()).await?)
    }

    /// Deletes at most `limit` of what was retired, and of network addresses of records before `addresses_before`.
    pub async fn sweep(&self, addresses_before: UnixTime, limit: u32) -> Result<u64, AuditLogError> {
        Ok(self.storage.sweep_audit(addresses_before, limit).await?)
    }

    async fn seal_all_of(&self, municipality: &str) -> Result<u64, AuditLogError> {
        // Before anything is sealed: a chain without a key is one whose key was taken away.
        self.key(municipality).await?;
        let mut sealed = 0;
        loop {
            let seed = Secret::generate(self.random).map_err(|_| KeyError::Seal(SealError::NoRandomness))?;
            let batch = self.storage.seal_audit(municipality, seed, BATCH).await?;
            sealed += batch.records;
            if batch.records > 0 {
                self.grown().insert(municipality.to_owned());
                self.checkpoint(municipality, false).await?;
            }
            if batch.records < u64::from(BATCH) {
                return Ok(sealed);
            }
        }
    }

    /// Signs the end of a chain when it is time, or `now_already`.
    async fn checkpoint(&self, municipality: &str, now_already: bool) -> Result<(), AuditLogError> {
        let state = self.storage.audit_chain(municipality).await?;
        let (end, now) = (state.end, self.clock.now());
        let last = state.checkpoint.as_ref();
        let covered = last.map_or(state.start.position, |last| last.position).max(state.start.position);
        if end.position <= covered {
            self.grown().remove(municipality);
            return Ok(());
        }
        let old = last.is_none_or(|last| now.as_secs() >= last.at.as_secs() + CHECKPOINT_SECONDS);
        if !(now_already || old || end.position - covered >= self.checkpoint_records) {
            return Ok(());
        }
        let key = self.key(municipality).await?;
        let statement = AuditCheckpoint::new(municipality, end, now);
        let signed = self.sign(&key, CheckpointKind::Checkpoint, &statement)?;
        let checkpoint = StoredCheckpoint { position: end.position, at: now, signed };
        if self.storage.add_audit_checkpoint(municipality, checkpoint.clone()).await? {
            tell(municipality, &checkpoint);
        }
        Ok(())
    }

    fn sign(
        &self,
        key: &SigningKey,
        kind: CheckpointKind,
        statement: &AuditCheckpoint,
    ) -> Result<String, KeyError> {
        sign_checkpoint(key, kind, statement, self.random).map_err(KeyError::Crypto)
    }

    fn grown(&self) -> std::sync::MutexGuard<'_, BTreeSet<String>> {
        self.grown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The public key of a municipality's audit log, for whoever must not make one.
pub async fn audit_public_key(
    storage: &dyn Storage,
    kek: &Sealer,
    municipality: &str,
    random: &(dyn SecureRandom + Send + Sync),
) -> Result<Option<(Value, PublicJwk)>, KeyError> {
    let Some(pkcs8) = open_secret(storage, kek, municipality, SecretPurpose::AuditKeyEs256).await? else {
        return Ok(None);
    };
    let key = SigningKey::from_pkcs8(JwsAlg::Es256, &pkcs8, random)?;
    Ok(Some((json!(key.jwk()), key.public().clone())))
}

/// One line of the log stream: `audit verify --checkpoint` finds the statement in it.
fn tell(municipality: &str, checkpoint: &StoredCheckpoint) {
    let StoredCheckpoint { position, signed, .. } = checkpoint;
    tracing::info!(target: "madoguchi_audit", %municipality, position, checkpoint = %signed, "audit checkpoint");
}

/// Why a log is not sealed or retired.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditLogError {
    /// A stored checkpoint is not this log's.
    #[error("the audit log of {municipality}: the stored checkpoint at {position}: {error}")]
    Checkpoint {
        /// Whose log.
        municipality: String,
        /// Where.
        position: u64,
        /// What is wrong with it.
        error: CheckpointError,
    },
    /// What is damaged is not retired: it is evidence.
    #[error("the audit log of {municipality} is damaged at {}: {}", damage.position, damage.damage)]
    Damaged {
        /// Whose log.
        municipality: String,
        /// Where and what.
        damage: ChainDamage,
    },
    /// The key cannot be made or opened.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Records in one transaction: short enough that no sign-in waits for it.
const BATCH: u32 = 256;
/// A chain that grew has a checkpoint of this age at most.
pub const CHECKPOINT_SECONDS: u64 = 60;

//! What the gateway wrote down about each sign-in: the sources that its verdict rests on.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use madoguchi_storage::{Audit as _, AuditKind, Clock, SignInLimits};
use madoguchi_storage_sqlite::SqliteStore;
use rustls_pki_types::UnixTime;

use crate::sign_ins::town::MUNICIPALITY;

/// The audit log, read beside the gateway.
pub(crate) struct Evidence {
    store: SqliteStore,
    read: u64,
}

/// One completed sign-in: the second, and the sources of its verdict.
pub(crate) struct Completed {
    pub(crate) at: u64,
    pub(crate) source: String,
}

impl Evidence {
    pub(crate) fn open(database: &Path) -> Result<Self, String> {
        let limits = SignInLimits::default();
        let store = SqliteStore::open_to_read(database, Arc::new(SystemClock), limits);
        Ok(Self { store: store.map_err(|error| error.to_string())?, read: 0 })
    }

    /// The sign-ins that were completed since the last look.
    pub(crate) async fn read(&mut self) -> Result<Vec<Completed>, String> {
        let records = self.store.audit_records(MUNICIPALITY, self.read, u32::MAX).await;
        let mut completed = Vec::new();
        for record in records.map_err(|error| error.to_string())? {
            self.read = record.number;
            if record.kind == AuditKind::SignInCompleted {
                let evidence = record.evidence.ok_or("a sign-in without evidence")?;
                let evidence: serde_json::Value =
                    serde_json::from_str(&evidence).map_err(|error| error.to_string())?;
                let source = evidence["source"].as_str().ok_or("a verdict without a source")?.to_owned();
                completed.push(Completed { at: record.at.as_secs(), source });
            }
        }
        Ok(completed)
    }

    /// How many rest on what.
    pub(crate) async fn sources(&mut self) -> Result<BTreeMap<String, u64>, String> {
        let mut sources = BTreeMap::new();
        for completed in self.read().await? {
            *sources.entry(completed.source).or_default() += 1;
        }
        Ok(sources)
    }
}

struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UnixTime {
        UnixTime::now()
    }
}

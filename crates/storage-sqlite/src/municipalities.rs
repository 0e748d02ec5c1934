//! Municipalities that were added, and the number that counts what nodes read into memory.

use async_trait::async_trait;
use rusqlite::Row;
use serde_json::json;

use madoguchi_protocol::{Octets, sha256};
use madoguchi_storage::{
    AuditKind, Municipalities, MunicipalityAdded, MunicipalityChange, MunicipalityChanged,
    MunicipalityRecord, MunicipalityRemoved, NewAudit, NewMunicipality, StorageError,
};

use crate::audit;
use crate::error::SqliteError;
use crate::store::SqliteStore;
use crate::work::{Work, column, damaged, time};

#[async_trait]
impl Municipalities for SqliteStore {
    async fn add_municipality(
        &self,
        new: NewMunicipality,
        operator: &str,
    ) -> Result<MunicipalityAdded, StorageError> {
        let evidence = json!({ "operator": operator, "origin": new.origin.as_str() }).to_string();
        self.write(move |work| {
            let name = serde_json::to_string(&new.name).map_err(|_| damaged(TABLE, "name"))?;
            let added = work.execute(
                "INSERT INTO municipalities (id, origin, name, accent, added_at) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT DO NOTHING",
                (&new.id, new.origin.as_str(), name, &new.accent, work.now),
            )?;
            if added == 0 {
                return Ok(MunicipalityAdded::Taken);
            }
            count_up(work)?;
            audit::insert(
                work,
                AuditKind::MunicipalityAdded,
                &NewAudit { evidence: Some(&evidence), ..NewAudit::of(&new.id) },
            )?;
            Ok(MunicipalityAdded::Done)
        })
        .await
    }

    async fn change_municipality(
        &self,
        id: &str,
        changes: Vec<MunicipalityChange>,
        operator: &str,
    ) -> Result<MunicipalityChanged, StorageError> {
        let (id, operator) = (id.to_owned(), operator.to_owned());
        self.write(move |work| {
            if work.count("SELECT count(*) FROM municipalities WHERE id = ?1", (&id,))? == 0 {
                return Ok(MunicipalityChanged::NotFound);
            }
            let mut changed = Vec::new();
            for change in &changes {
                apply(work, &id, change)?;
                let ordered = json!({ "operator": operator }).to_string();
                match change {
                    MunicipalityChange::Disabled(true) => {
                        tell(work, AuditKind::MunicipalityDisabled, &id, &ordered)?;
                    }
                    MunicipalityChange::Disabled(false) => {
                        tell(work, AuditKind::MunicipalityEnabled, &id, &ordered)?;
                    }
                    other => changed.push(other.what()),
                }
            }
            if !changed.is_empty() {
                let evidence = json!({ "operator": operator, "changed": changed }).to_string();
                tell(work, AuditKind::MunicipalityChanged, &id, &evidence)?;
            }
            count_up(work)?;
            Ok(MunicipalityChanged::Done)
        })
        .await
    }

    async fn remove_municipality(
        &self,
        id: &str,
        operator: &str,
    ) -> Result<MunicipalityRemoved, StorageError> {
        let (id, evidence) = (id.to_owned(), json!({ "operator": operator }).to_string());
        self.write(move |work| {
            let clients = "SELECT count(*) FROM clients WHERE municipality = ?1 AND registration IS NOT NULL";
            if work.count(clients, (&id,))? > 0 {
                return Ok(MunicipalityRemoved::HasClients);
            }
            if work.count("SELECT count(*) FROM accounts WHERE municipality = ?1", (&id,))? > 0 {
                return Ok(MunicipalityRemoved::HasAccounts);
            }
            if work.execute("DELETE FROM municipalities WHERE id = ?1", (&id,))? == 0 {
                return Ok(MunicipalityRemoved::NotFound);
            }
            // They would register a service with whoever has the id next.
            work.execute("DELETE FROM registration_tokens WHERE municipality = ?1", (&id,))?;
            count_up(work)?;
            tell(work, AuditKind::MunicipalityRemoved, &id, &evidence)?;
            Ok(MunicipalityRemoved::Done)
        })
        .await
    }

    async fn municipality_logo(&self, id: &str) -> Result<Option<Vec<u8>>, StorageError> {
        let id = id.to_owned();
        self.read(move |work| {
            let logo = work.find("SELECT logo FROM municipalities WHERE id = ?1", (id,), |row| {
                column(row, TABLE, "logo")
            });
            Ok(logo?.flatten())
        })
        .await
    }

    async fn municipalities(&self) -> Result<Vec<MunicipalityRecord>, StorageError> {
        // Without the logos: they are fetched when they changed.
        self.read(|work| {
            work.all(
                "SELECT id, origin, name, accent, added_at, disabled, logo_sha256 FROM municipalities ORDER BY id",
                (),
                read,
            )
        })
        .await
    }

    async fn registry_version(&self) -> Result<u64, StorageError> {
        self.read(|work| work.count("SELECT version FROM registry", ())).await
    }
}

/// Tells the nodes to read again. Part of the transaction that changes what they read.
pub(crate) fn count_up(work: &Work<'_>) -> Result<(), SqliteError> {
    work.execute("UPDATE registry SET version = version + 1", ()).map(drop)
}

fn apply(work: &Work<'_>, id: &str, change: &MunicipalityChange) -> Result<(), SqliteError> {
    match change {
        MunicipalityChange::Name(name) => {
            let name = serde_json::to_string(name).map_err(|_| damaged(TABLE, "name"))?;
            work.execute("UPDATE municipalities SET name = ?2 WHERE id = ?1", (id, name))
        }
        MunicipalityChange::Accent(accent) => {
            work.execute("UPDATE municipalities SET accent = ?2 WHERE id = ?1", (id, accent))
        }
        MunicipalityChange::Logo(logo) => work.execute(
            "UPDATE municipalities SET logo = ?2, logo_sha256 = ?3 WHERE id = ?1",
            (id, logo, logo.as_deref().map(|logo| sha256(logo).0)),
        ),
        MunicipalityChange::Disabled(disabled) => {
            work.execute("UPDATE municipalities SET disabled = ?2 WHERE id = ?1", (id, disabled))
        }
        // The enum may grow; a change that has no name here is no change that may be made.
        _ => return Err(damaged(TABLE, "an unknown change")),
    }
    .map(drop)
}

fn tell(work: &Work<'_>, kind: AuditKind, id: &str, evidence: &str) -> Result<(), SqliteError> {
    audit::insert(work, kind, &NewAudit { evidence: Some(evidence), ..NewAudit::of(id) })
}

fn read(row: &Row<'_>) -> Result<MunicipalityRecord, SqliteError> {
    let name: String = column(row, TABLE, "name")?;
    let origin: String = column(row, TABLE, "origin")?;
    let logo: Option<[u8; 32]> = column(row, TABLE, "logo_sha256")?;
    Ok(MunicipalityRecord {
        new: NewMunicipality {
            id: column(row, TABLE, "id")?,
            origin: origin.parse().map_err(|_| damaged(TABLE, "origin"))?,
            name: serde_json::from_str(&name).map_err(|_| damaged(TABLE, "name"))?,
            accent: column(row, TABLE, "accent")?,
        },
        logo: logo.map(Octets),
        disabled: column(row, TABLE, "disabled")?,
        added_at: time(row, TABLE, "added_at")?,
    })
}

const TABLE: &str = "municipalities";

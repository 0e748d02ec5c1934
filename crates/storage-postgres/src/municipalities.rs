//! Municipalities that were added, and the number that counts what nodes read into memory.

use async_trait::async_trait;
use serde_json::json;
use sqlx::postgres::PgRow;

use madoguchi_protocol::{Octets, sha256};
use madoguchi_storage::{
    AuditKind, Municipalities, MunicipalityAdded, MunicipalityChange, MunicipalityChanged,
    MunicipalityRecord, MunicipalityRemoved, NewAudit, NewMunicipality, StorageError,
};

use crate::audit;
use crate::error::PostgresError;
use crate::store::PostgresStore;
use crate::transaction::{look, transact};
use crate::work::{Work, column, damaged, time};

#[async_trait]
impl Municipalities for PostgresStore {
    async fn add_municipality(
        &self,
        new: NewMunicipality,
        operator: &str,
    ) -> Result<MunicipalityAdded, StorageError> {
        transact!(self, &[], |work| add(work, &new, operator))
    }

    async fn change_municipality(
        &self,
        id: &str,
        changes: Vec<MunicipalityChange>,
        operator: &str,
    ) -> Result<MunicipalityChanged, StorageError> {
        transact!(self, &[], |work| change_all(work, id, &changes, operator))
    }

    async fn remove_municipality(
        &self,
        id: &str,
        operator: &str,
    ) -> Result<MunicipalityRemoved, StorageError> {
        transact!(self, &[], |work| remove(work, id, operator))
    }

    async fn municipality_logo(&self, id: &str) -> Result<Option<Vec<u8>>, StorageError> {
        look!(self, |work| logo(work, id))
    }

    async fn municipalities(&self) -> Result<Vec<MunicipalityRecord>, StorageError> {
        // Without the logos: they are fetched when they changed.
        let sql = "SELECT id, origin, name, accent, added_at, disabled, logo_sha256 FROM municipalities ORDER BY id";
        look!(self, |work| work.all(sqlx::query(sql), read))
    }

    async fn registry_version(&self) -> Result<u64, StorageError> {
        look!(self, |work| work.count(sqlx::query("SELECT version FROM registry")))
    }
}

async fn add(
    work: &mut Work,
    new: &NewMunicipality,
    operator: &str,
) -> Result<MunicipalityAdded, PostgresError> {
    let name = serde_json::to_string(&new.name).map_err(|_| damaged(TABLE, "name"))?;
    let sql = "INSERT INTO municipalities (id, origin, name, accent, added_at) VALUES ($1, $2, $3, $4, $5)
               ON CONFLICT DO NOTHING";
    let insert = sqlx::query(sql).bind(&new.id).bind(new.origin.as_str()).bind(name);
    let insert = insert.bind(&new.accent).bind(work.now);
    if work.execute(insert).await? == 0 {
        return Ok(MunicipalityAdded::Taken);
    }
    let evidence = json!({ "operator": operator, "origin": new.origin.as_str() }).to_string();
    tell(work, AuditKind::MunicipalityAdded, &new.id, &evidence).await?;
    count_up(work).await?;
    Ok(MunicipalityAdded::Done)
}

async fn change_all(
    work: &mut Work,
    id: &str,
    changes: &[MunicipalityChange],
    operator: &str,
) -> Result<MunicipalityChanged, PostgresError> {
    let there = sqlx::query("SELECT 1 FROM municipalities WHERE id = $1 FOR NO KEY UPDATE").bind(id);
    if work.find(there, |_| Ok(())).await?.is_none() {
        return Ok(MunicipalityChanged::NotFound);
    }
    let mut changed = Vec::new();
    for change in changes {
        apply(work, id, change).await?;
        let ordered = json!({ "operator": operator }).to_string();
        match change {
            MunicipalityChange::Disabled(true) => {
                tell(work, AuditKind::MunicipalityDisabled, id, &ordered).await?;
            }
            MunicipalityChange::Disabled(false) => {
                tell(work, AuditKind::MunicipalityEnabled, id, &ordered).await?;
            }
            other => changed.push(other.what()),
        }
    }
    if !changed.is_empty() {
        let evidence = json!({ "operator": operator, "changed": changed }).to_string();
        tell(work, AuditKind::MunicipalityChanged, id, &evidence).await?;
    }
    count_up(work).await?;
    Ok(MunicipalityChanged::Done)
}

async fn apply(work: &mut Work, id: &str, change: &MunicipalityChange) -> Result<(), PostgresError> {
    let changed = match change {
        MunicipalityChange::Name(name) => {
            let name = serde_json::to_string(name).map_err(|_| damaged(TABLE, "name"))?;
            sqlx::query("UPDATE municipalities SET name = $2 WHERE id = $1").bind(id).bind(name)
        }
        MunicipalityChange::Accent(accent) => {
            sqlx::query("UPDATE municipalities SET accent = $2 WHERE id = $1").bind(id).bind(accent)
        }
        MunicipalityChange::Logo(logo) => {
            let hash = logo.as_deref().map(|logo| sha256(logo).0);
            let sql = "UPDATE municipalities SET logo = $2, logo_sha256 = $3 WHERE id = $1";
            sqlx::query(sql).bind(id).bind(logo).bind(hash)
        }
        MunicipalityChange::Disabled(disabled) => {
            sqlx::query("UPDATE municipalities SET disabled = $2 WHERE id = $1").bind(id).bind(disabled)
        }
        // The enum may grow; a change that has no name here is no change that may be made.
        _ => return Err(damaged(TABLE, "an unknown change")),
    };
    work.execute(changed).await.map(drop)
}

async fn remove(work: &mut Work, id: &str, operator: &str) -> Result<MunicipalityRemoved, PostgresError> {
    // Whoever is registering a client by one of these now is done first, and the client is seen below.
    let held =
        sqlx::query("SELECT 1 FROM registration_tokens WHERE municipality = $1 ORDER BY hash FOR UPDATE");
    work.all(held.bind(id), |_| Ok(())).await?;
    let sql = "SELECT EXISTS (SELECT 1 FROM clients WHERE municipality = $1 AND registration IS NOT NULL) AS clients,
                      EXISTS (SELECT 1 FROM accounts WHERE municipality = $1) AS accounts";
    let has = work.find(sqlx::query(sql).bind(id), |row| {
        Ok((column(row, "clients", "clients")?, column(row, "accounts", "accounts")?))
    });
    match has.await? {
        Some((true, _)) => return Ok(MunicipalityRemoved::HasClients),
        Some((_, true)) => return Ok(MunicipalityRemoved::HasAccounts),
        _ => {}
    }
    if work.execute(sqlx::query("DELETE FROM municipalities WHERE id = $1").bind(id)).await? == 0 {
        return Ok(MunicipalityRemoved::NotFound);
    }
    // They would register a service with whoever has the id next.
    work.execute(sqlx::query("DELETE FROM registration_tokens WHERE municipality = $1").bind(id)).await?;
    let evidence = json!({ "operator": operator }).to_string();
    tell(work, AuditKind::MunicipalityRemoved, id, &evidence).await?;
    count_up(work).await?;
    Ok(MunicipalityRemoved::Done)
}

async fn logo(work: &mut Work, id: &str) -> Result<Option<Vec<u8>>, PostgresError> {
    let logo = sqlx::query("SELECT logo FROM municipalities WHERE id = $1").bind(id);
    Ok(work.find(logo, |row| column(row, TABLE, "logo")).await?.flatten())
}

async fn tell(work: &mut Work, kind: AuditKind, id: &str, evidence: &str) -> Result<(), PostgresError> {
    audit::insert(work, kind, &NewAudit { evidence: Some(evidence), ..NewAudit::of(id) }).await
}

/// Tells the nodes to read again. The last statement of a transaction that changes what they read: of all of them one at a
/// time comes past it.
pub(crate) async fn count_up(work: &mut Work) -> Result<(), PostgresError> {
    work.execute(sqlx::query("UPDATE registry SET version = version + 1")).await.map(drop)
}

fn read(row: &PgRow) -> Result<MunicipalityRecord, PostgresError> {
    let (name, origin): (&str, &str) = (column(row, TABLE, "name")?, column(row, TABLE, "origin")?);
    let logo: Option<[u8; 32]> = column(row, TABLE, "logo_sha256")?;
    Ok(MunicipalityRecord {
        new: NewMunicipality {
            id: column(row, TABLE, "id")?,
            origin: origin.parse().map_err(|_| damaged(TABLE, "origin"))?,
            name: serde_json::from_str(name).map_err(|_| damaged(TABLE, "name"))?,
            accent: column(row, TABLE, "accent")?,
        },
        logo: logo.map(Octets),
        disabled: column(row, TABLE, "disabled")?,
        added_at: time(row, TABLE, "added_at")?,
    })
}

const TABLE: &str = "municipalities";

//! Municipalities that were added, and the number that counts what nodes read into memory.

use async_trait::async_trait;
use rusqlite::Row;
use serde_json::json;

use madoguchi_storage::{
    AuditKind, Municipalities, MunicipalityAdded, MunicipalityRecord, NewMunicipality, StorageError,
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
            audit::insert(work, AuditKind::MunicipalityAdded, &new.id, None, None, None, Some(&evidence))?;
            Ok(MunicipalityAdded::Done)
        })
        .await
    }

    async fn municipalities(&self) -> Result<Vec<MunicipalityRecord>, StorageError> {
        self.read(|work| work.all("SELECT * FROM municipalities ORDER BY id", (), read)).await
    }

    async fn registry_version(&self) -> Result<u64, StorageError> {
        self.read(|work| work.count("SELECT version FROM registry", ())).await
    }
}

/// Tells the nodes to read again. Part of the transaction that changes what they read.
pub(crate) fn count_up(work: &Work<'_>) -> Result<(), SqliteError> {
    work.execute("UPDATE registry SET version = version + 1", ()).map(drop)
}

fn read(row: &Row<'_>) -> Result<MunicipalityRecord, SqliteError> {
    let name: String = column(row, TABLE, "name")?;
    let origin: String = column(row, TABLE, "origin")?;
    Ok(MunicipalityRecord {
        new: NewMunicipality {
            id: column(row, TABLE, "id")?,
            origin: origin.parse().map_err(|_| damaged(TABLE, "origin"))?,
            name: serde_json::from_str(&name).map_err(|_| damaged(TABLE, "name"))?,
            accent: column(row, TABLE, "accent")?,
        },
        added_at: time(row, TABLE, "added_at")?,
    })
}

const TABLE: &str = "municipalities";

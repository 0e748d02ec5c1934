//! Municipalities that were added, and the number that counts what nodes read into memory.

use async_trait::async_trait;
use serde_json::json;
use sqlx::postgres::PgRow;

use madoguchi_storage::{
    AuditKind, Municipalities, MunicipalityAdded, MunicipalityRecord, NewMunicipality, StorageError,
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

    async fn municipalities(&self) -> Result<Vec<MunicipalityRecord>, StorageError> {
        look!(self, |work| work.all(sqlx::query("SELECT * FROM municipalities ORDER BY id"), read))
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
    audit::insert(work, AuditKind::MunicipalityAdded, &new.id, None, None, None, Some(&evidence)).await?;
    count_up(work).await?;
    Ok(MunicipalityAdded::Done)
}

/// Tells the nodes to read again. The last statement of a transaction that changes what they read: of all of them one at a
/// time comes past it.
pub(crate) async fn count_up(work: &mut Work) -> Result<(), PostgresError> {
    work.execute(sqlx::query("UPDATE registry SET version = version + 1")).await.map(drop)
}

fn read(row: &PgRow) -> Result<MunicipalityRecord, PostgresError> {
    let (name, origin): (&str, &str) = (column(row, TABLE, "name")?, column(row, TABLE, "origin")?);
    Ok(MunicipalityRecord {
        new: NewMunicipality {
            id: column(row, TABLE, "id")?,
            origin: origin.parse().map_err(|_| damaged(TABLE, "origin"))?,
            name: serde_json::from_str(name).map_err(|_| damaged(TABLE, "name"))?,
            accent: column(row, TABLE, "accent")?,
        },
        added_at: time(row, TABLE, "added_at")?,
    })
}

const TABLE: &str = "municipalities";

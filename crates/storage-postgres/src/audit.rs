//! The audit log: inserted in the transaction of what it records. Its place in the chain comes soon after.

use async_trait::async_trait;
use sqlx::AssertSqlSafe;
use sqlx::postgres::PgRow;

use madoguchi_protocol::{ErrorCode, Octets};
use madoguchi_storage::{Audit, AuditKind, AuditRecord, NewAudit, SignInTrace, StorageError};

use crate::error::PostgresError;
use crate::rows::{By, find_sign_in};
use crate::store::PostgresStore;
use crate::transaction::look;
use crate::work::{Work, column, damaged, integer, number, number_if_any, time};
use crate::{kept, sessions};

#[async_trait]
impl Audit for PostgresStore {
    async fn audit_records(
        &self,
        municipality: &str,
        after: u64,
        limit: u32,
    ) -> Result<Vec<AuditRecord>, StorageError> {
        look!(self, |work| records(work, municipality, after, limit))
    }

    async fn trace(&self, municipality: &str, sign_in: Octets<16>) -> Result<SignInTrace, StorageError> {
        look!(self, |work| trace(work, municipality, sign_in))
    }
}

/// Inserts it in the transaction of what it records.
pub(crate) async fn insert(
    work: &mut Work,
    kind: AuditKind,
    new: &NewAudit<'_>,
) -> Result<(), PostgresError> {
    let query = sqlx::query(
        "INSERT INTO audit (at, municipality, kind, sign_in, client_id, code, evidence, network)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    );
    let query = query
        .bind(work.now)
        .bind(new.municipality)
        .bind(kind.as_str())
        .bind(new.sign_in.map(|id| id.0))
        .bind(new.client_id)
        .bind(new.code.map(ErrorCode::as_str))
        .bind(new.evidence)
        .bind(new.network);
    work.execute(query).await.map(drop)
}

async fn records(
    work: &mut Work,
    municipality: &str,
    after: u64,
    limit: u32,
) -> Result<Vec<AuditRecord>, PostgresError> {
    let sql = format!(
        "SELECT * FROM audit WHERE municipality = $1 AND number > $2 AND {TOLD} ORDER BY number LIMIT $3"
    );
    let query = sqlx::query(AssertSqlSafe(sql));
    work.all(query.bind(municipality).bind(integer(after)).bind(i64::from(limit)), read).await
}

async fn trace(
    work: &mut Work,
    municipality: &str,
    sign_in: Octets<16>,
) -> Result<SignInTrace, PostgresError> {
    let sql =
        format!("SELECT * FROM audit WHERE municipality = $1 AND sign_in = $2 AND {TOLD} ORDER BY number");
    let records = sqlx::query(AssertSqlSafe(sql));
    Ok(SignInTrace {
        sign_in: find_sign_in(work, municipality, &[(By::Id, &sign_in.0)]).await?,
        records: work.all(records.bind(municipality).bind(sign_in.0), read).await?,
        session: sessions::of_sign_in(work, municipality, sign_in).await?,
        refused: kept::refused_with(work, municipality, sign_in).await?,
    })
}

fn read(row: &PgRow) -> Result<AuditRecord, PostgresError> {
    let kind: String = column(row, TABLE, "kind")?;
    let code: Option<String> = column(row, TABLE, "code")?;
    Ok(AuditRecord {
        number: number(row, TABLE, "number")?,
        at: time(row, TABLE, "at")?,
        municipality: column(row, TABLE, "municipality")?,
        kind: AuditKind::from_name(&kind).ok_or_else(|| damaged(TABLE, "kind"))?,
        sign_in: column::<Option<[u8; 16]>>(row, TABLE, "sign_in")?.map(Octets),
        client_id: column(row, TABLE, "client_id")?,
        code: code.map(|code| code.parse()).transpose().map_err(|_| damaged(TABLE, "code"))?,
        evidence: column(row, TABLE, "evidence")?,
        network: column(row, TABLE, "network")?,
        position: number_if_any(row, TABLE, "position")?,
    })
}

/// Neither erased nor retired.
const TOLD: &str = "(position IS NULL OR (salt IS NOT NULL AND position > (
    SELECT start_position FROM audit_chains WHERE audit_chains.municipality = audit.municipality)))";
const TABLE: &str = "audit";

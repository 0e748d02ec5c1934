//! The audit log: inserted in the transaction of what it records. Its place in the chain comes soon after.

use async_trait::async_trait;
use rusqlite::Row;

use madoguchi_protocol::{ErrorCode, Octets};
use madoguchi_storage::{Audit, AuditKind, AuditRecord, NewAudit, SignInTrace, StorageError};

use crate::error::SqliteError;
use crate::rows::{By, find_sign_in};
use crate::store::SqliteStore;
use crate::work::{Work, column, damaged, integer, time};
use crate::{kept, sessions};

#[async_trait]
impl Audit for SqliteStore {
    async fn audit_records(
        &self,
        municipality: &str,
        after: u64,
        limit: u32,
    ) -> Result<Vec<AuditRecord>, StorageError> {
        let municipality = municipality.to_owned();
        self.read(move |work| {
            work.all(
                &format!(
                    "SELECT * FROM audit WHERE municipality = ?1 AND number > ?2 AND {TOLD} ORDER BY number LIMIT ?3"
                ),
                (municipality, integer(after), limit),
                read,
            )
        })
        .await
    }

    async fn trace(&self, municipality: &str, sign_in: Octets<16>) -> Result<SignInTrace, StorageError> {
        let municipality = municipality.to_owned();
        self.read(move |work| {
            Ok(SignInTrace {
                sign_in: find_sign_in(work, &municipality, &[(By::Id, &sign_in.0)])?,
                records: work.all(
                    &format!(
                        "SELECT * FROM audit WHERE municipality = ?1 AND sign_in = ?2 AND {TOLD} ORDER BY number"
                    ),
                    (&municipality, sign_in.0),
                    read,
                )?,
                session: sessions::of_sign_in(work, &municipality, sign_in)?,
                refused: kept::refused_with(work, &municipality, sign_in)?,
            })
        })
        .await
    }
}

/// Inserts it in the transaction of what it records.
pub(crate) fn insert(work: &Work<'_>, kind: AuditKind, new: &NewAudit<'_>) -> Result<(), SqliteError> {
    work.execute(
        "INSERT INTO audit (at, municipality, kind, sign_in, client_id, code, evidence, network)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        (
            work.now,
            new.municipality,
            kind.as_str(),
            new.sign_in.map(|id| id.0),
            new.client_id,
            new.code.map(ErrorCode::as_str),
            new.evidence,
            new.network,
        ),
    )?;
    Ok(())
}

fn read(row: &Row<'_>) -> Result<AuditRecord, SqliteError> {
    let kind: String = column(row, TABLE, "kind")?;
    let code: Option<String> = column(row, TABLE, "code")?;
    Ok(AuditRecord {
        number: column(row, TABLE, "number")?,
        at: time(row, TABLE, "at")?,
        municipality: column(row, TABLE, "municipality")?,
        kind: AuditKind::from_name(&kind).ok_or_else(|| damaged(TABLE, "kind"))?,
        sign_in: column::<Option<_>>(row, TABLE, "sign_in")?.map(Octets),
        client_id: column(row, TABLE, "client_id")?,
        code: code.map(|code| code.parse()).transpose().map_err(|_| damaged(TABLE, "code"))?,
        evidence: column(row, TABLE, "evidence")?,
        network: column(row, TABLE, "network")?,
        position: column(row, TABLE, "position")?,
    })
}

/// Neither erased nor retired.
const TOLD: &str = "(position IS NULL OR (salt IS NOT NULL AND position > (
    SELECT start_position FROM audit_chains WHERE audit_chains.municipality = audit.municipality)))";
const TABLE: &str = "audit";

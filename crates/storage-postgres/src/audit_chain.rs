//! The chain of the audit log, and the failures that become one record a minute. The hashes are `madoguchi_storage`'s; here is
//! where they stand. Whoever changes a chain holds its advisory lock.

use async_trait::async_trait;
use rustls_pki_types::UnixTime;
use sqlx::postgres::PgRow;

use madoguchi_protocol::{ErrorCode, Octets, Secret};
use madoguchi_storage::{
    AUDIT_FORMAT, AUDIT_MINUTE, AuditChain, AuditContent, AuditErasure, AuditKind, ChainEnd, ChainState,
    ChainedRecord, NewAudit, NewChainStart, SealedAudit, SealedRecord, StorageError, StoredCheckpoint,
    UnsealedAudit, UnsealedRecord, failures_evidence,
};

use crate::audit;
use crate::error::PostgresError;
use crate::locks::Lock;
use crate::store::PostgresStore;
use crate::transaction::{look, transact};
use crate::work::{Work, column, damaged, integer, number, seconds, time};

#[async_trait]
impl AuditChain for PostgresStore {
    async fn audited_municipalities(&self) -> Result<Vec<String>, StorageError> {
        look!(self, |work| work.all(sqlx::query(AUDITED), |row| column(row, TABLE, "id")))
    }

    async fn unsealed_audit(&self) -> Result<Vec<UnsealedAudit>, StorageError> {
        let minute = seconds(self.clock.now()) / AUDIT_MINUTE;
        look!(self, |work| unsealed(work, minute))
    }

    async fn seal_audit(
        &self,
        municipality: &str,
        seed: Secret<32>,
        limit: u32,
    ) -> Result<SealedAudit, StorageError> {
        transact!(self, &[Lock::audit_chain(municipality)], |work| seal(work, municipality, &seed, limit))
    }

    async fn audit_chain(&self, municipality: &str) -> Result<ChainState, StorageError> {
        look!(self, |work| state(work, municipality))
    }

    async fn chained_audit(
        &self,
        municipality: &str,
        after: u64,
        limit: u32,
    ) -> Result<Vec<ChainedRecord>, StorageError> {
        let sql = "SELECT * FROM audit WHERE municipality = $1 AND position > $2 ORDER BY position LIMIT $3";
        let query = || sqlx::query(sql).bind(municipality).bind(integer(after)).bind(i64::from(limit));
        look!(self, |work| work.all(query(), read_chained))
    }

    async fn add_audit_checkpoint(
        &self,
        municipality: &str,
        checkpoint: StoredCheckpoint,
    ) -> Result<bool, StorageError> {
        transact!(self, &[], |work| add_checkpoint(work, municipality, &checkpoint))
    }

    async fn audit_checkpoints(
        &self,
        municipality: &str,
        from: u64,
        limit: u32,
    ) -> Result<Vec<StoredCheckpoint>, StorageError> {
        let sql = "SELECT * FROM audit_checkpoints WHERE municipality = $1 AND position >= $2
                   ORDER BY position LIMIT $3";
        let query = || sqlx::query(sql).bind(municipality).bind(integer(from)).bind(i64::from(limit));
        look!(self, |work| work.all(query(), read_checkpoint))
    }

    async fn audit_checkpoint_before(
        &self,
        municipality: &str,
        before: UnixTime,
    ) -> Result<Option<StoredCheckpoint>, StorageError> {
        let sql = "SELECT * FROM audit_checkpoints WHERE municipality = $1 AND at <= $2
                   ORDER BY at DESC, position DESC LIMIT 1";
        let query = || sqlx::query(sql).bind(municipality).bind(seconds(before));
        look!(self, |work| work.find(query(), read_checkpoint))
    }

    async fn retire_audit(
        &self,
        municipality: &str,
        start: NewChainStart,
        order: &str,
    ) -> Result<bool, StorageError> {
        transact!(self, &[Lock::audit_chain(municipality)], |work| retire(work, municipality, &start, order))
    }

    async fn erase_audit(
        &self,
        municipality: &str,
        position: u64,
        order: &str,
    ) -> Result<AuditErasure, StorageError> {
        transact!(self, &[Lock::audit_chain(municipality)], |work| erase(work, municipality, position, order))
    }

    async fn sweep_audit(&self, addresses_before: UnixTime, limit: u32) -> Result<u64, StorageError> {
        transact!(self, &[], |work| sweep(work, addresses_before, limit))
    }
}

/// A sign-in failed before a card was proven. The last statement of its transaction: many add to one row.
pub(crate) async fn count_failure(
    work: &mut Work,
    municipality: &str,
    code: ErrorCode,
) -> Result<(), PostgresError> {
    let sql = "INSERT INTO audit_failures (municipality, minute, code, count) VALUES ($1, $2, $3, 1)
               ON CONFLICT (municipality, minute, code) DO UPDATE SET count = audit_failures.count + 1";
    let query = sqlx::query(sql).bind(municipality).bind(work.now / AUDIT_MINUTE).bind(code.as_str());
    work.execute(query).await.map(drop)
}

async fn unsealed(work: &mut Work, minute: i64) -> Result<Vec<UnsealedAudit>, PostgresError> {
    let sql = "SELECT municipality, count(*) AS records, min(at) AS oldest
               FROM (SELECT municipality, at FROM audit WHERE position IS NULL LIMIT $1) AS waiting
               GROUP BY municipality";
    let waiting = work.all(sqlx::query(sql).bind(COUNTED), |row| {
        Ok(UnsealedAudit {
            municipality: column(row, TABLE, "municipality")?,
            records: number(row, TABLE, "records")?,
            oldest: Some(time(row, TABLE, "oldest")?),
        })
    });
    let waiting = waiting.await?;
    let sql = "SELECT DISTINCT municipality FROM audit_failures WHERE minute < $1";
    let failed: Vec<String> =
        work.all(sqlx::query(sql).bind(minute), |row| column(row, FAILURES, "municipality")).await?;
    Ok(UnsealedAudit::all(waiting, failed))
}

async fn seal(
    work: &mut Work,
    municipality: &str,
    seed: &Secret<32>,
    limit: u32,
) -> Result<SealedAudit, PostgresError> {
    tell_failures(work, municipality).await?;
    let mut end = state(work, municipality).await?.end;
    let sql = "SELECT * FROM audit WHERE municipality = $1 AND position IS NULL ORDER BY number LIMIT $2";
    let records = work.all(sqlx::query(sql).bind(municipality).bind(i64::from(limit)), |row| {
        Ok(UnsealedRecord {
            number: column(row, TABLE, "number")?,
            content: content(row)?,
            network: text(row, "network")?,
        })
    });
    let sealed: Vec<_> =
        records.await?.into_iter().map(|record| end.seal(municipality, seed, record)).collect();
    if !sealed.is_empty() {
        place(work, &sealed).await?;
        let begin = ChainEnd::empty(municipality);
        let sql = "INSERT INTO audit_chains (municipality, start_position, start_hash, position, hash)
                   VALUES ($1, $2, $3, $4, $5)
                   ON CONFLICT (municipality) DO UPDATE SET position = $4, hash = $5";
        let query = sqlx::query(sql)
            .bind(municipality)
            .bind(integer(begin.position))
            .bind(begin.hash.0)
            .bind(integer(end.position))
            .bind(end.hash.0);
        work.execute(query).await?;
    }
    Ok(SealedAudit { records: u64::try_from(sealed.len()).unwrap_or(u64::MAX), end })
}

/// All of them by one statement.
async fn place(work: &mut Work, sealed: &[SealedRecord]) -> Result<(), PostgresError> {
    let octets = |of: fn(&SealedRecord) -> Octets<32>| -> Vec<Vec<u8>> {
        sealed.iter().map(|sealed| of(sealed).0.to_vec()).collect()
    };
    let network = |of: fn((Octets<32>, Octets<32>)) -> Octets<32>| -> Vec<Option<Vec<u8>>> {
        sealed.iter().map(|sealed| sealed.network.map(|network| of(network).0.to_vec())).collect()
    };
    let sql = "UPDATE audit SET format = $1, position = sealed.position, salt = sealed.salt,
                   content_digest = sealed.content_digest, hash = sealed.hash,
                   network_salt = sealed.network_salt, network_digest = sealed.network_digest
               FROM unnest($2::bigint[], $3::bigint[], $4::bytea[], $5::bytea[], $6::bytea[], $7::bytea[], $8::bytea[])
                   AS sealed (number, position, salt, content_digest, hash, network_salt, network_digest)
               WHERE audit.number = sealed.number";
    let query = sqlx::query(sql)
        .bind(i32::try_from(AUDIT_FORMAT).unwrap_or(i32::MAX))
        .bind(sealed.iter().map(|sealed| sealed.number).collect::<Vec<_>>())
        .bind(sealed.iter().map(|sealed| integer(sealed.position)).collect::<Vec<_>>())
        .bind(octets(|sealed| sealed.salt))
        .bind(octets(|sealed| sealed.content_digest))
        .bind(octets(|sealed| sealed.hash))
        .bind(network(|(salt, _)| salt))
        .bind(network(|(_, digest)| digest));
    work.execute(query).await.map(drop)
}

/// Every minute that is over becomes one record for each code. Whoever still counts in such a minute is waited for.
async fn tell_failures(work: &mut Work, municipality: &str) -> Result<(), PostgresError> {
    let sql = "DELETE FROM audit_failures WHERE municipality = $1 AND minute < $2
               RETURNING minute, code, count";
    let query = sqlx::query(sql).bind(municipality).bind(work.now / AUDIT_MINUTE);
    let mut failures: Vec<(i64, String, u64)> = work
        .all(query, |row| {
            Ok((
                column(row, FAILURES, "minute")?,
                column(row, FAILURES, "code")?,
                number(row, FAILURES, "count")?,
            ))
        })
        .await?;
    failures.sort();
    for (minute, code, count) in failures {
        let evidence = failures_evidence(minute, count);
        let code = code.parse().map_err(|_| damaged(FAILURES, "code"))?;
        let new = NewAudit { code: Some(code), evidence: Some(&evidence), ..NewAudit::of(municipality) };
        audit::insert(work, AuditKind::SignInsFailed, &new).await?;
    }
    Ok(())
}

async fn state(work: &mut Work, municipality: &str) -> Result<ChainState, PostgresError> {
    let sql = "SELECT * FROM audit_checkpoints WHERE municipality = $1 ORDER BY position DESC LIMIT 1";
    let checkpoint = work.find(sqlx::query(sql).bind(municipality), read_checkpoint).await?;
    let sql = "SELECT * FROM audit_chains WHERE municipality = $1";
    let chain = work.find(sqlx::query(sql).bind(municipality), |row| {
        let end = |position: &str, hash: &str| -> Result<ChainEnd, PostgresError> {
            Ok(ChainEnd {
                position: number(row, CHAINS, position)?,
                hash: Octets(column(row, CHAINS, hash)?),
            })
        };
        Ok(ChainState {
            start: end("start_position", "start_hash")?,
            start_signed: column(row, CHAINS, "start_signed")?,
            end: end("position", "hash")?,
            checkpoint: None,
        })
    });
    Ok(ChainState { checkpoint, ..chain.await?.unwrap_or_else(|| ChainState::empty(municipality)) })
}

async fn add_checkpoint(
    work: &mut Work,
    municipality: &str,
    checkpoint: &StoredCheckpoint,
) -> Result<bool, PostgresError> {
    let sql = "INSERT INTO audit_checkpoints (municipality, position, at, signed) VALUES ($1, $2, $3, $4)
               ON CONFLICT (municipality, position) DO NOTHING";
    let query = sqlx::query(sql)
        .bind(municipality)
        .bind(integer(checkpoint.position))
        .bind(seconds(checkpoint.at))
        .bind(&checkpoint.signed);
    Ok(work.execute(query).await? == 1)
}

async fn retire(
    work: &mut Work,
    municipality: &str,
    start: &NewChainStart,
    order: &str,
) -> Result<bool, PostgresError> {
    let sql = "UPDATE audit_chains SET start_position = $2, start_hash = $3, start_signed = $4
               WHERE municipality = $1 AND start_position < $2
                 AND EXISTS (SELECT 1 FROM audit
                             WHERE audit.municipality = $1 AND audit.position = $2 AND audit.hash = $3)";
    let query = sqlx::query(sql)
        .bind(municipality)
        .bind(integer(start.end.position))
        .bind(start.end.hash.0)
        .bind(&start.signed);
    let moved = work.execute(query).await? == 1;
    if moved {
        let new = NewAudit { evidence: Some(order), ..NewAudit::of(municipality) };
        audit::insert(work, AuditKind::AuditRetired, &new).await?;
    }
    Ok(moved)
}

async fn erase(
    work: &mut Work,
    municipality: &str,
    position: u64,
    order: &str,
) -> Result<AuditErasure, PostgresError> {
    let sql =
        "UPDATE audit SET at = 0, kind = '', sign_in = NULL, client_id = NULL, code = NULL, evidence = NULL,
                   network = NULL, network_salt = NULL, network_digest = NULL, salt = NULL
               WHERE municipality = $1 AND position = $2 AND salt IS NOT NULL AND kind NOT IN ($3, $4)
                 AND position > (SELECT start_position FROM audit_chains WHERE municipality = $1)";
    let query = sqlx::query(sql)
        .bind(municipality)
        .bind(integer(position))
        .bind(AuditKind::AuditErased.as_str())
        .bind(AuditKind::AuditRetired.as_str());
    if work.execute(query).await? == 1 {
        let new = NewAudit { evidence: Some(order), ..NewAudit::of(municipality) };
        audit::insert(work, AuditKind::AuditErased, &new).await?;
        return Ok(AuditErasure::Done);
    }
    let sql = "SELECT salt IS NOT NULL AS has_content FROM audit WHERE municipality = $1 AND position = $2
                 AND position > (SELECT start_position FROM audit_chains WHERE municipality = $1)";
    let query = sqlx::query(sql).bind(municipality).bind(integer(position));
    Ok(match work.find(query, |row| column(row, TABLE, "has_content")).await? {
        None => AuditErasure::NotFound,
        Some(false) => AuditErasure::ErasedBefore,
        Some(true) => AuditErasure::Stays,
    })
}

/// What somebody else holds is left for the next sweep.
async fn sweep(work: &mut Work, addresses_before: UnixTime, limit: u32) -> Result<u64, PostgresError> {
    let mut left = u64::from(limit);
    for sql in [
        "DELETE FROM audit WHERE number = ANY (ARRAY(
             SELECT audit.number FROM audit_chains JOIN audit
             ON audit.municipality = audit_chains.municipality AND audit.position <= audit_chains.start_position
             LIMIT $1 FOR UPDATE OF audit SKIP LOCKED))",
        "DELETE FROM audit_checkpoints WHERE ctid = ANY (ARRAY(
             SELECT audit_checkpoints.ctid FROM audit_chains JOIN audit_checkpoints
             ON audit_checkpoints.municipality = audit_chains.municipality
                AND audit_checkpoints.position < audit_chains.start_position
             LIMIT $1 FOR UPDATE OF audit_checkpoints SKIP LOCKED))",
    ] {
        left = left.saturating_sub(work.execute(sqlx::query(sql).bind(integer(left))).await?);
    }
    let sql = "UPDATE audit SET network = NULL, network_salt = NULL WHERE number = ANY (ARRAY(
                   SELECT number FROM audit WHERE network IS NOT NULL AND at < $1 AND position IS NOT NULL
                   ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED))";
    let query = sqlx::query(sql).bind(seconds(addresses_before)).bind(integer(left));
    left = left.saturating_sub(work.execute(query).await?);
    Ok(u64::from(limit) - left)
}

fn read_checkpoint(row: &PgRow) -> Result<StoredCheckpoint, PostgresError> {
    let table = "audit_checkpoints";
    Ok(StoredCheckpoint {
        position: number(row, table, "position")?,
        at: time(row, table, "at")?,
        signed: column(row, table, "signed")?,
    })
}

/// Nothing is made of the values: whoever verifies sees what is there.
fn read_chained(row: &PgRow) -> Result<ChainedRecord, PostgresError> {
    let octets = |name| column::<Option<Vec<u8>>>(row, TABLE, name);
    Ok(ChainedRecord {
        position: number(row, TABLE, "position")?,
        number: column(row, TABLE, "number")?,
        format: column::<Option<i32>>(row, TABLE, "format")?.map(i64::from).unwrap_or_default(),
        content: content(row)?,
        network: text(row, "network")?,
        network_salt: octets("network_salt")?,
        salt: octets("salt")?,
        content_digest: octets("content_digest")?.unwrap_or_default(),
        hash: octets("hash")?.unwrap_or_default(),
    })
}

fn content(row: &PgRow) -> Result<AuditContent, PostgresError> {
    Ok(AuditContent {
        at: column(row, TABLE, "at")?,
        kind: text(row, "kind")?.unwrap_or_default(),
        sign_in: column(row, TABLE, "sign_in")?,
        client_id: text(row, "client_id")?,
        code: text(row, "code")?,
        evidence: text(row, "evidence")?,
        network_digest: column(row, TABLE, "network_digest")?,
    })
}

fn text(row: &PgRow, name: &str) -> Result<Option<Vec<u8>>, PostgresError> {
    Ok(column::<Option<String>>(row, TABLE, name)?.map(String::into_bytes))
}

/// One look into the index for each municipality, however long its log is.
const AUDITED: &str = "WITH RECURSIVE towns (id) AS (
         SELECT min(municipality) FROM audit
         UNION ALL
         SELECT (SELECT min(municipality) FROM audit WHERE municipality > towns.id)
         FROM towns WHERE towns.id IS NOT NULL
     )
     SELECT id FROM towns WHERE id IS NOT NULL
     UNION SELECT municipality FROM audit_chains
     UNION SELECT municipality FROM audit_checkpoints
     ORDER BY 1";
/// How many waiting records are counted: a log of before there were chains may be long.
const COUNTED: i64 = 100_000;
const TABLE: &str = "audit";
const CHAINS: &str = "audit_chains";
const FAILURES: &str = "audit_failures";

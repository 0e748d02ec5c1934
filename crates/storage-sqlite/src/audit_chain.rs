//! The chain of the audit log. The hashes are `madoguchi_storage`'s; here is where they stand.

use async_trait::async_trait;
use rusqlite::{Row, named_params};
use rustls_pki_types::UnixTime;

use madoguchi_protocol::{ErrorCode, Octets, Secret};
use madoguchi_storage::{
    AUDIT_FORMAT, AUDIT_MINUTE, AuditChain, AuditContent, AuditErasure, AuditKind, ChainEnd, ChainState,
    ChainedRecord, NewAudit, NewChainStart, SealedAudit, SealedRecord, StorageError, StoredCheckpoint,
    UnsealedAudit, UnsealedRecord, failures_evidence,
};

use crate::audit;
use crate::error::SqliteError;
use crate::store::SqliteStore;
use crate::work::{Work, column, damaged, integer, seconds, time};

#[async_trait]
impl AuditChain for SqliteStore {
    async fn audited_municipalities(&self) -> Result<Vec<String>, StorageError> {
        self.read(|work| work.all(AUDITED, (), |row| column(row, TABLE, "id"))).await
    }

    async fn unsealed_audit(&self) -> Result<Vec<UnsealedAudit>, StorageError> {
        self.read(unsealed).await
    }

    async fn seal_audit(
        &self,
        municipality: &str,
        seed: Secret<32>,
        limit: u32,
    ) -> Result<SealedAudit, StorageError> {
        let municipality = municipality.to_owned();
        self.write(move |work| seal(work, &municipality, &seed, limit)).await
    }

    async fn audit_chain(&self, municipality: &str) -> Result<ChainState, StorageError> {
        let municipality = municipality.to_owned();
        self.read(move |work| state(work, &municipality)).await
    }

    async fn chained_audit(
        &self,
        municipality: &str,
        after: u64,
        limit: u32,
    ) -> Result<Vec<ChainedRecord>, StorageError> {
        let municipality = municipality.to_owned();
        self.read(move |work| {
            work.all(
                "SELECT * FROM audit WHERE municipality = ?1 AND position > ?2 ORDER BY position LIMIT ?3",
                (municipality, integer(after), limit),
                read_chained,
            )
        })
        .await
    }

    async fn add_audit_checkpoint(
        &self,
        municipality: &str,
        checkpoint: StoredCheckpoint,
    ) -> Result<bool, StorageError> {
        let municipality = municipality.to_owned();
        self.write(move |work| {
            let added = work.execute(
                "INSERT INTO audit_checkpoints (municipality, position, at, signed) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (municipality, position) DO NOTHING",
                (&municipality, integer(checkpoint.position), seconds(checkpoint.at), &checkpoint.signed),
            )?;
            Ok(added == 1)
        })
        .await
    }

    async fn audit_checkpoints(
        &self,
        municipality: &str,
        from: u64,
        limit: u32,
    ) -> Result<Vec<StoredCheckpoint>, StorageError> {
        let municipality = municipality.to_owned();
        self.read(move |work| {
            work.all(
                "SELECT * FROM audit_checkpoints WHERE municipality = ?1 AND position >= ?2
                 ORDER BY position LIMIT ?3",
                (municipality, integer(from), limit),
                read_checkpoint,
            )
        })
        .await
    }

    async fn audit_checkpoint_before(
        &self,
        municipality: &str,
        before: UnixTime,
    ) -> Result<Option<StoredCheckpoint>, StorageError> {
        let municipality = municipality.to_owned();
        self.read(move |work| {
            work.find(
                "SELECT * FROM audit_checkpoints WHERE municipality = ?1 AND at <= ?2
                 ORDER BY at DESC, position DESC LIMIT 1",
                (municipality, seconds(before)),
                read_checkpoint,
            )
        })
        .await
    }

    async fn retire_audit(
        &self,
        municipality: &str,
        start: NewChainStart,
        order: &str,
    ) -> Result<bool, StorageError> {
        let (municipality, order) = (municipality.to_owned(), order.to_owned());
        self.write(move |work| retire(work, &municipality, &start, &order)).await
    }

    async fn erase_audit(
        &self,
        municipality: &str,
        position: u64,
        order: &str,
    ) -> Result<AuditErasure, StorageError> {
        let (municipality, order) = (municipality.to_owned(), order.to_owned());
        let erasure = self.write(move |work| erase(work, &municipality, position, &order)).await?;
        if erasure == AuditErasure::Done {
            self.empty_log().await?;
        }
        Ok(erasure)
    }

    async fn sweep_audit(&self, addresses_before: UnixTime, limit: u32) -> Result<u64, StorageError> {
        self.write(move |work| sweep(work, addresses_before, limit)).await
    }
}

/// Counts one sign-in that failed before a card was proven.
pub(crate) fn count_failure(work: &Work<'_>, municipality: &str, code: ErrorCode) -> Result<(), SqliteError> {
    work.execute(
        "INSERT INTO audit_failures (municipality, minute, code, count) VALUES (?1, ?2, ?3, 1)
         ON CONFLICT (municipality, minute, code) DO UPDATE SET count = count + 1",
        (municipality, work.now / AUDIT_MINUTE, code.as_str()),
    )?;
    Ok(())
}

fn unsealed(work: &Work<'_>) -> Result<Vec<UnsealedAudit>, SqliteError> {
    let waiting = work.all(
        "SELECT municipality, count(*) AS records, min(at) AS oldest
         FROM (SELECT municipality, at FROM audit WHERE position IS NULL LIMIT ?1) GROUP BY municipality",
        [COUNTED],
        |row| {
            Ok(UnsealedAudit {
                municipality: column(row, TABLE, "municipality")?,
                records: column(row, TABLE, "records")?,
                oldest: Some(time(row, TABLE, "oldest")?),
            })
        },
    )?;
    let failed: Vec<String> = work.all(
        "SELECT DISTINCT municipality FROM audit_failures WHERE minute < ?1",
        [work.now / AUDIT_MINUTE],
        |row| column(row, "audit_failures", "municipality"),
    )?;
    Ok(UnsealedAudit::all(waiting, failed))
}

fn seal(
    work: &Work<'_>,
    municipality: &str,
    seed: &Secret<32>,
    limit: u32,
) -> Result<SealedAudit, SqliteError> {
    tell_failures(work, municipality)?;
    let mut end = state(work, municipality)?.end;
    let records = work.all(
        "SELECT * FROM audit WHERE municipality = ?1 AND position IS NULL ORDER BY number LIMIT ?2",
        (municipality, limit),
        |row| {
            let content = content(row)?;
            Ok(UnsealedRecord {
                number: column(row, TABLE, "number")?,
                content,
                network: octets(row, "network")?,
            })
        },
    )?;
    let count = u64::try_from(records.len()).unwrap_or(u64::MAX);
    for record in records {
        place(work, &end.seal(municipality, seed, record))?;
    }
    if count > 0 {
        let begin = ChainEnd::empty(municipality);
        work.execute(
            "INSERT INTO audit_chains (municipality, start_position, start_hash, position, hash)
             VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (municipality) DO UPDATE SET position = ?4, hash = ?5",
            (municipality, integer(begin.position), begin.hash.0, integer(end.position), end.hash.0),
        )?;
    }
    Ok(SealedAudit { records: count, end })
}

fn place(work: &Work<'_>, sealed: &SealedRecord) -> Result<(), SqliteError> {
    let (network_salt, network_digest) = sealed.network.map(|(salt, digest)| (salt.0, digest.0)).unzip();
    work.execute(
        "UPDATE audit SET format = :format, position = :position, salt = :salt, content_digest = :content_digest,
             hash = :hash, network_salt = :network_salt, network_digest = :network_digest
         WHERE number = :number",
        named_params! {
            ":format": AUDIT_FORMAT,
            ":position": integer(sealed.position),
            ":salt": sealed.salt.0,
            ":content_digest": sealed.content_digest.0,
            ":hash": sealed.hash.0,
            ":network_salt": network_salt,
            ":network_digest": network_digest,
            ":number": sealed.number,
        },
    )?;
    Ok(())
}

/// Every minute that is over becomes one record for each code.
fn tell_failures(work: &Work<'_>, municipality: &str) -> Result<(), SqliteError> {
    let minute = work.now / AUDIT_MINUTE;
    let failures: Vec<(i64, String, u64)> = work.all(
        "SELECT minute, code, count FROM audit_failures WHERE municipality = ?1 AND minute < ?2
         ORDER BY minute, code",
        (municipality, minute),
        |row| {
            let table = "audit_failures";
            Ok((column(row, table, "minute")?, column(row, table, "code")?, column(row, table, "count")?))
        },
    )?;
    for (minute, code, count) in failures {
        let evidence = failures_evidence(minute, count);
        let code = code.parse().map_err(|_| damaged("audit_failures", "code"))?;
        let new = NewAudit { code: Some(code), evidence: Some(&evidence), ..NewAudit::of(municipality) };
        audit::insert(work, AuditKind::SignInsFailed, &new)?;
    }
    work.execute(
        "DELETE FROM audit_failures WHERE municipality = ?1 AND minute < ?2",
        (municipality, minute),
    )?;
    Ok(())
}

fn state(work: &Work<'_>, municipality: &str) -> Result<ChainState, SqliteError> {
    let checkpoint = work.find(
        "SELECT * FROM audit_checkpoints WHERE municipality = ?1 ORDER BY position DESC LIMIT 1",
        [municipality],
        read_checkpoint,
    )?;
    let chain = work.find("SELECT * FROM audit_chains WHERE municipality = ?1", [municipality], |row| {
        let end = |position: &str, hash: &str| -> Result<ChainEnd, SqliteError> {
            Ok(ChainEnd {
                position: column(row, CHAINS, position)?,
                hash: Octets(column(row, CHAINS, hash)?),
            })
        };
        Ok(ChainState {
            start: end("start_position", "start_hash")?,
            start_signed: column(row, CHAINS, "start_signed")?,
            end: end("position", "hash")?,
            checkpoint: None,
        })
    })?;
    Ok(ChainState { checkpoint, ..chain.unwrap_or_else(|| ChainState::empty(municipality)) })
}

fn retire(
    work: &Work<'_>,
    municipality: &str,
    start: &NewChainStart,
    order: &str,
) -> Result<bool, SqliteError> {
    let moved = work.execute(
        "UPDATE audit_chains SET start_position = :position, start_hash = :hash, start_signed = :signed
         WHERE municipality = :municipality AND start_position < :position
           AND EXISTS (SELECT 1 FROM audit
                       WHERE municipality = :municipality AND position = :position AND hash = :hash)",
        named_params! {
            ":municipality": municipality,
            ":position": integer(start.end.position),
            ":hash": start.end.hash.0,
            ":signed": start.signed,
        },
    )?;
    if moved == 1 {
        let new = NewAudit { evidence: Some(order), ..NewAudit::of(municipality) };
        audit::insert(work, AuditKind::AuditRetired, &new)?;
    }
    Ok(moved == 1)
}

fn erase(
    work: &Work<'_>,
    municipality: &str,
    position: u64,
    order: &str,
) -> Result<AuditErasure, SqliteError> {
    let stays = [AuditKind::AuditErased.as_str(), AuditKind::AuditRetired.as_str()];
    let erased = work.execute(
        "UPDATE audit SET at = 0, kind = '', sign_in = NULL, client_id = NULL, code = NULL, evidence = NULL,
             network = NULL, network_salt = NULL, network_digest = NULL, salt = NULL
         WHERE municipality = ?1 AND position = ?2 AND salt IS NOT NULL AND kind NOT IN (?3, ?4)
           AND position > (SELECT start_position FROM audit_chains WHERE municipality = ?1)",
        (municipality, integer(position), stays[0], stays[1]),
    )?;
    if erased == 1 {
        let new = NewAudit { evidence: Some(order), ..NewAudit::of(municipality) };
        audit::insert(work, AuditKind::AuditErased, &new)?;
        return Ok(AuditErasure::Done);
    }
    let has_content = work.find(
        "SELECT salt IS NOT NULL AS has_content FROM audit WHERE municipality = ?1 AND position = ?2
           AND position > (SELECT start_position FROM audit_chains WHERE municipality = ?1)",
        (municipality, integer(position)),
        |row| column(row, TABLE, "has_content"),
    )?;
    Ok(match has_content {
        None => AuditErasure::NotFound,
        Some(false) => AuditErasure::ErasedBefore,
        Some(true) => AuditErasure::Stays,
    })
}

fn sweep(work: &Work<'_>, addresses_before: UnixTime, limit: u32) -> Result<u64, SqliteError> {
    let mut left = u64::from(limit);
    for sql in [
        "DELETE FROM audit WHERE number IN (
             SELECT audit.number FROM audit_chains JOIN audit
             ON audit.municipality = audit_chains.municipality AND audit.position <= audit_chains.start_position
             LIMIT ?1)",
        "DELETE FROM audit_checkpoints WHERE rowid IN (
             SELECT audit_checkpoints.rowid FROM audit_chains JOIN audit_checkpoints
             ON audit_checkpoints.municipality = audit_chains.municipality
                AND audit_checkpoints.position < audit_chains.start_position
             LIMIT ?1)",
    ] {
        let gone = work.execute(sql, [integer(left)])?;
        left = left.saturating_sub(u64::try_from(gone).unwrap_or(u64::MAX));
    }
    let forgotten = work.execute(
        "UPDATE audit SET network = NULL, network_salt = NULL WHERE number IN (
             SELECT number FROM audit WHERE network IS NOT NULL AND at < ?1 AND position IS NOT NULL
             ORDER BY at LIMIT ?2)",
        (seconds(addresses_before), integer(left)),
    )?;
    left = left.saturating_sub(u64::try_from(forgotten).unwrap_or(u64::MAX));
    Ok(u64::from(limit) - left)
}

fn read_checkpoint(row: &Row<'_>) -> Result<StoredCheckpoint, SqliteError> {
    let table = "audit_checkpoints";
    Ok(StoredCheckpoint {
        position: column(row, table, "position")?,
        at: time(row, table, "at")?,
        signed: column(row, table, "signed")?,
    })
}

/// Nothing is made of the values: whoever verifies sees what is there.
fn read_chained(row: &Row<'_>) -> Result<ChainedRecord, SqliteError> {
    Ok(ChainedRecord {
        position: column(row, TABLE, "position")?,
        number: column(row, TABLE, "number")?,
        format: column::<Option<_>>(row, TABLE, "format")?.unwrap_or_default(),
        content: content(row)?,
        network: octets(row, "network")?,
        network_salt: octets(row, "network_salt")?,
        salt: octets(row, "salt")?,
        content_digest: octets(row, "content_digest")?.unwrap_or_default(),
        hash: octets(row, "hash")?.unwrap_or_default(),
    })
}

fn content(row: &Row<'_>) -> Result<AuditContent, SqliteError> {
    Ok(AuditContent {
        at: column(row, TABLE, "at")?,
        kind: octets(row, "kind")?.unwrap_or_default(),
        sign_in: octets(row, "sign_in")?,
        client_id: octets(row, "client_id")?,
        code: octets(row, "code")?,
        evidence: octets(row, "evidence")?,
        network_digest: octets(row, "network_digest")?,
    })
}

/// A text or octets, whatever they say.
fn octets(row: &Row<'_>, name: &str) -> Result<Option<Vec<u8>>, SqliteError> {
    let value = row.get_ref(name).map_err(|_| damaged(TABLE, name))?;
    let octets = value.as_bytes_or_null().map_err(|_| damaged(TABLE, name))?;
    Ok(octets.map(<[u8]>::to_vec))
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

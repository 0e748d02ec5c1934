//! Kept revocations: a row for what each signer said of a certificate. What takes the place of what is one conditional
//! write.

use async_trait::async_trait;
use sqlx::postgres::PgRow;

use madoguchi_cert_verify::{KeptRevocation, Revocation, RevocationReason, Source, SourceTimes};
use madoguchi_protocol::{ErrorCode, Octets};
use madoguchi_storage::{
    AuditKind, CertificateId, Cleared, KeptCount, KeptRecord, KeptRevocations, KeptSelection, NewAudit,
    Release, RevokedCertificate, StorageError,
};

use crate::error::PostgresError;
use crate::locks::Lock;
use crate::store::PostgresStore;
use crate::transaction::{look, transact};
use crate::work::{Work, column, damaged, number, seconds, time, time_if_any};
use crate::{audit, sessions};

#[async_trait]
impl KeptRevocations for PostgresStore {
    async fn kept(
        &self,
        municipality: &str,
        certificate: CertificateId,
    ) -> Result<Vec<KeptRecord>, StorageError> {
        look!(self, |work| all_kept(work, municipality, certificate))
    }

    async fn end_revoked_session(
        &self,
        municipality: &str,
        sid: Octets<16>,
        client_id: &str,
        code: ErrorCode,
        revoked: RevokedCertificate,
    ) -> Result<bool, StorageError> {
        let certificate = Lock::certificate(municipality, revoked.certificate);
        transact!(self, &[certificate], |work| end_revoked_session(
            work,
            municipality,
            sid,
            client_id,
            code,
            &revoked
        ))
    }

    async fn count_kept(&self, municipality: &str) -> Result<Vec<KeptCount>, StorageError> {
        look!(self, |work| count_kept(work, municipality))
    }

    async fn count_selected(
        &self,
        municipality: &str,
        selection: KeptSelection,
    ) -> Result<u64, StorageError> {
        look!(self, |work| count_selected(work, municipality, &selection))
    }

    async fn release(&self, municipality: &str, release: Release) -> Result<u64, StorageError> {
        transact!(self, &[], |work| let_go(work, municipality, &release))
    }
}

async fn all_kept(
    work: &mut Work,
    municipality: &str,
    certificate: CertificateId,
) -> Result<Vec<KeptRecord>, PostgresError> {
    let query = sqlx::query(
        "SELECT * FROM kept_revocations WHERE municipality = $1 AND certificate = $2 AND not_after >= $3",
    );
    work.all(query.bind(municipality).bind(certificate.0.0).bind(work.now), read).await
}

/// The caller holds the lock of the certificate.
async fn end_revoked_session(
    work: &mut Work,
    municipality: &str,
    sid: Octets<16>,
    client_id: &str,
    code: ErrorCode,
    revoked: &RevokedCertificate,
) -> Result<bool, PostgresError> {
    let session = sessions::hold_by_sid(work, municipality, sid).await?;
    let event = NewAudit {
        sign_in: session.as_ref().map(|session| session.sign_in),
        client_id: Some(client_id),
        code: Some(code),
        ..NewAudit::of(municipality)
    };
    if let Some(session) = &session {
        sessions::end_held(work, session).await?;
    }
    keep(work, &event, revoked).await?;
    if session.is_some() {
        audit::insert(work, AuditKind::SessionRevoked, &event).await?;
    }
    Ok(session.is_some())
}

async fn count_kept(work: &mut Work, municipality: &str) -> Result<Vec<KeptCount>, PostgresError> {
    let query = sqlx::query(
        "SELECT source, signer_key, reason, count(*) AS certificates, min(kept_at) AS first, max(kept_at) AS last
         FROM kept_revocations WHERE municipality = $1 AND not_after >= $2
         GROUP BY source, signer_key, reason ORDER BY source, signer_key, reason",
    );
    work.all(query.bind(municipality).bind(work.now), |row| {
        Ok(KeptCount {
            source: source(row)?,
            signer_key: Octets(column(row, TABLE, "signer_key")?),
            reason: reason(row)?,
            certificates: number(row, TABLE, "certificates")?,
            first_kept_at: time(row, TABLE, "first")?,
            last_kept_at: time(row, TABLE, "last")?,
        })
    })
    .await
}

async fn count_selected(
    work: &mut Work,
    municipality: &str,
    selection: &KeptSelection,
) -> Result<u64, PostgresError> {
    let query = match selection {
        KeptSelection::Certificate(certificate) => {
            sqlx::query("SELECT count(*) FROM kept_revocations WHERE municipality = $1 AND certificate = $2")
                .bind(municipality)
                .bind(certificate.0.0)
        }
        KeptSelection::Signer { signer_key, from, until } => sqlx::query(
            "SELECT count(*) FROM kept_revocations
             WHERE municipality = $1 AND signer_key = $2 AND kept_at BETWEEN $3 AND $4",
        )
        .bind(municipality)
        .bind(signer_key.0)
        .bind(seconds(*from))
        .bind(seconds(*until)),
    };
    work.count(query).await
}

/// Keeps what each signer said; whatever changes is an event.
pub(crate) async fn keep(
    work: &mut Work,
    event: &NewAudit<'_>,
    revoked: &RevokedCertificate,
) -> Result<(), PostgresError> {
    for KeptRevocation { source, revocation } in &revoked.said {
        let query = sqlx::query(
            "INSERT INTO kept_revocations AS kept
                 (municipality, certificate, source, signer_key, reason, revoked_at, this_update, next_update,
                  produced_at, kept_at, not_after, sign_in)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
             ON CONFLICT (municipality, certificate, source, signer_key) DO UPDATE SET
                 reason = excluded.reason, revoked_at = excluded.revoked_at, this_update = excluded.this_update,
                 next_update = excluded.next_update, produced_at = excluded.produced_at,
                 kept_at = excluded.kept_at, sign_in = excluded.sign_in
             WHERE kept.reason = $13 AND (excluded.reason <> $13 OR excluded.this_update > kept.this_update)",
        );
        let query = query
            .bind(event.municipality)
            .bind(revoked.certificate.0.0)
            .bind(source.name())
            .bind(revocation.signer_key.0)
            .bind(revocation.reason.name())
            .bind(seconds(revocation.revoked_at))
            .bind(seconds(revocation.times.this_update))
            .bind(revocation.times.next_update.map(seconds))
            .bind(revocation.times.produced_at.map(seconds))
            .bind(work.now)
            .bind(seconds(revoked.not_after))
            .bind(event.sign_in.map(|id| id.0))
            .bind(RevocationReason::CertificateHold.name());
        if work.execute(query).await? == 1 {
            audit::insert(work, AuditKind::RevocationKept, event).await?;
        }
    }
    Ok(())
}

/// The certificate that a sign-in was refused with, as long as the sign-in or what it kept is there.
pub(crate) async fn refused_with(
    work: &mut Work,
    municipality: &str,
    sign_in: Octets<16>,
) -> Result<Option<CertificateId>, PostgresError> {
    let query = sqlx::query(
        "SELECT certificate FROM sign_ins WHERE municipality = $1 AND id = $2 AND certificate IS NOT NULL
         UNION ALL
         SELECT certificate FROM kept_revocations WHERE municipality = $1 AND sign_in = $2 AND not_after >= $3
         LIMIT 1",
    );
    let query = query.bind(municipality).bind(sign_in.0).bind(work.now);
    work.find(query, |row| Ok(CertificateId(Octets(column(row, TABLE, "certificate")?)))).await
}

/// The condition of a proof, for the statement that proves: nothing but holds that are over is kept. Its parameters are
/// the municipality (1), now (4), the certificate (5), the name of a hold (6), and when holds are over (7).
pub(crate) const NOTHING_KEPT: &str = "NOT EXISTS (
    SELECT 1 FROM kept_revocations AS kept
    WHERE kept.municipality = $1 AND kept.certificate = $5 AND kept.not_after >= $4
      AND NOT (kept.reason = $6 AND kept.this_update < $7))";

/// Lets go of the holds that are over. Answers whether there were any.
pub(crate) async fn end_holds(
    work: &mut Work,
    municipality: &str,
    cleared: &Cleared,
) -> Result<bool, PostgresError> {
    let Some(hold_over) = cleared.hold_over else { return Ok(false) };
    let query = sqlx::query(
        "DELETE FROM kept_revocations
         WHERE municipality = $1 AND certificate = $2 AND reason = $3 AND this_update < $4",
    );
    let query = query
        .bind(municipality)
        .bind(cleared.certificate.0.0)
        .bind(RevocationReason::CertificateHold.name())
        .bind(seconds(hold_over));
    Ok(work.execute(query).await? > 0)
}

async fn let_go(work: &mut Work, municipality: &str, release: &Release) -> Result<u64, PostgresError> {
    let query = match release.selection {
        KeptSelection::Certificate(certificate) => {
            sqlx::query("DELETE FROM kept_revocations WHERE municipality = $1 AND certificate = $2")
                .bind(municipality)
                .bind(certificate.0.0)
        }
        KeptSelection::Signer { signer_key, from, until } => sqlx::query(
            "DELETE FROM kept_revocations
             WHERE municipality = $1 AND signer_key = $2 AND kept_at BETWEEN $3 AND $4",
        )
        .bind(municipality)
        .bind(signer_key.0)
        .bind(seconds(from))
        .bind(seconds(until)),
    };
    let released = work.execute(query).await?;
    let order = release.order(released);
    let new = NewAudit { evidence: Some(&order), ..NewAudit::of(municipality) };
    audit::insert(work, AuditKind::RevocationReleased, &new).await?;
    Ok(released)
}

fn read(row: &PgRow) -> Result<KeptRecord, PostgresError> {
    Ok(KeptRecord {
        kept: KeptRevocation {
            source: source(row)?,
            revocation: Revocation {
                reason: reason(row)?,
                revoked_at: time(row, TABLE, "revoked_at")?,
                times: SourceTimes {
                    this_update: time(row, TABLE, "this_update")?,
                    next_update: time_if_any(row, TABLE, "next_update")?,
                    produced_at: time_if_any(row, TABLE, "produced_at")?,
                },
                signer_key: Octets(column(row, TABLE, "signer_key")?),
            },
        },
        kept_at: time(row, TABLE, "kept_at")?,
        not_after: time(row, TABLE, "not_after")?,
    })
}

fn source(row: &PgRow) -> Result<Source, PostgresError> {
    Source::from_name(column(row, TABLE, "source")?).ok_or_else(|| damaged(TABLE, "source"))
}

fn reason(row: &PgRow) -> Result<RevocationReason, PostgresError> {
    RevocationReason::from_name(column(row, TABLE, "reason")?).ok_or_else(|| damaged(TABLE, "reason"))
}

const TABLE: &str = "kept_revocations";

//! Kept revocations: a row for what each signer said of a certificate. What takes the place of what is one conditional
//! write.

use async_trait::async_trait;
use rusqlite::{Row, named_params};

use madoguchi_cert_verify::{KeptRevocation, Revocation, RevocationReason, Source, SourceTimes};
use madoguchi_protocol::{ErrorCode, Octets};
use madoguchi_storage::{
    AuditKind, CertificateId, Cleared, KeptCount, KeptRecord, KeptRevocations, KeptSelection, NewAudit,
    Release, RevokedCertificate, StorageError,
};

use crate::error::SqliteError;
use crate::store::SqliteStore;
use crate::work::{Work, column, damaged, seconds, time, unix_time};
use crate::{audit, sessions};

#[async_trait]
impl KeptRevocations for SqliteStore {
    async fn kept(
        &self,
        municipality: &str,
        certificate: CertificateId,
    ) -> Result<Vec<KeptRecord>, StorageError> {
        self.point(|work| {
            work.all(
                "SELECT * FROM kept_revocations
                 WHERE municipality = ?1 AND certificate = ?2 AND not_after >= ?3",
                (municipality, certificate.0.0, work.now),
                read,
            )
        })
    }

    async fn end_revoked_session(
        &self,
        municipality: &str,
        sid: Octets<16>,
        client_id: &str,
        code: ErrorCode,
        revoked: RevokedCertificate,
    ) -> Result<bool, StorageError> {
        let (municipality, client_id) = (municipality.to_owned(), client_id.to_owned());
        self.write(move |work| {
            let session = sessions::find_by_sid(work, &municipality, sid)?;
            let event = NewAudit {
                sign_in: session.as_ref().map(|session| session.sign_in),
                client_id: Some(&client_id),
                code: Some(code),
                ..NewAudit::of(&municipality)
            };
            keep(work, &event, &revoked)?;
            if session.is_none() {
                return Ok(false);
            }
            let ended = sessions::end_sid(work, &municipality, sid)?;
            if ended {
                audit::insert(work, AuditKind::SessionRevoked, &event)?;
            }
            Ok(ended)
        })
        .await
    }

    async fn count_kept(&self, municipality: &str) -> Result<Vec<KeptCount>, StorageError> {
        let municipality = municipality.to_owned();
        self.read(move |work| {
            work.all(
                "SELECT source, signer_key, reason, count(*) AS certificates, min(kept_at) AS first, max(kept_at) AS last
                 FROM kept_revocations WHERE municipality = ?1 AND not_after >= ?2
                 GROUP BY source, signer_key, reason ORDER BY source, signer_key, reason",
                (municipality, work.now),
                |row| {
                    Ok(KeptCount {
                        source: source(row)?,
                        signer_key: Octets(column(row, TABLE, "signer_key")?),
                        reason: reason(row)?,
                        certificates: column(row, TABLE, "certificates")?,
                        first_kept_at: time(row, TABLE, "first")?,
                        last_kept_at: time(row, TABLE, "last")?,
                    })
                },
            )
        })
        .await
    }

    async fn count_selected(
        &self,
        municipality: &str,
        selection: KeptSelection,
    ) -> Result<u64, StorageError> {
        let municipality = municipality.to_owned();
        self.read(move |work| match selection {
            KeptSelection::Certificate(certificate) => work.count(
                "SELECT count(*) FROM kept_revocations WHERE municipality = ?1 AND certificate = ?2",
                (municipality, certificate.0.0),
            ),
            KeptSelection::Signer { signer_key, from, until } => work.count(
                "SELECT count(*) FROM kept_revocations
                 WHERE municipality = ?1 AND signer_key = ?2 AND kept_at BETWEEN ?3 AND ?4",
                (municipality, signer_key.0, seconds(from), seconds(until)),
            ),
        })
        .await
    }

    async fn release(&self, municipality: &str, release: Release) -> Result<u64, StorageError> {
        let municipality = municipality.to_owned();
        self.write(move |work| let_go(work, &municipality, &release)).await
    }
}

/// Keeps what each signer said; whatever changes is an event.
pub(crate) fn keep(
    work: &Work<'_>,
    event: &NewAudit<'_>,
    revoked: &RevokedCertificate,
) -> Result<(), SqliteError> {
    for KeptRevocation { source, revocation } in &revoked.said {
        let changed = work.execute(
            "INSERT INTO kept_revocations (municipality, certificate, source, signer_key, reason, revoked_at,
                                           this_update, next_update, produced_at, kept_at, not_after, sign_in)
             VALUES (:municipality, :certificate, :source, :signer_key, :reason, :revoked_at,
                     :this_update, :next_update, :produced_at, :now, :not_after, :sign_in)
             ON CONFLICT (municipality, certificate, source, signer_key) DO UPDATE SET
                 reason = :reason, revoked_at = :revoked_at, this_update = :this_update,
                 next_update = :next_update, produced_at = :produced_at, kept_at = :now, sign_in = :sign_in
             WHERE reason = :hold AND (:reason <> :hold OR :this_update > this_update)",
            named_params! {
                ":municipality": event.municipality,
                ":certificate": revoked.certificate.0.0,
                ":source": source.name(),
                ":signer_key": revocation.signer_key.0,
                ":reason": revocation.reason.name(),
                ":revoked_at": seconds(revocation.revoked_at),
                ":this_update": seconds(revocation.times.this_update),
                ":next_update": revocation.times.next_update.map(seconds),
                ":produced_at": revocation.times.produced_at.map(seconds),
                ":now": work.now,
                ":not_after": seconds(revoked.not_after),
                ":sign_in": event.sign_in.map(|id| id.0),
                ":hold": RevocationReason::CertificateHold.name(),
            },
        )?;
        if changed == 1 {
            audit::insert(work, AuditKind::RevocationKept, event)?;
        }
    }
    Ok(())
}

/// The certificate that a sign-in was refused with, as long as the sign-in or what it kept is there.
pub(crate) fn refused_with(
    work: &Work<'_>,
    municipality: &str,
    sign_in: Octets<16>,
) -> Result<Option<CertificateId>, SqliteError> {
    work.find(
        "SELECT certificate FROM sign_ins WHERE municipality = ?1 AND id = ?2 AND certificate IS NOT NULL
         UNION ALL
         SELECT certificate FROM kept_revocations WHERE municipality = ?1 AND sign_in = ?2 AND not_after >= ?3
         LIMIT 1",
        (municipality, sign_in.0, work.now),
        |row| Ok(CertificateId(Octets(column(row, TABLE, "certificate")?))),
    )
}

/// The condition of a proof, for the statement that proves: nothing but holds that are over is kept. Its parameters are
/// `:certificate`, `:hold` and `:hold_over`.
pub(crate) const NOTHING_KEPT: &str = "NOT EXISTS (
    SELECT 1 FROM kept_revocations AS kept
    WHERE kept.municipality = :municipality AND kept.certificate = :certificate AND kept.not_after >= :now
      AND NOT (kept.reason = :hold AND kept.this_update < :hold_over))";

/// Lets go of the holds that are over. Answers whether there were any.
pub(crate) fn end_holds(work: &Work<'_>, municipality: &str, cleared: &Cleared) -> Result<bool, SqliteError> {
    let Some(hold_over) = cleared.hold_over else { return Ok(false) };
    let ended = work.execute(
        "DELETE FROM kept_revocations
         WHERE municipality = ?1 AND certificate = ?2 AND reason = ?3 AND this_update < ?4",
        (municipality, cleared.certificate.0.0, RevocationReason::CertificateHold.name(), seconds(hold_over)),
    )?;
    Ok(ended > 0)
}

fn let_go(work: &Work<'_>, municipality: &str, release: &Release) -> Result<u64, SqliteError> {
    let released = match release.selection {
        KeptSelection::Certificate(certificate) => work.execute(
            "DELETE FROM kept_revocations WHERE municipality = ?1 AND certificate = ?2",
            (municipality, certificate.0.0),
        )?,
        KeptSelection::Signer { signer_key, from, until } => work.execute(
            "DELETE FROM kept_revocations
             WHERE municipality = ?1 AND signer_key = ?2 AND kept_at BETWEEN ?3 AND ?4",
            (municipality, signer_key.0, seconds(from), seconds(until)),
        )?,
    };
    let released = u64::try_from(released).unwrap_or(u64::MAX);
    let order = release.order(released);
    let new = NewAudit { evidence: Some(&order), ..NewAudit::of(municipality) };
    audit::insert(work, AuditKind::RevocationReleased, &new)?;
    Ok(released)
}

fn read(row: &Row<'_>) -> Result<KeptRecord, SqliteError> {
    let optional = |name| column::<Option<u64>>(row, TABLE, name).map(|seconds| seconds.map(unix_time));
    Ok(KeptRecord {
        kept: KeptRevocation {
            source: source(row)?,
            revocation: Revocation {
                reason: reason(row)?,
                revoked_at: time(row, TABLE, "revoked_at")?,
                times: SourceTimes {
                    this_update: time(row, TABLE, "this_update")?,
                    next_update: optional("next_update")?,
                    produced_at: optional("produced_at")?,
                },
                signer_key: Octets(column(row, TABLE, "signer_key")?),
            },
        },
        kept_at: time(row, TABLE, "kept_at")?,
        not_after: time(row, TABLE, "not_after")?,
    })
}

fn source(row: &Row<'_>) -> Result<Source, SqliteError> {
    Source::from_name(&column::<String>(row, TABLE, "source")?).ok_or_else(|| damaged(TABLE, "source"))
}

fn reason(row: &Row<'_>) -> Result<RevocationReason, SqliteError> {
    RevocationReason::from_name(&column::<String>(row, TABLE, "reason")?)
        .ok_or_else(|| damaged(TABLE, "reason"))
}

const TABLE: &str = "kept_revocations";

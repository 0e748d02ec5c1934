//! What an agent does with a sign-in.

use sqlx::AssertSqlSafe;

use madoguchi_cert_verify::RevocationReason;
use madoguchi_protocol::{ErrorCode, Octets};
use madoguchi_storage::{
    AuditKind, Claim, Cleared, NewAudit, Proof, Refused, SignIn, SignInState, Transition,
};

use super::record;
use crate::audit;
use crate::audit_chain::count_failure;
use crate::error::PostgresError;
use crate::kept::{self, NOTHING_KEPT};
use crate::rows::{self, By, find_sign_in};
use crate::work::{Work, seconds};

pub(super) async fn claim(
    work: &mut Work,
    municipality: &str,
    ticket_hash: Octets<32>,
    claim: &Claim,
) -> Result<Transition, PostgresError> {
    let now = work.now;
    let claimed = sqlx::query(
        "UPDATE sign_ins SET state = 'claimed', expires_at = $4, return_verifier_hash = $5, claim_secret_hash = $6,
             counter = $7, agent_version = $8
         WHERE municipality = $1 AND ticket_hash = $2 AND state = 'started' AND expires_at > $3
         RETURNING *",
    );
    let claimed = claimed
        .bind(municipality)
        .bind(ticket_hash.0)
        .bind(now)
        .bind(work.after(work.limits.claimed_seconds))
        .bind(claim.hashes.return_verifier.0)
        .bind(claim.hashes.claim_secret.0)
        .bind(claim.counter)
        .bind(&claim.agent_version);
    if let Some(sign_in) = work.find(claimed, |row| rows::read(row, now)).await? {
        return Ok(Transition::Done(Box::new(sign_in)));
    }
    // Two agents hold one ticket: neither can be trusted to be the resident's.
    let burned = sqlx::query(
        "UPDATE sign_ins SET state = 'burned', code = $4, expires_at = $3
         WHERE municipality = $1 AND ticket_hash = $2 AND state IN ('claimed', 'proven') AND expires_at > $3
           AND (return_verifier_hash <> $5 OR claim_secret_hash <> $6)
         RETURNING *",
    );
    let burned = burned
        .bind(municipality)
        .bind(ticket_hash.0)
        .bind(now)
        .bind(ErrorCode::TicketUsed.as_str())
        .bind(claim.hashes.return_verifier.0)
        .bind(claim.hashes.claim_secret.0);
    if let Some(sign_in) = work.find(burned, |row| rows::read(row, now)).await? {
        if sign_in.proven_at.is_some() {
            record(work, AuditKind::SignInBurned, &sign_in).await?;
        } else {
            // It takes no card to do this, as often as one likes.
            count_failure(work, municipality, ErrorCode::TicketUsed).await?;
        }
        return Ok(sign_in.refusal());
    }
    let Some(sign_in) = find_sign_in(work, municipality, &[(By::Ticket, &ticket_hash.0)]).await? else {
        return Ok(Transition::NotFound);
    };
    let same = sign_in.claim.as_ref().is_some_and(|earlier| earlier.hashes == claim.hashes);
    Ok(if same && sign_in.state.stopped_by().is_none() {
        Transition::Same(Box::new(sign_in))
    } else {
        sign_in.refusal()
    })
}

/// One finish of an agent.
pub(super) struct Finish<'a> {
    pub(super) municipality: &'a str,
    pub(super) id: Octets<16>,
    pub(super) claim_secret_hash: Octets<32>,
    pub(super) hash: Octets<32>,
}

impl Finish<'_> {
    async fn sign_in(&self, work: &mut Work) -> Result<Option<SignIn>, PostgresError> {
        let keys = [(By::Id, self.id.0.as_slice()), (By::ClaimSecret, self.claim_secret_hash.0.as_slice())];
        find_sign_in(work, self.municipality, &keys).await
    }

    /// The answer to a finish that changed nothing. One that decided the sign-in before is the same one, whatever has
    /// become of it since.
    fn outcome(&self, sign_in: Option<SignIn>) -> Transition {
        match sign_in {
            None => Transition::NotFound,
            Some(sign_in) if sign_in.finish_hash == Some(self.hash) => Transition::Same(Box::new(sign_in)),
            Some(sign_in) => sign_in.refusal(),
        }
    }
}

/// The caller holds the lock of the certificate: what is kept against it stays as it is found.
pub(super) async fn prove(
    work: &mut Work,
    finish: &Finish<'_>,
    proof: &Proof,
    cleared: &Cleared,
) -> Result<Transition, PostgresError> {
    let now = work.now;
    let sql = format!(
        "UPDATE sign_ins SET state = 'proven', expires_at = $8, proven_at = $4, finish_hash = $9,
             account_lookup = $10, holder_sealed = $11, not_after = $12, revocation_source = $13, evidence = $14
         WHERE municipality = $1 AND id = $2 AND claim_secret_hash = $3
           AND state = 'claimed' AND expires_at > $4 AND {NOTHING_KEPT}
         RETURNING *"
    );
    let query = sqlx::query(AssertSqlSafe(sql))
        .bind(finish.municipality)
        .bind(finish.id.0)
        .bind(finish.claim_secret_hash.0)
        .bind(now)
        .bind(cleared.certificate.0.0)
        .bind(RevocationReason::CertificateHold.name())
        // No hold is over of which nothing was said.
        .bind(cleared.hold_over.map_or(i64::MIN, seconds))
        .bind(work.after(work.limits.proven_seconds))
        .bind(finish.hash.0)
        .bind(proof.account_lookup.0)
        .bind(&proof.holder_sealed)
        .bind(seconds(proof.not_after))
        .bind(proof.revocation_source.name())
        .bind(&proof.evidence);
    let Some(sign_in) = work.find(query, |row| rows::read(row, now)).await? else {
        let sign_in = finish.sign_in(work).await?;
        return Ok(finish.outcome(sign_in));
    };
    if kept::end_holds(work, finish.municipality, cleared).await? {
        record(work, AuditKind::HoldEnded, &sign_in).await?;
    }
    Ok(Transition::Done(Box::new(sign_in)))
}

/// The caller holds the lock of the certificate, where one is kept.
pub(super) async fn refuse(
    work: &mut Work,
    finish: &Finish<'_>,
    refusal: &Refused,
) -> Result<Transition, PostgresError> {
    let Refused { code, burn, evidence, revoked } = refusal;
    let now = work.now;
    let query = sqlx::query(
        "UPDATE sign_ins SET state = $5, code = $6, expires_at = $4, finish_hash = $7, evidence = $8, certificate = $9
         WHERE municipality = $1 AND id = $2 AND claim_secret_hash = $3 AND state = 'claimed' AND expires_at > $4
         RETURNING *",
    );
    let query = query
        .bind(finish.municipality)
        .bind(finish.id.0)
        .bind(finish.claim_secret_hash.0)
        .bind(now)
        .bind(if *burn { "burned" } else { "cancelled" })
        .bind(code.as_str())
        .bind(finish.hash.0)
        .bind(evidence)
        .bind(revoked.as_ref().map(|revoked| revoked.certificate.0.0));
    let Some(sign_in) = work.find(query, |row| rows::read(row, now)).await? else {
        let sign_in = finish.sign_in(work).await?;
        let client_id = sign_in.as_ref().map(|sign_in| sign_in.new.request.client_id.clone());
        let outcome = finish.outcome(sign_in);
        if let Some(client_id) = client_id {
            keep(work, finish, refusal, &client_id, matches!(outcome, Transition::Same(_))).await?;
        }
        return Ok(outcome);
    };
    if *burn {
        record(work, AuditKind::SignInBurned, &sign_in).await?;
    }
    keep(work, finish, refusal, &sign_in.new.request.client_id, false).await?;
    if !*burn {
        count_failure(work, finish.municipality, *code).await?;
    }
    Ok(Transition::Done(Box::new(sign_in)))
}

/// The verdict is about the certificate: it is kept whatever has become of the sign-in.
async fn keep(
    work: &mut Work,
    finish: &Finish<'_>,
    refusal: &Refused,
    client_id: &str,
    told_before: bool,
) -> Result<(), PostgresError> {
    let Some(revoked) = &refusal.revoked else { return Ok(()) };
    let event = NewAudit {
        sign_in: Some(finish.id),
        client_id: Some(client_id),
        code: Some(refusal.code),
        evidence: refusal.evidence.as_deref(),
        ..NewAudit::of(finish.municipality)
    };
    kept::keep(work, &event, revoked).await?;
    if revoked.sources_disagree && !told_before {
        audit::insert(work, AuditKind::SourcesDisagree, &event).await?;
    }
    Ok(())
}

pub(super) async fn cancel(
    work: &mut Work,
    municipality: &str,
    id: Octets<16>,
    claim_secret_hash: Octets<32>,
    code: ErrorCode,
) -> Result<Transition, PostgresError> {
    let now = work.now;
    let query = sqlx::query(
        "UPDATE sign_ins SET state = 'cancelled', code = $5, expires_at = $4
         WHERE municipality = $1 AND id = $2 AND claim_secret_hash = $3 AND state = 'claimed' AND expires_at > $4
         RETURNING *",
    );
    let query = query.bind(municipality).bind(id.0).bind(claim_secret_hash.0).bind(now).bind(code.as_str());
    if let Some(sign_in) = work.find(query, |row| rows::read(row, now)).await? {
        count_failure(work, municipality, code).await?;
        return Ok(Transition::Done(Box::new(sign_in)));
    }
    let keys = [(By::Id, id.0.as_slice()), (By::ClaimSecret, claim_secret_hash.0.as_slice())];
    Ok(match find_sign_in(work, municipality, &keys).await? {
        None => Transition::NotFound,
        Some(sign_in) if sign_in.state == SignInState::Cancelled(code) => Transition::Same(Box::new(sign_in)),
        Some(sign_in) => sign_in.refusal(),
    })
}

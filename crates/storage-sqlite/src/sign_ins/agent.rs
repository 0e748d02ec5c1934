//! What an agent does with a sign-in.

use rusqlite::named_params;

use madoguchi_cert_verify::RevocationReason;
use madoguchi_protocol::{ErrorCode, Octets};
use madoguchi_storage::{AuditKind, Claim, Cleared, NewAudit, Proof, Refused, SignInState, Transition};

use super::{record, written};
use crate::audit;
use crate::audit_chain::count_failure;
use crate::error::SqliteError;
use crate::kept::{self, NOTHING_KEPT};
use crate::rows::{By, find_sign_in};
use crate::work::{Work, seconds};

pub(super) fn claim(
    work: &Work<'_>,
    municipality: &str,
    ticket_hash: Octets<32>,
    claim: &Claim,
) -> Result<Transition, SqliteError> {
    let by_ticket = [(By::Ticket, ticket_hash.0.as_slice())];
    let claimed = work.execute(
        "UPDATE sign_ins SET state = 'claimed', expires_at = :expires_at,
             return_verifier_hash = :verifier, claim_secret_hash = :secret,
             counter = :counter, agent_version = :agent_version
         WHERE municipality = :municipality AND ticket_hash = :ticket
           AND state = 'started' AND expires_at > :now",
        named_params! {
            ":expires_at": work.after(work.limits.claimed_seconds),
            ":verifier": claim.hashes.return_verifier.0,
            ":secret": claim.hashes.claim_secret.0,
            ":counter": claim.counter,
            ":agent_version": claim.agent_version,
            ":municipality": municipality,
            ":ticket": ticket_hash.0,
            ":now": work.now,
        },
    )?;
    if claimed == 1 {
        return Ok(Transition::Done(written(work, municipality, &by_ticket)?));
    }
    // Two agents hold one ticket: neither can be trusted to be the resident's.
    let burned = work.execute(
        "UPDATE sign_ins SET state = 'burned', code = :code, expires_at = :now
         WHERE municipality = :municipality AND ticket_hash = :ticket
           AND state IN ('claimed', 'proven') AND expires_at > :now
           AND (return_verifier_hash <> :verifier OR claim_secret_hash <> :secret)",
        named_params! {
            ":code": ErrorCode::TicketUsed.as_str(),
            ":verifier": claim.hashes.return_verifier.0,
            ":secret": claim.hashes.claim_secret.0,
            ":municipality": municipality,
            ":ticket": ticket_hash.0,
            ":now": work.now,
        },
    )?;
    let Some(sign_in) = find_sign_in(work, municipality, &by_ticket)? else {
        return Ok(Transition::NotFound);
    };
    if burned == 1 && sign_in.proven_at.is_some() {
        record(work, AuditKind::SignInBurned, &sign_in)?;
    } else if burned == 1 {
        // It takes no card to do this, as often as one likes.
        count_failure(work, municipality, ErrorCode::TicketUsed)?;
    }
    let same = sign_in.claim.as_ref().is_some_and(|earlier| earlier.hashes == claim.hashes);
    Ok(if same && sign_in.state.stopped_by().is_none() {
        Transition::Same(Box::new(sign_in))
    } else {
        sign_in.refusal()
    })
}

pub(super) fn prove(
    work: &Work<'_>,
    municipality: &str,
    id: Octets<16>,
    claim_secret_hash: Octets<32>,
    finish_hash: Octets<32>,
    proof: &Proof,
    cleared: &Cleared,
) -> Result<Transition, SqliteError> {
    let proven = work.execute(
        &format!(
            "UPDATE sign_ins SET state = 'proven', expires_at = :expires_at, proven_at = :now, finish_hash = :finish,
                 account_lookup = :lookup, holder_sealed = :holder, not_after = :not_after,
                 revocation_source = :source, evidence = :evidence
             WHERE municipality = :municipality AND id = :id AND claim_secret_hash = :secret
               AND state = 'claimed' AND expires_at > :now AND {NOTHING_KEPT}"
        ),
        named_params! {
            ":expires_at": work.after(work.limits.proven_seconds),
            ":finish": finish_hash.0,
            ":lookup": proof.account_lookup.0,
            ":holder": proof.holder_sealed,
            ":not_after": seconds(proof.not_after),
            ":source": proof.revocation_source.name(),
            ":evidence": proof.evidence,
            ":municipality": municipality,
            ":id": id.0,
            ":secret": claim_secret_hash.0,
            ":now": work.now,
            ":certificate": cleared.certificate.0.0,
            ":hold": RevocationReason::CertificateHold.name(),
            // No hold is over of which nothing was said.
            ":hold_over": cleared.hold_over.map_or(i64::MIN, seconds),
        },
    )?;
    let outcome = finished(work, municipality, id, claim_secret_hash, finish_hash, proven == 1)?;
    if let Transition::Done(sign_in) = &outcome
        && kept::end_holds(work, municipality, cleared)?
    {
        record(work, AuditKind::HoldEnded, sign_in)?;
    }
    Ok(outcome)
}

pub(super) fn refuse(
    work: &Work<'_>,
    municipality: &str,
    id: Octets<16>,
    claim_secret_hash: Octets<32>,
    finish_hash: Octets<32>,
    refused: &Refused,
) -> Result<Transition, SqliteError> {
    let Refused { code, burn, evidence, revoked } = refused;
    let done = work.execute(
        "UPDATE sign_ins SET state = :state, code = :code, expires_at = :now, finish_hash = :finish,
             evidence = :evidence, certificate = :certificate
         WHERE municipality = :municipality AND id = :id AND claim_secret_hash = :secret
           AND state = 'claimed' AND expires_at > :now",
        named_params! {
            ":state": if *burn { "burned" } else { "cancelled" },
            ":code": code.as_str(),
            ":finish": finish_hash.0,
            ":evidence": evidence,
            ":certificate": revoked.as_ref().map(|revoked| revoked.certificate.0.0),
            ":municipality": municipality,
            ":id": id.0,
            ":secret": claim_secret_hash.0,
            ":now": work.now,
        },
    )?;
    let keys = [(By::Id, id.0.as_slice()), (By::ClaimSecret, claim_secret_hash.0.as_slice())];
    let outcome = finished(work, municipality, id, claim_secret_hash, finish_hash, done == 1)?;
    if let Transition::Done(sign_in) = &outcome {
        if *burn {
            record(work, AuditKind::SignInBurned, sign_in)?;
        } else {
            count_failure(work, municipality, *code)?;
        }
    }
    // The verdict is about the certificate: it is kept whatever has become of the sign-in.
    if let Some(revoked) = revoked
        && let Some(sign_in) = find_sign_in(work, municipality, &keys)?
    {
        let event = NewAudit {
            sign_in: Some(id),
            client_id: Some(&sign_in.new.request.client_id),
            code: Some(*code),
            evidence: evidence.as_deref(),
            ..NewAudit::of(municipality)
        };
        kept::keep(work, &event, revoked)?;
        if revoked.sources_disagree && !matches!(outcome, Transition::Same(_)) {
            audit::insert(work, AuditKind::SourcesDisagree, &event)?;
        }
    }
    Ok(outcome)
}

/// The answer to a finish. One that decided the sign-in before is the same one, whatever has become of it since.
fn finished(
    work: &Work<'_>,
    municipality: &str,
    id: Octets<16>,
    claim_secret_hash: Octets<32>,
    finish_hash: Octets<32>,
    done: bool,
) -> Result<Transition, SqliteError> {
    let keys = [(By::Id, id.0.as_slice()), (By::ClaimSecret, claim_secret_hash.0.as_slice())];
    let Some(sign_in) = find_sign_in(work, municipality, &keys)? else {
        return Ok(Transition::NotFound);
    };
    Ok(if done {
        Transition::Done(Box::new(sign_in))
    } else if sign_in.finish_hash == Some(finish_hash) {
        Transition::Same(Box::new(sign_in))
    } else {
        sign_in.refusal()
    })
}

pub(super) fn cancel(
    work: &Work<'_>,
    municipality: &str,
    id: Octets<16>,
    claim_secret_hash: Octets<32>,
    code: ErrorCode,
) -> Result<Transition, SqliteError> {
    let cancelled = work.execute(
        "UPDATE sign_ins SET state = 'cancelled', code = :code, expires_at = :now
         WHERE municipality = :municipality AND id = :id AND claim_secret_hash = :secret
           AND state = 'claimed' AND expires_at > :now",
        named_params! {
            ":code": code.as_str(),
            ":municipality": municipality,
            ":id": id.0,
            ":secret": claim_secret_hash.0,
            ":now": work.now,
        },
    )?;
    let keys = [(By::Id, id.0.as_slice()), (By::ClaimSecret, claim_secret_hash.0.as_slice())];
    let Some(sign_in) = find_sign_in(work, municipality, &keys)? else {
        return Ok(Transition::NotFound);
    };
    Ok(if cancelled == 1 {
        count_failure(work, municipality, code)?;
        Transition::Done(Box::new(sign_in))
    } else if sign_in.state == SignInState::Cancelled(code) {
        Transition::Same(Box::new(sign_in))
    } else {
        sign_in.refusal()
    })
}

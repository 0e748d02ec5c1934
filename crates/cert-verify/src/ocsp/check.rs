//! What a response says about one certificate, reduced.

use madoguchi_protocol::Octets;
use rustls_pki_types::UnixTime;

use crate::ocsp::response::{Basic, OcspResponse};
use crate::ocsp::single::{CertStatus, Single};
use crate::ocsp::{
    Asked, Mismatch, OcspError, OcspQuestion, OcspSettings, ResponderStanding, extension, freshness,
    responder, spend_steps,
};
use crate::{Budget, Certificate, OcspAnswer, Revocation, RevocationReason, SourceTimes};

/// Judges a response: good, revoked or unknown, or why it says nothing. The answer is never [`OcspAnswer::None`].
pub fn check_ocsp(
    response: &OcspResponse<'_>,
    question: &OcspQuestion<'_>,
    settings: &OcspSettings,
    standing: &dyn Fn(&Certificate) -> ResponderStanding,
    now: UnixTime,
    budget: &mut Budget,
) -> Result<OcspAnswer, OcspError> {
    let basic = response.basic()?;
    let signer_key = responder::signed_by_a_right_responder(basic, question, standing, now, budget)?;
    extension::refuse_unknown_critical(&basic.extensions, &[extension::NONCE])?;
    let singles = about(basic, question, budget)?;
    let answers =
        singles.into_iter().map(|single| answer(single, basic, signer_key, question, settings, now));
    // The worst of several (RFC 6960 leaves it open; only this is safe).
    answers.max_by_key(badness).unwrap_or(Err(OcspError::WrongCertificate { mismatch: Mismatch::NoResponse }))
}

/// The statements about the certificate asked for.
fn about<'b, 'a>(
    basic: &'b Basic<'a>,
    question: &OcspQuestion<'_>,
    budget: &mut Budget,
) -> Result<Vec<&'b Single<'a>>, OcspError> {
    let asked = Asked::new(question.certificate, question.issuer_key, budget)?;
    spend_steps(budget, basic.singles.len())?;
    let mut closest = Mismatch::NoResponse;
    let mut matching = Vec::new();
    for single in &basic.singles {
        match single.cert_id.names(&asked) {
            Ok(()) => matching.push(single),
            Err(mismatch) => closest = closest.max(mismatch),
        }
    }
    if matching.is_empty() { Err(OcspError::WrongCertificate { mismatch: closest }) } else { Ok(matching) }
}

fn answer(
    single: &Single<'_>,
    basic: &Basic<'_>,
    signer_key: Octets<32>,
    question: &OcspQuestion<'_>,
    settings: &OcspSettings,
    now: UnixTime,
) -> Result<OcspAnswer, OcspError> {
    extension::refuse_unknown_critical(&single.extensions, &[extension::ARCHIVE_CUTOFF])?;
    let times = SourceTimes {
        this_update: single.this_update,
        next_update: single.next_update,
        produced_at: Some(basic.produced_at),
    };
    let fresh = || {
        question.nonce.judge(extension::value_of(&basic.extensions, extension::NONCE))?;
        freshness::is_fresh(&times, settings, now)
    };
    match single.status {
        CertStatus::Revoked { at, reason } => {
            Ok(OcspAnswer::Revoked(Revocation { reason, revoked_at: at, times, signer_key }))
        }
        CertStatus::Good => {
            fresh()?;
            was_still_remembered(single, question.certificate, basic.produced_at)?;
            Ok(OcspAnswer::Good(times))
        }
        CertStatus::Unknown => {
            fresh()?;
            Ok(OcspAnswer::Unknown(times))
        }
    }
}

/// RFC 6960 section 4.4.4: a responder may forget what expired, and then says good of it. After its end a
/// certificate is good only when the responder says that it remembers so far back.
fn was_still_remembered(
    single: &Single<'_>,
    certificate: &Certificate,
    produced_at: UnixTime,
) -> Result<(), OcspError> {
    let cutoff = single.archive_cutoff()?;
    let remembered = cutoff.is_some_and(|cutoff| cutoff <= certificate.not_after());
    if produced_at <= certificate.not_after() || remembered {
        Ok(())
    } else {
        Err(OcspError::CertificateExpired { produced_at, not_after: certificate.not_after() })
    }
}

/// Revoked for good is worst, then a hold, unknown, nothing to go by, good.
fn badness(answer: &Result<OcspAnswer, OcspError>) -> u8 {
    match answer {
        Ok(OcspAnswer::Revoked(revocation)) if revocation.reason == RevocationReason::CertificateHold => 3,
        Ok(OcspAnswer::Revoked(_)) => 4,
        Ok(OcspAnswer::Unknown(_)) => 2,
        Ok(OcspAnswer::None(_)) | Err(_) => 1,
        Ok(OcspAnswer::Good(_)) => 0,
    }
}

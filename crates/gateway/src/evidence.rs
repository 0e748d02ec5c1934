//! The evidence of a decision about revocation, as it is stored beside it: what each source said, as of when, and which
//! rule decided. Nothing of the certificate.

use serde::Serialize;

use madoguchi_cert_verify::{
    CrlAnswer, Decision, KeptRevocation, OcspAnswer, Revocation, Shortfall, SourceTimes, Verdict,
};

/// One decision, as JSON. Times are seconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Serialize)]
pub struct EvidenceRecord {
    rule: &'static str,
    source: Option<&'static str>,
    ocsp: Answer,
    crl: Answer,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    kept: Vec<Answer>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    shortfalls: Vec<&'static str>,
}

/// What one source said.
#[derive(Debug, Serialize)]
struct Answer {
    /// Of what was kept: whose word it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'static str>,
    says: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_at: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    this_update: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_update: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    produced_at: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signer_key: Option<String>,
}

impl EvidenceRecord {
    /// The record of a decision, with what was kept when it was reached.
    pub fn new(decision: &Decision, kept: &[KeptRevocation]) -> Self {
        let source = match &decision.verdict {
            Verdict::CannotCheck => None,
            Verdict::NotRevoked(proof) => Some(proof.source().name()),
            Verdict::OcspUnknown => Some("ocsp"),
            Verdict::OnHold { source, .. } | Verdict::Revoked { source, .. } => Some(source.name()),
        };
        let kept = kept
            .iter()
            .map(|kept| Answer { source: Some(kept.source.name()), ..Answer::revoked(&kept.revocation) });
        Self {
            rule: decision.rule.name(),
            source,
            ocsp: Answer::of_ocsp(decision.ocsp),
            crl: Answer::of_crl(decision.crl),
            kept: kept.collect(),
            shortfalls: decision.shortfalls().into_iter().map(Shortfall::name).collect(),
        }
    }

    /// The record as it is stored.
    pub fn to_json(&self) -> String {
        // Unwrap safety: names, numbers and lists of them always serialize.
        serde_json::to_string(self).expect("plain values")
    }
}

impl Answer {
    fn of_ocsp(answer: OcspAnswer) -> Self {
        match answer {
            OcspAnswer::Good(times) => Self::at("good", times),
            OcspAnswer::None(absence) => Self::saying(absence.code()),
            OcspAnswer::Revoked(revocation) => Self::revoked(&revocation),
            OcspAnswer::Unknown(times) => Self::at("unknown", times),
        }
    }

    fn of_crl(answer: CrlAnswer) -> Self {
        match answer {
            CrlAnswer::Good(times) => Self::at("good", times),
            CrlAnswer::None(absence) => Self::saying(absence.code()),
            CrlAnswer::Revoked(revocation) => Self::revoked(&revocation),
        }
    }

    fn revoked(revocation: &Revocation) -> Self {
        Self {
            reason: Some(revocation.reason.name()),
            revoked_at: Some(revocation.revoked_at.as_secs()),
            signer_key: Some(revocation.signer_key.to_hex()),
            ..Self::at("revoked", revocation.times)
        }
    }

    fn at(says: &'static str, times: SourceTimes) -> Self {
        Self {
            this_update: Some(times.this_update.as_secs()),
            next_update: times.next_update.map(|time| time.as_secs()),
            produced_at: times.produced_at.map(|time| time.as_secs()),
            ..Self::saying(says)
        }
    }

    fn saying(says: &'static str) -> Self {
        Self {
            source: None,
            says,
            reason: None,
            revoked_at: None,
            this_update: None,
            next_update: None,
            produced_at: None,
            signer_key: None,
        }
    }
}

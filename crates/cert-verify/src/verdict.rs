//! Is this certificate revoked? The table of the design's section 4, as one pure function, and the only place
//! that makes [`NotRevoked`].
//!
//! Each source's answer comes reduced: what it says, about which certificate, as of when. "Nothing to go by" is
//! never "revoked", and silence is never "good".

use std::fmt;

use madoguchi_protocol::Octets;
use rustls_pki_types::UnixTime;

use crate::{RevocationReason, VerifiedPath};

/// The sources that a deployment asks. There is no value that asks nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sources {
    /// OCSP and revocation lists.
    Both,
    /// Revocation lists only.
    CrlOnly,
    /// OCSP only.
    OcspOnly,
}

impl Sources {
    /// Whether OCSP is one of them.
    pub fn ocsp(self) -> bool {
        self != Self::CrlOnly
    }

    /// Whether revocation lists are one of them.
    pub fn crl(self) -> bool {
        self != Self::OcspOnly
    }
}

/// Which source a decision rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// A revocation list.
    Crl,
    /// An OCSP response.
    Ocsp,
    /// Both.
    OcspAndCrl,
}

impl Source {
    /// The name in the evidence record.
    pub fn name(self) -> &'static str {
        match self {
            Self::Crl => "crl",
            Self::Ocsp => "ocsp",
            Self::OcspAndCrl => "ocsp+crl",
        }
    }
}

/// When a source spoke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceTimes {
    /// thisUpdate.
    pub this_update: UnixTime,
    /// nextUpdate, which an OCSP response may lack.
    pub next_update: Option<UnixTime>,
    /// producedAt, which only an OCSP response has.
    pub produced_at: Option<UnixTime>,
}

/// That, when and why a certificate was revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// Why.
    pub reason: RevocationReason,
    /// When.
    pub revoked_at: UnixTime,
    /// When the source said so.
    pub times: SourceTimes,
}

impl Revocation {
    /// Stopped for the time being: certificateHold can be taken back.
    pub fn is_hold(&self) -> bool {
        self.reason == RevocationReason::CertificateHold
    }
}

/// What OCSP says, reduced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OcspAnswer {
    /// Good, by a right responder, for this certificate, fresh.
    Good(SourceTimes),
    /// Nothing to go by.
    None(OcspAbsence),
    /// Revoked, by a right responder, for this certificate; of any age.
    Revoked(Revocation),
    /// The responder does not know the certificate; fresh.
    Unknown(SourceTimes),
}

/// Why OCSP gave nothing to go by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OcspAbsence {
    /// More work than was granted.
    BudgetSpent,
    /// The response has a critical extension that is not known.
    CriticalExtension,
    /// The responder answered with an error status.
    ErrorStatus,
    /// Not a well-formed response.
    Malformed,
    /// OCSP is not configured.
    NotConfigured,
    /// The answer is of a time to come.
    NotYetValid,
    /// The answer is too old.
    Stale,
    /// Nobody answered.
    Unreachable,
    /// The answer is about another certificate.
    WrongCertificate,
    /// The answer carries another nonce.
    WrongNonce,
    /// Somebody else signed it.
    WrongSigner,
}

/// What the revocation lists say, reduced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CrlAnswer {
    /// Not in a signed, complete, fresh list of the right partition.
    Good(SourceTimes),
    /// Nothing to go by.
    None(CrlAbsence),
    /// In a signed list of the right partition; of any age.
    Revoked(Revocation),
}

/// Why the revocation lists gave nothing to go by. The order is from least to most telling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum CrlAbsence {
    /// Revocation lists are not configured.
    NotConfigured,
    /// No list covers this certificate's partition.
    MissingPartition,
    /// The list's thisUpdate lies in the future.
    NotYetValid,
    /// The list is past its nextUpdate.
    Expired,
    /// The list is older than the configured age.
    TooOld,
}

impl CrlAbsence {
    /// The name in the evidence record.
    pub fn code(self) -> &'static str {
        match self {
            Self::Expired => "crl_expired",
            Self::MissingPartition => "crl_missing_partition",
            Self::NotConfigured => "crl_not_configured",
            Self::NotYetValid => "crl_not_yet_valid",
            Self::TooOld => "crl_too_old",
        }
    }
}

impl OcspAbsence {
    /// The name in the evidence record.
    pub fn code(self) -> &'static str {
        match self {
            Self::BudgetSpent => "ocsp_budget_spent",
            Self::CriticalExtension => "ocsp_critical_extension",
            Self::ErrorStatus => "ocsp_error_status",
            Self::Malformed => "ocsp_malformed",
            Self::NotConfigured => "ocsp_not_configured",
            Self::NotYetValid => "ocsp_not_yet_valid",
            Self::Stale => "ocsp_stale",
            Self::Unreachable => "ocsp_unreachable",
            Self::WrongCertificate => "ocsp_wrong_certificate",
            Self::WrongNonce => "ocsp_wrong_nonce",
            Self::WrongSigner => "ocsp_wrong_signer",
        }
    }
}

/// OCSP's answer about one certificate. Only this crate makes one that says something.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct OcspEvidence {
    certificate: Octets<32>,
    answer: OcspAnswer,
}

impl OcspEvidence {
    pub(crate) fn new(path: &VerifiedPath, answer: OcspAnswer) -> Self {
        Self { certificate: path.certificate_sha256(), answer }
    }

    /// Nothing to go by.
    pub fn none(path: &VerifiedPath, absence: OcspAbsence) -> Self {
        Self { certificate: path.certificate_sha256(), answer: OcspAnswer::None(absence) }
    }

    /// The answer.
    pub fn answer(&self) -> OcspAnswer {
        self.answer
    }
}

/// The revocation lists' answer about one certificate. Only this crate makes one that says something.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CrlEvidence {
    certificate: Octets<32>,
    answer: CrlAnswer,
}

impl CrlEvidence {
    pub(crate) fn new(path: &VerifiedPath, answer: CrlAnswer) -> Self {
        Self { certificate: path.certificate_sha256(), answer }
    }

    /// Nothing to go by.
    pub fn none(path: &VerifiedPath, absence: CrlAbsence) -> Self {
        Self::new(path, CrlAnswer::None(absence))
    }

    /// The answer.
    pub fn answer(&self) -> CrlAnswer {
        self.answer
    }

    /// The weightier of two lists' answers about one certificate: revoked by any, else good by any, else the more
    /// telling absence. Of two revocations one that is final outweighs a hold. An answer about another
    /// certificate weighs nothing.
    pub fn or(self, other: Self) -> Self {
        if other.certificate != self.certificate || weight(other.answer) <= weight(self.answer) {
            self
        } else {
            other
        }
    }
}

fn weight(answer: CrlAnswer) -> (u8, Option<CrlAbsence>) {
    match answer {
        CrlAnswer::Revoked(revocation) if revocation.reason != RevocationReason::CertificateHold => (3, None),
        CrlAnswer::Revoked(_) => (2, None),
        CrlAnswer::Good(_) => (1, None),
        CrlAnswer::None(absence) => (0, Some(absence)),
    }
}

impl fmt::Debug for OcspEvidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OcspEvidence").field(&self.answer).finish()
    }
}

impl fmt::Debug for CrlEvidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CrlEvidence").field(&self.answer).finish()
    }
}

/// Proof: a configured source says that this certificate is not revoked.
pub struct NotRevoked {
    certificate: Octets<32>,
    source: Source,
    rule: Rule,
    ocsp: OcspAnswer,
    crl: CrlAnswer,
}

impl NotRevoked {
    /// SHA-256 of the certificate that the proof is about.
    pub fn certificate_sha256(&self) -> Octets<32> {
        self.certificate
    }

    /// The source it rests on.
    pub fn source(&self) -> Source {
        self.source
    }

    /// The rule that decided.
    pub fn rule(&self) -> Rule {
        self.rule
    }

    /// What OCSP said.
    pub fn ocsp(&self) -> OcspAnswer {
        self.ocsp
    }

    /// What the revocation lists said.
    pub fn crl(&self) -> CrlAnswer {
        self.crl
    }
}

impl fmt::Debug for NotRevoked {
    /// Without the certificate's hash, which would name a person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NotRevoked")
            .field("rule", &self.rule)
            .field("ocsp", &self.ocsp)
            .field("crl", &self.crl)
            .finish_non_exhaustive()
    }
}

/// The row of the table that decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rule {
    /// A list alone says good.
    CrlGood,
    /// A list says revoked.
    CrlRevoked,
    /// No source gave anything to go by.
    NoSource,
    /// Both say good.
    OcspAndCrlGood,
    /// OCSP alone says good.
    OcspGood,
    /// OCSP says revoked.
    OcspRevoked,
    /// OCSP does not know the certificate.
    OcspUnknown,
}

impl Rule {
    /// The name in the evidence record.
    pub fn name(self) -> &'static str {
        match self {
            Self::CrlGood => "crl_good",
            Self::CrlRevoked => "crl_revoked",
            Self::NoSource => "no_source",
            Self::OcspAndCrlGood => "ocsp_and_crl_good",
            Self::OcspGood => "ocsp_good",
            Self::OcspRevoked => "ocsp_revoked",
            Self::OcspUnknown => "ocsp_unknown",
        }
    }
}

/// What was decided.
#[derive(Debug)]
pub enum Verdict {
    /// Cannot check now: this is not "revoked".
    CannotCheck,
    /// Not revoked.
    NotRevoked(NotRevoked),
    /// The responder does not know the certificate.
    OcspUnknown,
    /// Stopped for the time being.
    OnHold {
        /// The source that says so.
        source: Source,
        /// When.
        revocation: Revocation,
    },
    /// Revoked.
    Revoked {
        /// The source that says so.
        source: Source,
        /// When and why.
        revocation: Revocation,
    },
}

/// A verdict with the evidence that is stored beside it.
#[derive(Debug)]
pub struct Decision {
    /// The verdict.
    pub verdict: Verdict,
    /// The rule that decided.
    pub rule: Rule,
    /// OCSP said good and a list said revoked: an operator must know.
    pub sources_disagree: bool,
    /// What OCSP said.
    pub ocsp: OcspAnswer,
    /// What the revocation lists said.
    pub crl: CrlAnswer,
}

/// Decides about one certificate.
///
/// A revocation counts whoever says it; "good" and "unknown" count only from a source that is configured, and
/// evidence about another certificate is no evidence.
pub fn decide(path: &VerifiedPath, sources: Sources, ocsp: OcspEvidence, crl: CrlEvidence) -> Decision {
    let certificate = path.certificate_sha256();
    let ocsp = match ocsp.answer {
        _ if ocsp.certificate != certificate => OcspAnswer::None(OcspAbsence::WrongCertificate),
        OcspAnswer::Good(_) | OcspAnswer::Unknown(_) if !sources.ocsp() => {
            OcspAnswer::None(OcspAbsence::NotConfigured)
        }
        answer => answer,
    };
    let crl = match crl.answer {
        _ if crl.certificate != certificate => CrlAnswer::None(CrlAbsence::MissingPartition),
        CrlAnswer::Good(_) if !sources.crl() => CrlAnswer::None(CrlAbsence::NotConfigured),
        answer => answer,
    };
    let (verdict, rule) = table(certificate, ocsp, crl);
    let sources_disagree = matches!((ocsp, crl), (OcspAnswer::Good(_), CrlAnswer::Revoked(_)));
    Decision { verdict, rule, sources_disagree, ocsp, crl }
}

/// The table of the design's section 4, row by row.
fn table(certificate: Octets<32>, ocsp: OcspAnswer, crl: CrlAnswer) -> (Verdict, Rule) {
    let not_revoked =
        |source, rule| (Verdict::NotRevoked(NotRevoked { certificate, source, rule, ocsp, crl }), rule);
    match (ocsp, crl) {
        // A hold that the other source has made final is final.
        (OcspAnswer::Revoked(hold), CrlAnswer::Revoked(last)) if hold.is_hold() && !last.is_hold() => {
            (revoked(Source::Crl, last), Rule::CrlRevoked)
        }
        (OcspAnswer::Revoked(revocation), CrlAnswer::Revoked(_)) => {
            (revoked(Source::OcspAndCrl, revocation), Rule::OcspRevoked)
        }
        (OcspAnswer::Revoked(revocation), _) => (revoked(Source::Ocsp, revocation), Rule::OcspRevoked),
        (_, CrlAnswer::Revoked(revocation)) => (revoked(Source::Crl, revocation), Rule::CrlRevoked),
        (OcspAnswer::Good(_), CrlAnswer::Good(_)) => not_revoked(Source::OcspAndCrl, Rule::OcspAndCrlGood),
        (OcspAnswer::Good(_), CrlAnswer::None(_)) => not_revoked(Source::Ocsp, Rule::OcspGood),
        (OcspAnswer::None(_), CrlAnswer::Good(_)) => not_revoked(Source::Crl, Rule::CrlGood),
        (OcspAnswer::Unknown(_), CrlAnswer::Good(_) | CrlAnswer::None(_)) => {
            (Verdict::OcspUnknown, Rule::OcspUnknown)
        }
        (OcspAnswer::None(_), CrlAnswer::None(_)) => (Verdict::CannotCheck, Rule::NoSource),
    }
}

fn revoked(source: Source, revocation: Revocation) -> Verdict {
    if revocation.is_hold() {
        Verdict::OnHold { source, revocation }
    } else {
        Verdict::Revoked { source, revocation }
    }
}

#[cfg(test)]
mod tests;

//! What each source says, reduced.

use crate::{Revocation, SourceTimes};

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
    /// The responder's own certificate is revoked.
    ResponderRevoked,
    /// Whether the responder's own certificate is revoked is not known: it has no id-pkix-ocsp-nocheck, and no fresh
    /// list covers it.
    ResponderUnchecked,
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

impl CrlAnswer {
    /// The revocation, where it is one.
    pub fn revocation(self) -> Option<Revocation> {
        match self {
            Self::Revoked(revocation) => Some(revocation),
            Self::Good(_) | Self::None(_) => None,
        }
    }
}

impl OcspAnswer {
    /// The revocation, where it is one.
    pub fn revocation(self) -> Option<Revocation> {
        match self {
            Self::Revoked(revocation) => Some(revocation),
            Self::Good(_) | Self::None(_) | Self::Unknown(_) => None,
        }
    }
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
            Self::ResponderRevoked => "ocsp_responder_revoked",
            Self::ResponderUnchecked => "ocsp_responder_unchecked",
            Self::Stale => "ocsp_stale",
            Self::Unreachable => "ocsp_unreachable",
            Self::WrongCertificate => "ocsp_wrong_certificate",
            Self::WrongNonce => "ocsp_wrong_nonce",
            Self::WrongSigner => "ocsp_wrong_signer",
        }
    }
}

//! What was wanting when a verdict was reached, by the names that operators know it by.

use crate::{CrlAbsence, CrlAnswer, OcspAbsence, OcspAnswer, Sources};

/// A source that did not do what it is there for. Where the other source says good, the sign-in goes on and is marked
/// so; else it is refused. No setting makes of any of these a "not revoked".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Shortfall {
    /// The list is past its nextUpdate, older than the age limit, or of a time to come.
    CrlExpired,
    /// No list covers the certificate's partition.
    CrlMissingPartition,
    /// Whether the responder's own certificate is revoked is not known, for want of a fresh list that covers it.
    OcspResponderUnchecked,
    /// The answer is too old, or of a time to come.
    OcspStale,
    /// No responder answered, or only with an error status.
    OcspUnavailable,
    /// Somebody answered, and it was no answer to this question by a right responder.
    OcspUnusable,
    /// One source says good against another, or both against what was kept.
    SourcesDisagree,
}

impl Shortfall {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::CrlExpired,
        Self::CrlMissingPartition,
        Self::OcspResponderUnchecked,
        Self::OcspStale,
        Self::OcspUnavailable,
        Self::OcspUnusable,
        Self::SourcesDisagree,
    ];

    /// The name in evidence, log and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::CrlExpired => "crl_expired",
            Self::CrlMissingPartition => "crl_missing_partition",
            Self::OcspResponderUnchecked => "ocsp_responder_unchecked",
            Self::OcspStale => "ocsp_stale",
            Self::OcspUnavailable => "ocsp_unavailable",
            Self::OcspUnusable => "ocsp_unusable",
            Self::SourcesDisagree => "sources_disagree",
        }
    }

    pub(super) fn of_ocsp(sources: Sources, answer: OcspAnswer) -> Option<Self> {
        let OcspAnswer::None(absence) = answer else { return None };
        if !sources.ocsp() {
            return None;
        }
        Some(match absence {
            OcspAbsence::ErrorStatus | OcspAbsence::NotConfigured | OcspAbsence::Unreachable => {
                Self::OcspUnavailable
            }
            OcspAbsence::ResponderUnchecked => Self::OcspResponderUnchecked,
            OcspAbsence::NotYetValid | OcspAbsence::Stale => Self::OcspStale,
            OcspAbsence::BudgetSpent
            | OcspAbsence::CriticalExtension
            | OcspAbsence::Malformed
            | OcspAbsence::ResponderRevoked
            | OcspAbsence::WrongCertificate
            | OcspAbsence::WrongNonce
            | OcspAbsence::WrongSigner => Self::OcspUnusable,
        })
    }

    pub(super) fn of_crl(sources: Sources, answer: CrlAnswer) -> Option<Self> {
        let CrlAnswer::None(absence) = answer else { return None };
        if !sources.crl() {
            return None;
        }
        Some(match absence {
            CrlAbsence::Expired | CrlAbsence::NotYetValid | CrlAbsence::TooOld => Self::CrlExpired,
            // NotConfigured of a configured source is a list that nobody gave.
            _ => Self::CrlMissingPartition,
        })
    }
}

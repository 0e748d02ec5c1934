//! Why no list says whether a certificate is revoked.

use rustls_pki_types::UnixTime;

use crate::utc::utc;
use crate::{Error, PathError};

/// Why the lists that were offered leave a certificate's revocation open: the most telling reason of all of them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CrlError {
    /// No list of the certificate's issuer, or of the CRL issuer that the certificate names, was offered.
    #[error("no revocation list of the certificate's issuer")]
    NoList,
    /// The CRL issuer that the certificate names signs for others, but does not mark the list so (RFC 5280 section
    /// 6.3.3 (b)(1)).
    #[error("the revocation list of another CRL issuer is not marked indirect")]
    NotMarkedIndirect,
    /// The list is of another distribution point (section 6.3.3 (b)(2)(i)).
    #[error("the revocation list is of another distribution point")]
    OtherDistributionPoint,
    /// The list is about CA certificates, user certificates or attribute certificates alone, and this is none
    /// (section 6.3.3 (b)(2)(ii) to (iv)).
    #[error("the revocation list is not about certificates of this kind")]
    OtherHolders,
    /// There is a delta, and no complete list that it changes (section 5.2.4).
    #[error("a delta revocation list, and no complete list that it changes")]
    DeltaWithoutBase,
    /// The list is refused by itself: malformed, not conforming, signed with what nobody may use.
    #[error("{error}")]
    Refused {
        /// Why.
        error: Error,
    },
    /// Nobody known has the name and key identifier of the list's issuer.
    #[error("no certificate has the name and key identifier of the revocation list's issuer")]
    SignerUnknown,
    /// The list's issuer has no cRLSign (section 6.3.3 (f)).
    #[error("the issuer of the revocation list may not sign revocation lists")]
    SignerMayNotSign,
    /// The list's signature does not verify (section 6.3.3 (g)).
    #[error("the revocation list's signature does not verify")]
    SignatureInvalid,
    /// No path from the list's issuer to the certificate's own anchor holds (section 6.3.3 (f)).
    #[error("no path to the issuer of the revocation list: {error}")]
    SignerPath {
        /// Why.
        error: Box<PathError>,
    },
    /// The certificate of the list's issuer, or one above it, is itself not known to be good.
    #[error("the issuer of the revocation list may be revoked itself: {reason}")]
    SignerUnchecked {
        /// Why.
        reason: Box<CrlError>,
    },
    /// The issuers of lists vouch for each other, and nobody else for them; or too many for one another.
    #[error("the issuers of revocation lists vouch for each other")]
    SignerCircular,
    /// The certificate of the list's issuer, or one above it, is revoked.
    #[error("the issuer of the revocation list is revoked itself")]
    SignerRevoked,
    /// thisUpdate lies in the future.
    #[error("the revocation list is from {}, it is {}", utc(.this_update), utc(.now))]
    NotYetValid {
        /// The moment of the check.
        now: UnixTime,
        /// thisUpdate.
        this_update: UnixTime,
    },
    /// nextUpdate is past.
    #[error("the next revocation list was due at {}, it is {}", utc(.next_update), utc(.now))]
    Expired {
        /// The moment of the check.
        now: UnixTime,
        /// nextUpdate.
        next_update: UnixTime,
    },
    /// The list is older than the settings allow.
    #[error("the revocation list is from {}, which is too long ago at {}", utc(.this_update), utc(.now))]
    TooOld {
        /// The moment of the check.
        now: UnixTime,
        /// thisUpdate.
        this_update: UnixTime,
    },
    /// The lists leave reasons open for which the certificate may be revoked (section 6.3.3 (d), (e)).
    #[error("the revocation lists hold only some reasons")]
    SomeReasonsOnly,
    /// More work than was granted.
    #[error("the budget of work is spent")]
    BudgetSpent,
}

impl CrlError {
    /// The stable name of this reason.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoList => "crl_missing",
            Self::NotMarkedIndirect => "crl_not_marked_indirect",
            Self::OtherDistributionPoint => "crl_other_distribution_point",
            Self::OtherHolders => "crl_other_holders",
            Self::DeltaWithoutBase => "crl_delta_without_base",
            Self::Refused { error } => error.code(),
            Self::SignerUnknown => "crl_issuer_unknown",
            Self::SignerMayNotSign => "crl_issuer_may_not_sign",
            Self::SignatureInvalid => "crl_signature_invalid",
            Self::SignerPath { .. } => "crl_issuer_path",
            Self::SignerUnchecked { .. } => "crl_issuer_unchecked",
            Self::SignerCircular => "crl_issuer_circular",
            Self::SignerRevoked => "crl_issuer_revoked",
            Self::NotYetValid { .. } => "crl_not_yet_valid",
            Self::Expired { .. } => "crl_expired",
            Self::TooOld { .. } => "crl_too_old",
            Self::SomeReasonsOnly => "crl_some_reasons_only",
            Self::BudgetSpent => "budget_spent",
        }
    }

    /// Whether no list that was offered is about the certificate at all: nothing is wrong with any that is.
    pub fn is_absence(&self) -> bool {
        match self {
            Self::NoList | Self::NotMarkedIndirect | Self::OtherDistributionPoint | Self::OtherHolders => {
                true
            }
            Self::DeltaWithoutBase
            | Self::Refused { .. }
            | Self::SignerUnknown
            | Self::SignerMayNotSign
            | Self::SignatureInvalid
            | Self::SignerPath { .. }
            | Self::SignerUnchecked { .. }
            | Self::SignerCircular
            | Self::SignerRevoked
            | Self::NotYetValid { .. }
            | Self::Expired { .. }
            | Self::TooOld { .. }
            | Self::SomeReasonsOnly
            | Self::BudgetSpent => false,
        }
    }

    /// Of two, the one of the list that came further tells more; and one that is refused more than one that is not
    /// of this time or of another key, which nobody has got wrong.
    pub(super) fn tells_more_than(&self, other: &Self) -> bool {
        self.stage() > other.stage()
    }

    pub(super) fn stage(&self) -> u8 {
        match self {
            Self::NoList => 0,
            Self::NotMarkedIndirect => 1,
            Self::OtherDistributionPoint => 2,
            Self::OtherHolders => 3,
            Self::DeltaWithoutBase => 4,
            Self::SignerUnknown => 5,
            Self::NotYetValid { .. } | Self::Expired { .. } | Self::TooOld { .. } => 6,
            Self::SomeReasonsOnly => 7,
            Self::SignerMayNotSign => 8,
            Self::Refused { .. } => 9,
            Self::SignatureInvalid => 10,
            Self::SignerPath { .. } => 11,
            Self::SignerCircular => 12,
            Self::SignerUnchecked { .. } => 13,
            Self::SignerRevoked => 14,
            Self::BudgetSpent => 15,
        }
    }
}

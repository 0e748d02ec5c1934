//! What each list that was offered does for the answer about one certificate: for whoever wants to see it.

use std::fmt;

use rustls_pki_types::UnixTime;

use crate::crl::list::List;
use crate::crl::scope::Holders;
use crate::crl::{CrlError, CrlStatus};
use crate::{Name, Revocation};

/// One list and what it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrlSeen {
    /// Who issued it, as far as that can be read.
    pub issuer: Option<Name>,
    /// thisUpdate and nextUpdate; none when it does not read.
    pub times: Option<(UnixTime, Option<UnixTime>)>,
    /// What it covers, in words; empty when that is everything of its issuer.
    pub scope: Vec<String>,
    /// What it does.
    pub role: CrlRole,
    /// The answer follows from it.
    pub decides: bool,
}

/// What a list does for the answer about one certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CrlRole {
    /// It does not count, for this reason.
    Unused(CrlError),
    /// A newer list of the same issuer, key and scope is there.
    Older,
    /// A delta without a list that it changes, or with a newer delta beside it.
    DeltaUnused,
    /// It covers the certificate, which is not on it.
    NotListed {
        /// For every reason, or for some only.
        for_all_reasons: bool,
    },
    /// The certificate is on it, on hold, and a delta takes that back.
    HoldLifted,
    /// A delta that changes a list that covers the certificate.
    Changes,
    /// The certificate is on hold.
    OnHold(Revocation),
    /// The certificate is revoked.
    Revoked(Revocation),
}

impl CrlRole {
    /// At several distribution points a list may do several things: the greatest is shown.
    pub(super) fn weight(&self) -> (u8, u8) {
        match self {
            Self::Unused(error) => (0, error.stage()),
            Self::DeltaUnused => (1, 0),
            Self::Older => (2, 0),
            Self::NotListed { .. } | Self::HoldLifted => (3, 0),
            Self::Changes => (4, 0),
            Self::OnHold(_) => (5, 0),
            Self::Revoked(_) => (6, 0),
        }
    }

    /// Whether the status follows from a list with this role.
    pub(super) fn decides(&self, status: &CrlStatus) -> bool {
        match (self, status) {
            (Self::Revoked(_), CrlStatus::Revoked(revocation)) => !revocation.is_hold(),
            (Self::OnHold(_), CrlStatus::Revoked(revocation)) => revocation.is_hold(),
            (Self::NotListed { .. } | Self::HoldLifted | Self::Changes, CrlStatus::Good(_))
            | (Self::NotListed { .. }, CrlStatus::Undetermined(CrlError::SomeReasonsOnly)) => true,
            (Self::Unused(error), CrlStatus::Undetermined(reason)) => error == reason && !error.is_absence(),
            _ => false,
        }
    }
}

impl fmt::Display for CrlRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unused(CrlError::NoList) => f.write_str("of another issuer"),
            Self::Unused(error) => write!(f, "does not count: {} ({error})", error.code()),
            Self::Older => {
                f.write_str("does not count: a newer one of the same issuer, key and scope is there")
            }
            Self::DeltaUnused => {
                f.write_str("does not count: it changes no list that is there, or a newer one does")
            }
            Self::NotListed { for_all_reasons: true } => f.write_str("covers it, and does not have it"),
            Self::NotListed { for_all_reasons: false } => {
                f.write_str("covers it for some reasons, and does not have it")
            }
            Self::HoldLifted => f.write_str("has it on hold, which a delta takes back"),
            Self::Changes => f.write_str("changes a list that covers it, and does not call it revoked"),
            Self::OnHold(revocation) | Self::Revoked(revocation) => {
                write!(f, "has it: {}", revocation.reason.name())
            }
        }
    }
}

/// A list's scope in words.
pub(super) fn scope_in_words(list: &List<'_>) -> Vec<String> {
    let scope = list.scope();
    let mut words = Vec::new();
    let mut flag = |is_set: bool, word: &str| words.extend(is_set.then(|| word.to_owned()));
    flag(list.is_delta(), "delta");
    flag(scope.is_indirect(), "indirect");
    flag(scope.holders() == Holders::Ca, "CA certificates only");
    flag(scope.holders() == Holders::User, "user certificates only");
    flag(scope.holders() == Holders::Attribute, "attribute certificates only");
    flag(scope.reasons().is_some(), "some reasons only");
    words.extend(scope.names().iter().map(|name| format!("distribution point {name}")));
    words
}

//! Why a certificate is revoked (RFC 5280 section 5.3.1).

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// The reasons JPKI uses, in the order of the standard and under its names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "camelCase")]
#[value(rename_all = "camelCase")]
pub enum RevocationReason {
    /// No reason given.
    Unspecified,
    /// The key is, or may be, in other hands.
    KeyCompromise,
    /// The authority's key is in other hands.
    #[serde(rename = "cACompromise")]
    #[value(name = "cACompromise")]
    CaCompromise,
    /// Name or address changed.
    AffiliationChanged,
    /// Renewed or issued again.
    Superseded,
    /// No longer needed.
    CessationOfOperation,
    /// Stopped for now, after a loss report.
    CertificateHold,
}

impl RevocationReason {
    /// The number in CRLReason.
    pub fn code(self) -> u8 {
        match self {
            Self::Unspecified => 0,
            Self::KeyCompromise => 1,
            Self::CaCompromise => 2,
            Self::AffiliationChanged => 3,
            Self::Superseded => 4,
            Self::CessationOfOperation => 5,
            Self::CertificateHold => 6,
        }
    }
}

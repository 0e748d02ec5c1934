//! Why a certificate was revoked (CRLReason, RFC 5280 section 5.3.1).

use crate::der::{DerError, Reader, tag};

/// The reason of a revocation, as list or responder gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RevocationReason {
    /// No reason is given.
    Unspecified,
    /// The key leaked, or the card was lost.
    KeyCompromise,
    /// The CA's key leaked.
    CaCompromise,
    /// What is certified changed.
    AffiliationChanged,
    /// Renewed or issued again.
    Superseded,
    /// No longer needed.
    CessationOfOperation,
    /// Stopped for the time being.
    CertificateHold,
    /// Taken back from a list; only delta lists say so.
    RemoveFromCrl,
    /// A privilege was withdrawn.
    PrivilegeWithdrawn,
    /// The attribute authority's key leaked.
    AaCompromise,
}

impl RevocationReason {
    /// The reason of this number.
    pub fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            0 => Self::Unspecified,
            1 => Self::KeyCompromise,
            2 => Self::CaCompromise,
            3 => Self::AffiliationChanged,
            4 => Self::Superseded,
            5 => Self::CessationOfOperation,
            6 => Self::CertificateHold,
            8 => Self::RemoveFromCrl,
            9 => Self::PrivilegeWithdrawn,
            10 => Self::AaCompromise,
            _ => return None,
        })
    }

    /// The name that RFC 5280 gives it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::KeyCompromise => "keyCompromise",
            Self::CaCompromise => "cACompromise",
            Self::AffiliationChanged => "affiliationChanged",
            Self::Superseded => "superseded",
            Self::CessationOfOperation => "cessationOfOperation",
            Self::CertificateHold => "certificateHold",
            Self::RemoveFromCrl => "removeFromCRL",
            Self::PrivilegeWithdrawn => "privilegeWithdrawn",
            Self::AaCompromise => "aACompromise",
        }
    }

    pub(crate) fn from_value(value: &[u8]) -> Result<Self, DerError> {
        let mut reader = Reader::new(value);
        let number = reader.expect(tag::ENUMERATED)?.value;
        reader.finish()?;
        match number {
            [number] => Self::from_number(*number).ok_or(DerError::Integer),
            _ => Err(DerError::Integer),
        }
    }
}

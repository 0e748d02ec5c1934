//! Why a certificate was revoked (CRLReason, RFC 5280 section 5.3.1), and sets of such reasons (ReasonFlags, section
//! 4.2.1.13).

use crate::der::{DerError, Reader, named_bits, tag};

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

    /// The reason of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        (0..=10).filter_map(Self::from_number).find(|reason| reason.name() == name)
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

/// A set of reasons. The bit `unused` counts for nothing, and there is none for removeFromCRL and for no reason at
/// all: an entry without a reason may stand in a list of any reasons.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ReasonFlags(u16);

impl ReasonFlags {
    /// keyCompromise (1) to aACompromise (8).
    pub(crate) const ALL: Self = Self(0x7f80);

    /// The content octets of an implicitly tagged ReasonFlags. No bit at all is a set, too: the empty one.
    pub(crate) fn from_bits(value: &[u8]) -> Result<Self, DerError> {
        let bits = match *named_bits(value)? {
            [] => 0,
            [first] => u16::from_be_bytes([first, 0]),
            [first, second @ 0x80] => u16::from_be_bytes([first, second]),
            _ => return Err(DerError::NamedBits),
        };
        Ok(Self(bits & Self::ALL.0))
    }

    pub(crate) fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(crate) fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// One octet string for all sets that are equal.
    pub(crate) fn octets(self) -> [u8; 2] {
        self.0.to_be_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_means_its_reason() {
        let all: Vec<_> = (0..=u8::MAX).filter_map(RevocationReason::from_number).collect();
        assert_eq!(all.len(), 10);
        for reason in all {
            assert_eq!(RevocationReason::from_name(reason.name()), Some(reason));
        }
        assert_eq!(RevocationReason::from_name("certificatehold"), None);
    }

    #[test]
    fn flags_are_the_standards() {
        let all = ReasonFlags::from_bits(&[7, 0x7f, 0x80]).expect("nine bits");
        assert_eq!(all, ReasonFlags::ALL);
        let key = ReasonFlags::from_bits(&[6, 0x40]).expect("keyCompromise");
        let rest = ReasonFlags::from_bits(&[7, 0x3f, 0x80]).expect("the others");
        assert_eq!((key == rest, key.and(rest)), (false, ReasonFlags::default()));
        assert_eq!(key.or(rest), ReasonFlags::ALL);
        assert_eq!(ReasonFlags::from_bits(&[7, 0x80]), Ok(ReasonFlags::default()), "unused");
    }

    #[test]
    fn l2_an_empty_bit_string_is_no_panic() {
        assert_eq!(ReasonFlags::from_bits(&[]), Err(DerError::BitString));
        assert_eq!(ReasonFlags::from_bits(&[0]), Ok(ReasonFlags::default()));
        assert_eq!(ReasonFlags::from_bits(&[6, 0xff, 0x40]), Err(DerError::NamedBits));
        assert_eq!(ReasonFlags::from_bits(&[7, 0xff, 0, 0x80]), Err(DerError::NamedBits));
    }
}

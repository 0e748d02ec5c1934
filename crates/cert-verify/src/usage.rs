//! keyUsage (RFC 5280 section 4.2.1.3).

use crate::der::{DerError, Reader, named_bits, tag};

/// The nine bits of keyUsage; bit 0 of the standard is the highest bit of the first octet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeyUsage {
    first: u8,
    second: u8,
}

impl KeyUsage {
    pub(crate) const DIGITAL_SIGNATURE: Self = Self { first: 0x80, second: 0 };
    const KEY_CERT_SIGN: u8 = 0x04;
    const CRL_SIGN: u8 = 0x02;

    /// At least one bit must be set.
    pub(crate) fn from_value(value: &[u8]) -> Result<Self, DerError> {
        let mut reader = Reader::new(value);
        let bits = named_bits(reader.expect(tag::BIT_STRING)?.value)?;
        reader.finish()?;
        match *bits {
            [first] => Ok(Self { first, second: 0 }),
            [first, second @ 0x80] => Ok(Self { first, second }),
            _ => Err(DerError::NamedBits),
        }
    }

    /// digitalSignature.
    pub(crate) fn may_sign_data(self) -> bool {
        self.first & Self::DIGITAL_SIGNATURE.first != 0
    }

    pub(crate) fn may_sign_certificates(self) -> bool {
        self.first & Self::KEY_CERT_SIGN != 0
    }

    pub(crate) fn may_sign_lists(self) -> bool {
        self.first & Self::CRL_SIGN != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_the_standards() {
        let ca = KeyUsage::from_value(&[3, 2, 1, 0x06]).expect("keyCertSign and cRLSign");
        assert!(ca.may_sign_certificates() && ca.may_sign_lists());
        let auth = KeyUsage::from_value(&[3, 2, 7, 0x80]).expect("digitalSignature");
        assert!(
            auth == KeyUsage::DIGITAL_SIGNATURE && !auth.may_sign_certificates() && !auth.may_sign_lists()
        );
        assert_ne!(KeyUsage::from_value(&[3, 3, 7, 0x80, 0x80]), Ok(KeyUsage::DIGITAL_SIGNATURE));
    }

    #[test]
    fn no_bit_or_too_many_octets_is_refused() {
        for wrong in [&[3, 1, 0][..], &[3, 2, 0, 0], &[3, 4, 7, 0x80, 0x80, 0x80], &[3, 3, 6, 0x80, 0x40]] {
            assert_eq!(KeyUsage::from_value(wrong), Err(DerError::NamedBits));
        }
    }
}

//! cRLNumber (RFC 5280 section 5.2.3).

use std::cmp::Ordering;
use std::fmt::{self, Write as _};

use crate::der::{DerError, Reader};

/// The number of a list within its issuer and scope; it never falls.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CrlNumber(Vec<u8>);

impl CrlNumber {
    /// A number that is not negative, of at most 20 octets.
    pub(crate) fn from_value(value: &[u8]) -> Result<Self, DerError> {
        let mut reader = Reader::new(value);
        let number = reader.integer()?;
        reader.finish()?;
        if matches!(number, [0x80..=0xff, ..]) {
            return Err(DerError::Integer);
        }
        let magnitude = number.strip_prefix(&[0]).unwrap_or(number);
        if magnitude.len() > MAX_OCTETS {
            return Err(DerError::TooLong);
        }
        Ok(Self(magnitude.to_vec()))
    }
}

/// RFC 5280 section 5.2.3: conforming issuers go no further. The zero that says "not negative" does not count.
const MAX_OCTETS: usize = 20;

impl Ord for CrlNumber {
    fn cmp(&self, other: &Self) -> Ordering {
        // Without leading zeros the longer number is the greater one.
        self.0.len().cmp(&other.0.len()).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for CrlNumber {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for CrlNumber {
    /// Hexadecimal, since it may have 160 bits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_char('0');
        }
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

impl fmt::Debug for CrlNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(value: &[u8]) -> CrlNumber {
        let tlv = [&[2, u8::try_from(value.len()).expect("short")], value].concat();
        CrlNumber::from_value(&tlv).expect("a number")
    }

    #[test]
    fn order_is_the_numbers() {
        let ascending = [number(&[0]), number(&[1]), number(&[0x7f]), number(&[0, 0x80]), number(&[1, 0])];
        assert!(ascending.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn negative_and_long_numbers_are_refused() {
        assert_eq!(CrlNumber::from_value(&[2, 1, 0xff]), Err(DerError::Integer));
        for (sign, first, zeros) in [(false, 1, 20), (true, 0x80, 20), (true, 0xff, 21), (true, 0x80, 110)] {
            let value = [vec![0; usize::from(sign)], vec![first], vec![0; zeros]].concat();
            let long = [&[2, u8::try_from(value.len()).expect("short")], value.as_slice()].concat();
            assert_eq!(CrlNumber::from_value(&long), Err(DerError::TooLong), "{value:x?}");
        }
        for longest in [[vec![0, 0xff], vec![0; 19]].concat(), [vec![0x7f], vec![0; 19]].concat()] {
            assert_eq!(number(&longest).to_string().len(), 40);
        }
    }
}

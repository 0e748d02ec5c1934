//! The content octets of single types.

use crate::der::DerError;

/// X.690 sections 8.2 and 11.1.
pub fn boolean(value: &[u8]) -> Result<bool, DerError> {
    match value {
        [0x00] => Ok(false),
        [0xff] => Ok(true),
        _ => Err(DerError::Boolean),
    }
}

/// X.690 section 8.3.2: not empty, and the first nine bits are not all equal.
pub fn integer(value: &[u8]) -> Result<&[u8], DerError> {
    match value {
        [] | [0x00, 0x00..=0x7f, ..] | [0xff, 0x80..=0xff, ..] => Err(DerError::Integer),
        _ => Ok(value),
    }
}

/// X.690 sections 8.6 and 11.2.1: the octets and the number of unused bits, all zero.
pub fn bit_string(value: &[u8]) -> Result<(&[u8], u8), DerError> {
    let (&unused, octets) = value.split_first().ok_or(DerError::BitString)?;
    let zero = match octets.last() {
        None => unused == 0,
        Some(last) => unused <= 7 && last & !(u8::MAX << unused) == 0,
    };
    if zero { Ok((octets, unused)) } else { Err(DerError::BitString) }
}

/// X.690 section 11.2.2: a BIT STRING of named bits ends with a bit that is set.
pub fn named_bits(value: &[u8]) -> Result<&[u8], DerError> {
    let (octets, unused) = bit_string(value)?;
    match octets.last() {
        None => Ok(octets),
        Some(last) if last.trailing_zeros() == u32::from(unused) => Ok(octets),
        Some(_) => Err(DerError::NamedBits),
    }
}

/// X.690 section 8.19: each arc in base 128, no leading zero digit, the last one finished.
pub fn object_identifier(value: &[u8]) -> Result<&[u8], DerError> {
    let mut at_start = true;
    for octet in value {
        if at_start && *octet == 0x80 {
            return Err(DerError::ObjectIdentifier);
        }
        at_start = octet & 0x80 == 0;
    }
    if value.is_empty() || !at_start { Err(DerError::ObjectIdentifier) } else { Ok(value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn booleans() {
        assert_eq!(boolean(&[0xff]), Ok(true));
        assert_eq!(boolean(&[0x00]), Ok(false));
        for wrong in [&[][..], &[0x01], &[0xff, 0xff]] {
            assert_eq!(boolean(wrong), Err(DerError::Boolean));
        }
    }

    #[test]
    fn integers_are_minimal() {
        for right in [&[0x00][..], &[0x7f], &[0x80], &[0x00, 0x80], &[0xff, 0x7f]] {
            assert_eq!(integer(right), Ok(right));
        }
        for wrong in [&[][..], &[0x00, 0x7f], &[0x00, 0x00], &[0xff, 0x80], &[0xff, 0xff]] {
            assert_eq!(integer(wrong), Err(DerError::Integer));
        }
    }

    #[test]
    fn unused_bits_are_zero() {
        assert_eq!(bit_string(&[0]), Ok((&[][..], 0)));
        assert_eq!(bit_string(&[7, 0x80]), Ok((&[0x80][..], 7)));
        for wrong in [&[][..], &[1], &[8, 0x00], &[7, 0xc0], &[1, 0x01]] {
            assert_eq!(bit_string(wrong), Err(DerError::BitString));
        }
    }

    #[test]
    fn named_bits_end_with_a_set_bit() {
        assert_eq!(named_bits(&[7, 0x80]), Ok(&[0x80][..]));
        assert_eq!(named_bits(&[0]), Ok(&[][..]));
        for wrong in [&[6, 0x80][..], &[0, 0x00], &[0, 0x80, 0x00]] {
            assert_eq!(named_bits(wrong), Err(DerError::NamedBits));
        }
    }

    #[test]
    fn object_identifiers() {
        assert!(object_identifier(&[0x2a, 0x83, 0x08]).is_ok());
        for wrong in [&[][..], &[0x80, 0x01], &[0x2a, 0x80, 0x01], &[0x2a, 0x83]] {
            assert_eq!(object_identifier(wrong), Err(DerError::ObjectIdentifier));
        }
    }
}

//! The walk over a whole object.

use crate::der::{
    DerError, Reader, Tlv, bit_string, boolean, generalized_time, integer, object_identifier, tag, utc_time,
};

/// Deepest nesting that is read. A certificate needs about ten levels.
pub const MAX_DEPTH: usize = 24;

/// Walks one object to its last octet: exactly one encoding, at most `limit` octets, every part canonical.
///
/// The content of OCTET STRINGs and of primitive context tags is opaque here; whoever reads it checks it again.
pub fn check(octets: &[u8], limit: usize) -> Result<(), DerError> {
    if octets.len() > limit {
        return Err(DerError::TooLong);
    }
    let mut reader = Reader::new(octets);
    let tlv = reader.read()?;
    reader.finish()?;
    value(tlv, 0, Types::OfX509)
}

/// Which types may stand here.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Types {
    /// Those of certificates, lists and responses.
    OfX509,
    /// Inside an otherName or an x400Address (RFC 5280 section 4.2.1.6), of which nobody here reads more: also the
    /// strings of older alphabets and the application's own tags.
    Any,
}

fn value(tlv: Tlv<'_>, depth: usize, types: Types) -> Result<(), DerError> {
    match tlv.tag {
        tag::BOOLEAN => boolean(tlv.value).map(drop),
        tag::INTEGER | tag::ENUMERATED => integer(tlv.value).map(drop),
        tag::BIT_STRING => bit_string(tlv.value).map(drop),
        tag::NULL if tlv.value.is_empty() => Ok(()),
        tag::NULL => Err(DerError::Null),
        tag::OBJECT_IDENTIFIER => object_identifier(tlv.value).map(drop),
        tag::UTC_TIME => utc_time(tlv.value).map(drop),
        tag::GENERALIZED_TIME => generalized_time(tlv.value).map(drop),
        tag::UTF8_STRING
        | tag::NUMERIC_STRING
        | tag::PRINTABLE_STRING
        | tag::IA5_STRING
        | tag::VISIBLE_STRING
        | tag::UNIVERSAL_STRING
        | tag::BMP_STRING => string(tlv),
        // TeletexString has no agreed alphabet; the other two are opaque here.
        tag::OCTET_STRING | tag::TELETEX_STRING | 0x80..=0x9e => Ok(()),
        tag::SEQUENCE | 0xa0..=0xbe => children(tlv, depth, false, types.inside(tlv)),
        tag::SET => children(tlv, depth, true, types),
        0x10 | 0x11 | 0x20..=0x3f => Err(DerError::Constructed),
        tag::VIDEOTEX_STRING | tag::GRAPHIC_STRING | tag::GENERAL_STRING | 0x40..=0x5e
            if types == Types::Any =>
        {
            Ok(())
        }
        0x60..=0x7e if types == Types::Any => children(tlv, depth, false, types),
        _ => Err(DerError::UnknownTag),
    }
}

impl Types {
    /// An otherName is the only `[0]` that starts with an identifier. The `[3]` of a TBSCertificate, its extensions,
    /// has nothing but OCTET STRINGs whose values are walked by themselves; any other `[3]` is an x400Address.
    fn inside(self, tlv: Tlv<'_>) -> Self {
        let starts_with = |tag| tlv.value.first() == Some(&tag);
        match tlv.tag {
            OTHER_NAME if starts_with(tag::OBJECT_IDENTIFIER) => Self::Any,
            X400_ADDRESS => Self::Any,
            _ => self,
        }
    }
}

/// Walks the content. X.690 section 11.6 for a SET OF: no encoding is a prefix of another, so the order of the octets
/// is the order asked for.
fn children(tlv: Tlv<'_>, depth: usize, ascending: bool, types: Types) -> Result<(), DerError> {
    let depth = depth.checked_add(1).filter(|depth| *depth < MAX_DEPTH).ok_or(DerError::Depth)?;
    let mut reader = tlv.content();
    let mut previous: Option<&[u8]> = None;
    while !reader.is_empty() {
        let element = reader.read()?;
        if ascending {
            if previous.is_some_and(|previous| element.whole < previous) {
                return Err(DerError::SetOrder);
            }
            previous = Some(element.whole);
        }
        value(element, depth, types)?;
    }
    Ok(())
}

fn string(tlv: Tlv<'_>) -> Result<(), DerError> {
    let octets = tlv.value;
    let right = match tlv.tag {
        // Most are ASCII, which is quickly seen.
        tag::UTF8_STRING => octets.is_ascii() || std::str::from_utf8(octets).is_ok(),
        tag::NUMERIC_STRING => octets.iter().all(|o| o.is_ascii_digit() || *o == b' '),
        tag::PRINTABLE_STRING => octets.iter().all(|o| is_printable(*o)),
        tag::IA5_STRING => octets.is_ascii(),
        tag::VISIBLE_STRING => octets.iter().all(|o| matches!(o, 0x20..=0x7e)),
        tag::UNIVERSAL_STRING => octets.len().is_multiple_of(4),
        _ => octets.len().is_multiple_of(2),
    };
    if right { Ok(()) } else { Err(DerError::String) }
}

/// X.680 section 41.4.
fn is_printable(octet: u8) -> bool {
    octet.is_ascii_alphanumeric()
        || matches!(octet, b' ' | b'\'' | b'('..=b')' | b'+'..=b'/' | b':' | b'=' | b'?')
}

const OTHER_NAME: u8 = tag::context_constructed(0);
const X400_ADDRESS: u8 = tag::context_constructed(3);

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn accepted(octets: &[u8]) {
        assert_eq!(check(octets, 1024), Ok(()), "{octets:02x?}");
    }

    #[track_caller]
    fn refused(octets: &[u8], rule: DerError) {
        assert_eq!(check(octets, 1024), Err(rule), "{octets:02x?}");
        // The same inside a SEQUENCE and inside a context tag.
        for outer in [0x30, 0xa0] {
            let mut nested = vec![outer, u8::try_from(octets.len()).expect("a short probe")];
            nested.extend_from_slice(octets);
            assert!(check(&nested, 1024).is_err(), "{nested:02x?}");
        }
    }

    #[test]
    fn each_type_is_judged() {
        accepted(&[0x30, 0]);
        accepted(&[0x31, 5, 0x05, 0, 0x13, 1, b'a']);
        accepted(&[0x80, 1, 7]);
        refused(&[0x01, 1, 1], DerError::Boolean);
        refused(&[0x02, 2, 0, 1], DerError::Integer);
        refused(&[0x0a, 2, 0, 1], DerError::Integer);
        refused(&[0x03, 2, 1, 1], DerError::BitString);
        refused(&[0x05, 1, 0], DerError::Null);
        refused(&[0x06, 2, 0x80, 1], DerError::ObjectIdentifier);
        refused(&[0x0c, 1, 0xff], DerError::String);
        refused(&[0x13, 1, b'*'], DerError::String);
        refused(&[0x12, 1, b'a'], DerError::String);
        refused(&[0x16, 1, 0x80], DerError::String);
        refused(&[0x1a, 1, 0x07], DerError::String);
        refused(&[0x1e, 1, 0x07], DerError::String);
        refused(&[0x1c, 2, 0, 7], DerError::String);
        refused(&[0x17, 1, b'Z'], DerError::Time);
        refused(&[0x18, 1, b'Z'], DerError::Time);
    }

    #[test]
    fn forms_and_tags_that_x509_does_not_use() {
        refused(&[0x24, 3, 0x04, 1, 7], DerError::Constructed);
        refused(&[0x23, 4, 0x03, 2, 0, 7], DerError::Constructed);
        refused(&[0x10, 0], DerError::Constructed);
        refused(&[0x11, 0], DerError::Constructed);
        refused(&[0x00, 0], DerError::UnknownTag);
        refused(&[0x09, 0], DerError::UnknownTag);
        refused(&[0x40, 0], DerError::UnknownTag);
        refused(&[0xc0, 0], DerError::UnknownTag);
        refused(&[0x60, 0], DerError::UnknownTag);
    }

    #[test]
    fn names_of_other_systems_have_types_of_their_own() {
        // KRB5PrincipalName has GeneralStrings, ORAddress application tags, both tagged again.
        accepted(&[0xa0, 17, 6, 2, 0x2a, 3, 0xa0, 11, 0x30, 9, 0xa0, 3, 0x1b, 1, b'R', 0xa1, 2, 0x30, 0]);
        accepted(&[0xa3, 7, 0x30, 5, 0x61, 3, 0x13, 1, b'J']);
        accepted(&[0xa3, 5, 0x30, 3, 0x42, 1, 7]);
        for alphabet in [0x15, 0x19, 0x1b] {
            accepted(&[0xa0, 9, 6, 2, 0x2a, 3, 0xa0, 3, alphabet, 1, 0xff]);
            // Not in a name that is compared, and not anywhere else.
            refused(&[0x31, 10, 0x30, 8, 6, 3, 0x55, 4, 3, alphabet, 1, b'a'], DerError::UnknownTag);
            refused(&[0xa4, 3, alphabet, 1, b'a'], DerError::UnknownTag);
            refused(&[alphabet, 1, b'a'], DerError::UnknownTag);
        }
        refused(&[0xa0, 9, 6, 2, 0x2a, 3, 0xa0, 3, 0x1d, 1, 7], DerError::UnknownTag);
        refused(&[0xa0, 9, 6, 2, 0x2a, 3, 0xa0, 3, 0x01, 1, 7], DerError::Boolean);
        refused(&[0xa0, 9, 6, 2, 0x2a, 3, 0xa0, 3, 0x3b, 1, 7], DerError::Constructed);
    }

    #[test]
    fn sets_are_in_order() {
        refused(&[0x31, 5, 0x13, 1, b'a', 0x05, 0], DerError::SetOrder);
        refused(&[0x31, 6, 0x02, 1, 2, 0x02, 1, 1], DerError::SetOrder);
        accepted(&[0x31, 6, 0x02, 1, 1, 0x02, 1, 1]);
    }

    #[test]
    fn one_object_and_nothing_after() {
        refused(&[0x05, 0, 0x1f], DerError::TrailingOctets);
        assert_eq!(check(&[0x04, 2, 0, 0], 3), Err(DerError::TooLong));
        assert_eq!(check(&[0x04, 1, 0], 3), Ok(()));
    }

    #[test]
    fn depth_is_bounded() {
        assert_eq!(check(&nested(MAX_DEPTH - 1), usize::MAX), Ok(()));
        assert_eq!(check(&nested(MAX_DEPTH), usize::MAX), Err(DerError::Depth));
        assert_eq!(check(&nested(20_000), usize::MAX), Err(DerError::Depth));
    }

    /// A NULL inside so many SEQUENCEs, each with its right length.
    fn nested(levels: usize) -> Vec<u8> {
        let mut backwards = vec![0x00, 0x05];
        for _ in 0..levels {
            let length = u32::try_from(backwards.len()).expect("a length");
            let digits: Vec<u8> = length.to_be_bytes().into_iter().skip_while(|digit| *digit == 0).collect();
            backwards.extend(digits.iter().rev());
            if length >= 0x80 {
                backwards.push(0x80 | u8::try_from(digits.len()).expect("a count"));
            }
            backwards.push(0x30);
        }
        backwards.reverse();
        backwards
    }
}

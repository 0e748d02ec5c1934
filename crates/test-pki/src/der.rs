//! A writer of DER (X.690) for the few types that certificates and CRLs are made of. It only writes; what it
//! writes is read back in tests by programs that are not ours.

use rustls_pki_types::UnixTime;

use crate::{Error, validity};

/// One tag-length-value.
pub(crate) fn tlv(tag: u8, contents: &[u8]) -> Vec<u8> {
    let mut out = header(tag, contents.len());
    out.extend_from_slice(contents);
    out
}

/// Tag and length of contents that are written elsewhere.
pub(crate) fn header(tag: u8, length: usize) -> Vec<u8> {
    let mut out = vec![tag];
    if length < 0x80 {
        out.extend(u8::try_from(length));
    } else {
        let octets = length.to_be_bytes();
        let octets: Vec<u8> = octets.into_iter().skip_while(|octet| *octet == 0).collect();
        out.push(0x80 | u8::try_from(octets.len()).unwrap_or(0x7f));
        out.extend(octets);
    }
    out
}

/// SEQUENCE of what is already encoded.
pub(crate) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv(0x30, &parts.concat())
}

/// SET of one element: the only SET that names need.
pub(crate) fn set_of_one(element: &[u8]) -> Vec<u8> {
    tlv(0x31, element)
}

/// A context-specific, constructed tag around what is already encoded: `[number] EXPLICIT`, or an IMPLICIT
/// SEQUENCE when `contents` is the sequence's inside.
pub(crate) fn context(number: u8, contents: &[u8]) -> Vec<u8> {
    tlv(0xa0 | number, contents)
}

/// A context-specific, primitive tag: `[number] IMPLICIT` of a string.
pub(crate) fn context_primitive(number: u8, contents: &[u8]) -> Vec<u8> {
    tlv(0x80 | number, contents)
}

/// BOOLEAN TRUE. FALSE is only ever a default, which DER leaves out.
pub(crate) fn boolean_true() -> Vec<u8> {
    tlv(0x01, &[0xff])
}

/// INTEGER, not negative, from its big-endian octets.
pub(crate) fn unsigned(octets: &[u8]) -> Vec<u8> {
    let mut contents: Vec<u8> = octets.iter().copied().skip_while(|octet| *octet == 0).collect();
    if contents.first().is_none_or(|first| first & 0x80 != 0) {
        contents.insert(0, 0);
    }
    tlv(0x02, &contents)
}

/// ENUMERATED of one octet.
pub(crate) fn enumerated(value: u8) -> Vec<u8> {
    tlv(0x0a, &[value])
}

/// NULL.
pub(crate) fn null() -> Vec<u8> {
    tlv(0x05, &[])
}

/// OCTET STRING.
pub(crate) fn octet_string(octets: &[u8]) -> Vec<u8> {
    tlv(0x04, octets)
}

/// BIT STRING of whole octets.
pub(crate) fn bit_string(octets: &[u8]) -> Vec<u8> {
    tlv(0x03, &[&[0], octets].concat())
}

/// BIT STRING of a named bit list of at most eight bits, most significant first; trailing zeros are cut.
pub(crate) fn named_bits(bits: u8) -> Vec<u8> {
    if bits == 0 {
        return tlv(0x03, &[0]);
    }
    let unused = u8::try_from(bits.trailing_zeros()).unwrap_or(0);
    tlv(0x03, &[unused, bits])
}

/// UTF8String.
pub(crate) fn utf8_string(text: &str) -> Vec<u8> {
    tlv(0x0c, text.as_bytes())
}

/// PrintableString; the caller gives text of its alphabet.
pub(crate) fn printable_string(text: &str) -> Vec<u8> {
    tlv(0x13, text.as_bytes())
}

/// IA5String; the caller gives ASCII.
pub(crate) fn ia5_string(text: &str) -> Vec<u8> {
    tlv(0x16, text.as_bytes())
}

/// OBJECT IDENTIFIER from its dotted form.
pub(crate) fn oid(dotted: &str) -> Result<Vec<u8>, Error> {
    let malformed = || Error::MalformedOid { text: dotted.to_owned() };
    let arcs: Result<Vec<u64>, _> = dotted.split('.').map(str::parse).collect();
    let arcs = arcs.map_err(|_| malformed())?;
    let [first, second, rest @ ..] = arcs.as_slice() else { return Err(malformed()) };
    if *first > 2 || (*first < 2 && *second > 39) {
        return Err(malformed());
    }
    let joined = second.checked_add(first * 40).ok_or_else(malformed)?;
    let mut contents = Vec::new();
    for arc in std::iter::once(&joined).chain(rest) {
        base_128(*arc, &mut contents);
    }
    Ok(tlv(0x06, &contents))
}

fn base_128(arc: u64, out: &mut Vec<u8>) {
    let groups = (64 - arc.leading_zeros()).div_ceil(7).max(1);
    for group in (0..groups).rev() {
        let bits = u8::try_from((arc >> (7 * group)) & 0x7f).unwrap_or(0);
        out.push(if group == 0 { bits } else { bits | 0x80 });
    }
}

/// GeneralizedTime, which OCSP has at all times.
pub(crate) fn generalized_time(at: UnixTime) -> Result<Vec<u8>, Error> {
    let t = validity::date_time(at)?;
    let month: u8 = t.month().into();
    let text =
        format!("{:04}{month:02}{:02}{:02}{:02}{:02}Z", t.year(), t.day(), t.hour(), t.minute(), t.second());
    Ok(tlv(0x18, text.as_bytes()))
}

/// Time as RFC 5280 section 4.1.2.5 wants it: UTCTime through 2049, GeneralizedTime from 2050.
pub(crate) fn time(at: UnixTime) -> Result<Vec<u8>, Error> {
    let t = validity::date_time(at)?;
    let month: u8 = t.month().into();
    let rest = format!("{month:02}{:02}{:02}{:02}{:02}Z", t.day(), t.hour(), t.minute(), t.second());
    Ok(if t.year() < 2050 {
        tlv(0x17, format!("{:02}{rest}", t.year() % 100).as_bytes())
    } else {
        tlv(0x18, format!("{:04}{rest}", t.year()).as_bytes())
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn lengths_are_minimal() {
        assert_eq!(tlv(0x04, &[7; 0x7f])[..2], [0x04, 0x7f]);
        assert_eq!(tlv(0x04, &[7; 0x80])[..3], [0x04, 0x81, 0x80]);
        assert_eq!(tlv(0x04, &[7; 0x1234])[..4], [0x04, 0x82, 0x12, 0x34]);
        assert_eq!(tlv(0x05, &[]), [0x05, 0x00]);
    }

    #[test]
    fn integers_are_minimal_and_positive() {
        assert_eq!(unsigned(&[]), [2, 1, 0]);
        assert_eq!(unsigned(&[0, 0]), [2, 1, 0]);
        assert_eq!(unsigned(&[0, 0x7f]), [2, 1, 0x7f]);
        assert_eq!(unsigned(&[0x80]), [2, 2, 0, 0x80]);
    }

    #[test]
    fn named_bits_are_cut() {
        assert_eq!(named_bits(0b1000_0000), [0x03, 2, 7, 0x80]);
        assert_eq!(named_bits(0b1100_0000), [0x03, 2, 6, 0xc0]);
        assert_eq!(named_bits(0), [0x03, 1, 0]);
    }

    #[test]
    fn object_identifiers() {
        assert_eq!(
            oid("1.2.840.113549.1.1.11").unwrap(),
            [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11]
        );
        assert_eq!(oid("2.5.29.15").unwrap(), [6, 3, 0x55, 0x1d, 0x0f]);
        assert_eq!(oid("2.999.0").unwrap(), [6, 3, 0x88, 0x37, 0]);
        for bad in ["", "1", "3.1", "1.40", "1.a", "1..2", "1.2."] {
            assert!(oid(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn times_change_type_in_2050() {
        let at = |seconds| time(UnixTime::since_unix_epoch(Duration::from_secs(seconds))).unwrap();
        assert_eq!(at(2_524_607_999), b"\x17\x0d491231235959Z");
        assert_eq!(at(2_524_608_000), b"\x18\x0f20500101000000Z");
        assert!(time(UnixTime::since_unix_epoch(Duration::from_secs(u64::MAX))).is_err());
    }
}

//! ECDSA signatures in the two forms that a card may give them, made one: DER (RFC 3279 section 2.2.3).

use madoguchi_iso7816::TlvHeader;

/// DER of the signature that a card answered as DER or as `r‖s` of `coordinate_octets` each (at most 61). `None` when it is
/// neither, or when r or s is zero.
///
/// An answer of exactly two coordinates' length is `r‖s`: DER of that length is possible, and as good as never seen.
pub(crate) fn signature_to_der(answer: &[u8], coordinate_octets: usize) -> Option<Vec<u8>> {
    let (r, s) = if answer.len() == 2 * coordinate_octets {
        answer.split_at(coordinate_octets)
    } else {
        let (body, []) = value_of(0x30, answer)? else { return None };
        let (r, rest) = value_of(0x02, body)?;
        let (s, []) = value_of(0x02, rest)? else { return None };
        (unsigned(r)?, unsigned(s)?)
    };
    let body = [integer(r, coordinate_octets)?, integer(s, coordinate_octets)?].concat();
    // One octet of length is enough: two integers of at most 62 octets, 64 with their headers, less what is checked here.
    let length = u8::try_from(body.len()).ok().filter(|length| *length < 0x80)?;
    Some([&[0x30, length], body.as_slice()].concat())
}

/// The value of the data object at the start, in DER, and what comes after it.
fn value_of(tag: u16, octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let header = TlvHeader::read(octets, 0x7F).ok()?;
    // Short form of the length: the long one for less than 128 octets is not DER.
    if header.tag != tag || header.header_octets != 2 {
        return None;
    }
    octets.get(2..)?.split_at_checked(header.value_octets)
}

/// The magnitude of a positive INTEGER in DER.
fn unsigned(integer: &[u8]) -> Option<&[u8]> {
    match integer {
        [0x00, high, ..] if high & 0x80 != 0 => integer.get(1..),
        [0x01..=0x7F, ..] => Some(integer),
        _ => None,
    }
}

/// INTEGER with this magnitude, which is not zero and fits the coordinate.
fn integer(magnitude: &[u8], coordinate_octets: usize) -> Option<Vec<u8>> {
    let first = magnitude.iter().position(|octet| *octet != 0)?;
    let magnitude = magnitude.get(first..).filter(|magnitude| magnitude.len() <= coordinate_octets)?;
    let sign: &[u8] = if magnitude[0] & 0x80 == 0 { &[] } else { &[0x00] };
    let length = u8::try_from(sign.len() + magnitude.len()).ok()?;
    Some([&[0x02, length], sign, magnitude].concat())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn both_forms_are_one() {
        let mut raw = [0; 96];
        (raw[0], raw[95]) = (0x80, 0x01);
        let der = [&[0x30, 0x36, 0x02, 0x31, 0x00, 0x80][..], &[0; 47], &[0x02, 0x01, 0x01]].concat();
        assert_eq!(signature_to_der(&raw, 48).as_ref(), Some(&der));
        assert_eq!(signature_to_der(&der, 48).as_ref(), Some(&der));
    }

    #[test]
    fn what_is_no_signature() {
        for answer in [
            &[][..],
            // r or s is zero, or negative, or has a needless zero
            &[0; 96],
            &[0x30, 0x06, 0x02, 0x01, 0x00, 0x02, 0x01, 0x01],
            &[0x30, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x80],
            &[0x30, 0x07, 0x02, 0x01, 0x01, 0x02, 0x02, 0x00, 0x01],
            &[0x30, 0x05, 0x02, 0x01, 0x01, 0x02, 0x00],
            // an octet after it or in it, one too few, a long form of a short length, another tag
            &[0x30, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01, 0x00],
            &[0x30, 0x07, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01, 0x00],
            &[0x30, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01],
            &[0x30, 0x81, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01],
            &[0x31, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01],
            // r of 49 octets
            &[&[0x30, 0x36, 0x02, 0x31, 0x01][..], &[0; 48], &[0x02, 0x01, 0x01]].concat(),
        ] {
            assert_eq!(signature_to_der(answer, 48), None, "{answer:02X?}");
        }
    }

    proptest! {
        #[test]
        fn any_answer_ends_in_der_that_stays_as_it_is(answer in proptest::collection::vec(any::<u8>(), 0..130)) {
            if let Some(der) = signature_to_der(&answer, 48) {
                prop_assert_eq!(signature_to_der(&der, 48), Some(der));
            }
        }

        #[test]
        fn every_r_and_s_has_its_der(raw in proptest::collection::vec(any::<u8>(), 96)) {
            let der = signature_to_der(&raw, 48).expect("DER");
            prop_assert_eq!(signature_to_der(&der, 48), Some(der));
        }
    }
}

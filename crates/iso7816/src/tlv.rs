//! BER-TLV headers (ISO 7816-4 section 5.2.2): a tag and a definite length, bounded before anything is read.

use crate::Iso7816Error;

/// Tag and length of a BER-TLV data object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TlvHeader {
    /// The tag field, one or two octets, as a number: `0x30`, `0xDF21`.
    pub tag: u16,
    /// Octets of the header itself.
    pub header_octets: usize,
    /// Octets of the value that follows.
    pub value_octets: usize,
}

impl TlvHeader {
    /// Most octets that a header read here can have: two of tag, one and three of length.
    pub const MAX_OCTETS: usize = 6;

    /// Reads the header at the start of `octets`; the value need not be there yet. A length over `limit` is
    /// refused, so the answer is safe to allocate or to loop over.
    pub fn read(octets: &[u8], limit: usize) -> Result<Self, Iso7816Error> {
        let (tag, rest) = match octets {
            // Bits 5 to 1 all set: the tag number is in the next octet (bit 8 of it clear: the last one).
            [first, second, rest @ ..] if first & 0x1F == 0x1F && second & 0x80 == 0 => {
                (u16::from_be_bytes([*first, *second]), rest)
            }
            [first, rest @ ..] if first & 0x1F != 0x1F => (u16::from(*first), rest),
            _ => return Err(Iso7816Error::TlvTruncated),
        };
        let (&form, rest) = rest.split_first().ok_or(Iso7816Error::TlvTruncated)?;
        let more = match form {
            0x00..=0x7F => 0,
            0x81..=0x83 => usize::from(form & 0x7F),
            // 80 is the indefinite form, which ISO 7816-4 does not have; 84 and up are over any card file.
            octet => return Err(Iso7816Error::LengthForm { octet }),
        };
        let long = rest.get(..more).ok_or(Iso7816Error::TlvTruncated)?;
        let value_octets = match more {
            0 => usize::from(form),
            _ => long.iter().fold(0, |length, octet| (length << 8) | usize::from(*octet)),
        };
        if value_octets > limit {
            return Err(Iso7816Error::ValueTooLong { octets: value_octets, limit });
        }
        Ok(Self { tag, header_octets: octets.len() - rest.len() + more, value_octets })
    }

    /// Octets of header and value.
    pub fn total_octets(self) -> usize {
        self.header_octets + self.value_octets
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(octets: &[u8], expected: Result<(u16, usize, usize), Iso7816Error>) {
        let header = TlvHeader::read(octets, 4096);
        assert_eq!(header.map(|h| (h.tag, h.header_octets, h.value_octets)), expected, "{octets:02X?}");
    }

    #[test]
    fn definite_lengths() {
        check(&[0x30, 0x05], Ok((0x30, 2, 5)));
        check(&[0x30, 0x7F, 0xFF], Ok((0x30, 2, 127)));
        check(&[0x30, 0x81, 0x80], Ok((0x30, 3, 128)));
        check(&[0x30, 0x82, 0x06, 0x32, 0x30], Ok((0x30, 4, 0x632)));
        check(&[0x30, 0x83, 0x00, 0x10, 0x00], Ok((0x30, 5, 4096)));
        check(&[0xDF, 0x21, 0x08], Ok((0xDF21, 3, 8)));
    }

    #[test]
    fn what_is_refused() {
        check(&[], Err(Iso7816Error::TlvTruncated));
        check(&[0x30], Err(Iso7816Error::TlvTruncated));
        check(&[0x30, 0x82, 0x06], Err(Iso7816Error::TlvTruncated));
        check(&[0xDF], Err(Iso7816Error::TlvTruncated));
        check(&[0x30, 0x80, 0x00], Err(Iso7816Error::LengthForm { octet: 0x80 }));
        check(&[0x30, 0x84, 0, 0, 0, 1], Err(Iso7816Error::LengthForm { octet: 0x84 }));
        check(&[0x30, 0xFF], Err(Iso7816Error::LengthForm { octet: 0xFF }));
        check(&[0x30, 0x82, 0x10, 0x01], Err(Iso7816Error::ValueTooLong { octets: 4097, limit: 4096 }));
    }

    proptest! {
        #[test]
        fn any_octets_end_in_a_bounded_header_or_an_error(octets: Vec<u8>, limit in 0_usize..70_000) {
            if let Ok(header) = TlvHeader::read(&octets, limit) {
                prop_assert!(header.value_octets <= limit);
                prop_assert!(header.header_octets <= octets.len().min(TlvHeader::MAX_OCTETS));
            }
        }

        #[test]
        fn every_header_reads_back(
            tag in prop_oneof![(0_u8..=0xFF).prop_filter("one octet", |tag| tag & 0x1F != 0x1F).prop_map(u16::from),
                               (0_u16..8, 0_u16..0x80).prop_map(|(class, number)| (class << 13) | 0x1F00 | number)],
            value_octets in 0_usize..0x0100_0000,
            // More length octets than needed are BER all the same.
            spare in 0_usize..3,
            after: Vec<u8>,
        ) {
            let mut octets: Vec<u8> = tag.to_be_bytes().into_iter().skip_while(|octet| *octet == 0).collect();
            if tag == 0 {
                octets.push(0);
            }
            let length: Vec<u8> = value_octets.to_be_bytes().into_iter().skip_while(|octet| *octet == 0).collect();
            if value_octets < 0x80 && spare == 0 {
                octets.push(u8::try_from(value_octets).expect("seven bits"));
            } else {
                let count = (length.len().max(1) + spare).min(3);
                octets.push(0x80 | u8::try_from(count).expect("at most three"));
                octets.resize(octets.len() + count - length.len(), 0);
                octets.extend(&length);
            }
            let header_octets = octets.len();
            octets.extend(after);
            let header = TlvHeader::read(&octets, value_octets);
            prop_assert_eq!(header, Ok(TlvHeader { tag, header_octets, value_octets }));
            if value_octets > 0 {
                let limit = value_octets - 1;
                let wrong = Err(Iso7816Error::ValueTooLong { octets: value_octets, limit });
                prop_assert_eq!(TlvHeader::read(&octets, limit), wrong);
            }
        }
    }
}

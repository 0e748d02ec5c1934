//! BER-TLV headers, against a second reader.

use madoguchi_iso7816::TlvHeader;

use crate::input::Input;

/// Reads any octets as a header, under any limit.
pub fn tlv(octets: &[u8]) {
    let mut input = Input::new(octets);
    let limit = usize::from(input.u16());
    let rest = input.octets(usize::MAX);
    let header =
        TlvHeader::read(rest, if cfg!(feature = "planted_tlv") { planted_limit(rest, limit) } else { limit });
    match (header, second_reader(rest)) {
        (Ok(header), Some((tag, header_octets, value_octets))) => {
            assert_eq!(
                (header.tag, header.header_octets, header.value_octets),
                (tag, header_octets, value_octets)
            );
            assert!(value_octets <= limit, "over the limit");
            assert_eq!(header.total_octets(), header_octets + value_octets);
            assert!(header_octets <= TlvHeader::MAX_OCTETS);
        }
        (Ok(header), None) => panic!("read what is no header: {header:?}"),
        (Err(_), Some((_, _, value_octets))) => assert!(value_octets > limit, "did not read a header"),
        (Err(_), None) => {}
    }
}

/// A planted bug: no limit for lengths in three octets.
fn planted_limit(octets: &[u8], limit: usize) -> usize {
    if octets.get(1) == Some(&0x83) { usize::MAX } else { limit }
}

/// Tag, octets of the header, octets of the value.
fn second_reader(octets: &[u8]) -> Option<(u16, usize, usize)> {
    let first = *octets.first()?;
    let (tag, at) = if first & 0x1F == 0x1F {
        let second = *octets.get(1)?;
        if second >= 0x80 {
            return None;
        }
        (u16::from(first) * 256 + u16::from(second), 2)
    } else {
        (u16::from(first), 1)
    };
    let form = *octets.get(at)?;
    if form < 0x80 {
        return Some((tag, at + 1, usize::from(form)));
    }
    if !(0x81..=0x83).contains(&form) {
        return None;
    }
    let mut value = 0;
    for index in 0..usize::from(form - 0x80) {
        value = value * 256 + usize::from(*octets.get(at + 1 + index)?);
    }
    Some((tag, at + 1 + usize::from(form - 0x80), value))
}

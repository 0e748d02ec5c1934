//! What faults make of an answer: data and SW1-SW2 in, data and SW1-SW2 out.

use crate::chance::Chance;

/// 61xx in place of data and 9000, and what then waits for GET RESPONSE. An answer that was not happy stays.
pub(crate) fn more_data(answer: Vec<u8>) -> (Vec<u8>, Vec<u8>) {
    let Some(data) = data_of(&answer) else { return (answer, Vec::new()) };
    // Cards with an opinion of their own offer file control information to whoever selects.
    let waiting = if data.is_empty() { EMPTY_FCI.to_vec() } else { data.to_vec() };
    (vec![0x61, length_octet(waiting.len())], waiting)
}

/// The answer to GET RESPONSE with this Le, and what is left.
pub(crate) fn get_response(mut waiting: Vec<u8>, le: u8) -> (Vec<u8>, Vec<u8>) {
    let asked = if le == 0 { 256 } else { usize::from(le) };
    let rest = waiting.split_off(asked.min(waiting.len()));
    let status = if rest.is_empty() { [0x90, 0x00] } else { [0x61, length_octet(rest.len())] };
    waiting.extend_from_slice(&status);
    (waiting, rest)
}

/// 6Cxx with the Le that would give this answer; 00 when there is none to be had.
pub(crate) fn wrong_le(answer: &[u8]) -> Vec<u8> {
    vec![0x6C, data_of(answer).map_or(0, |data| length_octet(data.len()))]
}

/// The first half of the data.
pub(crate) fn short_read(mut answer: Vec<u8>) -> Vec<u8> {
    if let Some(octets) = data_of(&answer).map(<[u8]>::len) {
        answer.drain(octets / 2..octets);
    }
    answer
}

/// A TLV that claims 256 octets more than it has; without one, an octet more than asked.
pub(crate) fn lying_length(mut answer: Vec<u8>) -> Vec<u8> {
    match answer.as_mut_slice() {
        // A constructed value with two octets of length: a certificate.
        [tag, 0x82, high, _low, .., _, _] if *tag & 0x20 != 0 => *high = high.wrapping_add(1),
        _ => answer.insert(0, 0x00),
    }
    answer
}

/// Other octets, as many.
pub(crate) fn garbage(mut answer: Vec<u8>, seed: u64) -> Vec<u8> {
    let octets = answer.len().saturating_sub(2);
    answer.splice(..octets, Chance::new(seed).octets(octets));
    answer
}

/// Puts another label into what was read of the token information from this offset on.
pub(crate) fn wrong_label(mut answer: Vec<u8>, offset: usize) -> Vec<u8> {
    let octets = answer.len().saturating_sub(2);
    let label = UNKNOWN_LABEL.iter().skip(offset);
    answer[..octets].iter_mut().zip(label).for_each(|(octet, other)| *octet = *other);
    answer
}

/// The data of an answer that ends in 9000.
fn data_of(answer: &[u8]) -> Option<&[u8]> {
    answer.strip_suffix(&[0x90, 0x00])
}

/// Lengths from 256 on are written 00.
fn length_octet(octets: usize) -> u8 {
    u8::try_from(octets).unwrap_or(0)
}

const EMPTY_FCI: [u8; 2] = [0x6F, 0x00];
const UNKNOWN_LABEL: &[u8; 32] = b"JPKIAPNOSUCHTOKEN               ";

#[cfg(test)]
mod tests {
    use super::*;

    fn happy(data: &[u8]) -> Vec<u8> {
        [data, &[0x90, 0x00]].concat()
    }

    #[test]
    fn data_that_waits_is_fetched_piece_by_piece() {
        let (answer, waiting) = more_data(happy(&[7; 300]));
        assert_eq!(answer, [0x61, 0x00]);
        let (first, rest) = get_response(waiting, 0x00);
        assert_eq!(first, [&[7; 256][..], &[0x61, 44]].concat());
        let (second, rest) = get_response(rest, 40);
        assert_eq!(second, [&[7; 40][..], &[0x61, 4]].concat());
        assert_eq!(get_response(rest, 0x00), (happy(&[7; 4]), vec![]));
        assert_eq!(more_data(happy(&[])), (vec![0x61, 0x02], vec![0x6F, 0x00]));
        assert_eq!(more_data(vec![0x63, 0xC3]), (vec![0x63, 0xC3], vec![]));
    }

    #[test]
    fn lengths_that_are_wrong() {
        assert_eq!(wrong_le(&happy(&[1; 7])), [0x6C, 7]);
        assert_eq!(wrong_le(&happy(&[1; 256])), [0x6C, 0]);
        assert_eq!(wrong_le(&[0x69, 0x82]), [0x6C, 0]);
        assert_eq!(short_read(happy(&[1, 2, 3])), happy(&[1]));
        assert_eq!(short_read(happy(&[])), happy(&[]));
        assert_eq!(short_read(vec![0x69, 0x82]), [0x69, 0x82]);
        assert_eq!(lying_length(happy(&[0x30, 0x82, 0x06, 0x32, 1])), happy(&[0x30, 0x82, 0x07, 0x32, 1]));
        assert_eq!(lying_length(happy(&[0x30, 0x82, 0x06, 0x32])), happy(&[0x30, 0x82, 0x07, 0x32]));
        assert_eq!(lying_length(happy(&[0x8F])), happy(&[0x00, 0x8F]));
        assert_eq!(lying_length(vec![0x63, 0xC3]), [0x00, 0x63, 0xC3]);
    }

    #[test]
    fn garbage_is_as_long_and_the_same_for_the_same_seed() {
        let answer = garbage(happy(&[0; 256]), 1);
        assert_eq!(answer, garbage(happy(&[0; 256]), 1));
        assert_ne!(answer, garbage(happy(&[0; 256]), 2));
        assert_eq!((answer.len(), &answer[256..]), (258, &[0x90, 0x00][..]));
        assert_eq!(garbage(vec![0x63, 0xC3], 1), [0x63, 0xC3]);
    }

    #[test]
    fn the_label_is_wrong_wherever_it_is_read() {
        let whole = wrong_label(happy(&[b'x'; 160]), 0);
        assert!(whole.starts_with(b"JPKIAPNOSUCHTOKEN    "));
        assert_eq!(&whole[32..], happy(&[b'x'; 128]));
        assert_eq!(wrong_label(happy(b"xxxx"), 6), happy(b"NOSU"));
        assert_eq!(wrong_label(happy(b"xxxx"), 40), happy(b"xxxx"));
    }
}

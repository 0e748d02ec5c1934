//! Serial numbers by the million, made up from a seed: who knows seed and index knows the number, so that hits and
//! misses of a list can be told without reading it.

use std::fmt;

use clap::ValueEnum;

use crate::Serial;

/// Made-up serial numbers. Different indices give different numbers, all of one length, none of them one that a card
/// of this PKI has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BulkSerials {
    /// How long each is.
    pub length: SerialLength,
    /// Other seeds give other numbers.
    pub seed: u64,
}

/// Length of made-up serial numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum SerialLength {
    /// Five octets, about as JPKI's.
    #[default]
    #[value(name = "5")]
    Five,
    /// Eight octets: the longest that a machine word holds.
    #[value(name = "8")]
    Eight,
    /// Twenty octets, the longest that RFC 5280 section 4.1.2.2 allows.
    #[value(name = "20")]
    Twenty,
}

/// One made-up serial number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BulkSerial {
    octets: [u8; 20],
    length: usize,
}

impl SerialLength {
    /// In octets.
    pub fn octets(self) -> usize {
        match self {
            Self::Five => 5,
            Self::Eight => 8,
            Self::Twenty => 20,
        }
    }

    /// Bits that the index is spread over. The bit above them is always 1 and the one above that 0: all numbers are
    /// positive and equally long.
    fn bits(self) -> u32 {
        match self {
            Self::Five => 38,
            Self::Eight | Self::Twenty => 62,
        }
    }
}

impl BulkSerials {
    /// The number at an index below 2³⁸.
    pub fn at(self, index: u64) -> BulkSerial {
        self.of_word(self.word_at(index))
    }

    /// What orders the numbers, and all there is to tell two apart.
    pub(crate) fn word_at(self, index: u64) -> u64 {
        let bits = self.length.bits();
        (1 << bits) | spread(index, bits, self.seed)
    }

    pub(crate) fn of_word(self, word: u64) -> BulkSerial {
        let mut octets = [0; 20];
        let length = self.length.octets();
        let given = word.to_be_bytes();
        let leading = length.min(given.len());
        octets[..leading].copy_from_slice(&given[given.len() - leading..]);
        if self.length == SerialLength::Twenty {
            let (more, last) = (scramble(word ^ self.seed), scramble(word.wrapping_add(self.seed)));
            octets[8..16].copy_from_slice(&more.to_be_bytes());
            octets[16..].copy_from_slice(&last.to_be_bytes()[..4]);
        }
        BulkSerial { octets, length }
    }
}

impl BulkSerial {
    /// The content octets of the INTEGER, minimal.
    pub fn octets(&self) -> &[u8] {
        &self.octets[..self.length]
    }

    /// As the serial number of a certificate, when it has at most eight octets.
    pub fn serial(&self) -> Option<Serial> {
        let octets = self.octets();
        let mut number = [0; 8];
        number.get_mut(8_usize.checked_sub(octets.len())?..)?.copy_from_slice(octets);
        Serial::new(u64::from_be_bytes(number))
    }
}

impl fmt::Display for BulkSerial {
    /// Hexadecimal in whole octets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.octets().iter().try_for_each(|octet| write!(f, "{octet:02X}"))
    }
}

impl fmt::Debug for BulkSerial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BulkSerial({self})")
    }
}

/// A permutation of the numbers of so many bits: every step can be undone, so that no two indices meet.
fn spread(index: u64, bits: u32, seed: u64) -> u64 {
    let mask = (1 << bits) - 1;
    let mut key = seed;
    let mut word = index & mask;
    for factor in FACTORS {
        key = scramble(key);
        word ^= key & mask;
        word ^= word >> (bits / 2);
        word = word.wrapping_mul(factor) & mask;
    }
    word ^ (word >> (bits / 2))
}

/// A number that looks unlike the one it is made from (the step of SplitMix64).
pub(crate) fn scramble(word: u64) -> u64 {
    let mut word = word.wrapping_add(0x9e37_79b9_7f4a_7c15);
    word = (word ^ (word >> 30)).wrapping_mul(FACTORS[0]);
    word = (word ^ (word >> 27)).wrapping_mul(FACTORS[1]);
    word ^ (word >> 31)
}

/// Odd, so that multiplying by them can be undone.
const FACTORS: [u64; 3] = [0xbf58_476d_1ce4_e5b9, 0x94d0_49bb_1331_11eb, 0xd6e8_feb8_6659_fd93];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const LENGTHS: [SerialLength; 3] = [SerialLength::Five, SerialLength::Eight, SerialLength::Twenty];

    #[test]
    fn no_two_are_equal_and_all_are_equally_long() {
        for length in LENGTHS {
            let serials = BulkSerials { length, seed: 7 };
            let all: HashSet<BulkSerial> = (0..100_000).map(|index| serials.at(index)).collect();
            assert_eq!(all.len(), 100_000);
            assert!(all.iter().all(|serial| {
                serial.octets().len() == length.octets() && matches!(serial.octets()[0], 0x40..=0x7f)
            }));
        }
    }

    #[test]
    fn a_small_permutation_reaches_every_number_once() {
        for seed in 0..20 {
            let all: HashSet<u64> = (0..1 << 12).map(|index| spread(index, 12, seed)).collect();
            assert_eq!(all.len(), 1 << 12);
        }
    }

    #[test]
    fn as_the_serial_number_of_a_certificate() {
        for length in [SerialLength::Five, SerialLength::Eight] {
            let made_up = BulkSerials { length, seed: 7 }.at(3);
            assert_eq!(made_up.serial().unwrap().contents(), made_up.octets());
        }
        assert_eq!(BulkSerials { length: SerialLength::Twenty, seed: 7 }.at(3).serial(), None);
    }

    #[test]
    fn the_seed_decides() {
        for length in LENGTHS {
            let (one, other) = (BulkSerials { length, seed: 1 }, BulkSerials { length, seed: 2 });
            assert_eq!(one.at(5), BulkSerials { length, seed: 1 }.at(5));
            let of_one: HashSet<BulkSerial> = (0..1000).map(|index| one.at(index)).collect();
            assert!(!(0..1000).any(|index| of_one.contains(&other.at(index))));
        }
    }
}

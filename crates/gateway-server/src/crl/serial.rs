//! Serial numbers as people write them.

use std::fmt;
use std::str::FromStr;

/// A serial number by the content octets of its INTEGER. What people write is never negative.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SerialNumber(Vec<u8>);

impl SerialNumber {
    /// The content octets.
    pub(super) fn octets(&self) -> &[u8] {
        &self.0
    }
}

impl FromStr for SerialNumber {
    type Err = &'static str;

    /// Reads hexadecimal digits of either case, with or without colons between octets and zeros in front.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits: Vec<u8> = text
            .chars()
            .filter(|character| *character != ':')
            .map(|character| character.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
            .collect::<Option<_>>()
            .ok_or("write hexadecimal digits, such as 1a2b3c")?;
        let start = digits.iter().position(|digit| *digit != 0);
        let Some(significant) = start.and_then(|start| digits.get(start..)) else {
            return if digits.is_empty() {
                Err("write hexadecimal digits, such as 1a2b3c")
            } else {
                Ok(Self(vec![0]))
            };
        };
        // A sign octet where the first bit is set.
        let mut octets = Vec::new();
        if significant.len() % 2 == 0 && significant.first().is_some_and(|digit| *digit >= 8) {
            octets.push(0);
        }
        for pair in significant.rchunks(2).rev() {
            octets.push(pair.iter().fold(0, |octet, digit| octet << 4 | digit));
        }
        if octets.len() > MAX_OCTETS {
            Err("a serial number has at most 20 octets")
        } else {
            Ok(Self(octets))
        }
    }
}

impl fmt::Display for SerialNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

const MAX_OCTETS: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serial_numbers() {
        for (text, octets) in [
            ("0", &[0][..]),
            ("0000", &[0]),
            ("1", &[1]),
            ("7f", &[0x7f]),
            ("80", &[0, 0x80]),
            ("0080", &[0, 0x80]),
            ("1a2", &[1, 0xa2]),
            ("8a2", &[8, 0xa2]),
            ("00:AB:cd", &[0, 0xab, 0xcd]),
        ] {
            assert_eq!(text.parse::<SerialNumber>().map(|serial| serial.0), Ok(octets.to_vec()), "{text}");
        }
        let longest = format!("7f{}", "00".repeat(19));
        assert_eq!(longest.parse::<SerialNumber>().map(|serial| serial.to_string()), Ok(longest));
        for text in ["", ":", "g", "-1", "0x1", &"f".repeat(40), &"1".repeat(41)] {
            assert!(text.parse::<SerialNumber>().is_err(), "{text}");
        }
    }
}

//! Hexadecimal digits, as scenarios and traces have them.

use std::fmt::Write as _;

/// Digits without spaces.
pub(crate) fn to_hex(octets: &[u8]) -> String {
    octets.iter().fold(String::new(), |mut digits, octet| {
        // Writing into a String does not fail.
        let _ = write!(digits, "{octet:02X}");
        digits
    })
}

/// Octets of digits; spaces between octets are welcome.
pub(crate) fn from_hex(text: &str) -> Option<Vec<u8>> {
    let mut octets = Vec::new();
    for word in text.split_whitespace() {
        if !word.len().is_multiple_of(2) || !word.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        for at in (0..word.len()).step_by(2) {
            octets.push(u8::from_str_radix(&word[at..at + 2], 16).ok()?);
        }
    }
    Some(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        assert_eq!(from_hex("00 A4040c"), Some(vec![0x00, 0xA4, 0x04, 0x0C]));
        assert_eq!(to_hex(&[0x00, 0xA4, 0x04, 0x0C]), "00A4040C");
        assert_eq!(from_hex(""), Some(vec![]));
        for text in ["0", "0 0", "GG", "+1", "é0"] {
            assert_eq!(from_hex(text), None, "{text}");
        }
    }
}

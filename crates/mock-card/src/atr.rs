//! Answers to reset (ISO 7816-3 section 8): what clients must not tell cards by.

use std::str::FromStr;

use serde::Deserialize;

use crate::{MockCardError, chance::Chance};

/// An answer to reset by its name: `contactless` or another of [`AnswerToReset::NAMED`], or `random:SEED`, since
/// some readers make up another one for each card.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct AnswerToReset(Vec<u8>);

impl AnswerToReset {
    /// Those that were seen whole on My Number cards, and two of other cards.
    pub const NAMED: [(&str, &[u8]); 8] = [
        // The most common one of contactless readers.
        ("contactless", &[0x3B, 0x88, 0x80, 0x01, 0x00, 0x00, 0x05, 0xE0, 0xB3, 0x81, 0xA1, 0x00, 0x7F]),
        ("contactless-41e0", &[0x3B, 0x88, 0x80, 0x01, 0x00, 0x00, 0x41, 0xE0, 0xB3, 0x81, 0xA1, 0x00, 0x3B]),
        (
            "contactless-4b51-00",
            &[0x3B, 0x88, 0x80, 0x01, 0x00, 0x4B, 0x51, 0xFF, 0x00, 0x81, 0xD1, 0x00, 0xBC],
        ),
        (
            "contactless-4b51-b3",
            &[0x3B, 0x88, 0x80, 0x01, 0x00, 0x4B, 0x51, 0xFF, 0xB3, 0x81, 0xD1, 0x00, 0x0F],
        ),
        ("contact", &[0x3B, 0xE0, 0x00, 0xFF, 0x81, 0x31, 0xFE, 0x45, 0x14]),
        (
            "contact-3bda",
            &[
                0x3B, 0xDA, 0x13, 0xFF, 0x81, 0x31, 0xFB, 0x46, 0x80, 0x12, 0x39, 0x2F, 0x31, 0xC1, 0x73,
                0xC6, 0x01, 0xC0, 0x3B,
            ],
        ),
        ("driving-licence", &[0x3B, 0x88, 0x80, 0x01, 0x00, 0x00, 0x00, 0x00, 0x91, 0x81, 0xC1, 0x00, 0xD8]),
        // Its last octets are inferred: only the middle of it is known.
        ("juki-card", &[0x3B, 0x88, 0x80, 0x01, 0x00, 0x00, 0x14, 0xE0, 0xB3, 0x81, 0x91, 0x00, 0x5E]),
    ];

    /// The octets.
    pub fn as_octets(&self) -> &[u8] {
        &self.0
    }

    /// A contactless one with random historical bytes, as some readers put there.
    fn random(seed: u64) -> Self {
        let mut octets = vec![0x3B, 0x88, 0x80, 0x01];
        octets.extend(Chance::new(seed).octets(8));
        octets.push(octets[1..].iter().fold(0, |sum, octet| sum ^ octet));
        Self(octets)
    }
}

impl FromStr for AnswerToReset {
    type Err = MockCardError;

    fn from_str(text: &str) -> Result<Self, MockCardError> {
        if let Some(seed) = text.strip_prefix("random:").and_then(|seed| seed.parse().ok()) {
            return Ok(Self::random(seed));
        }
        let named = Self::NAMED.iter().find(|(name, _)| *name == text);
        named
            .map(|(_, octets)| Self(octets.to_vec()))
            .ok_or_else(|| MockCardError::UnknownAnswerToReset { name: text.to_owned() })
    }
}

impl TryFrom<String> for AnswerToReset {
    type Error = MockCardError;

    fn try_from(text: String) -> Result<Self, MockCardError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_one_checks_out() {
        let names = AnswerToReset::NAMED.map(|(name, _)| name.to_owned());
        for name in names.into_iter().chain(["random:1".to_owned(), "random:2".to_owned()]) {
            let atr: AnswerToReset = name.parse().expect("a name");
            // TCK (ISO 7816-3 section 8.2.5): everything after TS adds up to nothing.
            assert_eq!(atr.as_octets()[1..].iter().fold(0, |sum, octet| sum ^ octet), 0, "{name}");
            // T0 says how many historical bytes there are, and each TD what follows it.
            assert_eq!(historical(atr.as_octets()), usize::from(atr.as_octets()[1] & 0x0F), "{name}");
        }
    }

    #[test]
    fn a_seed_is_one_answer_and_another_seed_another() {
        let atr = |name: &str| name.parse::<AnswerToReset>().expect("a name");
        assert_eq!(atr("random:7"), atr("random:7"));
        assert_ne!(atr("random:7"), atr("random:8"));
        for name in ["", "Contactless", "random:", "random:x", "3B00"] {
            let Err(MockCardError::UnknownAnswerToReset { name: named }) = name.parse::<AnswerToReset>()
            else {
                panic!("{name} is no answer to reset")
            };
            assert_eq!(named, name);
        }
    }

    /// Octets between the last interface byte and TCK.
    fn historical(atr: &[u8]) -> usize {
        let (mut next, mut interface) = (2, atr[1] >> 4);
        while interface != 0 {
            let present = interface.count_ones() as usize;
            interface = if interface & 0x08 == 0 { 0 } else { atr[next + present - 1] >> 4 };
            next += present;
        }
        atr.len() - 1 - next
    }
}

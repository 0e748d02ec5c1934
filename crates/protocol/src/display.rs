//! What the agent shows about a request, and nothing else about it is shown.
//!
//! ```text
//! Display ::= SEQUENCE { comparisonCode UTF8String, texts SEQUENCE OF SEQUENCE {
//!     lang PrintableString, municipality UTF8String, service UTF8String, purpose UTF8String } }
//! ```
//!
//! The hash of these octets is part of what the card signs: a resident signs what they saw. No text holds control
//! or bidirectional formatting characters, which could make one text look like another.

#![expect(clippy::no_effect_underscore_binding, reason = "what rasn's derive expands to")]

use rasn::types::{PrintableString, Utf8String};
use rasn::{AsnType, Decode, Decoder as _, Encode};

use crate::Lang;

/// The texts of a request in the languages it has.
#[derive(Clone, Debug, PartialEq, Eq, AsnType, Encode, Decode)]
pub struct Display {
    comparison_code: Utf8String,
    texts: Vec<Text>,
}

#[derive(Clone, Debug, PartialEq, Eq, AsnType, Encode, Decode)]
struct Text {
    lang: PrintableString,
    municipality: Utf8String,
    service: Utf8String,
    purpose: Utf8String,
}

/// The texts of a request in one language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisplayText {
    /// The language.
    pub lang: Lang,
    /// Name of the municipality (自治体).
    pub municipality: String,
    /// Name of the online service.
    pub service: String,
    /// What the sign-in is for.
    pub purpose: String,
}

impl Display {
    /// Builds a display; each language at most once, Japanese always there, every text fit to show.
    pub fn new(comparison_code: &str, texts: &[DisplayText]) -> Result<Self, DisplayError> {
        let texts = texts
            .iter()
            .map(|text| {
                let lang = PrintableString::try_from(text.lang.tag()).map_err(|_| DisplayError::Malformed)?;
                Ok(Text {
                    lang,
                    municipality: text.municipality.clone(),
                    service: text.service.clone(),
                    purpose: text.purpose.clone(),
                })
            })
            .collect::<Result<Vec<_>, DisplayError>>()?;
        let display = Self { comparison_code: comparison_code.to_owned(), texts };
        display.check()?;
        Ok(display)
    }

    /// Reads the DER that a claim's answer carries. Only the canonical encoding is accepted, so that there is one
    /// way to say each display.
    pub fn from_der(der: &[u8]) -> Result<Self, DisplayError> {
        if der.len() > MAX_DISPLAY_OCTETS {
            return Err(DisplayError::TooLong);
        }
        let display: Self = rasn::der::decode(der).map_err(|_| DisplayError::Malformed)?;
        if display.to_der() != der {
            return Err(DisplayError::Malformed);
        }
        display.check()?;
        Ok(display)
    }

    /// The DER (X.690).
    pub fn to_der(&self) -> Vec<u8> {
        // Unwrap safety: strings of checked alphabets always encode.
        rasn::der::encode(self).expect("a checked display encodes")
    }

    /// The two words to compare with those on the page.
    pub fn comparison_code(&self) -> &str {
        &self.comparison_code
    }

    /// The texts in `lang`, else in Japanese.
    pub fn text(&self, lang: Lang) -> Option<DisplayText> {
        let find = |lang: Lang| self.texts.iter().find(|text| text.lang.as_bytes() == lang.tag().as_bytes());
        let (lang, text) = find(lang)
            .map(|text| (lang, text))
            .or_else(|| find(Lang::Japanese).map(|text| (Lang::Japanese, text)))?;
        Some(DisplayText {
            lang,
            municipality: text.municipality.clone(),
            service: text.service.clone(),
            purpose: text.purpose.clone(),
        })
    }

    fn check(&self) -> Result<(), DisplayError> {
        if self.texts.len() > MAX_TEXTS {
            return Err(DisplayError::TooLong);
        }
        if !self.texts.iter().any(|text| text.lang.as_bytes() == Lang::Japanese.tag().as_bytes()) {
            return Err(DisplayError::NoJapanese);
        }
        for (index, text) in self.texts.iter().enumerate() {
            if self.texts.iter().take(index).any(|earlier| earlier.lang == text.lang) {
                return Err(DisplayError::LanguageTwice);
            }
            check_text(&text.municipality)?;
            check_text(&text.service)?;
            check_text(&text.purpose)?;
        }
        check_text(&self.comparison_code)
    }
}

/// Why a display is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DisplayError {
    /// A text is empty.
    #[error("a text is empty")]
    Empty,
    /// A control, bidirectional or invisible formatting character.
    #[error("character U+{code:04X} may not be shown")]
    Forbidden {
        /// The code point.
        code: u32,
    },
    /// Two texts for one language.
    #[error("a language appears twice")]
    LanguageTwice,
    /// Not the canonical DER of a Display.
    #[error("not the DER of a Display")]
    Malformed,
    /// No Japanese text.
    #[error("no Japanese text")]
    NoJapanese,
    /// A text is longer than a window shows.
    #[error("a text has at most {MAX_TEXT_CHARACTERS} characters, this one has {characters}")]
    TextTooLong {
        /// How many it has.
        characters: usize,
    },
    /// The list or the whole is too long.
    #[error("too long")]
    TooLong,
}

/// Whether a text may be shown to residents.
pub fn check_text(text: &str) -> Result<(), DisplayError> {
    if text.trim().is_empty() {
        return Err(DisplayError::Empty);
    }
    let characters = text.chars().count();
    if characters > MAX_TEXT_CHARACTERS {
        return Err(DisplayError::TextTooLong { characters });
    }
    text.chars()
        .find(|c| is_forbidden(*c))
        .map_or(Ok(()), |c| Err(DisplayError::Forbidden { code: u32::from(c) }))
}

/// Characters that have no shape of their own and change how others look: C0, C1, line and paragraph separators,
/// bidirectional controls, zero-width and tag characters, variation selectors are left (they belong to kanji).
fn is_forbidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

/// Longest display, in octets.
const MAX_DISPLAY_OCTETS: usize = 8 * 1024;
/// Longest single text, in characters: what a window can show without cutting it off.
const MAX_TEXT_CHARACTERS: usize = 120;
/// Most languages.
const MAX_TEXTS: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    fn text(service: &str) -> DisplayText {
        DisplayText {
            lang: Lang::Japanese,
            municipality: "みどり市".to_owned(),
            service: service.to_owned(),
            purpose: "サインイン".to_owned(),
        }
    }

    #[test]
    fn a_display_reads_back() {
        let display = Display::new("さくら やま", &[text("子育て手続き")]).expect("a display");
        let read = Display::from_der(&display.to_der()).expect("its DER");
        assert_eq!(read, display);
        assert_eq!(read.text(Lang::English).map(|text| text.service), Some("子育て手続き".to_owned()));
    }

    #[test]
    fn what_could_mislead_is_refused() {
        for (service, error) in [
            ("", DisplayError::Empty),
            ("\u{3000}", DisplayError::Empty),
            ("a\u{202e}b", DisplayError::Forbidden { code: 0x202e }),
            ("a\nb", DisplayError::Forbidden { code: 0x0a }),
            ("a\u{200b}b", DisplayError::Forbidden { code: 0x200b }),
            ("a\u{1b}[2J", DisplayError::Forbidden { code: 0x1b }),
        ] {
            assert_eq!(Display::new("x y", &[text(service)]), Err(error));
        }
        assert_eq!(Display::new("x y", &[text("a"), text("b")]), Err(DisplayError::LanguageTwice));
        assert_eq!(Display::new("x y", &[]), Err(DisplayError::NoJapanese));
        assert_eq!(
            Display::new("x y", &[text(&"あ".repeat(121))]),
            Err(DisplayError::TextTooLong { characters: 121 })
        );
    }

    #[test]
    fn only_the_canonical_encoding_is_read() {
        let der = Display::new("x y", &[text("a")]).expect("a display").to_der();
        let mut trailing = der.clone();
        trailing.push(0);
        assert_eq!(Display::from_der(&trailing), Err(DisplayError::Malformed));
        let mut long_length = vec![0x30, 0x81, der[1]];
        long_length.extend_from_slice(&der[2..]);
        assert_eq!(Display::from_der(&long_length), Err(DisplayError::Malformed));
    }
}

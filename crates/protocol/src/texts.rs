//! What people read about each error code: what happened and what to do, in every language. The texts are in
//! `texts/errors.toml`; a test proves that none is missing, too long or unknown.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::{ErrorCode, Lang};

/// The text of one error in one language.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorText {
    /// What happened, one or two sentences.
    pub what: String,
    /// What to do now, one to three sentences.
    pub action: String,
}

/// The text of `code` in `lang`.
pub fn error_text(code: ErrorCode, lang: Lang) -> &'static ErrorText {
    // Unwrap safety: a test walks every code and language of the embedded file.
    TEXTS
        .get(code.as_str())
        .and_then(|by_lang| by_lang.get(lang.tag()))
        .expect("every code has its text in every language")
}

static TEXTS: LazyLock<BTreeMap<String, BTreeMap<String, ErrorText>>> = LazyLock::new(|| {
    // Unwrap safety: the file is part of the program and parsed by the tests.
    toml::from_str(include_str!("../texts/errors.toml")).expect("texts/errors.toml is well formed")
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kanji_without_reading;

    #[test]
    fn every_code_says_what_happened_and_what_to_do_in_every_language() {
        for code in ErrorCode::ALL {
            for lang in Lang::ALL {
                let text = error_text(*code, lang);
                for part in [&text.what, &text.action] {
                    let length = part.chars().count();
                    assert!((4..=240).contains(&length), "{code} {}: {length} characters", lang.tag());
                    assert!(!part.chars().any(char::is_control), "{code} {}", lang.tag());
                }
                let japanese = text.what.chars().any(|c| ('\u{3040}'..='\u{30ff}').contains(&c));
                assert_eq!(japanese, lang != Lang::English, "{code} {}: is it in its language?", lang.tag());
            }
        }
    }

    #[test]
    fn plain_japanese_gives_the_reading_of_every_kanji_word() {
        for code in ErrorCode::ALL {
            let text = error_text(*code, Lang::PlainJapanese);
            for part in [&text.what, &text.action] {
                assert_eq!(kanji_without_reading(part), None, "{code}");
            }
        }
    }

    #[test]
    fn no_text_is_left_over_from_a_code_that_is_gone() {
        for (code, by_lang) in TEXTS.iter() {
            assert!(code.parse::<ErrorCode>().is_ok(), "{code}");
            assert!(by_lang.keys().all(|tag| Lang::from_tag(tag).is_some()), "{code}");
        }
    }
}

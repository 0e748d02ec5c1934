//! The rule of plain Japanese (やさしい日本語) that a program can hold: every kanji word has its reading beside it.

/// The first run of kanji that is not followed by its reading, hiragana in parentheses.
pub fn kanji_without_reading(text: &str) -> Option<&str> {
    let kanji = |c: char| c == '々' || ('\u{3400}'..='\u{9fff}').contains(&c);
    let hiragana = |c: char| ('\u{3041}'..='\u{3096}').contains(&c);
    let mut rest = text;
    while let Some(start) = rest.find(kanji) {
        let run = &rest[start..];
        let after = run.trim_start_matches(kanji);
        match after.strip_prefix('(').and_then(|after| after.split_once(')')) {
            Some((reading, after)) if !reading.is_empty() && reading.chars().all(hiragana) => {
                rest = after;
            }
            _ => return Some(run),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_without_its_reading_is_found() {
        for lacking in ["確かめる", "確(たし)かめて 見る", "見()る", "見(ミ)る", "見(み", "見（み）る"]
        {
            assert!(kanji_without_reading(lacking).is_some(), "{lacking}");
        }
        for whole in ["", "カードを 見(み)る", "確(たし)かめて 見(み)る"] {
            assert_eq!(kanji_without_reading(whole), None);
        }
    }
}

//! What two strings of names are compared as: caseIgnoreMatch after the preparation of RFC 4518, as RFC 5280 section 7.1
//! asks. A string that a person reads as another one must not pass an excluded subtree.

use unicode_normalization::UnicodeNormalization as _;

/// The words of a string, prepared: mapped (section 2.2), without case, normalized (section 2.3). Insignificant space
/// (section 2.6) is what separates them.
pub(crate) fn prepared(text: &str) -> String {
    let mapped = text.chars().filter_map(map);
    // Compatibility forms such as a black-letter H have a case only once they are normalized.
    let whole: String = without_case(without_case(mapped).nfkc()).nfkc().collect();
    let mut words = whole.split(' ').filter(|word| !word.is_empty());
    let mut prepared = words.next().unwrap_or_default().to_owned();
    for word in words {
        prepared.push(' ');
        prepared.push_str(word);
    }
    prepared
}

/// By way of capitals, which make one of what are two small forms (ς, σ) and two of what is one (ß).
fn without_case(text: impl Iterator<Item = char>) -> impl Iterator<Item = char> {
    text.flat_map(char::to_uppercase).flat_map(char::to_lowercase)
}

/// Section 2.2: what is no character of its own goes, and every separator is a space.
fn map(character: char) -> Option<char> {
    match character {
        '\u{9}'..='\u{d}'
        | '\u{85}'
        | ' '
        | '\u{a0}'
        | '\u{1680}'
        | '\u{2000}'..='\u{200a}'
        | '\u{2028}'..='\u{2029}'
        | '\u{202f}'
        | '\u{205f}'
        | '\u{3000}' => Some(' '),
        '\u{0}'..='\u{8}'
        | '\u{e}'..='\u{1f}'
        | '\u{7f}'..='\u{84}'
        | '\u{86}'..='\u{9f}'
        | '\u{ad}'
        | '\u{34f}'
        | '\u{6dd}'
        | '\u{70f}'
        | '\u{1806}'
        | '\u{180b}'..='\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2063}'
        | '\u{206a}'..='\u{206f}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffc}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0001}'
        | '\u{e0020}'..='\u{e007f}' => None,
        other => Some(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reads_alike_is_alike() {
        let plain = prepared("Straße Σας é");
        for other in [
            "STRASSE ΣΑΣ É",
            " straße\tσασ  e\u{301}",
            "Stra\u{ad}ße\u{a0}Σας\u{3000}é",
            "ｓｔｒａｓｓｅ σας é",
            "S\u{200b}traße\nΣα\u{200d}ς é\u{7f}",
        ] {
            assert_eq!(prepared(other), plain, "{other:?}");
        }
        assert_eq!(prepared("\u{210c}"), "h");
        assert_eq!(prepared("\u{ad} "), "");
    }

    #[test]
    fn what_reads_otherwise_is_not() {
        for other in ["Strase", "Stra ße", "Straßee", "Str\u{e4}ße"] {
            assert_ne!(prepared(other), prepared("Straße"), "{other}");
        }
        assert_ne!(prepared("みどり市"), prepared("みどり町"));
    }

    #[test]
    fn what_is_prepared_stays_as_it_is() {
        for text in ["Midori  Pref", "ﬁ", "İstanbul", "ǅ", "ﾐﾄﾞﾘ", "\u{1f88}"] {
            let once = prepared(text);
            assert_eq!(prepared(&once), once, "{text}");
        }
    }
}

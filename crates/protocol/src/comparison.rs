//! The comparison code: two words that the page and the agent show. It helps a resident spot a stray prompt; no
//! defence rests on it. Words and never digits: digits beside a PIN field get typed as the PIN.

/// One word of the list, in hiragana and in romanisation for those who do not read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ComparisonWord {
    /// Hiragana.
    pub kana: &'static str,
    /// Hepburn romanisation.
    pub romaji: &'static str,
}

/// The comparison code that two random octets choose, such as `さくら・つみき (sakura tsumiki)`.
pub fn comparison_code(random: [u8; 2]) -> String {
    let [first, second] = random.map(|octet| COMPARISON_WORDS[usize::from(octet)]);
    format!("{}・{} ({} {})", first.kana, second.kana, first.romaji, second.romaji)
}

const fn word(kana: &'static str, romaji: &'static str) -> ComparisonWord {
    ComparisonWord { kana, romaji }
}

include!("comparison_words.rs");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_words_sound_alike() {
        for (index, word) in COMPARISON_WORDS.iter().enumerate() {
            assert!((2..=5).contains(&word.kana.chars().count()), "{}", word.kana);
            assert!(word.kana.chars().all(|c| ('ぁ'..='ん').contains(&c) || c == 'ー'), "{}", word.kana);
            assert!(word.romaji.bytes().all(|b| b.is_ascii_lowercase()), "{}", word.romaji);
            assert!(
                COMPARISON_WORDS
                    .iter()
                    .skip(index + 1)
                    .all(|o| o.kana != word.kana && o.romaji != word.romaji),
                "{}",
                word.kana
            );
        }
    }

    /// Heard over the phone or read in a hurry, no word is taken for another: none begins another, and none differs
    /// from another in a single character.
    #[test]
    fn no_word_is_a_neighbour_of_another() {
        for (index, word) in COMPARISON_WORDS.iter().enumerate() {
            for other in COMPARISON_WORDS.iter().skip(index + 1) {
                assert!(
                    !word.kana.starts_with(other.kana) && !other.kana.starts_with(word.kana),
                    "{} {}",
                    word.kana,
                    other.kana
                );
                let same_length = word.kana.chars().count() == other.kana.chars().count();
                let differing = word.kana.chars().zip(other.kana.chars()).filter(|(a, b)| a != b).count();
                assert!(!same_length || differing > 1, "{} {}", word.kana, other.kana);
            }
        }
    }

    #[test]
    fn the_code_holds_no_digit() {
        assert!(!comparison_code([0, 255]).chars().any(char::is_numeric));
        assert_ne!(comparison_code([1, 2]), comparison_code([2, 1]));
    }
}

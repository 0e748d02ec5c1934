//! The three languages that every text for residents comes in.

use serde::{Deserialize, Serialize};

/// A language of the texts shown to people, by BCP 47 tag.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Lang {
    /// Japanese, `ja`. Everything that people see exists in it first.
    #[default]
    #[serde(rename = "ja")]
    Japanese,
    /// Plain Japanese (やさしい日本語), `ja-x-plain` (private use subtag, RFC 5646 section 2.2.7).
    #[serde(rename = "ja-x-plain")]
    PlainJapanese,
    /// English, `en`.
    #[serde(rename = "en")]
    English,
}

impl Lang {
    /// All languages, the default first.
    pub const ALL: [Self; 3] = [Self::Japanese, Self::PlainJapanese, Self::English];

    /// The BCP 47 tag.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Japanese => "ja",
            Self::PlainJapanese => "ja-x-plain",
            Self::English => "en",
        }
    }

    /// The language that a tag names, exactly.
    pub fn from_tag(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|lang| lang.tag() == tag)
    }

    /// The first of a list of wishes (`ui_locales`, `Accept-Language` without its weights) that we have;
    /// a bare primary subtag is enough.
    pub fn choose<'a>(wishes: impl IntoIterator<Item = &'a str>) -> Self {
        wishes
            .into_iter()
            .find_map(|wish| {
                Self::from_tag(wish).or_else(|| {
                    let primary = wish.split('-').next().unwrap_or_default();
                    Self::from_tag(&primary.to_ascii_lowercase())
                })
            })
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_wish_that_we_have_is_chosen() {
        assert_eq!(Lang::choose(["fr", "en-GB", "ja"]), Lang::English);
        assert_eq!(Lang::choose(["ja-x-plain"]), Lang::PlainJapanese);
        assert_eq!(Lang::choose(["JA-JP"]), Lang::Japanese);
        assert_eq!(Lang::choose([]), Lang::Japanese);
    }
}

//! A text that residents read, in the languages that its operator wrote.

use serde::{Deserialize, Serialize};

use crate::Lang;

/// A text in each language; Japanese is always there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a text such as { ja = \"子育て手続き\", en = \"Childcare\" }")]
pub struct LocalText {
    /// Japanese.
    pub ja: String,
    /// Plain Japanese.
    #[serde(rename = "ja-x-plain", default, skip_serializing_if = "Option::is_none")]
    pub ja_x_plain: Option<String>,
    /// English.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub en: Option<String>,
}

impl LocalText {
    /// True when it has a text of its own in `lang`.
    pub fn has(&self, lang: Lang) -> bool {
        match lang {
            Lang::Japanese => true,
            Lang::PlainJapanese => self.ja_x_plain.is_some(),
            Lang::English => self.en.is_some(),
        }
    }

    /// The text in `lang`, else in Japanese.
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::Japanese => &self.ja,
            Lang::PlainJapanese => self.ja_x_plain.as_deref().unwrap_or(&self.ja),
            Lang::English => self.en.as_deref().unwrap_or(&self.ja),
        }
    }
}

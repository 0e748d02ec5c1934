//! Texts of reports from resource files: a sentence in Japanese and English, with places such as `{port}` to fill in.

use std::collections::BTreeMap;

use madoguchi_protocol::Lang;
use serde::Deserialize;

/// One sentence, or two, in the languages of reports.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Text {
    ja: String,
    en: String,
}

impl Text {
    /// The text in `lang` with its places filled in.
    pub(crate) fn fill(&self, lang: Lang, values: &[(&'static str, String)]) -> String {
        let template = match lang {
            Lang::Japanese | Lang::PlainJapanese => &self.ja,
            Lang::English => &self.en,
        };
        // One pass: a value that looks like a place stays what it is.
        let mut filled = String::with_capacity(template.len());
        let mut rest = template.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            filled.push_str(before);
            let (place, after) = after.split_once('}').unwrap_or((after, ""));
            filled.push_str(values.iter().find(|(name, _)| *name == place).map_or("?", |(_, value)| value));
            rest = after;
        }
        filled.push_str(rest);
        filled
    }

    /// Names of the places, sorted; none when the languages differ in them.
    #[cfg(test)]
    pub(crate) fn places(&self) -> Option<Vec<&str>> {
        let [ja, en] = [&self.ja, &self.en].map(|template| {
            let mut places: Vec<&str> =
                template.split('{').skip(1).filter_map(|part| part.split('}').next()).collect();
            places.sort_unstable();
            places.dedup();
            places
        });
        (ja == en).then_some(ja)
    }

    /// Whether each text is in its language.
    #[cfg(test)]
    pub(crate) fn is_in_its_language(&self) -> bool {
        let japanese = |text: &str| text.chars().any(|c| ('\u{3040}'..='\u{9fff}').contains(&c));
        japanese(&self.ja) && !self.en.is_empty() && !japanese(&self.en)
    }
}

/// Reads a resource file of the program.
pub(crate) fn read<T: for<'de> Deserialize<'de>>(file: &str) -> BTreeMap<String, T> {
    // Unwrap safety: the files are part of the program and parsed by the tests.
    toml::from_str(file).expect("the resource file is well formed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_filled_once() {
        let text = Text { ja: "番号{a}と{b}".to_owned(), en: "{b} and {a}".to_owned() };
        let values = [("a", "{b}".to_owned()), ("b", "2".to_owned())];
        assert_eq!(text.fill(Lang::Japanese, &values), "番号{b}と2");
        assert_eq!(text.fill(Lang::English, &values), "2 and {b}");
        assert_eq!(text.fill(Lang::English, &[]), "? and ?");
        assert_eq!(text.places(), Some(vec!["a", "b"]));
    }
}

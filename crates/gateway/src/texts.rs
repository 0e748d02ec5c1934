//! What the pages say, in every language: `texts/pages.toml`, compiled in.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use madoguchi_protocol::Lang;

/// The texts of one language. The names of the fields say where each stands.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PageTexts {
    pub(crate) test_banner: String,
    pub(crate) start_title: String,
    pub(crate) start_lead: String,
    pub(crate) municipality_label: String,
    pub(crate) service_label: String,
    pub(crate) purpose_label: String,
    pub(crate) code_label: String,
    pub(crate) code_help: String,
    pub(crate) start_button: String,
    pub(crate) start_note: String,
    pub(crate) status_waiting: String,
    pub(crate) status_answered: String,
    pub(crate) status_over: String,
    pub(crate) status_completed: String,
    pub(crate) help_title: String,
    pub(crate) help_install: String,
    pub(crate) help_error_tab: String,
    pub(crate) help_other_port: String,
    pub(crate) other_port_button: String,
    pub(crate) decline_button: String,
    pub(crate) done_title: String,
    pub(crate) done_text: String,
    pub(crate) done_link: String,
    pub(crate) stopped_title: String,
    pub(crate) stopped_again: String,
    pub(crate) stopped_other_card: String,
    pub(crate) stopped_back: String,
    pub(crate) declined_title: String,
    pub(crate) declined_text: String,
    pub(crate) waiting_title: String,
    pub(crate) waiting_text: String,
    pub(crate) neutral_title: String,
    pub(crate) neutral_text: String,
    pub(crate) error_title: String,
    pub(crate) phishing_title: String,
    pub(crate) code_of_error: String,
    pub(crate) offer_title: String,
    pub(crate) offer_lead: String,
    pub(crate) offer_asks: String,
    pub(crate) offer_continue: String,
    pub(crate) offer_other: String,
    pub(crate) offer_note: String,
    pub(crate) onward_title: String,
    pub(crate) onward_text: String,
    pub(crate) onward_link: String,
    pub(crate) sessions_link: String,
    pub(crate) sessions_title: String,
    pub(crate) sessions_none: String,
    pub(crate) sessions_lead: String,
    pub(crate) sessions_here: String,
    pub(crate) sessions_elsewhere: String,
    pub(crate) sessions_since: String,
    pub(crate) sessions_until: String,
    pub(crate) sessions_services: String,
    pub(crate) sessions_no_service: String,
    pub(crate) sessions_end: String,
    pub(crate) sessions_end_all: String,
    pub(crate) sessions_note: String,
    pub(crate) logout_title: String,
    pub(crate) logout_asked_by: String,
    pub(crate) logout_lead: String,
    pub(crate) logout_button: String,
    pub(crate) logout_stay: String,
    pub(crate) signed_out_title: String,
    pub(crate) signed_out_text: String,
    pub(crate) relinked_notice: String,
    pub(crate) moved_notice: String,
}

/// The texts in `lang`.
pub(crate) fn page_texts(lang: Lang) -> &'static PageTexts {
    // Unwrap safety: a test reads every language.
    TEXTS.get(lang.tag()).expect("every language has its page texts")
}

static TEXTS: LazyLock<BTreeMap<String, PageTexts>> = LazyLock::new(|| {
    // Unwrap safety: the file is part of the program and read by the tests.
    toml::from_str(include_str!("../texts/pages.toml")).expect("texts/pages.toml is well formed")
});

#[cfg(test)]
mod tests {
    use madoguchi_protocol::kanji_without_reading;

    use super::*;

    #[test]
    fn every_language_has_every_text() {
        for lang in Lang::ALL {
            let texts = page_texts(lang);
            for filled_in in [&texts.start_lead, &texts.offer_lead, &texts.offer_asks, &texts.logout_asked_by]
            {
                assert!(filled_in.contains("{service}"), "{}", lang.tag());
            }
            for filled_in in [&texts.offer_lead, &texts.relinked_notice, &texts.moved_notice] {
                assert!(filled_in.contains("{when}"), "{}", lang.tag());
            }
        }
    }

    #[test]
    fn plain_japanese_gives_the_reading_of_every_kanji_word() {
        let texts: BTreeMap<String, BTreeMap<String, String>> =
            toml::from_str(include_str!("../texts/pages.toml")).expect("texts by name");
        for (name, text) in &texts[Lang::PlainJapanese.tag()] {
            assert_eq!(kanji_without_reading(text), None, "{name}");
        }
    }
}

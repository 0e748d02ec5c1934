//! One finding, and how it is told.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::LazyLock;

use madoguchi_protocol::Lang;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::resource::{self, Text};

/// What was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum About {
    Agent,
    Browser,
    Card,
    Clock,
    Gateway,
    Port,
    Proxy,
    Reader,
    ReaderService,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// As it should be.
    Ok,
    /// It may keep sign-ins from working.
    Warn,
    /// It keeps sign-ins from working.
    Ng,
}

/// What was found about something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) about: About,
    pub(crate) state: State,
    /// Key of the texts.
    pub(crate) code: &'static str,
    values: Vec<(&'static str, String)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Texts {
    /// What was found.
    found: Text,
    /// What to do; absent when there is nothing to do.
    action: Option<Text>,
}

impl Finding {
    pub(crate) fn new(
        about: About,
        state: State,
        code: &'static str,
        values: &[(&'static str, String)],
    ) -> Self {
        let values = values.iter().map(|(name, value)| (*name, visible(value))).collect();
        Self { about, state, code, values }
    }

    fn found(&self, lang: Lang) -> String {
        TEXTS.get(self.code).map_or_else(String::new, |texts| texts.found.fill(lang, &self.values))
    }

    fn action(&self, lang: Lang) -> Option<String> {
        Some(TEXTS.get(self.code)?.action.as_ref()?.fill(lang, &self.values))
    }

    pub(crate) fn json(&self, lang: Lang) -> Value {
        json!({
            "about": self.about,
            "code": self.code,
            "state": self.state,
            "found": self.found(lang),
            "action": self.action(lang),
        })
    }

    pub(crate) fn text(&self, lang: Lang) -> String {
        let sign = match self.state {
            State::Ok => "[ok]  ",
            State::Warn => "[warn]",
            State::Ng => "[NG]  ",
        };
        let mut text = format!("{sign} {}\n", self.found(lang));
        if let Some(action) = self.action(lang) {
            for (index, line) in action.lines().enumerate() {
                let arrow = if index == 0 { '→' } else { ' ' };
                // Writing to a String cannot fail.
                let _ = writeln!(text, "       {arrow} {line}");
            }
        }
        text
    }
}

/// A value without characters that have no shape of their own and change how others look: controls, bidirectional and zero-width
/// ones. Readers, USB devices and programs name themselves.
fn visible(value: &str) -> String {
    let is_hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    value.chars().filter(|c| !is_hidden(*c)).collect()
}

static TEXTS: LazyLock<BTreeMap<String, Texts>> =
    LazyLock::new(|| resource::read(include_str!("../../texts/doctor.toml")));

/// A sentence of the doctor that is no finding.
pub(super) fn sentence(code: &str, lang: Lang, values: &[(&'static str, String)]) -> String {
    TEXTS.get(code).map_or_else(String::new, |texts| texts.found.fill(lang, values))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The words in the doctor's source files that are codes by their form.
    fn named() -> BTreeSet<String> {
        const AREAS: [&str; 9] =
            ["agent_", "browser_", "card_", "clock_", "gateway_", "port_", "proxy_", "reader_", "service_"];
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/doctor");
        let mut codes = BTreeSet::new();
        for file in std::fs::read_dir(folder).expect("the folder") {
            let text = std::fs::read_to_string(file.expect("a file").path()).expect("a source file");
            let code = text.split("\n#[cfg(test)]").next().unwrap_or_default();
            let words = code.split('"').skip(1).step_by(2);
            let is_code = |word: &&str| {
                AREAS.iter().any(|area| word.starts_with(area))
                    && word.chars().all(|c| c.is_ascii_lowercase() || c == '_')
            };
            codes.extend(words.filter(is_code).map(str::to_owned));
        }
        codes
    }

    #[test]
    fn every_code_has_its_texts_and_every_text_its_code() {
        assert_eq!(named(), TEXTS.keys().cloned().collect());
    }

    #[test]
    fn every_text_is_in_its_language_with_the_same_places() {
        for (code, texts) in TEXTS.iter() {
            for text in [Some(&texts.found), texts.action.as_ref()].into_iter().flatten() {
                assert!(text.is_in_its_language(), "{code}");
                assert!(text.places().is_some(), "{code}");
                assert!(!text.fill(Lang::Japanese, &[]).contains(['(', ')']), "{code}");
                // A command can be copied when it has a line of its own.
                for lang in [Lang::Japanese, Lang::English] {
                    let filled = text.fill(lang, &[]);
                    assert!(filled.lines().all(|line| line.find("sudo").is_none_or(|at| at == 0)), "{code}");
                }
            }
        }
    }

    #[test]
    fn a_name_cannot_change_how_the_rest_looks() {
        let named = "ACR\u{1b}[31m \u{202e}39U\u{2066}\r\n\u{200b} リーダー".to_owned();
        let finding = Finding::new(About::Reader, State::Ok, "reader_ready", &[("reader", named)]);
        assert_eq!(finding.text(Lang::English), "[ok]   A card reader is ready: ACR[31m 39U リーダー\n");
    }

    #[test]
    fn commands_stand_under_each_other() {
        let values = [("socket", "here".to_owned())];
        let text =
            Finding::new(About::ReaderService, State::Ng, "service_absent", &values).text(Lang::English);
        assert!(text.contains("\n         sudo apt install pcscd\n         sudo systemctl enable"), "{text}");
    }

    #[test]
    fn what_is_not_well_comes_with_what_to_do() {
        let finding = Finding::new(About::Reader, State::Ng, "reader_none", &[]);
        assert!(
            finding.text(Lang::English).starts_with("[NG]   No card reader is connected.\n       → Connect")
        );
        let json = finding.json(Lang::Japanese);
        assert_eq!((&json["about"], &json["state"]), (&json!("reader"), &json!("ng")));
        assert!(json["found"].is_string() && json["action"].is_string());
    }
}

//! What is special about this card: a small TOML file.

use std::{fs, path::Path};

use serde::Deserialize;

use crate::MockCardError;

/// How the card differs from a healthy one that stays where it is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Scenario {
    /// Which application answers.
    pub application: InstalledApplication,
    /// Tries that the user-authentication PIN has at the start, at most 3.
    pub auth_tries: u8,
    /// Tries that the signature password has at the start, at most 5.
    pub sign_tries: u8,
    /// What the empty VERIFY answers when the PIN is blocked; cards differ.
    pub blocked_query: BlockedQuery,
    /// What fills certificate files after the DER; unknown for real cards.
    pub filler: u8,
    /// The card is pulled out when it has received this many commands, counted from each insertion; happens once.
    pub remove_at_apdu: Option<u32>,
    /// Whether that last command still takes effect (and only its answer is lost).
    pub remove_after_execution: bool,
}

/// Which application a card has beside its issuer's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InstalledApplication {
    /// The JPKI application: a My Number card.
    #[default]
    Jpki,
    /// None that we look for: some other card.
    None,
}

/// What the empty VERIFY answers when the PIN is blocked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum BlockedQuery {
    /// 63C0: no tries left.
    #[default]
    #[serde(rename = "63C0")]
    NoTriesLeft,
    /// 6984: reference data not usable.
    #[serde(rename = "6984")]
    ReferenceDataNotUsable,
}

impl Scenario {
    /// Reads a scenario file.
    pub fn read(path: &Path) -> Result<Self, MockCardError> {
        let text = fs::read_to_string(path)
            .map_err(|source| MockCardError::Unreadable { path: path.to_owned(), source })?;
        toml::from_str(&text)
            .map_err(|source| MockCardError::Scenario { path: path.to_owned(), source: Box::new(source) })
    }
}

impl Default for Scenario {
    fn default() -> Self {
        Self {
            application: InstalledApplication::default(),
            auth_tries: 3,
            sign_tries: 5,
            blocked_query: BlockedQuery::default(),
            filler: 0xFF,
            remove_at_apdu: None,
            remove_after_execution: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scenario_says_only_what_is_special() {
        let healthy: Scenario = toml::from_str("").expect("a scenario");
        assert_eq!(healthy, Scenario::default());
        let text = "application = \"none\"\nauth_tries = 1\nremove_at_apdu = 7\nblocked_query = \"6984\"\nfiller = 0\n";
        let special: Scenario = toml::from_str(text).expect("a scenario");
        assert_eq!(
            special,
            Scenario {
                application: InstalledApplication::None,
                auth_tries: 1,
                remove_at_apdu: Some(7),
                blocked_query: BlockedQuery::ReferenceDataNotUsable,
                filler: 0,
                ..Scenario::default()
            }
        );
        assert!(toml::from_str::<Scenario>("tries = 1").is_err());
    }

    #[test]
    fn a_file_that_is_no_scenario_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("scenario.toml");
        let Err(MockCardError::Unreadable { path: named, .. }) = Scenario::read(&path) else {
            panic!("an absent file was read")
        };
        assert_eq!(named, path);
        fs::write(&path, "application = \"jukicard\"").expect("written");
        assert!(matches!(Scenario::read(&path), Err(MockCardError::Scenario { .. })));
        fs::write(&path, "auth_tries = 1").expect("written");
        assert_eq!(Scenario::read(&path).expect("a scenario").auth_tries, 1);
    }
}

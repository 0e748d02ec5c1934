//! What is special about this card: a small TOML file.

use std::{fs, path::Path};

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, Unexpected},
};

use crate::{
    AnswerToReset, EcdsaForm, FaultPlan, MockCardError, Persona, Step,
    jpki::{AUTH_TRIES, SIGN_TRIES},
};

/// How the card differs from a healthy one that stays where it is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "each is one switch with a name of its own")]
pub struct Scenario {
    /// Whose card, or which other card.
    pub persona: Persona,
    /// Which application answers.
    pub application: InstalledApplication,
    /// Tries that the user-authentication PIN has at the start, at most 3.
    #[serde(deserialize_with = "auth_tries")]
    pub auth_tries: u8,
    /// Tries that the signature password has at the start, at most 5.
    #[serde(deserialize_with = "sign_tries")]
    pub sign_tries: u8,
    /// What the empty VERIFY answers when the PIN is blocked; cards differ.
    pub blocked_query: BlockedQuery,
    /// What fills certificate files after the DER; unknown for real cards.
    pub filler: u8,
    /// Octets that a certificate file has at least; unknown for real cards.
    pub allocated_octets: usize,
    /// The answer to reset; the persona's when absent.
    pub atr: Option<AnswerToReset>,
    /// Label in EF 0006, at most 32 octets; the persona's when absent. The labels of mobile tokens put the
    /// user-authentication certificate behind its PIN.
    pub token_label: Option<String>,
    /// What EF 0008 says; what the card holds when absent.
    pub availability: Option<[u8; 3]>,
    /// Whether a warm reset ends what was verified; not on the cards that were measured.
    pub warm_reset_clears_login: bool,
    /// Whether the selected application stays selected over a warm reset; unknown.
    pub warm_reset_keeps_df: bool,
    /// Whether a wrong VERIFY leaves an earlier success standing; unknown.
    pub wrong_verify_keeps_login: bool,
    /// Whether VERIFY with a wrong number of octets (at most 16) answers 6700 and costs no try; unknown.
    pub wrong_length_is_free: bool,
    /// Whether the empty VERIFY answers 9000 after a right one; measured is 63Cx.
    pub verified_query_is_ok: bool,
    /// Whether SELECT of an unknown name selects the issuer security domain; unknown.
    pub unknown_aid_drops_selection: bool,
    /// Whether signing without a verified PIN answers 6985 and not 6982; not tested on all cards.
    pub unverified_signature_is_6985: bool,
    /// Whether the first command after power comes answers 6F00 (seen on some cards).
    pub first_command_fails: bool,
    /// Whether P1 01 to 05 of the signature (hash on the card, PSS) are there; measured on one card.
    pub hashing_signatures: bool,
    /// Whether extended length is taken by every command, and not only where it was seen.
    pub extended_length_everywhere: bool,
    /// What the hypothetical P-384 card answers.
    pub ecdsa_form: EcdsaForm,
    /// Where GET CHALLENGE and PSS take their octets from: the same seed, the same octets.
    pub challenge_seed: u64,
    /// What goes wrong, and at which command: `remove@7`.
    pub fault: Option<FaultPlan>,
    /// What the scenario is about, for its reader.
    pub about: String,
    /// What to do with the card and what must come of it. The card itself does not look at them.
    #[serde(rename = "step")]
    pub steps: Vec<Step>,
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

/// Tries from a file, where more than a card can have are a mistake.
fn auth_tries<'de, D: Deserializer<'de>>(written: D) -> Result<u8, D::Error> {
    at_most::<AUTH_TRIES, D>(written)
}

fn sign_tries<'de, D: Deserializer<'de>>(written: D) -> Result<u8, D::Error> {
    at_most::<SIGN_TRIES, D>(written)
}

fn at_most<'de, const MOST: u8, D: Deserializer<'de>>(written: D) -> Result<u8, D::Error> {
    let tries = i64::deserialize(written)?;
    u8::try_from(tries).ok().filter(|tries| *tries <= MOST).ok_or_else(|| {
        D::Error::invalid_value(Unexpected::Signed(tries), &format!("0 to {MOST} tries").as_str())
    })
}

impl Default for Scenario {
    fn default() -> Self {
        Self {
            persona: Persona::default(),
            application: InstalledApplication::default(),
            auth_tries: AUTH_TRIES,
            sign_tries: SIGN_TRIES,
            blocked_query: BlockedQuery::default(),
            filler: 0xFF,
            allocated_octets: 0x800,
            atr: None,
            token_label: None,
            availability: None,
            warm_reset_clears_login: false,
            warm_reset_keeps_df: false,
            wrong_verify_keeps_login: false,
            wrong_length_is_free: false,
            verified_query_is_ok: false,
            unknown_aid_drops_selection: false,
            unverified_signature_is_6985: false,
            first_command_fails: false,
            hashing_signatures: false,
            extended_length_everywhere: false,
            ecdsa_form: EcdsaForm::default(),
            challenge_seed: 0,
            fault: None,
            about: String::new(),
            steps: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Fault;

    #[test]
    fn a_scenario_says_only_what_is_special() {
        let healthy: Scenario = toml::from_str("").expect("a scenario");
        assert_eq!(healthy, Scenario::default());
        let text = "application = \"none\"\nauth_tries = 1\nfault = \"remove@7\"\nblocked_query = \"6984\"\nfiller = 0\n";
        let special: Scenario = toml::from_str(text).expect("a scenario");
        assert_eq!(
            special,
            Scenario {
                application: InstalledApplication::None,
                auth_tries: 1,
                fault: Some(FaultPlan::new(Fault::Remove, 7)),
                blocked_query: BlockedQuery::ReferenceDataNotUsable,
                filler: 0,
                ..Scenario::default()
            }
        );
        assert!(toml::from_str::<Scenario>("tries = 1").is_err());
    }

    #[test]
    fn no_card_has_more_tries_than_it_can_have() {
        for (text, range) in [
            ("auth_tries = 4", "0 to 3"),
            ("auth_tries = -1", "0 to 3"),
            ("sign_tries = 6", "0 to 5"),
            ("sign_tries = 99999", "0 to 5"),
        ] {
            let error = toml::from_str::<Scenario>(text).expect_err(text).to_string();
            assert!(error.contains(range) && error.contains("line 1"), "{text}: {error}");
        }
        let most: Scenario = toml::from_str("auth_tries = 3\nsign_tries = 5").expect("a scenario");
        assert_eq!(most, Scenario::default());
        let none: Scenario = toml::from_str("auth_tries = 0\nsign_tries = 0").expect("a scenario");
        assert_eq!((none.auth_tries, none.sign_tries), (0, 0));
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

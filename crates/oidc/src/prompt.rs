//! `prompt` and `max_age` (OpenID Connect Core section 3.1.2.1): when a resident must be asked again.

use serde::{Deserialize, Serialize};

use crate::Description;
use crate::authorization_error::{Refusal, invalid_request};

/// What the resident must or must not be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Prompt {
    /// Show no page at all. Stands alone.
    None,
    /// Ask for the card even when somebody is signed in.
    Login,
    /// Ask for consent.
    Consent,
    /// Let the resident choose who signs in.
    SelectAccount,
}

impl Prompt {
    /// Every value, as discovery lists them.
    pub const ALL: [Self; 4] = [Self::None, Self::Login, Self::Consent, Self::SelectAccount];

    /// The registered value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Login => "login",
            Self::Consent => "consent",
            Self::SelectAccount => "select_account",
        }
    }

    /// Reads a list. An unknown value may forbid what would be done, so it is not ignored.
    pub(crate) fn parse_list(text: &str) -> Result<Vec<Self>, Refusal> {
        let mut prompts = Vec::new();
        for value in text.split(' ') {
            let prompt = Self::ALL
                .into_iter()
                .find(|prompt| prompt.as_str() == value)
                .ok_or(invalid_request(const { Description::new("prompt holds an unknown value") }))?;
            if !prompts.contains(&prompt) {
                prompts.push(prompt);
            }
        }
        if prompts.len() > 1 && prompts.contains(&Self::None) {
            return Err(invalid_request(const { Description::new("prompt=none stands alone") }));
        }
        Ok(prompts)
    }
}

/// Reads `max_age`: seconds, as decimal digits alone. 0 asks for the card now.
pub(crate) fn parse_max_age(text: &str) -> Result<u64, Refusal> {
    let digits = text.bytes().all(|octet| octet.is_ascii_digit());
    text.parse()
        .ok()
        .filter(|_| digits)
        .ok_or(invalid_request(const { Description::new("max_age is not a number of seconds") }))
}

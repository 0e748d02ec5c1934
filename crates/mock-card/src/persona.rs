//! Whose card it is: everything that differs from one kind of holder or card to another, as data.

use std::{fmt, str::FromStr};

use serde::Deserialize;

use crate::MockCardError;

/// A holder's situation, or another kind of card.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Persona {
    /// A grown-up's card with both certificates.
    #[default]
    Adult,
    /// A child's: under 15 no signature certificate is issued.
    ChildUnder15,
    /// 顔認証マイナンバーカード: no usable PIN, no signature certificate.
    FaceAuthentication,
    /// The certificates have run out.
    Expired,
    /// The certificates are not valid yet.
    NotYetValid,
    /// A card whose holder wanted no certificate.
    NoCertificate,
    /// The token in an Android phone's secure element: the certificate is behind the PIN.
    Android,
    /// The token in an iPhone.
    Iphone,
    /// 住民基本台帳カード, the card before this one: a signature certificate only.
    JukiCard,
    /// No card that we look for: a driving licence.
    OtherCard,
    /// Hypothetical: the next card's algorithms with today's commands. Nothing is published about it.
    NextGenerationP384,
}

/// What makes a persona.
pub(crate) struct Traits {
    /// In scenarios and on the command line.
    pub(crate) name: &'static str,
    pub(crate) atr: &'static str,
    /// Empty for a card without the JPKI application.
    pub(crate) token_label: &'static str,
    /// Whether the applications of the town office are there (券面, 住基, 共通).
    pub(crate) town_office: bool,
    pub(crate) certificates: Certificates,
    /// Whether the holder was given a PIN; without one it is blocked from the start (inferred).
    pub(crate) auth_pin: bool,
    pub(crate) child: bool,
    pub(crate) key: KeyAlgorithm,
    pub(crate) validity: Validity,
}

/// Which certificates were issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Certificates {
    Both,
    AuthOnly,
    SignOnly,
    None,
}

impl Certificates {
    pub(crate) fn auth(self) -> bool {
        matches!(self, Self::Both | Self::AuthOnly)
    }

    pub(crate) fn sign(self) -> bool {
        matches!(self, Self::Both | Self::SignOnly)
    }
}

/// What the keys on the card are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyAlgorithm {
    Rsa2048,
    P384,
}

/// Where now lies to the time in which the certificates are valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Validity {
    /// Whatever the card was issued with.
    AsIssued,
    Past,
    Future,
}

const ADULT: Traits = Traits {
    name: "adult",
    atr: "contactless",
    token_label: "JPKIAPICCTOKEN2",
    town_office: true,
    certificates: Certificates::Both,
    auth_pin: true,
    child: false,
    key: KeyAlgorithm::Rsa2048,
    validity: Validity::AsIssued,
};

impl Persona {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Adult,
        Self::ChildUnder15,
        Self::FaceAuthentication,
        Self::Expired,
        Self::NotYetValid,
        Self::NoCertificate,
        Self::Android,
        Self::Iphone,
        Self::JukiCard,
        Self::OtherCard,
        Self::NextGenerationP384,
    ];

    /// What `madoguchi-test-pki issue` needs so that the card fits this persona; empty when any card does.
    pub fn issue_options(self) -> &'static str {
        match (self.traits().validity, self.traits().key) {
            (Validity::Past, _) => "--not-before 2020-01-01T00:00:00Z --not-after 2025-01-01T14:59:59Z",
            (Validity::Future, _) => "--not-before 2090-01-01T00:00:00Z --not-after 2095-01-01T14:59:59Z",
            (Validity::AsIssued, KeyAlgorithm::P384) => "--key p384",
            (Validity::AsIssued, KeyAlgorithm::Rsa2048) => "",
        }
    }

    pub(crate) fn traits(self) -> Traits {
        match self {
            Self::Adult => ADULT,
            Self::ChildUnder15 => {
                Traits { name: "child-under-15", certificates: Certificates::AuthOnly, child: true, ..ADULT }
            }
            Self::FaceAuthentication => Traits {
                name: "face-authentication",
                certificates: Certificates::AuthOnly,
                auth_pin: false,
                ..ADULT
            },
            Self::Expired => Traits { name: "expired", validity: Validity::Past, ..ADULT },
            Self::NotYetValid => Traits { name: "not-yet-valid", validity: Validity::Future, ..ADULT },
            Self::NoCertificate => {
                Traits { name: "no-certificate", certificates: Certificates::None, ..ADULT }
            }
            Self::Android => {
                Traits { name: "android", token_label: "JPKIAPGPSETOKEN", town_office: false, ..ADULT }
            }
            Self::Iphone => {
                Traits { name: "iphone", token_label: "JPKIAPIOSTOKEN", town_office: false, ..ADULT }
            }
            Self::JukiCard => Traits {
                name: "juki-card",
                atr: "juki-card",
                token_label: "JPKIAPICCTOKEN",
                town_office: false,
                certificates: Certificates::SignOnly,
                ..ADULT
            },
            Self::OtherCard => Traits {
                name: "other-card",
                atr: "driving-licence",
                token_label: "",
                town_office: false,
                ..ADULT
            },
            Self::NextGenerationP384 => Traits {
                name: "next-generation-p384",
                // Ours, and not made to look like anybody's.
                token_label: "MADOGUCHI-P384-HYPO",
                key: KeyAlgorithm::P384,
                ..ADULT
            },
        }
    }
}

impl fmt::Display for Persona {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.traits().name)
    }
}

impl FromStr for Persona {
    type Err = MockCardError;

    fn from_str(text: &str) -> Result<Self, MockCardError> {
        let named = Self::ALL.into_iter().find(|persona| persona.traits().name == text);
        named.ok_or_else(|| MockCardError::UnknownPersona { name: text.to_owned() })
    }
}

impl TryFrom<String> for Persona {
    type Error = MockCardError;

    fn try_from(text: String) -> Result<Self, MockCardError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_persona_is_known_by_its_name() {
        for persona in Persona::ALL {
            assert_eq!(persona.to_string().parse::<Persona>().expect("a persona"), persona);
        }
        let error = "nobody".parse::<Persona>().expect_err("no such persona");
        assert!(error.to_string().contains("child-under-15"), "the error lists what there is: {error}");
    }
}

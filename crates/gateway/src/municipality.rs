//! A municipality (自治体): the tenant. Its origin is its issuer; a request belongs to the one whose authority stands
//! in `Host`, and nothing else says which.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use madoguchi_oidc::Client;
use madoguchi_protocol::{DisplayText, Lang, Origin};

use crate::keys::MunicipalityKeys;

/// A text in each language; Japanese is always there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LocalText {
    /// Japanese.
    pub ja: String,
    /// Plain Japanese.
    #[serde(rename = "ja-x-plain")]
    pub ja_x_plain: Option<String>,
    /// English.
    pub en: Option<String>,
}

impl LocalText {
    /// The text in `lang`, else in Japanese.
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::Japanese => &self.ja,
            Lang::PlainJapanese => self.ja_x_plain.as_deref().unwrap_or(&self.ja),
            Lang::English => self.en.as_deref().unwrap_or(&self.ja),
        }
    }
}

/// An online service as registered: the rules' part and the texts that people see.
#[derive(Clone, Debug)]
pub struct Service {
    /// Redirect URIs, authentication, algorithms.
    pub client: Client,
    /// Its name.
    pub name: LocalText,
    /// What a sign-in to it is for.
    pub purpose: LocalText,
}

/// A municipality with everything that belongs to it.
pub struct Municipality {
    /// Short name in records.
    pub id: String,
    /// Origin and issuer.
    pub origin: Origin,
    /// Its name.
    pub name: LocalText,
    /// Its services by client id.
    pub services: BTreeMap<String, Service>,
    /// Its keys.
    pub keys: MunicipalityKeys,
}

impl Municipality {
    /// What the agent shows about a sign-in to `service`, in every language.
    pub fn display_texts(&self, service: &Service) -> Vec<DisplayText> {
        Lang::ALL
            .into_iter()
            .map(|lang| DisplayText {
                lang,
                municipality: self.name.get(lang).to_owned(),
                service: service.name.get(lang).to_owned(),
                purpose: service.purpose.get(lang).to_owned(),
            })
            .collect()
    }
}

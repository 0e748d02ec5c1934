//! A municipality (自治体): the tenant. Its origin is its issuer; a request belongs to the one whose authority stands
//! in `Host`, and nothing else says which.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use madoguchi_oidc::Client;
use madoguchi_protocol::{DisplayText, Lang, Origin};

use crate::keys::MunicipalityKeys;

/// A text in each language; Japanese is always there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a text such as { ja = \"子育て手続き\", en = \"Childcare\" }")]
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
    /// What the agent shows about a sign-in to `service`, in every language that all three texts have.
    pub fn display_texts(&self, service: &Service) -> Vec<DisplayText> {
        display_texts(&self.name, &service.name, &service.purpose)
    }
}

/// The texts of a request in every language that all of them have.
pub fn display_texts(municipality: &LocalText, service: &LocalText, purpose: &LocalText) -> Vec<DisplayText> {
    let all = [municipality, service, purpose];
    Lang::ALL
        .into_iter()
        .filter(|lang| all.iter().all(|text| text.has(*lang)))
        .map(|lang| DisplayText {
            lang,
            municipality: municipality.get(lang).to_owned(),
            service: service.get(lang).to_owned(),
            purpose: purpose.get(lang).to_owned(),
        })
        .collect()
}

//! A municipality (自治体): the tenant. Its origin is its issuer; a request belongs to the one whose authority stands
//! in `Host`, and nothing else says which.

use std::collections::BTreeMap;
use std::sync::Arc;

use madoguchi_oidc::{AuthorizationRequest, Client};
use madoguchi_protocol::{DisplayText, Lang, LocalText, Origin};

use crate::colours::Accent;
use crate::keys::MunicipalityKeys;
use crate::logo::Logo;

/// An online service as registered: the rules' part and the texts that people see.
#[derive(Clone, Debug)]
pub struct Service {
    /// Redirect URIs, authentication, algorithms.
    pub client: Arc<Client>,
    /// Its name.
    pub name: LocalText,
    /// What a sign-in to it is for.
    pub purpose: LocalText,
}

impl Service {
    /// Whether an answer to this request may be sent where it wants it: by this service's client, and by its registration of
    /// now. Between a request and its answer half an hour and a sign-in may pass, and an operator may have taken the address
    /// away because somebody else has it.
    pub(crate) fn may_be_answered(&self, request: &AuthorizationRequest) -> bool {
        let client = &self.client;
        client.id == request.client_id && client.redirect_uris.contains(&request.redirect_uri)
    }
}

/// A municipality with everything that belongs to it. Cheap to clone.
#[derive(Clone)]
pub struct Municipality {
    /// Short name in records.
    pub id: String,
    /// Origin and issuer.
    pub origin: Origin,
    /// Its name.
    pub name: LocalText,
    /// The colour of its pages.
    pub accent: Option<Accent>,
    /// The logo on its pages.
    pub logo: Option<Arc<Logo>>,
    /// Its services by client id, disabled ones too.
    pub services: BTreeMap<String, Arc<Service>>,
    /// Its keys.
    pub keys: Arc<MunicipalityKeys>,
}

impl Municipality {
    /// The service of a client that is known here and not disabled.
    pub(crate) fn service(&self, client_id: &str) -> Option<Arc<Service>> {
        self.services.get(client_id).filter(|service| !service.client.disabled).map(Arc::clone)
    }

    /// Whether an answer to this request may go to anybody: its client is known, not disabled, and still has that address.
    pub(crate) fn may_answer(&self, request: &AuthorizationRequest) -> bool {
        self.service(&request.client_id).is_some_and(|service| service.may_be_answered(request))
    }

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

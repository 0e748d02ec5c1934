//! The authorization request (RFC 6749 section 4.1.1, OpenID Connect Core section 3.1.2.1).
//!
//! Two steps, as RFC 6749 section 4.1.2.1 orders them. What is wrong with `client_id` or `redirect_uri` is shown
//! on a page: nobody is redirected to an address that is not known to be the client's. Everything else goes back
//! to the client with `state` and `iss`. Parameters that nothing here reads are ignored, `login_hint`, `display` and
//! `claims_locales` among them. `id_token_hint` is read by whoever has the keys, and put in with
//! [`hint`](AuthorizationRequest::hint).

use serde::{Deserialize, Serialize};
use url::form_urlencoded;

use crate::acr::{acr_told, essential_acr_met};
use crate::authorization_error::{Refusal, invalid_request};
use crate::claims_request::{ClaimsRequest, SeveralSubs, merge};
use crate::jose::JwkThumbprint;
use crate::prompt::parse_max_age;
use crate::scope::granted_scope;
use crate::{
    ACR_CARD_PIN, AuthorizationError, Client, CodeChallenge, Description, OAuthError, Parameters, Prompt,
    RedirectableError, RequestReferenceHash,
};

/// A request that passed every rule. It travels sealed through the start page and is stored with the sign-in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthorizationRequest {
    /// The client.
    pub client_id: String,
    /// One of its registered redirect URIs.
    pub redirect_uri: String,
    /// What the client recognises its answer by.
    pub state: Option<String>,
    /// What the client recognises its ID token by.
    pub nonce: Option<String>,
    /// The scope granted, which is what was asked for as far as it exists here.
    pub scope: String,
    /// PKCE challenge, method S256. Absent only where the client's registration lifts it.
    pub code_challenge: Option<CodeChallenge>,
    /// What the resident must or must not be asked.
    pub prompt: Vec<Prompt>,
    /// The most seconds since the card was shown.
    pub max_age: Option<u64>,
    /// Contexts that the client would like, best first. What was done is answered, never what was asked.
    pub acr_values: Vec<String>,
    /// The name under which this client hears of a sign-in with card and PIN. There is no other sign-in.
    #[serde(default = "card_pin")]
    pub acr: String,
    /// Languages of the pages, best first.
    pub ui_locales: Vec<String>,
    /// The `sub` that an answer must be about: of an `id_token_hint`, or asked for by `claims`.
    #[serde(default)]
    pub hinted_sub: Option<String>,
    /// The key that the code, and what it gives, is bound to (RFC 9449 section 10).
    #[serde(default)]
    pub dpop_jkt: Option<JwkThumbprint>,
    /// The pushed request that this is, to be ended with it.
    #[serde(default)]
    pub pushed: Option<RequestReferenceHash>,
}

impl AuthorizationRequest {
    /// The client that a request names, for looking it up before [`parse`](Self::parse).
    pub fn client_id(parameters: &Parameters) -> Result<&str, AuthorizationError> {
        parameters.value("client_id").ok_or(AuthorizationError::ClientIdMissing)
    }

    /// The same request as a query: everything that anybody here reads of it, and nothing that is ignored.
    pub fn query_of(parameters: &Parameters) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for name in READ {
            if let Some(value) = parameters.value(name) {
                query.append_pair(name, value);
            }
        }
        query.finish()
    }

    /// Checks a request of `client`.
    pub fn parse(parameters: &Parameters, client: &Client) -> Result<Self, AuthorizationError> {
        if Self::client_id(parameters)? != client.id {
            return Err(AuthorizationError::ClientMismatch);
        }
        let redirect_uri = registered_redirect_uri(parameters, client)?;
        check_rest(parameters, client, redirect_uri).map_err(|Refusal(error, description)| {
            AuthorizationError::Redirectable(RedirectableError {
                redirect_uri: redirect_uri.to_owned(),
                // A state that is refused is not echoed.
                state: state(parameters, client).unwrap_or_default().map(str::to_owned),
                error,
                description,
            })
        })
    }

    /// Puts in what a verified `id_token_hint` says: the answer is about its subject or is an error (OpenID Connect
    /// Core section 3.1.2.2). `None`: the hint is no ID token of ours for this client.
    pub fn hint(mut self, hinted_sub: Option<&str>) -> Result<Self, AuthorizationError> {
        let Some(hinted) = hinted_sub else {
            return Err(self.refuse(
                OAuthError::InvalidRequest,
                const { Description::new("id_token_hint is no ID token of this issuer for this client") },
            ));
        };
        match merge(self.hinted_sub.take(), Some(hinted.to_owned())) {
            Ok(sub) => Ok(Self { hinted_sub: sub, ..self }),
            Err(SeveralSubs) => Err(self.refuse(
                OAuthError::InvalidRequest,
                const { Description::new("claims and id_token_hint name different subjects") },
            )),
        }
    }

    /// The answer to this request that is this error.
    pub fn refuse(&self, error: OAuthError, description: Description) -> AuthorizationError {
        AuthorizationError::Redirectable(RedirectableError {
            redirect_uri: self.redirect_uri.clone(),
            state: self.state.clone(),
            error,
            description,
        })
    }
}

/// RFC 9700 section 4.1.3: compared as octets, no prefix, no normalisation. Required even when the client has
/// only one, so that a request never depends on how many are registered.
fn registered_redirect_uri<'c>(
    parameters: &Parameters,
    client: &'c Client,
) -> Result<&'c str, AuthorizationError> {
    let wanted = parameters.value("redirect_uri").ok_or(AuthorizationError::RedirectUriMissing)?;
    let registered = client.redirect_uris.iter().find(|uri| uri.as_bytes() == wanted.as_bytes());
    registered.map(String::as_str).ok_or(AuthorizationError::RedirectUriUnregistered)
}

/// The rules whose errors are redirected: first what would change the meaning of everything else.
fn check_rest(
    parameters: &Parameters,
    client: &Client,
    redirect_uri: &str,
) -> Result<AuthorizationRequest, Refusal> {
    let state = state(parameters, client)?;
    no_request_object(parameters)?;
    response_type(parameters)?;
    response_mode(parameters)?;
    let acr_values = list(parameters, "acr_values");
    let prompt = parameters.value("prompt").map(Prompt::parse_list).transpose()?.unwrap_or_default();
    let claims = parameters.value("claims").map(ClaimsRequest::parse).transpose()?.unwrap_or_default();
    Ok(AuthorizationRequest {
        client_id: client.id.clone(),
        redirect_uri: redirect_uri.to_owned(),
        state: state.map(str::to_owned),
        scope: granted_scope(parameters.value("scope").unwrap_or_default(), &prompt, client)?,
        code_challenge: code_challenge(parameters, client)?,
        nonce: nonce(parameters, client)?,
        prompt,
        max_age: parameters.value("max_age").map(parse_max_age).transpose()?,
        acr: acr(client, &acr_values, claims.essential_acr.as_deref())?,
        acr_values,
        ui_locales: list(parameters, "ui_locales"),
        hinted_sub: claims.sub,
        dpop_jkt: dpop_jkt(parameters)?,
        pushed: None,
    })
}

/// RFC 6749 section 4.1.1.
fn state<'p>(parameters: &'p Parameters, client: &Client) -> Result<Option<&'p str>, Refusal> {
    match parameters.value("state") {
        None if client.profile.requires_state_and_nonce() => {
            Err(invalid_request(const { Description::new("state is missing") }))
        }
        Some(state) if state.len() > MAX_STATE_OCTETS => {
            Err(invalid_request(const { Description::new("state is longer than 1024 octets") }))
        }
        state => Ok(state),
    }
}

/// OpenID Connect Core sections 6 and 7.2.1: ignoring a request object would answer another request than the
/// client made. Nothing is ever fetched. By value it can be pushed, and what is pushed is resolved before this.
fn no_request_object(parameters: &Parameters) -> Result<(), Refusal> {
    let unsupported = [
        (
            "request",
            OAuthError::RequestNotSupported,
            const { Description::new("push the request object to the PAR endpoint") },
        ),
        (
            "request_uri",
            OAuthError::RequestUriNotSupported,
            const { Description::new("the only request_uri is that of a pushed request") },
        ),
        (
            "registration",
            OAuthError::RegistrationNotSupported,
            const { Description::new("clients are registered by the operator") },
        ),
    ];
    match unsupported.into_iter().find(|(name, ..)| parameters.value(name).is_some()) {
        Some((_, error, description)) => Err(Refusal(error, description)),
        None => Ok(()),
    }
}

/// RFC 6749 section 3.1.1; the code flow alone (RFC 9700 section 2.1.2).
fn response_type(parameters: &Parameters) -> Result<(), Refusal> {
    match parameters.value("response_type") {
        Some("code") => Ok(()),
        Some(_) => Err(Refusal(
            OAuthError::UnsupportedResponseType,
            const { Description::new("the only response_type is code") },
        )),
        None => Err(invalid_request(const { Description::new("response_type is missing") })),
    }
}

fn response_mode(parameters: &Parameters) -> Result<(), Refusal> {
    match parameters.value("response_mode") {
        None | Some("query") => Ok(()),
        Some(_) => Err(invalid_request(const { Description::new("the only response_mode is query") })),
    }
}

/// RFC 7636 section 4.3. Without a method the request means `plain`, which is refused too. A method without a
/// challenge is a mistake of whoever meant to be protected, also where PKCE is lifted.
fn code_challenge(parameters: &Parameters, client: &Client) -> Result<Option<CodeChallenge>, Refusal> {
    let method = parameters.value("code_challenge_method");
    let Some(challenge) = parameters.value("code_challenge") else {
        return match method {
            None if client.danger_pkce_lifted => Ok(None),
            _ => Err(invalid_request(const { Description::new("code_challenge is missing") })),
        };
    };
    if method != Some("S256") {
        return Err(invalid_request(const { Description::new("code_challenge_method must be S256") }));
    }
    CodeChallenge::parse(challenge).map(Some).ok_or(invalid_request(
        const { Description::new("code_challenge is not 43 characters of base64url") },
    ))
}

/// OpenID Connect Core section 3.1.2.1; optional in the code flow.
fn nonce(parameters: &Parameters, client: &Client) -> Result<Option<String>, Refusal> {
    match parameters.value("nonce") {
        None if client.profile.requires_state_and_nonce() => {
            Err(invalid_request(const { Description::new("nonce is missing") }))
        }
        Some(nonce) if nonce.len() > MAX_NONCE_OCTETS => {
            Err(invalid_request(const { Description::new("nonce is longer than 1024 octets") }))
        }
        nonce => Ok(nonce.map(str::to_owned)),
    }
}

/// OpenID Connect Core section 5.5.1.1: an essential `acr` that cannot be had is an error, told as the OpenID Connect
/// extension for unmet authentication requirements names it. A voluntary one never is.
fn acr(client: &Client, acr_values: &[String], essential: Option<&[String]>) -> Result<String, Refusal> {
    let acr = match essential {
        Some(values) if !values.is_empty() => essential_acr_met(values).ok_or(Refusal(
            OAuthError::UnmetAuthenticationRequirements,
            const { Description::new("no sign-in here has the essential acr") },
        ))?,
        _ => acr_told(client.profile, acr_values),
    };
    Ok(acr.to_owned())
}

/// RFC 9449 section 10.
fn dpop_jkt(parameters: &Parameters) -> Result<Option<JwkThumbprint>, Refusal> {
    let Some(text) = parameters.value("dpop_jkt") else {
        return Ok(None);
    };
    JwkThumbprint::parse(text)
        .map(Some)
        .ok_or(invalid_request(const { Description::new("dpop_jkt is not 43 characters of base64url") }))
}

fn list(parameters: &Parameters, name: &str) -> Vec<String> {
    let value = parameters.value(name).unwrap_or_default();
    value.split(' ').filter(|entry| !entry.is_empty()).map(str::to_owned).collect()
}

/// What a request or grant stored before there was a choice of names means.
pub(crate) fn card_pin() -> String {
    ACR_CARD_PIN.to_owned()
}

/// Every parameter that is read, here or by whoever puts a hint or a pushed request in.
const READ: [&str; 19] = [
    "acr_values",
    "claims",
    "client_id",
    "code_challenge",
    "code_challenge_method",
    "dpop_jkt",
    "id_token_hint",
    "max_age",
    "nonce",
    "prompt",
    "redirect_uri",
    "registration",
    "request",
    "request_uri",
    "response_mode",
    "response_type",
    "scope",
    "state",
    "ui_locales",
];
const MAX_STATE_OCTETS: usize = 1024;
const MAX_NONCE_OCTETS: usize = 1024;

#[cfg(test)]
mod tests;

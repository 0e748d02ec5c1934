//! The authorization request (RFC 6749 section 4.1.1, OpenID Connect Core section 3.1.2.1).
//!
//! Two steps, as RFC 6749 section 4.1.2.1 orders them. What is wrong with `client_id` or `redirect_uri` is shown
//! on a page: nobody is redirected to an address that is not known to be the client's. Everything else goes back
//! to the client with `state` and `iss`. Parameters that nothing here reads are ignored, `login_hint`,
//! `id_token_hint`, `display` and `claims` among them.

use serde::{Deserialize, Serialize};

use crate::{Client, CodeChallenge, Description, OAuthError, Parameters, error_location};

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
    /// PKCE challenge, method S256.
    pub code_challenge: CodeChallenge,
    /// What the resident must or must not be asked.
    pub prompt: Vec<Prompt>,
    /// The most seconds since the card was shown.
    pub max_age: Option<u64>,
    /// Contexts that the client would like, best first. What was done is answered, never what was asked.
    pub acr_values: Vec<String>,
    /// Languages of the pages, best first.
    pub ui_locales: Vec<String>,
}

impl AuthorizationRequest {
    /// The client that a request names, for looking it up before [`parse`](Self::parse).
    pub fn client_id(parameters: &Parameters) -> Result<&str, AuthorizationError> {
        parameters.value("client_id").ok_or(AuthorizationError::ClientIdMissing)
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
                state: state(parameters).unwrap_or_default().map(str::to_owned),
                error,
                description,
            })
        })
    }
}

/// What the resident must or must not be asked (OpenID Connect Core section 3.1.2.1).
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

/// Why an authorization request is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthorizationError {
    /// No `client_id`: a page.
    #[error("client_id is missing")]
    ClientIdMissing,
    /// The request names another client than it was checked for: a page.
    #[error("the request names another client")]
    ClientMismatch,
    /// No `redirect_uri`: a page.
    #[error("redirect_uri is missing")]
    RedirectUriMissing,
    /// `redirect_uri` is not, octet by octet, a registered one: a page.
    #[error("redirect_uri is not registered")]
    RedirectUriUnregistered,
    /// Anything else: an answer to the client.
    #[error("{}: {}", .0.error, .0.description)]
    Redirectable(RedirectableError),
}

/// An error that goes back to the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedirectableError {
    /// The registered redirect URI of the request.
    pub redirect_uri: String,
    /// The `state` to echo.
    pub state: Option<String>,
    /// The code.
    pub error: OAuthError,
    /// What the client's developer reads.
    pub description: Description,
}

impl RedirectableError {
    /// Where to send the browser.
    pub fn location(&self, iss: &str) -> String {
        error_location(&self.redirect_uri, self.error, self.description, self.state.as_deref(), iss)
    }
}

struct Refusal(OAuthError, Description);

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
    let state = state(parameters)?;
    no_request_object(parameters)?;
    response_type(parameters)?;
    response_mode(parameters)?;
    Ok(AuthorizationRequest {
        client_id: client.id.clone(),
        redirect_uri: redirect_uri.to_owned(),
        state: state.map(str::to_owned),
        scope: scope(parameters)?,
        code_challenge: code_challenge(parameters)?,
        nonce: nonce(parameters)?,
        prompt: prompt(parameters)?,
        max_age: max_age(parameters)?,
        acr_values: list(parameters, "acr_values"),
        ui_locales: list(parameters, "ui_locales"),
    })
}

/// RFC 6749 section 4.1.1.
fn state(parameters: &Parameters) -> Result<Option<&str>, Refusal> {
    match parameters.value("state") {
        Some(state) if state.len() > MAX_STATE_OCTETS => {
            Err(invalid_request(const { Description::new("state is longer than 1024 octets") }))
        }
        state => Ok(state),
    }
}

/// OpenID Connect Core sections 6 and 7.2.1: ignoring a request object would answer another request than the
/// client made. Nothing is ever fetched.
fn no_request_object(parameters: &Parameters) -> Result<(), Refusal> {
    let unsupported = [
        ("request", OAuthError::RequestNotSupported),
        ("request_uri", OAuthError::RequestUriNotSupported),
        ("registration", OAuthError::RegistrationNotSupported),
    ];
    match unsupported.into_iter().find(|(name, _)| parameters.value(name).is_some()) {
        Some((_, error)) => Err(Refusal(error, const { Description::new("send plain parameters") })),
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

/// RFC 6749 section 3.3 and OpenID Connect Core section 3.1.2.1: `openid` is there, what is unknown is ignored.
fn scope(parameters: &Parameters) -> Result<String, Refusal> {
    let scope = parameters.value("scope").unwrap_or_default();
    let token = |token: &str| {
        !token.is_empty()
            && token.bytes().all(|octet| matches!(octet, b'!'..=b'~') && octet != b'"' && octet != b'\\')
    };
    if !scope.split(' ').all(token) {
        Err(Refusal(OAuthError::InvalidScope, const { Description::new("scope is missing or malformed") }))
    } else if !scope.split(' ').any(|token| token == SCOPE_OPENID) {
        Err(Refusal(OAuthError::InvalidScope, const { Description::new("scope lacks openid") }))
    } else {
        Ok(SCOPE_OPENID.to_owned())
    }
}

/// RFC 7636 section 4.3. Without a method the request means `plain`, which is refused too.
fn code_challenge(parameters: &Parameters) -> Result<CodeChallenge, Refusal> {
    let Some(challenge) = parameters.value("code_challenge") else {
        return Err(invalid_request(const { Description::new("code_challenge is missing") }));
    };
    if parameters.value("code_challenge_method") != Some("S256") {
        return Err(invalid_request(const { Description::new("code_challenge_method must be S256") }));
    }
    CodeChallenge::parse(challenge).ok_or(invalid_request(
        const { Description::new("code_challenge is not 43 characters of base64url") },
    ))
}

/// OpenID Connect Core section 3.1.2.1; optional in the code flow.
fn nonce(parameters: &Parameters) -> Result<Option<String>, Refusal> {
    match parameters.value("nonce") {
        Some(nonce) if nonce.len() > MAX_NONCE_OCTETS => {
            Err(invalid_request(const { Description::new("nonce is longer than 1024 octets") }))
        }
        nonce => Ok(nonce.map(str::to_owned)),
    }
}

/// OpenID Connect Core section 3.1.2.1. An unknown value may forbid what would be done, so it is not ignored.
fn prompt(parameters: &Parameters) -> Result<Vec<Prompt>, Refusal> {
    let mut prompts = Vec::new();
    for value in parameters.value("prompt").into_iter().flat_map(|prompt| prompt.split(' ')) {
        let prompt = match value {
            "none" => Prompt::None,
            "login" => Prompt::Login,
            "consent" => Prompt::Consent,
            "select_account" => Prompt::SelectAccount,
            _ => return Err(invalid_request(const { Description::new("prompt holds an unknown value") })),
        };
        if !prompts.contains(&prompt) {
            prompts.push(prompt);
        }
    }
    if prompts.len() > 1 && prompts.contains(&Prompt::None) {
        return Err(invalid_request(const { Description::new("prompt=none stands alone") }));
    }
    Ok(prompts)
}

/// OpenID Connect Core section 3.1.2.1: seconds, as decimal digits alone.
fn max_age(parameters: &Parameters) -> Result<Option<u64>, Refusal> {
    let Some(text) = parameters.value("max_age") else {
        return Ok(None);
    };
    let digits = text.bytes().all(|octet| octet.is_ascii_digit());
    match text.parse() {
        Ok(seconds) if digits => Ok(Some(seconds)),
        _ => Err(invalid_request(const { Description::new("max_age is not a number of seconds") })),
    }
}

fn list(parameters: &Parameters, name: &str) -> Vec<String> {
    let value = parameters.value(name).unwrap_or_default();
    value.split(' ').filter(|entry| !entry.is_empty()).map(str::to_owned).collect()
}

fn invalid_request(description: Description) -> Refusal {
    Refusal(OAuthError::InvalidRequest, description)
}

const MAX_STATE_OCTETS: usize = 1024;
const MAX_NONCE_OCTETS: usize = 1024;
const SCOPE_OPENID: &str = "openid";

#[cfg(test)]
mod tests;

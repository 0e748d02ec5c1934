//! The OpenID Connect side, by the `openidconnect` crate: discovery, PKCE, state, nonce, the ID token's
//! verification, userinfo; and the `iss` parameter (RFC 9207), which the crate leaves to us.
//!
//! Discovery is read again at each step, so that the gateway can change its keys while the sample runs.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreProviderMetadata, CoreUserInfoClaims};
use openidconnect::{
    AuthorizationCode, ClientId, ClientSecret, CsrfToken, HttpRequest, HttpResponse, IssuerUrl, Nonce,
    OAuth2TokenResponse as _, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, TokenResponse as _,
};
use serde_json::{Map, Value};

use super::ServiceError;
use super::http_client::{HttpError, call, http_client};

/// This service as the gateway's client.
pub(super) struct RelyingParty {
    http: ureq::Agent,
    issuer: IssuerUrl,
    client_id: ClientId,
    client_secret: ClientSecret,
    callback: RedirectUrl,
}

/// What the session keeps between the request and its answer.
pub(super) struct Pending {
    pub(super) state: String,
    pub(super) nonce: Nonce,
    pub(super) verifier: PkceCodeVerifier,
}

impl Pending {
    /// Three fresh values of 256 bits.
    pub(super) fn new(state: String, nonce: String, verifier: String) -> Self {
        Self { state, nonce: Nonce::new(nonce), verifier: PkceCodeVerifier::new(verifier) }
    }
}

/// The claims of a verified ID token, and what userinfo said about the same subject.
#[derive(Clone, Debug)]
pub(super) struct SignedIn {
    pub(super) claims: Map<String, Value>,
}

impl SignedIn {
    pub(super) fn text(&self, name: &str) -> &str {
        self.claims.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    pub(super) fn auth_time(&self) -> Option<i64> {
        self.claims.get("auth_time").and_then(Value::as_i64)
    }
}

impl RelyingParty {
    pub(super) fn new(
        issuer: &str,
        client_id: &str,
        client_secret: &str,
        callback: &str,
    ) -> Result<Self, ServiceError> {
        let wrong = |_| ServiceError::Issuer { issuer: issuer.to_owned() };
        Ok(Self {
            http: http_client(),
            issuer: IssuerUrl::new(issuer.to_owned()).map_err(wrong)?,
            client_id: ClientId::new(client_id.to_owned()),
            client_secret: ClientSecret::new(client_secret.to_owned()),
            callback: RedirectUrl::new(callback.to_owned()).map_err(wrong)?,
        })
    }

    /// True when the answer's `iss` is our gateway (RFC 9207 section 2.4: compared as it is).
    pub(super) fn is_issuer(&self, iss: Option<&str>) -> bool {
        iss == Some(self.issuer.as_str())
    }

    /// The address to send the browser to. Blocks.
    pub(super) fn authorization_url(&self, pending: &Pending) -> Result<String, PartyError> {
        let metadata = self.discover()?;
        let client = CoreClient::from_provider_metadata(
            metadata,
            self.client_id.clone(),
            Some(self.client_secret.clone()),
        )
        .set_redirect_uri(self.callback.clone());
        let (state, nonce) = (pending.state.clone(), pending.nonce.clone());
        let request = client.authorize_url(
            CoreAuthenticationFlow::AuthorizationCode,
            || CsrfToken::new(state),
            || nonce,
        );
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&pending.verifier);
        let (url, _, _) = request.set_pkce_challenge(challenge).url();
        Ok(url.into())
    }

    /// Redeems the code and verifies the ID token. Blocks.
    pub(super) fn redeem(&self, pending: Pending, code: String) -> Result<SignedIn, PartyError> {
        let metadata = self.discover()?;
        let client = CoreClient::from_provider_metadata(
            metadata,
            self.client_id.clone(),
            Some(self.client_secret.clone()),
        )
        .set_redirect_uri(self.callback.clone());
        let http = |request: HttpRequest| self.call(request);
        let tokens = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|_| PartyError::Discovery)?
            .set_pkce_verifier(pending.verifier)
            .request(&http)
            .map_err(|error| PartyError::Token { why: error.to_string() })?;
        let id_token = tokens.id_token().ok_or(PartyError::NoIdToken)?;
        let verified = id_token
            .claims(&client.id_token_verifier(), &pending.nonce)
            .map_err(|error| PartyError::IdToken { why: error.to_string() })?;
        // Userinfo must speak of the same subject; the crate compares.
        let _: CoreUserInfoClaims = client
            .user_info(tokens.access_token().clone(), Some(verified.subject().clone()))
            .map_err(|_| PartyError::Discovery)?
            .request(&http)
            .map_err(|error| PartyError::UserInfo { why: error.to_string() })?;
        let claims = payload(&id_token.to_string()).ok_or(PartyError::NoIdToken)?;
        Ok(SignedIn { claims })
    }

    fn discover(&self) -> Result<CoreProviderMetadata, PartyError> {
        let http = |request: HttpRequest| self.call(request);
        CoreProviderMetadata::discover(&self.issuer, &http).map_err(|error| {
            tracing::warn!(%error, "discovery failed");
            PartyError::Discovery
        })
    }

    fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        call(&self.http, request)
    }
}

/// The claims as they stand in a token whose signature and claims were verified before.
fn payload(token: &str) -> Option<Map<String, Value>> {
    let payload = token.split('.').nth(1)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}

/// Why no sign-in came of it. Never holds a token or a code.
#[derive(Debug, thiserror::Error)]
pub(super) enum PartyError {
    #[error("the gateway does not answer, or its discovery document is not usable")]
    Discovery,
    #[error("the ID token is not acceptable: {why}")]
    IdToken { why: String },
    #[error("the gateway gave no ID token")]
    NoIdToken,
    #[error("the code was not accepted: {why}")]
    Token { why: String },
    #[error("userinfo is not acceptable: {why}")]
    UserInfo { why: String },
}

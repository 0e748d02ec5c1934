//! The token request: a code (RFC 6749 section 4.1.3) or a refresh token (section 6) for tokens.
//!
//! The order at the token endpoint: authenticate the client, load the code, [`check_code_grant`] (client, redirect URI,
//! PKCE), [`check_dpop_key`], then consume the code by one conditional write. Checked before consumed, or whoever
//! guesses at codes could burn them; consumed also when the right client brings the wrong proof, or a stolen code could
//! be tried again and again.

use serde::{Deserialize, Serialize};

use crate::authorization::card_pin;
use crate::jose::JwkThumbprint;
use crate::{
    AuthenticatedClient, AuthorizationCode, AuthorizationRequest, CodeChallenge, CodeVerifier, Parameters,
    RefreshToken, RequestReferenceHash, TokenError,
};

/// Seconds that a code lives, in every profile.
pub const CODE_SECONDS: u64 = 60;

/// What a code stands for, kept with its hash. Nothing of it is in the code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeGrant {
    /// The client the code was given to.
    pub client_id: String,
    /// The redirect URI it was sent to.
    pub redirect_uri: String,
    /// The PKCE challenge of the request. Absent only where the client need not send one.
    #[serde(default)]
    pub code_challenge: Option<CodeChallenge>,
    /// The key that the request bound its code to (RFC 9449 section 10).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dpop_jkt: Option<JwkThumbprint>,
    /// The nonce for the ID token.
    pub nonce: Option<String>,
    /// The scope granted.
    pub scope: String,
    /// The name under which the client hears of a sign-in with card and PIN.
    #[serde(default = "card_pin")]
    pub acr: String,
    /// The pushed request that ends when the code is given out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pushed: Option<RequestReferenceHash>,
}

impl From<&AuthorizationRequest> for CodeGrant {
    fn from(request: &AuthorizationRequest) -> Self {
        Self {
            client_id: request.client_id.clone(),
            redirect_uri: request.redirect_uri.clone(),
            code_challenge: request.code_challenge.clone(),
            dpop_jkt: request.dpop_jkt,
            nonce: request.nonce.clone(),
            scope: request.scope.clone(),
            acr: request.acr.clone(),
            pushed: request.pushed,
        }
    }
}

/// What is asked for at the token endpoint.
#[derive(Debug)]
#[non_exhaustive]
pub enum TokenRequest {
    /// Tokens for a code.
    Code(CodeRequest),
    /// Tokens for a refresh token.
    Refresh(RefreshRequest),
}

/// A request to redeem a code.
#[derive(Debug)]
pub struct CodeRequest {
    /// The code.
    pub code: AuthorizationCode,
    /// The redirect URI of the authorization request.
    pub redirect_uri: String,
    /// The PKCE verifier.
    pub code_verifier: Option<CodeVerifier>,
}

/// A request for new tokens.
#[derive(Debug)]
pub struct RefreshRequest {
    /// The refresh token.
    pub token: RefreshToken,
    /// The scope that is asked for, if less than what was granted is.
    pub scope: Option<String>,
}

impl TokenRequest {
    /// Reads the form. A malformed code, refresh token or verifier can match nothing, so nothing is looked up for it.
    pub fn parse(form: &Parameters) -> Result<Self, TokenError> {
        let required = |name| form.value(name).ok_or(TokenError::ParameterMissing { name });
        match required("grant_type")? {
            "authorization_code" => Ok(Self::Code(CodeRequest {
                code: AuthorizationCode::parse(required("code")?).map_err(|_| TokenError::UnknownCode)?,
                redirect_uri: required("redirect_uri")?.to_owned(),
                code_verifier: match form.value("code_verifier") {
                    None => None,
                    Some(text) => Some(CodeVerifier::parse(text).ok_or(TokenError::MalformedVerifier)?),
                },
            })),
            "refresh_token" => Ok(Self::Refresh(RefreshRequest {
                token: RefreshToken::parse(required("refresh_token")?)
                    .map_err(|_| TokenError::UnknownRefreshToken)?,
                scope: form.value("scope").map(str::to_owned),
            })),
            _ => Err(TokenError::UnsupportedGrantType),
        }
    }
}

/// Checks a loaded grant: client binding, then redirect URI, then PKCE (RFC 7636 section 4.6). On an error
/// [`TokenError::consumes_code`] says whether the code is spent.
///
/// A verifier for a request that had no challenge is refused too: somebody took the challenge out of it (RFC 9700 section
/// 2.1.1).
pub fn check_code_grant(
    grant: &CodeGrant,
    client: &AuthenticatedClient,
    request: &CodeRequest,
) -> Result<(), TokenError> {
    if grant.client_id != client.client().id {
        return Err(TokenError::WrongClient);
    }
    if !client.client().redirect_uris.contains(&grant.redirect_uri) {
        return Err(TokenError::RedirectUriUnregistered);
    }
    if grant.redirect_uri != request.redirect_uri {
        return Err(TokenError::WrongRedirectUri);
    }
    match (&grant.code_challenge, &request.code_verifier) {
        (Some(challenge), Some(verifier)) if challenge.matches(verifier) => Ok(()),
        (Some(_) | None, Some(_)) => Err(TokenError::WrongVerifier),
        (Some(_), None) => Err(TokenError::ParameterMissing { name: "code_verifier" }),
        (None, None) => Ok(()),
    }
}

/// Checks whose key a token request was proved with (RFC 9449 sections 5 and 10): the one that the code was bound to, and
/// some key where the client's tokens must be bound. What it answers, tokens are bound to.
pub fn check_dpop_key(
    grant: &CodeGrant,
    client: &AuthenticatedClient,
    proof: Option<JwkThumbprint>,
) -> Result<Option<JwkThumbprint>, TokenError> {
    match (grant.dpop_jkt, proof) {
        (Some(bound), Some(shown)) if bound != shown => Err(TokenError::WrongDpopKey),
        (Some(_), None) => Err(TokenError::DpopProofMissing),
        (None, None) if client.client().require_dpop => Err(TokenError::DpopProofMissing),
        (_, proof) => Ok(proof),
    }
}

#[cfg(test)]
mod tests;

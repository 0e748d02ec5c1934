//! OAuth 2.0 and OpenID Connect rules without HTTP.
//!
//! What an OpenID Provider decides about requests, clients, grants and tokens, as functions over values: no I/O,
//! no clock, no randomness of its own. The gateway carries their answers over HTTP and storage keeps what they
//! return. Authorization code with PKCE S256 is the only flow; whatever is not supported is refused by name.
//!
//! The order to read it in is the order of a sign-in: [`Parameters`], [`Client`], [`AuthorizationRequest`],
//! [`success_location`], [`ClientCredentials`], [`TokenRequest`], [`check_code_grant`], [`IdTokenClaims`],
//! [`presented_token`]. What services find out first is [`Discovery`].

#![deny(clippy::as_conversions)]

mod acr;
mod authorization;
mod authorization_error;
mod bearer;
mod claims_request;
mod client;
mod client_assertion;
mod client_authentication;
mod credentials;
mod crypto_error;
mod discovery;
mod dpop;
mod end_session;
mod form;
mod id_token;
mod id_token_hint;
mod interaction;
pub mod jose;
mod location;
mod logout_token;
mod oauth_error;
mod opaque;
mod pairwise;
mod parameters;
mod pkce;
mod profile;
mod prompt;
mod pushed;
mod reach;
mod redirect_uri;
mod refresh;
mod registration;
mod request_object;
mod scope;
mod signing_key;
#[cfg(test)]
mod testing;
mod token_error;
mod token_request;

pub use acr::ACR_AAL3;
pub use authorization::AuthorizationRequest;
pub use authorization_error::{AuthorizationError, RedirectableError};
pub use bearer::{BearerError, PresentedToken, TokenScheme, check_token_key, presented_token};
pub use client::{Client, ClientError};
pub use client_assertion::{AssertionUse, CLIENT_ASSERTION_TYPE, ClientAssertionError};
pub use client_authentication::{
    AssertionKeys, AuthenticationMethod, ClientAuthentication, HashedSecret, PreviousSecret,
};
pub use credentials::{
    AuthenticatedClient, Authentication, ClientCredentials, UnusedAssertion, authenticate,
};
pub use crypto_error::CryptoError;
pub use discovery::{
    Discovery, Offer, PATH_AUTHORIZE, PATH_DISCOVERY, PATH_INTROSPECTION, PATH_JWKS, PATH_OAUTH_DISCOVERY,
    PATH_PAR, PATH_REGISTRATION, PATH_REVOCATION, PATH_TOKEN, PATH_USERINFO,
};
pub use dpop::{DPOP_ALGS, DpopError, DpopProof, DpopRequest};
pub use end_session::{EndSessionError, EndSessionRequest, PATH_END_SESSION};
pub use id_token::{ACR_CARD_PIN, AMR_CARD_PIN, IdTokenClaims, at_hash, sign_id_token, sign_jwt};
pub use id_token_hint::read_id_token_hint;
pub use interaction::{Interaction, LiveSession, interaction};
pub use location::{error_location, success_location};
pub use logout_token::{LOGOUT_TOKEN_SECONDS, LogoutEvent, LogoutTokenClaims, sign_logout_token};
pub use oauth_error::{Description, OAuthError};
pub use opaque::{
    AccessToken, AuthorizationCode, ClientSecret, RefreshToken, RegistrationToken, RequestReference,
};
pub use pairwise::{pairwise_sid, pairwise_sub, sector_identifier};
pub use parameters::{ParameterError, Parameters};
pub use pkce::{CodeChallenge, CodeVerifier};
pub use profile::Profile;
pub use prompt::Prompt;
pub use pushed::{PUSHED_REQUEST_SECONDS, RequestReferenceHash};
pub use reach::may_be_reached;
pub use redirect_uri::{RedirectUriError, check_redirect_uri, origin_of};
pub use refresh::{
    SCOPE_OFFLINE_ACCESS, check_refresh, gives_refresh_token, narrowed_scope, rotates_refresh_tokens,
};
pub use registration::{RegisteredClient, RegistrationError, RegistrationRequest};
pub use request_object::{RequestObjectError, request_object};
pub use scope::SCOPE_OPENID;
pub use signing_key::{Jwk, Jwks, SigningKey, pkcs8_from_pem};
pub use token_error::TokenError;
pub use token_request::{
    CODE_SECONDS, CodeGrant, CodeRequest, RefreshRequest, TokenRequest, check_code_grant, check_dpop_key,
};

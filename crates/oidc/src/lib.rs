//! OAuth 2.0 and OpenID Connect rules without HTTP.
//!
//! What an OpenID Provider decides about requests, clients, grants and tokens, as functions over values: no I/O,
//! no clock, no randomness of its own. The gateway carries their answers over HTTP and storage keeps what they
//! return. Authorization code with PKCE S256 is the only flow; whatever is not supported is refused by name.
//!
//! The order to read it in is the order of a sign-in: [`Parameters`], [`Client`], [`AuthorizationRequest`],
//! [`success_location`], [`ClientCredentials`], [`TokenRequest`], [`check_code_grant`], [`IdTokenClaims`],
//! [`bearer_token`]. What services find out first is [`Discovery`].

#![deny(clippy::as_conversions)]

mod authorization;
mod bearer;
mod client;
mod credentials;
mod crypto_error;
mod discovery;
mod form;
mod id_token;
mod location;
mod oauth_error;
mod opaque;
mod pairwise;
mod parameters;
mod pkce;
mod redirect_uri;
mod signing_key;
#[cfg(test)]
mod testing;
mod token_error;
mod token_request;

pub use authorization::{AuthorizationError, AuthorizationRequest, Prompt, RedirectableError};
pub use bearer::{BearerError, bearer_token};
pub use client::{Client, ClientAuthentication, ClientError, IdTokenAlg};
pub use credentials::{AuthenticatedClient, ClientCredentials, authenticate};
pub use crypto_error::CryptoError;
pub use discovery::{Discovery, PATH_AUTHORIZE, PATH_DISCOVERY, PATH_JWKS, PATH_TOKEN, PATH_USERINFO};
pub use id_token::{ACR_CARD_PIN, AMR_CARD_PIN, IdTokenClaims, at_hash, sign_id_token};
pub use location::{error_location, success_location};
pub use oauth_error::{Description, OAuthError};
pub use opaque::{AccessToken, AuthorizationCode, ClientSecret};
pub use pairwise::{pairwise_sub, sector_identifier};
pub use parameters::{ParameterError, Parameters};
pub use pkce::{CodeChallenge, CodeVerifier};
pub use redirect_uri::{RedirectUriError, check_redirect_uri};
pub use signing_key::{Jwk, Jwks, SigningKey};
pub use token_error::TokenError;
pub use token_request::{CODE_SECONDS, CodeGrant, TokenRequest, check_code_grant};

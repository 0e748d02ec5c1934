//! How the endpoints that services call fail (RFC 6749 section 5.2): JSON, never stored, in the same shape everywhere.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

use madoguchi_oidc::{Description, OAuthError, TokenError};
use madoguchi_protocol::ErrorCode;
use madoguchi_storage::StorageError;

use crate::client_authentication::ClientFailure;
use crate::session_use::ASK_AGAIN_SECONDS;
use crate::store_failure::status_of;

/// An error for a service.
#[derive(Debug)]
pub(crate) struct OAuthFailure {
    status: StatusCode,
    error: OAuthError,
    description: Option<Description>,
    challenge: Option<&'static str>,
    retry_after: Option<&'static str>,
}

impl OAuthFailure {
    /// Nobody can say now whether a session may go on. Nothing is spent: the same request may come again.
    pub(crate) fn cannot_check() -> Self {
        Self {
            status: StatusCode::SERVICE_UNAVAILABLE,
            error: OAuthError::TemporarilyUnavailable,
            description: Some(const { Description::new("cannot_check") }),
            challenge: None,
            retry_after: Some(ASK_AGAIN_SECONDS),
        }
    }

    /// The client has as much waiting as it may have (RFC 9126 section 2.3).
    pub(crate) fn too_many(description: Description) -> Self {
        Self {
            status: StatusCode::TOO_MANY_REQUESTS,
            error: OAuthError::TemporarilyUnavailable,
            description: Some(description),
            challenge: None,
            retry_after: Some(ASK_AGAIN_SECONDS),
        }
    }

    /// A request that a rule refuses.
    pub(crate) fn refused(error: OAuthError, description: Description) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            error,
            description: Some(description),
            challenge: None,
            retry_after: None,
        }
    }

    /// Something broke inside, and is in the log.
    pub(crate) fn internal() -> Self {
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            error: OAuthError::ServerError,
            description: None,
            challenge: None,
            retry_after: None,
        }
    }

    /// No key signs for this client, and the log says so.
    pub(crate) fn no_signing_key() -> Self {
        let description = Description::new(ErrorCode::NoSigningKey.as_str());
        Self { description: Some(description), ..Self::internal() }
    }
}

impl From<TokenError> for OAuthFailure {
    fn from(error: TokenError) -> Self {
        Self {
            status: StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST),
            error: error.error(),
            description: Some(error.description()),
            challenge: error.www_authenticate(),
            retry_after: None,
        }
    }
}

impl From<ClientFailure> for OAuthFailure {
    fn from(failure: ClientFailure) -> Self {
        match failure {
            ClientFailure::Rule(error) => error.into(),
            ClientFailure::Store(error) => error.into(),
        }
    }
}

impl From<StorageError> for OAuthFailure {
    fn from(error: StorageError) -> Self {
        tracing::error!(%error, "the store failed");
        let status = status_of(&error);
        if status != StatusCode::SERVICE_UNAVAILABLE {
            return Self::internal();
        }
        let retry_after = Some(ASK_AGAIN_SECONDS);
        Self { status, error: OAuthError::TemporarilyUnavailable, retry_after, ..Self::internal() }
    }
}

#[derive(Serialize)]
struct Body {
    error: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_description: Option<&'static str>,
}

impl IntoResponse for OAuthFailure {
    fn into_response(self) -> Response {
        let body =
            Body { error: self.error.as_str(), error_description: self.description.map(Description::as_str) };
        let mut response = never_stored((self.status, Json(body)).into_response());
        if let Some(challenge) = self.challenge {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(seconds));
        }
        response
    }
}

/// What RFC 6749 section 5.1 wants on everything that these endpoints answer.
pub(crate) fn never_stored(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    response
}

//! What a service is told when a sign-in stops (OpenID Connect Core section 3.1.2.6).

use madoguchi_oidc::{AuthorizationRequest, Description, OAuthError, error_location};
use madoguchi_protocol::ErrorCode;

/// The OAuth error of a code. `docs/errors.md` says the same in a table, and a test compares them.
pub fn oauth_error(code: ErrorCode) -> OAuthError {
    match code {
        ErrorCode::CannotCheck | ErrorCode::Overloaded => OAuthError::TemporarilyUnavailable,
        ErrorCode::Internal | ErrorCode::NoSigningKey => OAuthError::ServerError,
        ErrorCode::RequestInvalid => OAuthError::InvalidRequest,
        _ => OAuthError::AccessDenied,
    }
}

/// The address that carries the error to the service. The description is our code, except where the service learns
/// only that it failed.
pub(crate) fn service_error_location(
    request: &AuthorizationRequest,
    code: ErrorCode,
    issuer: &str,
) -> String {
    let description = match code {
        ErrorCode::PossiblePhishing | ErrorCode::TicketUsed | ErrorCode::SignatureInvalid => "failed",
        told => told.as_str(),
    };
    error_location(
        &request.redirect_uri,
        oauth_error(code),
        Description::new(description),
        request.state.as_deref(),
        issuer,
    )
}

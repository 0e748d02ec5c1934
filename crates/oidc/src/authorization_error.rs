//! How an authorization request fails (RFC 6749 section 4.1.2.1, OpenID Connect Core section 3.1.2.6).

use crate::{Description, OAuthError, error_location};

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

impl AuthorizationError {
    /// Code and text for a client that pushed the request (RFC 9126 section 2.3): it hears of everything itself.
    pub fn told(&self) -> (OAuthError, Description) {
        let description = match self {
            Self::ClientIdMissing => const { Description::new("client_id is missing") },
            Self::ClientMismatch => {
                const { Description::new("client_id is not that of the authenticated client") }
            }
            Self::RedirectUriMissing => const { Description::new("redirect_uri is missing") },
            Self::RedirectUriUnregistered => const { Description::new("redirect_uri is not registered") },
            Self::Redirectable(refusal) => return (refusal.error, refusal.description),
        };
        (OAuthError::InvalidRequest, description)
    }
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

/// A rule that refuses, before it is known where the answer goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal(pub(crate) OAuthError, pub(crate) Description);

/// `invalid_request`.
pub(crate) fn invalid_request(description: Description) -> Refusal {
    Refusal(OAuthError::InvalidRequest, description)
}

//! Error codes that services receive, and the text that goes with them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An error code from the registries of RFC 6749 (sections 4.1.2.1 and 5.2), OpenID Connect Core (section
/// 3.1.2.6), RFC 6750 (section 3.1), RFC 9101 and RFC 9449.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OAuthError {
    /// The resident or the gateway refused.
    AccessDenied,
    /// `prompt=none`, but the resident must choose an account.
    AccountSelectionRequired,
    /// `prompt=none`, but the resident must consent.
    ConsentRequired,
    /// `prompt=none`, but the resident must act.
    InteractionRequired,
    /// Client authentication failed.
    InvalidClient,
    /// The DPoP proof is missing or refused (RFC 9449 section 5).
    InvalidDpopProof,
    /// The code is unknown, used, expired or not for this client.
    InvalidGrant,
    /// A parameter is missing, repeated or malformed.
    InvalidRequest,
    /// The request object is malformed, not the client's, or out of date (RFC 9101 section 6.2).
    InvalidRequestObject,
    /// The scope is malformed or lacks `openid`.
    InvalidScope,
    /// The access token is unknown, expired or revoked.
    InvalidToken,
    /// `prompt=none`, but nobody is signed in.
    LoginRequired,
    /// The `registration` parameter.
    RegistrationNotSupported,
    /// The `request` parameter.
    RequestNotSupported,
    /// The `request_uri` parameter.
    RequestUriNotSupported,
    /// Something broke inside.
    ServerError,
    /// Overload or maintenance, or a source of revocation that cannot be asked now.
    TemporarilyUnavailable,
    /// The client may not do this.
    UnauthorizedClient,
    /// An essential `acr` that no sign-in here has (OpenID Connect Unmet Authentication Requirements).
    UnmetAuthenticationRequirements,
    /// Another grant type than `authorization_code`.
    UnsupportedGrantType,
    /// Another response type than `code`.
    UnsupportedResponseType,
}

impl OAuthError {
    /// The registered code.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccessDenied => "access_denied",
            Self::AccountSelectionRequired => "account_selection_required",
            Self::ConsentRequired => "consent_required",
            Self::InteractionRequired => "interaction_required",
            Self::InvalidClient => "invalid_client",
            Self::InvalidDpopProof => "invalid_dpop_proof",
            Self::InvalidGrant => "invalid_grant",
            Self::InvalidRequest => "invalid_request",
            Self::InvalidRequestObject => "invalid_request_object",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidToken => "invalid_token",
            Self::LoginRequired => "login_required",
            Self::RegistrationNotSupported => "registration_not_supported",
            Self::RequestNotSupported => "request_not_supported",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnmetAuthenticationRequirements => "unmet_authentication_requirements",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnsupportedResponseType => "unsupported_response_type",
        }
    }
}

impl fmt::Display for OAuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An `error_description`: for the service's developer, in the alphabet of RFC 6749 appendix A.8 (printable ASCII
/// without `"` and `\`). Always a literal of ours, so no input is ever reflected in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Description(&'static str);

impl Description {
    /// Checks the alphabet. Evaluated in a `const`, a wrong literal does not compile; elsewhere it panics.
    pub const fn new(text: &'static str) -> Self {
        let mut rest = text.as_bytes();
        while let [octet, tail @ ..] = rest {
            assert!(
                matches!(*octet, b' '..=b'~') && *octet != b'"' && *octet != b'\\',
                "RFC 6749 appendix A.8"
            );
            rest = tail;
        }
        Self(text)
    }

    /// The text.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The octets that services match on, written out once more by hand.
    #[test]
    fn codes_are_the_registered_ones_and_the_same_when_stored() {
        for (error, code) in [
            (OAuthError::AccessDenied, "access_denied"),
            (OAuthError::AccountSelectionRequired, "account_selection_required"),
            (OAuthError::ConsentRequired, "consent_required"),
            (OAuthError::InteractionRequired, "interaction_required"),
            (OAuthError::InvalidClient, "invalid_client"),
            (OAuthError::InvalidDpopProof, "invalid_dpop_proof"),
            (OAuthError::InvalidGrant, "invalid_grant"),
            (OAuthError::InvalidRequest, "invalid_request"),
            (OAuthError::InvalidRequestObject, "invalid_request_object"),
            (OAuthError::InvalidScope, "invalid_scope"),
            (OAuthError::InvalidToken, "invalid_token"),
            (OAuthError::LoginRequired, "login_required"),
            (OAuthError::RegistrationNotSupported, "registration_not_supported"),
            (OAuthError::RequestNotSupported, "request_not_supported"),
            (OAuthError::RequestUriNotSupported, "request_uri_not_supported"),
            (OAuthError::ServerError, "server_error"),
            (OAuthError::TemporarilyUnavailable, "temporarily_unavailable"),
            (OAuthError::UnauthorizedClient, "unauthorized_client"),
            (OAuthError::UnmetAuthenticationRequirements, "unmet_authentication_requirements"),
            (OAuthError::UnsupportedGrantType, "unsupported_grant_type"),
            (OAuthError::UnsupportedResponseType, "unsupported_response_type"),
        ] {
            assert_eq!(error.to_string(), code);
            let json = serde_json::to_string(&error).expect("a code serialises");
            assert_eq!(json, format!("\"{code}\""));
            assert_eq!(serde_json::from_str::<OAuthError>(&json).expect("a code"), error);
        }
    }

    #[test]
    fn a_description_is_printable_ascii_without_quotes() {
        assert_eq!(Description::new("a b~!").as_str(), "a b~!");
        for text in ["窓口", "a\"b", "a\\b", "a\nb", "a\tb", "a\x7f"] {
            assert!(std::panic::catch_unwind(|| Description::new(text)).is_err(), "{text:?}");
        }
    }
}

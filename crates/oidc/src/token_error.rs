//! Errors of the token endpoint (RFC 6749 section 5.2).

use crate::{ClientAssertionError, Description, DpopError, OAuthError, ParameterError};

/// Why a token request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The client's assertion is refused.
    #[error("client assertion: {0}")]
    ClientAssertion(#[from] ClientAssertionError),
    /// An unknown client, or no client authentication, of another method than registered, or wrong.
    #[error("client authentication failed")]
    ClientAuthentication,
    /// The DPoP proof is refused.
    #[error("DPoP proof: {0}")]
    Dpop(#[from] DpopError),
    /// No proof, but the client or the code must have one. Nothing is consumed.
    #[error("a DPoP proof is missing")]
    DpopProofMissing,
    /// No verifier of RFC 7636 section 4.1. No code was looked up, so none is consumed.
    #[error("code_verifier is malformed")]
    MalformedVerifier,
    /// Credentials in two places, or two client ids.
    #[error("more than one client authentication")]
    ManyAuthentications,
    /// The request as a whole is malformed.
    #[error("{0}")]
    Parameters(#[from] ParameterError),
    /// A parameter that must be there is not.
    #[error("{name} is missing")]
    ParameterMissing {
        /// The parameter.
        name: &'static str,
    },
    /// The grant came through a redirect URI that was taken away from the client since. Consumes the code.
    #[error("the redirect URI of the authorization request is not registered any more")]
    RedirectUriUnregistered,
    /// The client may not have refresh tokens, or no longer.
    #[error("the client may not have refresh tokens")]
    RefreshNotAllowed,
    /// A refresh asks for more than was granted, or for no ID token.
    #[error("the scope was not granted")]
    ScopeNotGranted,
    /// The session ended after the code was given out.
    #[error("the session has ended")]
    SessionEnded,
    /// The code is malformed, was never given out, is expired or was used.
    #[error("no such code")]
    UnknownCode,
    /// The refresh token is malformed, was never given out, is expired, revoked, or was used and replaced.
    #[error("no such refresh token")]
    UnknownRefreshToken,
    /// Another grant type than `authorization_code` and `refresh_token`.
    #[error("the grant types are authorization_code and refresh_token")]
    UnsupportedGrantType,
    /// The code was given to another client. Never consumes the code.
    #[error("the code is another client's")]
    WrongClient,
    /// Another key than the code or the refresh token is bound to. Consumes the code.
    #[error("the DPoP proof is by another key")]
    WrongDpopKey,
    /// Another redirect URI than the code was sent to. Consumes the code.
    #[error("redirect_uri is not the one of the authorization request")]
    WrongRedirectUri,
    /// The verifier does not match the challenge. Consumes the code.
    #[error("code_verifier does not match")]
    WrongVerifier,
}

impl TokenError {
    /// The HTTP status.
    pub fn status(&self) -> u16 {
        match self.error() {
            OAuthError::InvalidClient => 401,
            _ => 400,
        }
    }

    /// The OAuth error code.
    pub fn error(&self) -> OAuthError {
        match self {
            Self::ClientAssertion(_) | Self::ClientAuthentication => OAuthError::InvalidClient,
            Self::ManyAuthentications | Self::Parameters(_) | Self::ParameterMissing { .. } => {
                OAuthError::InvalidRequest
            }
            Self::UnsupportedGrantType => OAuthError::UnsupportedGrantType,
            Self::Dpop(_) | Self::DpopProofMissing => OAuthError::InvalidDpopProof,
            Self::RefreshNotAllowed => OAuthError::UnauthorizedClient,
            Self::ScopeNotGranted => OAuthError::InvalidScope,
            Self::MalformedVerifier
            | Self::RedirectUriUnregistered
            | Self::SessionEnded
            | Self::UnknownCode
            | Self::UnknownRefreshToken
            | Self::WrongClient
            | Self::WrongDpopKey
            | Self::WrongRedirectUri
            | Self::WrongVerifier => OAuthError::InvalidGrant,
        }
    }

    /// The `error_description`. An unknown code and another client's look the same: a client learns nothing about
    /// the codes of others.
    pub fn description(&self) -> Description {
        match self {
            Self::ClientAssertion(error) => error.description(),
            Self::ClientAuthentication => const { Description::new("client authentication failed") },
            Self::Dpop(error) => error.description(),
            Self::DpopProofMissing => DpopError::Missing.description(),
            Self::MalformedVerifier => const { Description::new("code_verifier is malformed") },
            Self::ManyAuthentications => const { Description::new("authenticate the client once") },
            Self::Parameters(_) => const { Description::new("the parameters are malformed") },
            Self::ParameterMissing { .. } => const { Description::new("a required parameter is missing") },
            Self::RedirectUriUnregistered => {
                const { Description::new("redirect_uri is not registered any more") }
            }
            Self::RefreshNotAllowed => const { Description::new("this client may not have refresh tokens") },
            Self::ScopeNotGranted => {
                const { Description::new("scope is openid and at most what was granted") }
            }
            Self::SessionEnded => const { Description::new("the session has ended") },
            Self::UnknownRefreshToken => {
                const { Description::new("the refresh token is unknown, expired, revoked or used") }
            }
            Self::WrongDpopKey => const { Description::new("the DPoP proof is by another key") },
            Self::UnknownCode | Self::WrongClient => {
                const { Description::new("the code is unknown, expired or used") }
            }
            Self::UnsupportedGrantType => {
                const { Description::new("grant_type is authorization_code or refresh_token") }
            }
            Self::WrongRedirectUri => {
                const { Description::new("redirect_uri is not the one of the authorization request") }
            }
            Self::WrongVerifier => const { Description::new("code_verifier does not match code_challenge") },
        }
    }

    /// The `WWW-Authenticate` header that goes with status 401.
    pub fn www_authenticate(&self) -> Option<&'static str> {
        (self.status() == 401).then_some("Basic realm=\"token\"")
    }

    /// True when the code is spent all the same: the right client brought the wrong proof. Another client's
    /// attempt never spends it, or anybody could keep a resident from signing in.
    pub fn consumes_code(&self) -> bool {
        matches!(
            self,
            Self::RedirectUriUnregistered | Self::WrongDpopKey | Self::WrongRedirectUri | Self::WrongVerifier
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6749 section 5.2, and which of them spend the code.
    #[test]
    fn every_error_has_its_answer() {
        for (error, status, code, consumes) in [
            (TokenError::ClientAuthentication, 401, "invalid_client", false),
            (TokenError::Dpop(DpopError::Typ), 400, "invalid_dpop_proof", false),
            (TokenError::DpopProofMissing, 400, "invalid_dpop_proof", false),
            (TokenError::MalformedVerifier, 400, "invalid_grant", false),
            (TokenError::ManyAuthentications, 400, "invalid_request", false),
            (TokenError::Parameters(ParameterError::Repeated), 400, "invalid_request", false),
            (TokenError::ParameterMissing { name: "code" }, 400, "invalid_request", false),
            (TokenError::RedirectUriUnregistered, 400, "invalid_grant", true),
            (TokenError::RefreshNotAllowed, 400, "unauthorized_client", false),
            (TokenError::ScopeNotGranted, 400, "invalid_scope", false),
            (TokenError::SessionEnded, 400, "invalid_grant", false),
            (TokenError::UnknownCode, 400, "invalid_grant", false),
            (TokenError::UnknownRefreshToken, 400, "invalid_grant", false),
            (TokenError::UnsupportedGrantType, 400, "unsupported_grant_type", false),
            (TokenError::WrongClient, 400, "invalid_grant", false),
            (TokenError::WrongDpopKey, 400, "invalid_grant", true),
            (TokenError::WrongRedirectUri, 400, "invalid_grant", true),
            (TokenError::WrongVerifier, 400, "invalid_grant", true),
        ] {
            let answer = (error.status(), error.error().as_str(), error.consumes_code());
            assert_eq!(answer, (status, code, consumes), "{error:?}");
            let challenge = (status == 401).then_some(r#"Basic realm="token""#);
            assert_eq!(error.www_authenticate(), challenge, "{error:?}");
        }
    }

    #[test]
    fn a_client_cannot_tell_anothers_code_from_no_code() {
        assert_eq!(TokenError::WrongClient.description(), TokenError::UnknownCode.description());
    }
}

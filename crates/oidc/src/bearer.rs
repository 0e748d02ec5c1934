//! The access token of a request (RFC 6750 section 2, RFC 9449 section 7.1): in the header or in the form, never in the
//! query, which ends up in logs.

use crate::jose::JwkThumbprint;
use crate::{AccessToken, DPOP_ALGS, Description, DpopError, OAuthError, Parameters};

/// How a token is presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenScheme {
    /// Whoever has it may use it.
    Bearer,
    /// With a proof of the key that it is bound to.
    Dpop,
}

impl TokenScheme {
    /// The scheme of a token that is bound to this key, or to none: `token_type`.
    pub const fn of(key: Option<JwkThumbprint>) -> Self {
        match key {
            Some(_) => Self::Dpop,
            None => Self::Bearer,
        }
    }

    /// The registered name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
            Self::Dpop => "DPoP",
        }
    }
}

/// A token as a request brought it.
#[derive(Debug)]
pub struct PresentedToken {
    /// How.
    pub scheme: TokenScheme,
    /// What.
    pub token: AccessToken,
}

/// Reads the token from the `Authorization` header or, a bearer token alone, from the form body of a POST. Pass the body's
/// parameters alone, never the query's.
pub fn presented_token(
    authorization: Option<&str>,
    form: Option<&Parameters>,
) -> Result<PresentedToken, BearerError> {
    let in_form = form.is_some_and(|form| form.value("access_token").is_some());
    let (scheme, token) = match authorization {
        Some(_) if in_form => return Err(BearerError::TwoMethods),
        Some(header) => {
            let (name, token) = header.split_once(' ').unwrap_or((header, ""));
            let scheme = [TokenScheme::Bearer, TokenScheme::Dpop]
                .into_iter()
                .find(|scheme| name.eq_ignore_ascii_case(scheme.as_str()))
                .ok_or(BearerError::Missing)?;
            (scheme, token)
        }
        None => {
            let token = form.and_then(|form| form.value("access_token")).ok_or(BearerError::Missing)?;
            (TokenScheme::Bearer, token)
        }
    };
    let token = AccessToken::parse(token).map_err(|_| BearerError::InvalidToken(scheme))?;
    Ok(PresentedToken { scheme, token })
}

/// The one place that compares a token's key with the proof's (RFC 9449 sections 7.1 and 7.2): a bound token needs a proof
/// of its key and is no bearer token, and one that is not bound is nothing else. `proof` is the key of a proof that was
/// checked together with this very token.
pub fn check_token_key(
    scheme: TokenScheme,
    bound_to: Option<JwkThumbprint>,
    proof: Option<JwkThumbprint>,
) -> Result<(), BearerError> {
    let refused = Err(BearerError::InvalidToken(TokenScheme::Dpop));
    match (scheme, bound_to) {
        (TokenScheme::Bearer, None) => Ok(()),
        (TokenScheme::Bearer, Some(_)) => refused,
        (TokenScheme::Dpop, bound_to) => match proof {
            None => Err(DpopError::Missing.into()),
            Some(_) if bound_to == proof => Ok(()),
            Some(_) => refused,
        },
    }
}

/// Why a userinfo request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BearerError {
    /// The proof of the token's key is missing or refused.
    #[error("DPoP proof: {0}")]
    Dpop(#[from] DpopError),
    /// The token is malformed, unknown, expired, revoked, or to be presented otherwise.
    #[error("the access token is not valid")]
    InvalidToken(TokenScheme),
    /// No token, or another scheme.
    #[error("no access token")]
    Missing,
    /// A token in the header and one in the form.
    #[error("an access token in two places")]
    TwoMethods,
}

impl BearerError {
    /// The HTTP status.
    pub fn status(&self) -> u16 {
        match self {
            Self::Dpop(_) | Self::InvalidToken(_) | Self::Missing => 401,
            Self::TwoMethods => 400,
        }
    }

    /// The `WWW-Authenticate` header (RFC 6750 section 3, RFC 9449 section 7.1). Without a token there is no error code to
    /// tell, only how one may be presented.
    pub fn www_authenticate(&self) -> String {
        const BEARER: &str = "Bearer realm=\"userinfo\"";
        let dpop = || format!("DPoP realm=\"userinfo\", algs=\"{}\"", DPOP_ALGS.join(" "));
        let (challenge, error, description) = match self {
            Self::Missing => return format!("{BEARER}, {}", dpop()),
            Self::Dpop(error) => (dpop(), OAuthError::InvalidDpopProof, error.description()),
            Self::InvalidToken(scheme) => {
                let challenge = match scheme {
                    TokenScheme::Bearer => BEARER.to_owned(),
                    TokenScheme::Dpop => dpop(),
                };
                let description = const {
                    Description::new("the access token is unknown, expired, revoked or bound otherwise")
                };
                (challenge, OAuthError::InvalidToken, description)
            }
            Self::TwoMethods => (
                BEARER.to_owned(),
                OAuthError::InvalidRequest,
                const { Description::new("send the access token in one place") },
            ),
        };
        format!("{challenge}, error=\"{error}\", error_description=\"{description}\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::parameters;

    const TOKEN: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc";
    const A: JwkThumbprint = JwkThumbprint([1; 32]);
    const B: JwkThumbprint = JwkThumbprint([2; 32]);

    fn check(
        authorization: Option<&str>,
        form: &[(&str, &str)],
    ) -> Result<(TokenScheme, String), BearerError> {
        let presented = presented_token(authorization, Some(&parameters(form)))?;
        Ok((presented.scheme, presented.token.encode().to_string()))
    }

    #[test]
    fn the_token_comes_from_the_header_or_the_form() {
        let bearer = Ok((TokenScheme::Bearer, TOKEN.to_owned()));
        assert_eq!(check(Some(&format!("Bearer {TOKEN}")), &[]), bearer);
        assert_eq!(check(None, &[("access_token", TOKEN)]), bearer);
        assert!(presented_token(Some(&format!("Bearer {TOKEN}")), None).is_ok());
        assert_eq!(check(Some(&format!("DPoP {TOKEN}")), &[]), Ok((TokenScheme::Dpop, TOKEN.to_owned())));
    }

    /// RFC 9110 section 11.1.
    #[test]
    fn access_token_type_header_case_sensitivity() {
        for (name, scheme) in [
            ("bEARER", TokenScheme::Bearer),
            ("BEARER", TokenScheme::Bearer),
            ("DPOP", TokenScheme::Dpop),
            ("dpop", TokenScheme::Dpop),
        ] {
            let read = check(Some(&format!("{name} {TOKEN}")), &[("a", "b")]);
            assert_eq!(read, Ok((scheme, TOKEN.to_owned())));
        }
    }

    #[test]
    fn two_methods_at_once_are_refused() {
        let header = format!("Bearer {TOKEN}");
        assert_eq!(check(Some(&header), &[("access_token", TOKEN)]), Err(BearerError::TwoMethods));
    }

    #[test]
    fn no_token_and_no_valid_token_are_told_apart() {
        let invalid = BearerError::InvalidToken(TokenScheme::Bearer);
        assert_eq!(presented_token(None, None).err(), Some(BearerError::Missing));
        assert_eq!(check(None, &[("access_token", "")]), Err(BearerError::Missing));
        assert_eq!(check(Some(&format!("Basic {TOKEN}")), &[]), Err(BearerError::Missing));
        assert_eq!(check(Some(&format!("Bearer{TOKEN}")), &[]), Err(BearerError::Missing));
        assert_eq!(check(Some("Bearer"), &[]), Err(invalid));
        assert_eq!(check(Some(&format!("Bearer  {TOKEN}")), &[]), Err(invalid));
        assert_eq!(check(Some(&format!("Bearer {TOKEN},a")), &[]), Err(invalid));
        assert_eq!(check(None, &[("access_token", "x")]), Err(invalid));
        assert_eq!(check(Some("DPoP x"), &[]), Err(BearerError::InvalidToken(TokenScheme::Dpop)));
    }

    /// Every scheme with every token and every proof: others had endpoints that did not ask one of these.
    #[test]
    fn c24_a_bound_token_needs_its_key_and_an_unbound_one_has_none() {
        use TokenScheme::{Bearer, Dpop};
        let invalid = Err(BearerError::InvalidToken(Dpop));
        let missing = Err(BearerError::Dpop(DpopError::Missing));
        for (scheme, bound_to, proof, outcome) in [
            (Bearer, None, None, Ok(())),
            (Bearer, None, Some(A), Ok(())),
            (Bearer, Some(A), None, invalid),
            (Bearer, Some(A), Some(A), invalid),
            (Dpop, None, None, missing),
            (Dpop, None, Some(A), invalid),
            (Dpop, Some(A), None, missing),
            (Dpop, Some(A), Some(A), Ok(())),
            (Dpop, Some(A), Some(B), invalid),
        ] {
            assert_eq!(
                check_token_key(scheme, bound_to, proof),
                outcome,
                "{scheme:?} {bound_to:?} {proof:?}"
            );
        }
    }

    /// RFC 6750 section 3.1, RFC 9449 section 7.1.
    #[test]
    fn every_error_has_its_status_and_challenge() {
        let invalid = BearerError::InvalidToken;
        for (error, status, challenge) in [
            (
                BearerError::Missing,
                401,
                r#"Bearer realm="userinfo", DPoP realm="userinfo", algs="ES256 PS256""#,
            ),
            (
                invalid(TokenScheme::Bearer),
                401,
                r#"Bearer realm="userinfo", error="invalid_token", error_description="the access token is unknown, expired, revoked or bound otherwise""#,
            ),
            (
                invalid(TokenScheme::Dpop),
                401,
                r#"DPoP realm="userinfo", algs="ES256 PS256", error="invalid_token", error_description="the access token is unknown, expired, revoked or bound otherwise""#,
            ),
            (
                BearerError::Dpop(DpopError::Missing),
                401,
                r#"DPoP realm="userinfo", algs="ES256 PS256", error="invalid_dpop_proof", error_description="a DPoP proof is required""#,
            ),
            (
                BearerError::TwoMethods,
                400,
                r#"Bearer realm="userinfo", error="invalid_request", error_description="send the access token in one place""#,
            ),
        ] {
            assert_eq!((error.status(), error.www_authenticate().as_str()), (status, challenge));
        }
    }
}

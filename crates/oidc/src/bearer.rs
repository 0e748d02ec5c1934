//! The access token of a userinfo request (RFC 6750 section 2): in the header or in the form, never in the query,
//! which ends up in logs.

use crate::{AccessToken, Description, OAuthError, Parameters};

/// Reads the token from the `Authorization` header or from the form body of a POST. Pass the body's parameters
/// alone, never the query's.
pub fn bearer_token(
    authorization: Option<&str>,
    form: Option<&Parameters>,
) -> Result<AccessToken, BearerError> {
    let in_form = form.is_some_and(|form| form.value("access_token").is_some());
    let token = match authorization {
        Some(_) if in_form => return Err(BearerError::TwoMethods),
        Some(header) => {
            let (scheme, token) = header.split_once(' ').unwrap_or((header, ""));
            if !scheme.eq_ignore_ascii_case("Bearer") {
                return Err(BearerError::Missing);
            }
            token
        }
        None => form.and_then(|form| form.value("access_token")).ok_or(BearerError::Missing)?,
    };
    AccessToken::parse(token).map_err(|_| BearerError::InvalidToken)
}

/// Why a userinfo request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BearerError {
    /// The token is malformed, unknown, expired or revoked.
    #[error("the access token is not valid")]
    InvalidToken,
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
            Self::InvalidToken | Self::Missing => 401,
            Self::TwoMethods => 400,
        }
    }

    /// The `WWW-Authenticate` header (RFC 6750 section 3). Without a token there is no error code to tell.
    pub fn www_authenticate(&self) -> String {
        const REALM: &str = "Bearer realm=\"userinfo\"";
        let (error, description) = match self {
            Self::InvalidToken => (
                OAuthError::InvalidToken,
                const { Description::new("the access token is unknown, expired or revoked") },
            ),
            Self::Missing => return REALM.to_owned(),
            Self::TwoMethods => {
                (OAuthError::InvalidRequest, const { Description::new("send the access token in one place") })
            }
        };
        format!("{REALM}, error=\"{error}\", error_description=\"{description}\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::parameters;

    const TOKEN: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc";

    fn check(authorization: Option<&str>, form: &[(&str, &str)]) -> Result<String, BearerError> {
        let token = bearer_token(authorization, Some(&parameters(form)))?;
        Ok(token.encode().to_string())
    }

    #[test]
    fn the_token_comes_from_the_header_or_the_form() {
        assert_eq!(check(Some(&format!("Bearer {TOKEN}")), &[]), Ok(TOKEN.to_owned()));
        // The scheme is case-insensitive (RFC 9110 section 11.1).
        assert_eq!(check(Some(&format!("bEARER {TOKEN}")), &[("a", "b")]), Ok(TOKEN.to_owned()));
        assert_eq!(check(None, &[("access_token", TOKEN)]), Ok(TOKEN.to_owned()));
        assert!(bearer_token(Some(&format!("Bearer {TOKEN}")), None).is_ok());
    }

    #[test]
    fn two_methods_at_once_are_refused() {
        let header = format!("Bearer {TOKEN}");
        assert_eq!(check(Some(&header), &[("access_token", TOKEN)]), Err(BearerError::TwoMethods));
    }

    #[test]
    fn no_token_and_no_valid_token_are_told_apart() {
        assert_eq!(bearer_token(None, None).err(), Some(BearerError::Missing));
        assert_eq!(check(None, &[("access_token", "")]), Err(BearerError::Missing));
        assert_eq!(check(Some(&format!("Basic {TOKEN}")), &[]), Err(BearerError::Missing));
        assert_eq!(check(Some(&format!("Bearer{TOKEN}")), &[]), Err(BearerError::Missing));
        assert_eq!(check(Some("Bearer"), &[]), Err(BearerError::InvalidToken));
        assert_eq!(check(Some(&format!("Bearer  {TOKEN}")), &[]), Err(BearerError::InvalidToken));
        assert_eq!(check(Some(&format!("Bearer {TOKEN},a")), &[]), Err(BearerError::InvalidToken));
        assert_eq!(check(None, &[("access_token", "x")]), Err(BearerError::InvalidToken));
    }

    /// RFC 6750 section 3.1.
    #[test]
    fn every_error_has_its_status_and_challenge() {
        for (error, status, challenge) in [
            (BearerError::Missing, 401, r#"Bearer realm="userinfo""#),
            (
                BearerError::InvalidToken,
                401,
                r#"Bearer realm="userinfo", error="invalid_token", error_description="the access token is unknown, expired or revoked""#,
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

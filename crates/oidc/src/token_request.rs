//! Redeeming a code (RFC 6749 section 4.1.3).
//!
//! The order at the token endpoint: authenticate the client, load the code, [`check_code_grant`], then consume the
//! code by one conditional write. Checked before consumed, or whoever guesses at codes could burn them; consumed
//! also when the right client brings the wrong proof, or a stolen code could be tried again and again.

use serde::{Deserialize, Serialize};

use crate::{
    AuthenticatedClient, AuthorizationCode, AuthorizationRequest, CodeChallenge, CodeVerifier, Parameters,
    TokenError,
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
    /// The PKCE challenge of the request.
    pub code_challenge: CodeChallenge,
    /// The nonce for the ID token.
    pub nonce: Option<String>,
    /// The scope granted.
    pub scope: String,
}

impl From<&AuthorizationRequest> for CodeGrant {
    fn from(request: &AuthorizationRequest) -> Self {
        Self {
            client_id: request.client_id.clone(),
            redirect_uri: request.redirect_uri.clone(),
            code_challenge: request.code_challenge.clone(),
            nonce: request.nonce.clone(),
            scope: request.scope.clone(),
        }
    }
}

/// A request to redeem a code.
#[derive(Debug)]
pub struct TokenRequest {
    /// The code.
    pub code: AuthorizationCode,
    /// The redirect URI of the authorization request.
    pub redirect_uri: String,
    /// The PKCE verifier.
    pub code_verifier: CodeVerifier,
}

impl TokenRequest {
    /// Reads the form. Only `grant_type=authorization_code`; nothing is optional. A malformed code or verifier can
    /// match nothing, so no code is looked up for it.
    pub fn parse(form: &Parameters) -> Result<Self, TokenError> {
        let required = |name| form.value(name).ok_or(TokenError::ParameterMissing { name });
        if required("grant_type")? != "authorization_code" {
            return Err(TokenError::UnsupportedGrantType);
        }
        Ok(Self {
            code: AuthorizationCode::parse(required("code")?).map_err(|_| TokenError::UnknownCode)?,
            redirect_uri: required("redirect_uri")?.to_owned(),
            code_verifier: CodeVerifier::parse(required("code_verifier")?)
                .ok_or(TokenError::MalformedVerifier)?,
        })
    }
}

/// Checks a loaded grant: client binding, then redirect URI, then PKCE (RFC 7636 section 4.6). On an error
/// [`TokenError::consumes_code`] says whether the code is spent.
pub fn check_code_grant(
    grant: &CodeGrant,
    client: &AuthenticatedClient<'_>,
    request: &TokenRequest,
) -> Result<(), TokenError> {
    if grant.client_id != client.client().id {
        Err(TokenError::WrongClient)
    } else if grant.redirect_uri != request.redirect_uri {
        Err(TokenError::WrongRedirectUri)
    } else if !grant.code_challenge.matches(&request.code_verifier) {
        Err(TokenError::WrongVerifier)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{CALLBACK, CHALLENGE, VERIFIER, client, parameters, with};
    use crate::{Client, ClientCredentials, OAuthError, authenticate};

    const CODE: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc";
    const FORM: [(&str, &str); 4] = [
        ("grant_type", "authorization_code"),
        ("code", CODE),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];

    fn parse(form: &[(&str, &str)]) -> Result<TokenRequest, TokenError> {
        TokenRequest::parse(&parameters(form))
    }

    fn grant() -> CodeGrant {
        CodeGrant {
            client_id: "kosodate".to_owned(),
            redirect_uri: CALLBACK.to_owned(),
            code_challenge: CodeChallenge::parse(CHALLENGE).expect("a challenge"),
            nonce: Some("n".to_owned()),
            scope: "openid".to_owned(),
        }
    }

    fn redeem(client: &Client, form: &[(&str, &str)]) -> Result<(), TokenError> {
        let credentials = ClientCredentials::from_request(None, &parameters(&[("client_id", &client.id)]))?;
        check_code_grant(&grant(), &authenticate(client, &credentials)?, &parse(form)?)
    }

    #[test]
    fn a_request_holds_all_its_parameters() {
        assert_eq!(*parse(&FORM).expect("a request").code.encode(), CODE);
        for (name, _) in FORM {
            let missing = Some(TokenError::ParameterMissing { name });
            assert_eq!(parse(&with(&FORM, name, None)).err(), missing);
        }
        for grant_type in ["password", "refresh_token", "client_credentials", "Authorization_Code"] {
            let refused = parse(&with(&FORM, "grant_type", Some(grant_type))).err();
            assert_eq!(refused, Some(TokenError::UnsupportedGrantType), "{grant_type}");
        }
        assert_eq!(parse(&with(&FORM, "code", Some("x"))).err(), Some(TokenError::UnknownCode));
        let refused = parse(&with(&FORM, "code_verifier", Some("x"))).err();
        assert_eq!(refused, Some(TokenError::MalformedVerifier));
    }

    #[test]
    fn the_right_client_with_the_right_proof_redeems() {
        assert_eq!(redeem(&client(), &FORM), Ok(()));
    }

    /// The first rule that fails answers: client, then redirect URI, then PKCE. A wrong client never learns whether
    /// its proof was right and never spends the code.
    #[test]
    fn c3_c23_the_grant_is_bound_and_checked_in_order() {
        let other = Client { id: "other".to_owned(), ..client() };
        let wrong_uri = with(&FORM, "redirect_uri", Some("https://service.example/callback/"));
        let wrong_verifier = with(&FORM, "code_verifier", Some(CHALLENGE));
        let both = with(&wrong_uri, "code_verifier", Some(CHALLENGE));
        for (client, form, error, consumes) in [
            (&other, FORM.to_vec(), TokenError::WrongClient, false),
            (&other, both.clone(), TokenError::WrongClient, false),
            (&client(), both, TokenError::WrongRedirectUri, true),
            (&client(), wrong_uri, TokenError::WrongRedirectUri, true),
            (&client(), wrong_verifier, TokenError::WrongVerifier, true),
        ] {
            assert_eq!(redeem(client, &form), Err(error));
            assert_eq!((error.consumes_code(), error.error()), (consumes, OAuthError::InvalidGrant));
        }
    }

    #[test]
    fn a_grant_takes_over_the_request_and_survives_storage() {
        let request = AuthorizationRequest::parse(
            &parameters(&[
                ("client_id", "kosodate"),
                ("redirect_uri", CALLBACK),
                ("response_type", "code"),
                ("scope", "openid"),
                ("nonce", "n"),
                ("code_challenge", CHALLENGE),
                ("code_challenge_method", "S256"),
            ]),
            &client(),
        )
        .expect("a request");
        assert_eq!(CodeGrant::from(&request), grant());
        let json = serde_json::to_string(&grant()).expect("serialises");
        assert_eq!(serde_json::from_str::<CodeGrant>(&json).expect("a grant"), grant());
    }
}

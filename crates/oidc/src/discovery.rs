//! The discovery document (OpenID Connect Discovery section 3, RFC 8414): what works, and nothing that does not.

use serde::Serialize;

use crate::ACR_CARD_PIN;

/// Path of the authorization endpoint.
pub const PATH_AUTHORIZE: &str = "/authorize";
/// Path of the discovery document.
pub const PATH_DISCOVERY: &str = "/.well-known/openid-configuration";
/// Path of the published keys.
pub const PATH_JWKS: &str = "/jwks";
/// Path of the token endpoint.
pub const PATH_TOKEN: &str = "/token";
/// Path of the userinfo endpoint.
pub const PATH_USERINFO: &str = "/userinfo";

/// The metadata of one issuer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Discovery {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    userinfo_endpoint: String,
    jwks_uri: String,
    scopes_supported: Vec<String>,
    response_types_supported: Vec<String>,
    response_modes_supported: Vec<String>,
    grant_types_supported: Vec<String>,
    acr_values_supported: Vec<String>,
    subject_types_supported: Vec<String>,
    id_token_signing_alg_values_supported: Vec<String>,
    token_endpoint_auth_methods_supported: Vec<String>,
    claim_types_supported: Vec<String>,
    claims_supported: Vec<String>,
    ui_locales_supported: Vec<String>,
    code_challenge_methods_supported: Vec<String>,
    authorization_response_iss_parameter_supported: bool,
    request_parameter_supported: bool,
    // The default of this one is true, so it must be said.
    request_uri_parameter_supported: bool,
}

impl Discovery {
    /// The document of `issuer`, an origin without a trailing slash; every address begins with it. `ui_locales` are
    /// the BCP 47 tags of the languages that the pages have.
    pub fn new(issuer: &str, ui_locales: &[&str]) -> Self {
        let at = |path: &str| format!("{issuer}{path}");
        let list = |values: &[&str]| values.iter().map(|&value| value.to_owned()).collect::<Vec<_>>();
        Self {
            issuer: issuer.to_owned(),
            authorization_endpoint: at(PATH_AUTHORIZE),
            token_endpoint: at(PATH_TOKEN),
            userinfo_endpoint: at(PATH_USERINFO),
            jwks_uri: at(PATH_JWKS),
            scopes_supported: list(&["openid"]),
            response_types_supported: list(&["code"]),
            response_modes_supported: list(&["query"]),
            grant_types_supported: list(&["authorization_code"]),
            acr_values_supported: list(&[ACR_CARD_PIN]),
            subject_types_supported: list(&["pairwise"]),
            id_token_signing_alg_values_supported: list(&["ES256"]),
            token_endpoint_auth_methods_supported: list(&["client_secret_basic", "none"]),
            claim_types_supported: list(&["normal"]),
            claims_supported: list(&[
                "iss",
                "sub",
                "aud",
                "exp",
                "iat",
                "auth_time",
                "nonce",
                "acr",
                "amr",
                "at_hash",
                "sid",
            ]),
            ui_locales_supported: list(ui_locales),
            code_challenge_methods_supported: list(&["S256"]),
            authorization_response_iss_parameter_supported: true,
            request_parameter_supported: false,
            request_uri_parameter_supported: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The whole document, written out once: what is added to the code without being meant fails here.
    #[test]
    fn the_document_says_what_works_and_nothing_else() {
        let document = Discovery::new("https://madoguchi.example", &["ja", "en"]);
        let expected = json!({
            "issuer": "https://madoguchi.example",
            "authorization_endpoint": "https://madoguchi.example/authorize",
            "token_endpoint": "https://madoguchi.example/token",
            "userinfo_endpoint": "https://madoguchi.example/userinfo",
            "jwks_uri": "https://madoguchi.example/jwks",
            "scopes_supported": ["openid"],
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code"],
            "acr_values_supported": ["urn:madoguchi:acr:card-pin"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "none"],
            "claim_types_supported": ["normal"],
            "claims_supported": ["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr",
                "at_hash", "sid"],
            "ui_locales_supported": ["ja", "en"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": true,
            "request_parameter_supported": false,
            "request_uri_parameter_supported": false,
        });
        assert_eq!(serde_json::to_value(document).expect("serialises"), expected);
    }
}

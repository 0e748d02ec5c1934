//! The metadata of an issuer (OpenID Connect Discovery section 3, RFC 8414): what works, and nothing that does not.

use serde::Serialize;

use crate::jose::JwsAlg;
use crate::{
    ACR_AAL3, ACR_CARD_PIN, AuthenticationMethod, DPOP_ALGS, PATH_END_SESSION, Prompt, SCOPE_OFFLINE_ACCESS,
    SCOPE_OPENID,
};

/// Path of the authorization endpoint.
pub const PATH_AUTHORIZE: &str = "/authorize";
/// Path of the discovery document.
pub const PATH_DISCOVERY: &str = "/.well-known/openid-configuration";
/// Path of the introspection endpoint (RFC 7662).
pub const PATH_INTROSPECTION: &str = "/introspect";
/// Path of the published keys.
pub const PATH_JWKS: &str = "/jwks";
/// Path of the same document for clients that know OAuth alone (RFC 8414 section 3).
pub const PATH_OAUTH_DISCOVERY: &str = "/.well-known/oauth-authorization-server";
/// Path of the pushed authorization request endpoint (RFC 9126).
pub const PATH_PAR: &str = "/par";
/// Path of the registration endpoint (RFC 7591).
pub const PATH_REGISTRATION: &str = "/register";
/// Path of the revocation endpoint (RFC 7009).
pub const PATH_REVOCATION: &str = "/revoke";
/// Path of the token endpoint.
pub const PATH_TOKEN: &str = "/token";
/// Path of the userinfo endpoint.
pub const PATH_USERINFO: &str = "/userinfo";

/// What differs between issuers.
#[derive(Clone, Copy, Debug)]
pub struct Offer<'a> {
    /// BCP 47 tags of the languages that the pages have.
    pub ui_locales: &'a [&'a str],
    /// Algorithms for which there is a key that signs.
    pub id_token_algs: &'a [JwsAlg],
    /// Some client may have refresh tokens.
    pub refresh: bool,
    /// Clients can register themselves with a token of the operator's.
    pub registration: bool,
}

/// The metadata of one issuer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "the members are the registry's")]
pub struct Discovery {
    issuer: String,
    authorization_endpoint: String,
    pushed_authorization_request_endpoint: String,
    token_endpoint: String,
    userinfo_endpoint: String,
    introspection_endpoint: String,
    revocation_endpoint: String,
    end_session_endpoint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    registration_endpoint: Option<String>,
    jwks_uri: String,
    scopes_supported: Vec<&'static str>,
    response_types_supported: Vec<&'static str>,
    response_modes_supported: Vec<&'static str>,
    grant_types_supported: Vec<&'static str>,
    acr_values_supported: Vec<&'static str>,
    subject_types_supported: Vec<&'static str>,
    id_token_signing_alg_values_supported: Vec<&'static str>,
    request_object_signing_alg_values_supported: Vec<&'static str>,
    token_endpoint_auth_methods_supported: Vec<&'static str>,
    token_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    introspection_endpoint_auth_methods_supported: Vec<&'static str>,
    introspection_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    revocation_endpoint_auth_methods_supported: Vec<&'static str>,
    revocation_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    dpop_signing_alg_values_supported: Vec<&'static str>,
    claim_types_supported: Vec<&'static str>,
    claims_supported: Vec<&'static str>,
    prompt_values_supported: Vec<&'static str>,
    ui_locales_supported: Vec<String>,
    code_challenge_methods_supported: Vec<&'static str>,
    authorization_response_iss_parameter_supported: bool,
    backchannel_logout_supported: bool,
    backchannel_logout_session_supported: bool,
    claims_parameter_supported: bool,
    // At the authorization endpoint; the endpoint for pushed requests takes signed ones.
    request_parameter_supported: bool,
    // The default of this one is true, so it must be said.
    request_uri_parameter_supported: bool,
    require_pushed_authorization_requests: bool,
}

impl Discovery {
    /// The document of `issuer`, an origin without a trailing slash; every address begins with it.
    pub fn new(issuer: &str, offer: &Offer<'_>) -> Self {
        let at = |path: &str| format!("{issuer}{path}");
        let if_refresh = |value| offer.refresh.then_some(value);
        let methods: Vec<_> = AuthenticationMethod::ALL.map(AuthenticationMethod::as_str).to_vec();
        // Introspection is for clients that can prove who they are.
        let confidential: Vec<_> = methods.iter().copied().filter(|method| *method != "none").collect();
        let client_algs = JwsAlg::ALL.map(JwsAlg::as_str).to_vec();
        Self {
            issuer: issuer.to_owned(),
            authorization_endpoint: at(PATH_AUTHORIZE),
            pushed_authorization_request_endpoint: at(PATH_PAR),
            token_endpoint: at(PATH_TOKEN),
            userinfo_endpoint: at(PATH_USERINFO),
            introspection_endpoint: at(PATH_INTROSPECTION),
            revocation_endpoint: at(PATH_REVOCATION),
            end_session_endpoint: at(PATH_END_SESSION),
            registration_endpoint: offer.registration.then(|| at(PATH_REGISTRATION)),
            jwks_uri: at(PATH_JWKS),
            scopes_supported: [SCOPE_OPENID].into_iter().chain(if_refresh(SCOPE_OFFLINE_ACCESS)).collect(),
            response_types_supported: vec!["code"],
            response_modes_supported: vec!["query"],
            grant_types_supported: ["authorization_code"]
                .into_iter()
                .chain(if_refresh("refresh_token"))
                .collect(),
            acr_values_supported: vec![ACR_CARD_PIN, ACR_AAL3],
            subject_types_supported: vec!["pairwise"],
            id_token_signing_alg_values_supported: offer
                .id_token_algs
                .iter()
                .map(|alg| alg.as_str())
                .collect(),
            request_object_signing_alg_values_supported: client_algs.clone(),
            token_endpoint_auth_methods_supported: methods.clone(),
            token_endpoint_auth_signing_alg_values_supported: client_algs.clone(),
            introspection_endpoint_auth_methods_supported: confidential,
            introspection_endpoint_auth_signing_alg_values_supported: client_algs.clone(),
            revocation_endpoint_auth_methods_supported: methods,
            revocation_endpoint_auth_signing_alg_values_supported: client_algs,
            dpop_signing_alg_values_supported: DPOP_ALGS.to_vec(),
            claim_types_supported: vec!["normal"],
            claims_supported: CLAIMS.to_vec(),
            prompt_values_supported: Prompt::ALL.map(Prompt::as_str).to_vec(),
            ui_locales_supported: offer.ui_locales.iter().map(|&tag| tag.to_owned()).collect(),
            code_challenge_methods_supported: vec!["S256"],
            authorization_response_iss_parameter_supported: true,
            backchannel_logout_supported: true,
            backchannel_logout_session_supported: true,
            claims_parameter_supported: true,
            request_parameter_supported: false,
            request_uri_parameter_supported: false,
            require_pushed_authorization_requests: false,
        }
    }
}

const CLAIMS: [&str; 13] = [
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
    "revocation_source",
    "revocation_checked_at",
];

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn document(refresh: bool, registration: bool) -> Value {
        let offer = Offer {
            ui_locales: &["ja", "en"],
            id_token_algs: &[JwsAlg::Es256, JwsAlg::Rs256],
            refresh,
            registration,
        };
        serde_json::to_value(Discovery::new("https://madoguchi.example", &offer)).expect("serialises")
    }

    /// The whole document, written out once: what is added to the code without being meant fails here.
    #[test]
    fn the_document_says_what_works_and_nothing_else() {
        let methods = ["client_secret_basic", "client_secret_post", "none", "private_key_jwt"];
        let confidential = ["client_secret_basic", "client_secret_post", "private_key_jwt"];
        let algs = ["ES256", "PS256", "RS256"];
        let expected = json!({
            "issuer": "https://madoguchi.example",
            "authorization_endpoint": "https://madoguchi.example/authorize",
            "pushed_authorization_request_endpoint": "https://madoguchi.example/par",
            "token_endpoint": "https://madoguchi.example/token",
            "userinfo_endpoint": "https://madoguchi.example/userinfo",
            "introspection_endpoint": "https://madoguchi.example/introspect",
            "revocation_endpoint": "https://madoguchi.example/revoke",
            "end_session_endpoint": "https://madoguchi.example/logout",
            "jwks_uri": "https://madoguchi.example/jwks",
            "scopes_supported": ["openid"],
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code"],
            "acr_values_supported": ["urn:madoguchi:acr:card-pin", "aal3"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["ES256", "RS256"],
            "request_object_signing_alg_values_supported": algs,
            "token_endpoint_auth_methods_supported": methods,
            "token_endpoint_auth_signing_alg_values_supported": algs,
            "introspection_endpoint_auth_methods_supported": confidential,
            "introspection_endpoint_auth_signing_alg_values_supported": algs,
            "revocation_endpoint_auth_methods_supported": methods,
            "revocation_endpoint_auth_signing_alg_values_supported": algs,
            "dpop_signing_alg_values_supported": ["ES256", "PS256"],
            "claim_types_supported": ["normal"],
            "claims_supported": ["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr",
                "at_hash", "sid", "revocation_source", "revocation_checked_at"],
            "prompt_values_supported": ["none", "login", "consent", "select_account"],
            "ui_locales_supported": ["ja", "en"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": true,
            "backchannel_logout_supported": true,
            "backchannel_logout_session_supported": true,
            "claims_parameter_supported": true,
            "request_parameter_supported": false,
            "request_uri_parameter_supported": false,
            "require_pushed_authorization_requests": false,
        });
        assert_eq!(document(false, false), expected);
    }

    #[test]
    fn what_is_off_by_default_is_said_where_it_is_on() {
        let document = document(true, true);
        assert_eq!(document["registration_endpoint"], "https://madoguchi.example/register");
        assert_eq!(document["scopes_supported"], json!(["openid", "offline_access"]));
        assert_eq!(document["grant_types_supported"], json!(["authorization_code", "refresh_token"]));
    }
}

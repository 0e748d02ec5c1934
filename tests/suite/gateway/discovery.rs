//! What services find out first.

use madoguchi_oidc::ACR_CARD_PIN;
use madoguchi_tests::gateway::{HINATA, KAWA, MIDORI, TestBrowser, TestGateway, Town};
use serde_json::{Value, json};

async fn document(gateway: &TestGateway, town: Town, path: &str) -> Value {
    let answer = TestBrowser::new().get(gateway, &town.url(path), &[]).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("cache-control"), "public, max-age=300");
    answer.json()
}

#[tokio::test]
async fn discovery_says_what_works_and_nothing_else() {
    let gateway = TestGateway::new().await;
    let methods = ["client_secret_basic", "client_secret_post", "none", "private_key_jwt"];
    let confidential = ["client_secret_basic", "client_secret_post", "private_key_jwt"];
    let algs = ["ES256", "PS256", "RS256"];
    for town in [MIDORI, HINATA] {
        assert_eq!(
            document(&gateway, town, "/.well-known/openid-configuration").await,
            json!({
                "issuer": town.issuer,
                "authorization_endpoint": town.url("/authorize"),
                "pushed_authorization_request_endpoint": town.url("/par"),
                "token_endpoint": town.url("/token"),
                "userinfo_endpoint": town.url("/userinfo"),
                "introspection_endpoint": town.url("/introspect"),
                "revocation_endpoint": town.url("/revoke"),
                "end_session_endpoint": town.url("/logout"),
                "registration_endpoint": town.url("/register"),
                "jwks_uri": town.url("/jwks"),
                "scopes_supported": ["openid"],
                "response_types_supported": ["code"],
                "response_modes_supported": ["query"],
                "grant_types_supported": ["authorization_code"],
                "acr_values_supported": [ACR_CARD_PIN, "aal3"],
                "subject_types_supported": ["pairwise"],
                "id_token_signing_alg_values_supported": ["ES256"],
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
                "ui_locales_supported": ["ja", "ja-x-plain", "en"],
                "code_challenge_methods_supported": ["S256"],
                "authorization_response_iss_parameter_supported": true,
                "backchannel_logout_supported": true,
                "backchannel_logout_session_supported": true,
                "claims_parameter_supported": true,
                "request_parameter_supported": false,
                "request_uri_parameter_supported": false,
                "require_pushed_authorization_requests": false,
            })
        );
    }
}

/// RFC 8414 section 3: the same under the name that OAuth clients ask for.
#[tokio::test]
async fn oauth_clients_read_the_same() {
    let gateway = TestGateway::new().await;
    for town in [MIDORI, HINATA] {
        assert_eq!(
            document(&gateway, town, "/.well-known/oauth-authorization-server").await,
            document(&gateway, town, "/.well-known/openid-configuration").await,
        );
    }
}

/// `oidcc-config` discovery-endpoint-verification, and what the FAPI 2.0 plan looks for: every address that the document
/// names is there, whoever may use it.
#[tokio::test]
async fn discovery_endpoint_verification() {
    let gateway = TestGateway::new().await;
    let document = document(&gateway, KAWA, "/.well-known/openid-configuration").await;
    for (name, value) in document.as_object().unwrap() {
        if name.ends_with("_endpoint") || name == "jwks_uri" {
            let url = value.as_str().unwrap();
            assert!(url.starts_with("https://mado.kawa.example/"), "{name} {url}");
            assert_ne!(TestBrowser::new().get(&gateway, url, &[]).await.status, 404, "{name}");
        }
    }
    let keys = self::document(&gateway, KAWA, "/jwks").await;
    let keys = keys["keys"].as_array().unwrap();
    for (index, key) in keys.iter().enumerate() {
        assert!(keys[..index].iter().all(|other| other["kid"] != key["kid"]), "kid unique");
        for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            assert_eq!(key.get(private), None);
        }
    }
}

#[tokio::test]
async fn every_municipality_publishes_a_key_of_its_own_and_no_private_part() {
    let gateway = TestGateway::new().await;
    let mut kids = Vec::new();
    for town in [MIDORI, HINATA] {
        let keys = document(&gateway, town, "/jwks").await;
        let [key] = &keys["keys"].as_array().unwrap()[..] else { panic!("one key: {keys}") };
        let mut members: Vec<&str> = key.as_object().unwrap().keys().map(String::as_str).collect();
        members.sort_unstable();
        assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x", "y"]);
        assert_eq!(
            (&key["alg"], &key["crv"], &key["use"]),
            (&json!("ES256"), &json!("P-256"), &json!("sig"))
        );
        kids.push(key["kid"].clone());
    }
    assert_ne!(kids[0], kids[1]);
}

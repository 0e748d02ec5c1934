//! What services find out first.

use madoguchi_oidc::ACR_CARD_PIN;
use madoguchi_tests::gateway::{HINATA, MIDORI, TestBrowser, TestGateway, Town};
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
    for town in [MIDORI, HINATA] {
        assert_eq!(
            document(&gateway, town, "/.well-known/openid-configuration").await,
            json!({
                "issuer": town.issuer,
                "authorization_endpoint": town.url("/authorize"),
                "token_endpoint": town.url("/token"),
                "userinfo_endpoint": town.url("/userinfo"),
                "jwks_uri": town.url("/jwks"),
                "scopes_supported": ["openid"],
                "response_types_supported": ["code"],
                "response_modes_supported": ["query"],
                "grant_types_supported": ["authorization_code"],
                "acr_values_supported": [ACR_CARD_PIN],
                "subject_types_supported": ["pairwise"],
                "id_token_signing_alg_values_supported": ["ES256"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic", "none"],
                "claim_types_supported": ["normal"],
                "claims_supported":
                    ["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash", "sid"],
                "ui_locales_supported": ["ja", "ja-x-plain", "en"],
                "code_challenge_methods_supported": ["S256"],
                "authorization_response_iss_parameter_supported": true,
                "request_parameter_supported": false,
                "request_uri_parameter_supported": false,
            })
        );
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

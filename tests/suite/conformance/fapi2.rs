//! Plan `fapi2-security-profile-final`: the modules that no test of the gateway has by name yet.

use madoguchi_oidc::{ACR_CARD_PIN, Client, PATH_PAR, PATH_TOKEN, Profile};
use madoguchi_tests::gateway::{
    Answer, KOSODATE, KeyedService, MIDORI, ServiceKey, TestBrowser, TestGateway, Visit,
};
use serde_json::{Value, json};

use super::plan::{code_of, is_id_token};

struct Suite {
    gateway: TestGateway,
    keyed: KeyedService,
}

type Changes<'a> = [(&'static str, Option<&'a str>)];

impl Suite {
    async fn new() -> Self {
        Self::with(|_| ()).await
    }

    async fn with(change: impl FnOnce(&mut Client)) -> Self {
        let gateway = TestGateway::new().await;
        let keyed = KeyedService::register_as(&gateway, MIDORI, "kagi", |client| {
            client.profile = Profile::Fapi2;
            change(client);
        })
        .await;
        Self { gateway, keyed }
    }

    /// Another client of the profile.
    async fn second(&self) -> KeyedService {
        KeyedService::register_as(&self.gateway, MIDORI, "kagi2", |client| client.profile = Profile::Fapi2)
            .await
    }

    async fn pushes(&self, changes: &Changes<'_>) -> Answer {
        self.keyed.push(&self.gateway, &self.keyed.service.parameters_but(changes)).await
    }

    /// A code for a request with these changes.
    async fn code(&self, changes: &Changes<'_>) -> String {
        let uri = self.keyed.pushed(&self.gateway, &self.keyed.service.parameters_but(changes)).await;
        let url = self.keyed.url_of(&uri);
        Visit::code_at(&self.gateway, self.keyed.service.clone(), &url).await.1
    }

    /// All the way; the token response and the ID token's claims.
    async fn sign_in(&self, changes: &Changes<'_>) -> (Value, Value) {
        sign_in(&self.gateway, &self.keyed, &self.keyed.service.parameters_but(changes)).await
    }

    async fn redeem(&self, form: &[(&str, String)]) -> Answer {
        let proof = self.keyed.dpop_proof(&self.gateway, "POST", PATH_TOKEN, &json!({}));
        self.keyed.post(&self.gateway, PATH_TOKEN, form, &[("dpop", &proof)]).await
    }
}

async fn sign_in(
    gateway: &TestGateway,
    keyed: &KeyedService,
    parameters: &[(&'static str, String)],
) -> (Value, Value) {
    let url = keyed.url_of(&keyed.pushed(gateway, parameters).await);
    let mut visit = Visit::at(gateway, keyed.service.clone(), TestBrowser::new(), &url).await;
    visit.press().await;
    visit.claim().await;
    visit.finish().await;
    visit.come_back().await;
    let answer = visit.take_answer().await;
    let state = parameters.iter().find(|(name, _)| *name == "state").map(|(_, state)| state.clone());
    assert_eq!(answer.location_parameter("state"), state);
    let mut service = keyed.service.clone();
    service.state = state.unwrap_or_default();
    let answer = keyed.redeem(gateway, &code_of(&service, answer.location())).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let tokens = answer.json();
    assert_eq!(tokens["token_type"], "DPoP");
    let claims = service.claims(gateway, tokens["id_token"].as_str().expect("text")).await;
    is_id_token(gateway, &service, &claims);
    (tokens, claims)
}

/// At the resource, with a proof that fits.
async fn userinfo(suite: &Suite, token: &str) -> Answer {
    let ath = madoguchi_protocol::sha256(token.as_bytes()).encode();
    let proof = suite.keyed.dpop_proof(&suite.gateway, "GET", "/userinfo", &json!({ "ath": ath }));
    suite.keyed.service.userinfo_with(&suite.gateway, "GET", &format!("DPoP {token}"), &[&proof]).await
}

#[tokio::test]
async fn fapi2_security_profile_final_discovery_end_point_verification() {
    let gateway = TestGateway::new().await;
    let path = MIDORI.url("/.well-known/openid-configuration");
    let document = TestBrowser::new().get(&gateway, &path, &[]).await.json();
    let holds = |name: &str, value: &str| {
        document[name].as_array().is_some_and(|list| list.iter().any(|held| held == value))
    };
    assert!(holds("token_endpoint_auth_methods_supported", "private_key_jwt"));
    assert!(holds("code_challenge_methods_supported", "S256"));
    assert!(!holds("code_challenge_methods_supported", "plain"));
    assert_eq!(document["pushed_authorization_request_endpoint"], MIDORI.url(PATH_PAR));
    assert_eq!(document["dpop_signing_alg_values_supported"], json!(["ES256", "PS256"]));
    for alg in ["ES256", "PS256"] {
        assert!(holds("token_endpoint_auth_signing_alg_values_supported", alg));
    }
    assert_eq!(document["authorization_response_iss_parameter_supported"], true);
    assert!(holds("claims_supported", "acr") && document["claims_parameter_supported"] == true);
}

/// Two clients of one resident: each has its own `sub` and its own key.
#[tokio::test]
async fn fapi2_security_profile_final_happy_flow() {
    let suite = Suite::new().await;
    let second = suite.second().await;
    let (tokens, claims) = suite.sign_in(&[]).await;
    let (other, others) = sign_in(&suite.gateway, &second, &second.service.parameters()).await;
    assert_ne!(claims["sub"], others["sub"]);
    assert_ne!(tokens["access_token"], other["access_token"]);
    let answer = userinfo(&suite, tokens["access_token"].as_str().expect("text")).await;
    assert_eq!(answer.json()["sub"], claims["sub"]);
    let theirs = userinfo(&suite, other["access_token"].as_str().expect("text")).await;
    assert_eq!(theirs.status, 401, "the first one's key is not the second one's");
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_authorization_request_without_state_success() {
    Suite::new().await.sign_in(&[("state", None)]).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_authorization_request_without_nonce_success() {
    let (_, claims) = Suite::new().await.sign_in(&[("nonce", None)]).await;
    assert_eq!(claims.get("nonce"), None);
}

async fn nonce_comes_back(octets: usize) {
    let nonce = "n".repeat(octets);
    let (_, claims) = Suite::new().await.sign_in(&[("nonce", Some(&nonce))]).await;
    assert_eq!(claims["nonce"], nonce);
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_authorization_request_with_64_char_nonce_success() {
    nonce_comes_back(64).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_authorization_request_with_long_nonce() {
    nonce_comes_back(384).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_authorization_request_with_long_state() {
    let state = "s".repeat(384);
    Suite::new().await.sign_in(&[("state", Some(&state))]).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_other_scope_order_succeeds() {
    let suite = Suite::with(|client| client.refresh = true).await;
    let (tokens, _) = suite.sign_in(&[("scope", Some("offline_access openid"))]).await;
    assert!(tokens["refresh_token"].is_string());
}

/// No identity claim exists here: none is an error, none comes, and `sub` is all that userinfo has.
#[tokio::test]
async fn fapi2_security_profile_final_test_claims_parameter_identity_claims() {
    let suite = Suite::new().await;
    let claims =
        r#"{"userinfo":{"name":{"essential":true},"birthdate":null},"id_token":{"given_name":null}}"#;
    let (tokens, claims) = suite.sign_in(&[("claims", Some(claims))]).await;
    let answer = userinfo(&suite, tokens["access_token"].as_str().expect("text")).await;
    assert_eq!(answer.json(), json!({ "sub": claims["sub"] }));
}

/// The suite's value is that of another country's profile; unmet it is an error by name, and ours is met.
#[tokio::test]
async fn fapi2_security_profile_final_test_essential_acr_sca_claim() {
    let suite = Suite::new().await;
    let wish = |value: &str| json!({"id_token": {"acr": {"essential": true, "value": value}}}).to_string();
    let refused = suite.pushes(&[("claims", Some(&wish("urn:openbanking:psd2:sca")))]).await;
    refused.is_oauth_error(400, "unmet_authentication_requirements");
    let (_, claims) = suite.sign_in(&[("claims", Some(&wish(ACR_CARD_PIN)))]).await;
    assert_eq!(claims["acr"], ACR_CARD_PIN);
}

/// Bound to client and key, and not rotated.
#[tokio::test]
async fn fapi2_security_profile_final_refresh_token() {
    let suite = Suite::with(|client| client.refresh = true).await;
    let (tokens, _) = suite.sign_in(&[("scope", Some("openid offline_access"))]).await;
    let token = tokens["refresh_token"].as_str().expect("text").to_owned();
    let form = [("grant_type", "refresh_token".to_owned()), ("refresh_token", token)];
    let second = suite.second().await;
    let proof = second.dpop_proof(&suite.gateway, "POST", PATH_TOKEN, &json!({}));
    let stolen = second.post(&suite.gateway, PATH_TOKEN, &form, &[("dpop", &proof)]).await;
    stolen.is_oauth_error(400, "invalid_grant");
    let bare = suite.keyed.post(&suite.gateway, PATH_TOKEN, &form, &[]).await;
    bare.is_oauth_error(400, "invalid_dpop_proof");
    for _ in 0..2 {
        let answer = suite.redeem(&form).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let access = answer.json()["access_token"].as_str().expect("text").to_owned();
        assert_eq!(userinfo(&suite, &access).await.status, 200);
    }
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_redirect_uri_in_authorization_request() {
    Suite::new().await.pushes(&[("redirect_uri", None)]).await.is_oauth_error(400, "invalid_request");
}

/// Nor is one of another client's good.
#[tokio::test]
async fn fapi2_security_profile_final_ensure_registered_redirect_uri() {
    let suite = Suite::new().await;
    for uri in
        ["https://kagi.example/callback/", "https://kagi.example/callback?a=b", KOSODATE.redirect_uris[0]]
    {
        suite.pushes(&[("redirect_uri", Some(uri))]).await.is_oauth_error(400, "invalid_request");
    }
}

/// RFC 9126 section 2.4 would let a push bring an address of its own. Here none may, whoever pushes.
#[tokio::test]
async fn fapi2_security_profile_final_plain_fapi_tolerate_unregistered_redirect_uri() {
    let suite = Suite::new().await;
    let uri = "https://kagi.example/another";
    suite.pushes(&[("redirect_uri", Some(uri))]).await.is_oauth_error(400, "invalid_request");
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_response_type_code_idtoken_fails() {
    let answer = Suite::new().await.pushes(&[("response_type", Some("code id_token"))]).await;
    answer.is_oauth_error(400, "unsupported_response_type");
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_response_type_token_fails() {
    let answer = Suite::new().await.pushes(&[("response_type", Some("token"))]).await;
    answer.is_oauth_error(400, "unsupported_response_type");
}

async fn push_without_challenge(changes: &Changes<'_>) {
    Suite::new().await.pushes(changes).await.is_oauth_error(400, "invalid_request");
}

#[tokio::test]
async fn fapi2_security_profile_final_par_ensure_pkce_required() {
    push_without_challenge(&[("code_challenge", None), ("code_challenge_method", None)]).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_par_plain_pkce_rejected() {
    push_without_challenge(&[("code_challenge_method", Some("plain"))]).await;
}

/// The second client's attempt does not spend the code either.
#[tokio::test]
async fn fapi2_security_profile_final_ensure_authorization_code_is_bound_to_client() {
    let suite = Suite::new().await;
    let code = suite.code(&[]).await;
    let second = suite.second().await;
    let mut thief = second.clone();
    thief.service.code_verifier.clone_from(&suite.keyed.service.code_verifier);
    thief.service.redirect_uri.clone_from(&suite.keyed.service.redirect_uri);
    thief.redeem(&suite.gateway, &code).await.is_oauth_error(400, "invalid_grant");
    assert_eq!(suite.keyed.redeem(&suite.gateway, &code).await.status, 200);
}

#[tokio::test]
async fn fapi2_security_profile_final_attempt_reuse_authorization_code_after_one_second() {
    let suite = Suite::new().await;
    let code = suite.code(&[]).await;
    let tokens = suite.keyed.redeem(&suite.gateway, &code).await.json();
    suite.gateway.wait(1);
    suite.keyed.redeem(&suite.gateway, &code).await.is_oauth_error(400, "invalid_grant");
    assert_eq!(userinfo(&suite, tokens["access_token"].as_str().expect("text")).await.status, 401);
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_token_endpoint_fails_with_expired_auth_code() {
    let suite = Suite::new().await;
    let code = suite.code(&[]).await;
    suite.gateway.wait(60);
    suite.keyed.redeem(&suite.gateway, &code).await.is_oauth_error(400, "invalid_grant");
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_pkce_code_verifier_required() {
    let suite = Suite::new().await;
    let mut form = suite.keyed.service.token_form(&suite.code(&[]).await);
    form.retain(|(name, _)| *name != "code_verifier");
    let answer = suite.redeem(&form).await;
    let error = answer.json()["error"].clone();
    assert!(error == "invalid_grant" || error == "invalid_request", "{error}");
    assert_eq!(answer.status, 400);
}

#[tokio::test]
async fn fapi2_security_profile_final_incorrect_pkce_code_verifier_rejected() {
    let suite = Suite::new().await;
    let code = suite.code(&[]).await;
    let mut other = suite.keyed.clone();
    other.service.code_verifier = suite.keyed.again().service.code_verifier;
    other.redeem(&suite.gateway, &code).await.is_oauth_error(400, "invalid_grant");
}

/// The thumbprint that was pushed is that of the key which must redeem.
#[tokio::test]
async fn fapi2_security_profile_final_ensure_mismatched_dpop_jkt_fails() {
    let suite = Suite::new().await;
    let jkt = ServiceKey::generate().thumbprint();
    // At the push, where a proof of another key stands beside it.
    let fields = suite.keyed.service.parameters_but(&[("dpop_jkt", Some(&jkt))]);
    let proof = suite.keyed.dpop_proof(&suite.gateway, "POST", PATH_PAR, &json!({}));
    let answer = suite.keyed.post(&suite.gateway, PATH_PAR, &fields, &[("dpop", &proof)]).await;
    assert_eq!(answer.status, 400, "{}", answer.body);
    // And at the token endpoint.
    let code = suite.code(&[("dpop_jkt", Some(&jkt))]).await;
    let answer = suite.keyed.redeem(&suite.gateway, &code).await;
    assert_eq!(answer.status, 400, "{}", answer.body);
    assert!(answer.json().get("access_token").is_none());
}

/// A proof beside the push binds the code to its key.
#[tokio::test]
async fn fapi2_security_profile_final_ensure_dpopproof_at_par_endpoint_binding_success() {
    let suite = Suite::new().await;
    let proof = suite.keyed.dpop_proof(&suite.gateway, "POST", PATH_PAR, &json!({}));
    let fields = suite.keyed.service.parameters();
    let pushed = suite.keyed.post(&suite.gateway, PATH_PAR, &fields, &[("dpop", &proof)]).await;
    let url = suite.keyed.url_of(&madoguchi_tests::gateway::request_uri(&pushed));
    let (_, code) = Visit::code_at(&suite.gateway, suite.keyed.service.clone(), &url).await;
    let answer = suite.keyed.redeem(&suite.gateway, &code).await;
    assert_eq!(answer.json()["token_type"], "DPoP");
}

//! Plan `fapi2-security-profile-final`: what a client says about itself, and who it says it to.

use madoguchi_oidc::{CLIENT_ASSERTION_TYPE, PATH_PAR, PATH_TOKEN, Profile};
use madoguchi_tests::gateway::{Answer, KeyedService, MIDORI, TestGateway, Visit, post};
use serde_json::{Value, json};

/// A FAPI 2.0 client.
struct Suite {
    gateway: TestGateway,
    keyed: KeyedService,
}

impl Suite {
    async fn new() -> Self {
        let gateway = TestGateway::new().await;
        let keyed = KeyedService::register(&gateway, MIDORI, Profile::Fapi2).await;
        Self { gateway, keyed }
    }

    /// The assertion of now with these claims changed; `null` leaves one out. Each has a `jti` of its own.
    fn assertion(&self, changes: &Value) -> String {
        let (id, now) = (&self.keyed.service.client_id, self.gateway.now());
        let jti = self.keyed.again().service.state;
        let mut claims =
            json!({"iss": id, "sub": id, "aud": MIDORI.issuer, "jti": jti, "iat": now, "exp": now + 60});
        for (name, value) in changes.as_object().expect("an object") {
            match value {
                Value::Null => drop(claims.as_object_mut().expect("an object").remove(name)),
                value => claims[name] = value.clone(),
            }
        }
        self.keyed.key.sign(&json!({"alg": "ES256"}), &claims)
    }

    /// A form with this assertion.
    async fn ask(&self, path: &str, mut fields: Vec<(&str, String)>, assertion: String) -> Answer {
        fields.push(("client_assertion_type", CLIENT_ASSERTION_TYPE.to_owned()));
        fields.push(("client_assertion", assertion));
        let proof = self.keyed.dpop_proof(&self.gateway, "POST", path, &json!({}));
        let headers: &[(&str, &str)] = if path == PATH_TOKEN { &[("dpop", &proof)] } else { &[] };
        post(&self.gateway, MIDORI, path, &fields, headers).await
    }

    /// Its request, pushed with this assertion.
    async fn push(&self, assertion: String) -> Answer {
        self.ask(PATH_PAR, self.keyed.service.parameters(), assertion).await
    }

    /// A push that must be refused, and then one that is right and is not.
    async fn refuses_to_push(&self, changes: &Value) {
        self.push(self.assertion(changes)).await.is_oauth_error(401, "invalid_client");
        assert_eq!(self.push(self.assertion(&json!({}))).await.status, 201);
    }

    async fn code(&self) -> String {
        let url = self.keyed.pushed_url(&self.gateway).await;
        Visit::code_at(&self.gateway, self.keyed.service.clone(), &url).await.1
    }

    /// A redemption that must be refused; the code is still good for one that is right.
    async fn refuses_to_redeem(&self, changes: &Value) {
        let form = self.keyed.service.token_form(&self.code().await);
        let refused = self.ask(PATH_TOKEN, form.clone(), self.assertion(changes)).await;
        refused.is_oauth_error(401, "invalid_client");
        let answer = self.ask(PATH_TOKEN, form, self.assertion(&json!({}))).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
}

#[tokio::test]
async fn fapi2_security_profile_final_par_test_array_as_audience_fails() {
    let suite = Suite::new().await;
    suite.refuses_to_push(&json!({ "aud": [MIDORI.issuer] })).await;
    suite.refuses_to_push(&json!({ "aud": [MIDORI.issuer, "https://other.example"] })).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_par_test_par_endpoint_url_as_audience_fails() {
    Suite::new().await.refuses_to_push(&json!({ "aud": MIDORI.url(PATH_PAR) })).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_par_test_token_endpoint_url_as_audience_fails() {
    Suite::new().await.refuses_to_push(&json!({ "aud": MIDORI.url(PATH_TOKEN) })).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_par_ensure_jwt_client_assertions_nbf_8_seconds_in_the_future_is_accepted()
 {
    let suite = Suite::new().await;
    let soon = suite.gateway.now() + 8;
    let answer = suite.push(suite.assertion(&json!({ "nbf": soon, "iat": soon }))).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
}

#[tokio::test]
async fn fapi2_security_profile_final_par_ensure_jwt_client_assertions_nbf_over_60_seconds_in_the_future_fails()
 {
    let suite = Suite::new().await;
    let late = suite.gateway.now() + 61;
    suite.refuses_to_push(&json!({ "nbf": late })).await;
}

/// The header names RS256; the registered key is for ES256.
#[tokio::test]
async fn fapi2_security_profile_final_ensure_signed_client_assertion_with_rs256_fails() {
    let suite = Suite::new().await;
    let (id, now) = (&suite.keyed.service.client_id, suite.gateway.now());
    let claims =
        json!({"iss": id, "sub": id, "aud": MIDORI.issuer, "jti": "once", "iat": now, "exp": now + 60});
    let assertion = suite.keyed.key.sign(&json!({"alg": "RS256"}), &claims);
    suite.push(assertion).await.is_oauth_error(401, "invalid_client");
    // Nor can a client of this profile be registered whose key is for RS256.
    assert!(Profile::Fapi2.client_algs().iter().all(|alg| alg.as_str() != "RS256"));
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_client_assertion_in_token_endpoint() {
    let suite = Suite::new().await;
    let form = suite.keyed.service.token_form(&suite.code().await);
    let proof = suite.keyed.dpop_proof(&suite.gateway, "POST", PATH_TOKEN, &json!({}));
    let without = post(&suite.gateway, MIDORI, PATH_TOKEN, &form, &[("dpop", &proof)]).await;
    without.is_oauth_error(401, "invalid_client");
    let with = suite.ask(PATH_TOKEN, form, suite.assertion(&json!({}))).await;
    assert_eq!(with.status, 200, "{}", with.body);
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_client_assertion_exp_is_5_minutes_in_past_fails() {
    let suite = Suite::new().await;
    let past = suite.gateway.now() - 300;
    suite.refuses_to_redeem(&json!({ "exp": past, "iat": past - 60 })).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_client_assertion_with_wrong_aud_fails() {
    let suite = Suite::new().await;
    suite.refuses_to_redeem(&json!({ "aud": "https://other.example" })).await;
    suite.refuses_to_redeem(&json!({ "aud": null })).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_client_assertion_with_no_sub_fails() {
    Suite::new().await.refuses_to_redeem(&json!({ "sub": null })).await;
}

/// Another client's id beside the assertion.
#[tokio::test]
async fn fapi2_security_profile_final_ensure_client_id_in_token_endpoint() {
    let suite = Suite::new().await;
    let form = suite.keyed.service.token_form(&suite.code().await);
    let mut other = form.clone();
    other.retain(|(name, _)| *name != "client_id");
    other.push(("client_id", "kosodate".to_owned()));
    let refused = suite.ask(PATH_TOKEN, other, suite.assertion(&json!({}))).await;
    let error = refused.json()["error"].clone();
    assert!(error == "invalid_client" || error == "invalid_request", "{error}");
    assert!(refused.status.is_client_error());
    let answer = suite.ask(PATH_TOKEN, form, suite.assertion(&json!({}))).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

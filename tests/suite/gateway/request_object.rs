//! Request objects by value at the endpoint for pushed requests (RFC 9101). The names after the colon are those of modules
//! of the FAPI 2.0 plans.

use madoguchi_oidc::{Client, Profile};
use madoguchi_tests::gateway::{
    KeyedService, MIDORI, ServiceKey, TestBrowser, TestGateway, TestService, Visit,
};
use serde_json::{Value, json};

fn with_object(keyed: &KeyedService, object: String) -> Vec<(&'static str, String)> {
    vec![("client_id", keyed.service.client_id.clone()), ("request", object)]
}

async fn state_of_answer(gateway: &TestGateway, keyed: &KeyedService, url: &str) -> Option<String> {
    let mut visit = Visit::at(gateway, keyed.service.clone(), TestBrowser::new(), url).await;
    visit.press().await;
    visit.claim().await;
    visit.finish().await;
    visit.come_back().await;
    visit.take_answer().await.location_parameter("state")
}

#[tokio::test]
async fn a_signed_request_is_taken_by_every_profile_with_keys() {
    let gateway = TestGateway::new().await;
    for (id, profile) in [("a", Profile::Standard), ("b", Profile::Fapi2), ("c", Profile::DaCompat)] {
        let change = |client: &mut Client| {
            client.profile = profile;
            client.id_token_alg = profile.id_token_algs()[0];
        };
        gateway.make_key(MIDORI, profile.id_token_algs()[0]).await;
        let keyed = KeyedService::register_as(&gateway, MIDORI, id, change).await;
        let object = keyed.request_object(&gateway, &json!({}));
        let uri = keyed.pushed(&gateway, &with_object(&keyed, object)).await;
        assert_eq!(TestBrowser::new().open(&gateway, &keyed.url_of(&uri)).await.status, 200, "{id}");
    }
}

/// ensure-different-state-inside-and-outside-request-object, ensure-different-nonce-…,
/// state-only-outside-request-object-not-used: what is signed counts alone.
#[tokio::test]
async fn what_stands_outside_the_request_object_is_not_used() {
    let gateway = TestGateway::new().await;
    let keyed = KeyedService::register(&gateway, MIDORI, Profile::Fapi2).await;
    for (inside, expected) in
        [(json!({}), Some(keyed.service.state.clone())), (json!({ "state": null }), None)]
    {
        let mut fields = with_object(&keyed, keyed.request_object(&gateway, &inside));
        fields.extend([("state", "outside".to_owned()), ("nonce", "outside".to_owned())]);
        let url = keyed.url_of(&keyed.pushed(&gateway, &fields).await);
        assert_eq!(state_of_answer(&gateway, &keyed, &url).await, expected);
    }
}

/// ensure-request-object-without-redirect-uri-fails: one outside does not help.
#[tokio::test]
async fn ensure_request_object_without_redirect_uri_fails() {
    let gateway = TestGateway::new().await;
    let keyed = KeyedService::register(&gateway, MIDORI, Profile::Fapi2).await;
    let mut fields = with_object(&keyed, keyed.request_object(&gateway, &json!({ "redirect_uri": null })));
    fields.push(("redirect_uri", keyed.service.redirect_uri.clone()));
    keyed.push(&gateway, &fields).await.is_oauth_error(400, "invalid_request");
}

/// Missing, expired and long-lived dates, another audience, another issuer, another client's key, no signature, RS256,
/// an object inside the object, and an assertion in its place.
#[tokio::test]
async fn a_request_object_that_is_not_right_is_refused() {
    let gateway = TestGateway::new().await;
    let keyed = KeyedService::register(&gateway, MIDORI, Profile::Fapi2).await;
    let now = gateway.now();
    let refused = async |object: String| {
        keyed
            .push(&gateway, &with_object(&keyed, object))
            .await
            .is_oauth_error(400, "invalid_request_object");
    };
    for changes in [
        json!({ "exp": null }),
        json!({ "nbf": null }),
        json!({ "exp": now }),
        json!({ "exp": now + 3601 }),
        json!({ "nbf": now - 3601 }),
        json!({ "nbf": now + 61 }),
        json!({ "exp": "soon" }),
        json!({ "aud": null }),
        json!({ "aud": "https://other.example" }),
        json!({ "aud": MIDORI.url("/par") }),
        json!({ "iss": null }),
        json!({ "iss": "kosodate" }),
        json!({ "client_id": "kosodate" }),
        json!({ "client_id": null }),
        json!({ "sub": "kagi" }),
        json!({ "request": "a.b.c" }),
        json!({ "request_uri": "urn:x" }),
    ] {
        refused(keyed.request_object(&gateway, &changes)).await;
    }
    let stranger = KeyedService { key: ServiceKey::generate(), ..keyed.clone() };
    refused(stranger.request_object(&gateway, &json!({}))).await;
    refused(keyed.assertion(&gateway)).await;
    let good = keyed.request_object(&gateway, &json!({}));
    let (signed, _) = good.rsplit_once('.').expect("parts");
    let (_, payload) = signed.split_once('.').expect("parts");
    // {"alg":"none"}
    refused(format!("eyJhbGciOiJub25lIn0.{payload}.")).await;
    refused(format!("eyJhbGciOiJub25lIn0.{payload}.AA")).await;
    let claims: Value = json!({"iss": "kagi"});
    refused(keyed.key.sign(&json!({"alg": "RS256"}), &claims)).await;
    refused("not a JWT".to_owned()).await;
}

/// unsigned-request-object-supported-correctly-or-rejected-as-unsupported: never ignored, wherever it comes.
#[tokio::test]
async fn unsigned_request_object_supported_correctly_or_rejected_as_unsupported() {
    let gateway = TestGateway::new().await;
    let service = TestService::kosodate(&gateway, MIDORI);
    let url =
        service.authorize_url_of(&service.parameters_but(&[("request", Some("eyJhbGciOiJub25lIn0.e30."))]));
    let answer = TestBrowser::new().open(&gateway, &url).await;
    assert_eq!(answer.location_parameter("error").as_deref(), Some("request_not_supported"));
    // A client without keys cannot sign one.
    let authorization = service.authorization().expect("a secret");
    let fields = [("client_id", service.client_id.as_str()), ("request", "eyJhbGciOiJub25lIn0.e30.")];
    let headers = [("authorization", authorization.as_str())];
    let answer = madoguchi_tests::gateway::post(&gateway, MIDORI, "/par", &fields, &headers).await;
    answer.is_oauth_error(400, "request_not_supported");
}

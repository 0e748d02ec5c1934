//! DPoP (RFC 9449) at the endpoints: a token is bound everywhere or nowhere, and a proof works once.

use serde_json::{Value, json};

use madoguchi_oidc::Profile;
use madoguchi_tests::gateway::{Answer, HINATA, KeyedService, MIDORI, ServiceKey, TestGateway, Visit};

/// A code of a FAPI 2.0 service.
async fn fapi(gateway: &TestGateway) -> (KeyedService, String) {
    let keyed = KeyedService::register(gateway, MIDORI, Profile::Fapi2).await;
    let url = keyed.pushed_url(gateway).await;
    let (_, code) = Visit::code_at(gateway, keyed.service.clone(), &url).await;
    (keyed, code)
}

/// With its bound access token.
async fn bound(gateway: &TestGateway) -> (KeyedService, String) {
    let (keyed, code) = fapi(gateway).await;
    let answer = keyed.redeem(gateway, &code).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let token = answer.json()["access_token"].as_str().expect("text").to_owned();
    (keyed, token)
}

/// `ath` (RFC 9449 section 4.2).
fn ath(token: &str) -> String {
    madoguchi_protocol::sha256(token.as_bytes()).encode()
}

fn proof(keyed: &KeyedService, gateway: &TestGateway, token: &str, mut changes: Value) -> String {
    if changes.get("ath").is_none() {
        changes["ath"] = ath(token).into();
    }
    keyed.dpop_proof(gateway, "GET", "/userinfo", &changes)
}

#[track_caller]
fn is_challenged(answer: &Answer, error: &str) {
    assert_eq!(answer.status, 401, "{}", answer.body);
    let challenge = answer.header("www-authenticate");
    let expected = format!("DPoP realm=\"userinfo\", algs=\"ES256 PS256\", error=\"{error}\"");
    assert!(challenge.starts_with(&expected), "{challenge}");
    assert_eq!((answer.header("cache-control"), answer.body.as_str()), ("no-store", ""));
}

/// The whole way: pushed, bound at the token endpoint, used with proofs of the same key.
#[tokio::test]
async fn happy_flow_with_dpop() {
    let gateway = TestGateway::new().await;
    let (keyed, code) = fapi(&gateway).await;
    let tokens = keyed.redeem(&gateway, &code).await.json();
    assert_eq!(tokens["token_type"], "DPoP");
    let token = tokens["access_token"].as_str().expect("text");
    for (method, scheme) in [("GET", "DPoP"), ("POST", "DPoP"), ("GET", "DPOP"), ("GET", "dpop")] {
        let changes = json!({ "ath": ath(token) });
        let proof = keyed.dpop_proof(&gateway, method, "/userinfo", &changes);
        let authorization = format!("{scheme} {token}");
        let answer = keyed.service.userinfo_with(&gateway, method, &authorization, &[&proof]).await;
        assert_eq!(answer.status, 200, "{method} {scheme}: {:?}", answer.headers);
    }
}

/// A client whose tokens must be bound gets none without a proof, and its code is not spent.
#[tokio::test]
async fn ensure_holder_of_key_required() {
    let gateway = TestGateway::new().await;
    let (keyed, code) = fapi(&gateway).await;
    let form = keyed.service.token_form(&code);
    let without = keyed.post(&gateway, "/token", &form, &[]).await;
    without.is_oauth_error(400, "invalid_dpop_proof");
    assert_eq!(keyed.redeem(&gateway, &code).await.status, 200);
}

/// C24, RFC 9449 section 7.2.
#[tokio::test]
async fn c24_a_bound_token_is_no_bearer_token() {
    let gateway = TestGateway::new().await;
    let (keyed, token) = bound(&gateway).await;
    let proof = proof(&keyed, &gateway, &token, json!({}));
    let bearer = format!("Bearer {token}");
    is_challenged(&keyed.service.userinfo(&gateway, &token).await, "invalid_token");
    is_challenged(&keyed.service.userinfo_with(&gateway, "GET", &bearer, &[&proof]).await, "invalid_token");
    let form = [("access_token", token.as_str())];
    let posted = madoguchi_tests::gateway::post(&gateway, MIDORI, "/userinfo", &form, &[]).await;
    is_challenged(&posted, "invalid_token");
}

/// C24, the other way round: what is not bound is not made so by a proof.
#[tokio::test]
async fn c24_an_unbound_token_is_no_dpop_token() {
    let gateway = TestGateway::new().await;
    let mut visit = Visit::new(&gateway).await;
    let tokens = visit.tokens().await;
    assert_eq!(tokens["token_type"], "Bearer");
    let token = tokens["access_token"].as_str().expect("text").to_owned();
    let keyed = KeyedService::register(&gateway, MIDORI, Profile::Standard).await;
    let proof = proof(&keyed, &gateway, &token, json!({}));
    let dpop = format!("DPoP {token}");
    is_challenged(&keyed.service.userinfo_with(&gateway, "GET", &dpop, &[&proof]).await, "invalid_token");
    is_challenged(&keyed.service.userinfo_with(&gateway, "GET", &dpop, &[]).await, "invalid_dpop_proof");
    assert_eq!(visit.service.userinfo(&gateway, &token).await.status, 200);
}

/// At the resource: each refused for itself, while the good one goes on working. The rules of a proof alone are tested
/// beside them.
#[tokio::test]
async fn dpop_negative_tests() {
    let gateway = TestGateway::new().await;
    let (keyed, token) = bound(&gateway).await;
    let dpop = format!("DPoP {token}");
    let now = gateway.now();
    let with = |changes: Value| proof(&keyed, &gateway, &token, changes);
    for changes in [
        json!({ "htm": "POST" }),
        json!({ "htu": MIDORI.url("/token") }),
        json!({ "htu": HINATA.url("/userinfo") }),
        json!({ "ath": null }),
        json!({ "ath": ath("another token") }),
        json!({ "iat": now - 3600 }),
        json!({ "iat": now + 3600 }),
        json!({ "jti": null }),
    ] {
        let answer = keyed.service.userinfo_with(&gateway, "GET", &dpop, &[&with(changes.clone())]).await;
        is_challenged(&answer, "invalid_dpop_proof");
    }
    let (one, two) = (with(json!({})), with(json!({})));
    let answer = keyed.service.userinfo_with(&gateway, "GET", &dpop, &[&one, &two]).await;
    is_challenged(&answer, "invalid_dpop_proof");
    let none = keyed.service.userinfo_with(&gateway, "GET", &dpop, &[]).await;
    is_challenged(&none, "invalid_dpop_proof");
    // Another key's proof is good and of no use.
    let other = KeyedService { dpop_key: ServiceKey::generate(), ..keyed.clone() };
    let theirs = proof(&other, &gateway, &token, json!({}));
    is_challenged(&keyed.service.userinfo_with(&gateway, "GET", &dpop, &[&theirs]).await, "invalid_token");
    // With a query in htu it is taken.
    let queried = with(json!({ "htu": MIDORI.url("/userinfo?a=b") }));
    assert_eq!(keyed.service.userinfo_with(&gateway, "GET", &dpop, &[&queried]).await.status, 200);
}

/// RFC 9449 section 11.1: once, wherever; also of sixteen at once.
#[tokio::test(flavor = "multi_thread")]
async fn a_proof_works_once() {
    let gateway = TestGateway::new().await;
    let (keyed, token) = bound(&gateway).await;
    let dpop = format!("DPoP {token}");
    let once = proof(&keyed, &gateway, &token, json!({}));
    let (keyed, gateway, dpop, once) = (&keyed, &gateway, &dpop, once.as_str());
    let ask = || async { keyed.service.userinfo_with(gateway, "GET", dpop, &[once]).await.status.as_u16() };
    let mut answers = <[u16; 4]>::from(tokio::join!(ask(), ask(), ask(), ask()));
    answers.sort_unstable();
    assert_eq!(answers, [200, 401, 401, 401]);
    gateway.wait(60);
    assert_eq!(ask().await, 401, "its jti is remembered as long as it is fresh");
}

#[tokio::test]
async fn ensure_token_endpoint_fails_with_mismatched_dpop_jkt() {
    let gateway = TestGateway::new().await;
    let keyed = KeyedService::register(&gateway, MIDORI, Profile::Fapi2).await;
    let mut parameters = keyed.service.parameters();
    parameters.push(("dpop_jkt", ServiceKey::generate().thumbprint()));
    let url = keyed.url_of(&keyed.pushed(&gateway, &parameters).await);
    let (_, code) = Visit::code_at(&gateway, keyed.service.clone(), &url).await;
    keyed.redeem(&gateway, &code).await.is_oauth_error(400, "invalid_grant");
    // The right client with the wrong key: it is spent.
    keyed.redeem(&gateway, &code).await.is_oauth_error(400, "invalid_grant");
}

#[tokio::test]
async fn ensure_token_endpoint_fails_with_mismatched_dpop_proof_jkt() {
    let gateway = TestGateway::new().await;
    let keyed = KeyedService::register(&gateway, MIDORI, Profile::Fapi2).await;
    let proof = keyed.dpop_proof(&gateway, "POST", "/par", &json!({}));
    let pushed = keyed.post(&gateway, "/par", &keyed.service.parameters(), &[("dpop", &proof)]).await;
    let url = keyed.url_of(&madoguchi_tests::gateway::request_uri(&pushed));
    let (_, code) = Visit::code_at(&gateway, keyed.service.clone(), &url).await;
    let other = KeyedService { dpop_key: ServiceKey::generate(), ..keyed.clone() };
    other.redeem(&gateway, &code).await.is_oauth_error(400, "invalid_grant");
}

#[tokio::test]
async fn ensure_dpop_auth_code_binding_success() {
    let gateway = TestGateway::new().await;
    let keyed = KeyedService::register(&gateway, MIDORI, Profile::Standard).await;
    let mut parameters = keyed.service.parameters();
    parameters.push(("dpop_jkt", keyed.dpop_key.thumbprint()));
    let url = keyed.service.authorize_url_of(&parameters);
    let (_, code) = Visit::code_at(&gateway, keyed.service.clone(), &url).await;
    let form = keyed.service.token_form(&code);
    let without = keyed.post(&gateway, "/token", &form, &[]).await;
    without.is_oauth_error(400, "invalid_dpop_proof");
    let tokens = keyed.redeem(&gateway, &code).await.json();
    assert_eq!(tokens["token_type"], "DPoP");
}

/// A bad proof at the token endpoint spends nothing.
#[tokio::test]
async fn a_refused_proof_leaves_the_code() {
    let gateway = TestGateway::new().await;
    let (keyed, code) = fapi(&gateway).await;
    let form = keyed.service.token_form(&code);
    let good = keyed.dpop_proof(&gateway, "POST", "/token", &json!({}));
    for proofs in [
        &[("dpop", "x")][..],
        &[("dpop", good.as_str()), ("dpop", good.as_str())],
        &[("dpop", keyed.dpop_proof(&gateway, "POST", "/par", &json!({})).as_str())],
        &[("dpop", keyed.dpop_proof(&gateway, "GET", "/token", &json!({})).as_str())],
    ] {
        let answer = keyed.post(&gateway, "/token", &form, proofs).await;
        answer.is_oauth_error(400, "invalid_dpop_proof");
    }
    let answer = keyed.post(&gateway, "/token", &form, &[("dpop", &good)]).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    // And this one was used now.
    let again = keyed.post(&gateway, "/token", &form, &[("dpop", &good)]).await;
    again.is_oauth_error(400, "invalid_dpop_proof");
}

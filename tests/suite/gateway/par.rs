//! Pushed authorization requests (RFC 9126). Where a test has the name of a module of the FAPI 2.0 Security Profile plan
//! (after the prefix `fapi2-security-profile-final-`), it checks what that module checks.

use std::sync::Arc;

use madoguchi_oidc::{PATH_PAR, Profile, RequestReference};
use madoguchi_protocol::{ErrorCode, Octets};
use madoguchi_storage::{
    ClientChange, ClientWrite, Clients as _, NewPushedRequest, PushedRequests as _, PushedWrite,
};
use madoguchi_tests::gateway::{
    Answer, HINATA, KeyedService, MIDORI, ServiceKey, SignedIn, TestBrowser, TestGateway, TestService, Visit,
    is_offer, post, random, request_uri,
};
use serde_json::json;
use tokio::task::JoinSet;

async fn fapi2(gateway: &TestGateway) -> KeyedService {
    KeyedService::register(gateway, MIDORI, Profile::Fapi2).await
}

/// A start page for the service's request, all the way to its tokens.
async fn signed_in(
    gateway: &TestGateway,
    keyed: &KeyedService,
    browser: TestBrowser,
    url: &str,
) -> TestBrowser {
    let mut visit = Visit::at(gateway, keyed.service.clone(), browser, url).await;
    visit.press().await;
    visit.claim().await;
    visit.finish().await;
    visit.come_back().await;
    let answer = visit.take_answer().await;
    assert_eq!(answer.location_parameter("state").as_ref(), Some(&keyed.service.state));
    assert_eq!(answer.location_parameter("iss").as_deref(), Some(MIDORI.issuer));
    let code = answer.location_parameter("code").expect("a code");
    let tokens = keyed.redeem(gateway, &code).await;
    assert_eq!(tokens.status, 200, "{}", tokens.body);
    visit.browser
}

/// A page that says that the request is over. Nobody is sent anywhere.
fn is_over(answer: &Answer) {
    answer.is_error_page(400, ErrorCode::FormExpired);
    assert_eq!((answer.headers.get("location"), answer.back()), (None, None));
}

#[tokio::test]
async fn happy_flow() {
    let gateway = TestGateway::new().await;
    let keyed = fapi2(&gateway).await;
    let url = keyed.pushed_url(&gateway).await;
    signed_in(&gateway, &keyed, TestBrowser::new(), &url).await;
}

/// A service that pushes in a loop fills nothing, and keeps no other from pushing.
#[tokio::test]
async fn so_many_requests_of_a_client_wait() {
    let gateway = TestGateway::new().await;
    let keyed = fapi2(&gateway).await;
    let url = keyed.pushed_url(&gateway).await;
    let reference = url::Url::parse(&url).expect("an address");
    let reference = reference.query_pairs().find(|(name, _)| name == "request_uri").expect("a reference").1;
    let hash = Octets(RequestReference::from_uri(&reference).expect("a reference").hash().0);
    let waiting =
        gateway.store.find_pushed_request(MIDORI.id, hash).await.expect("a look").expect("it waits");
    let mut pushes = JoinSet::new();
    for _ in 1..10_000 {
        let (store, hash) = (Arc::clone(&gateway.store), Octets::generate(random()).expect("randomness"));
        let (municipality, request) = (MIDORI.id.to_owned(), waiting.request.clone());
        let new = NewPushedRequest { hash, municipality, request, lifetime: 90, most: u64::MAX >> 1 };
        pushes.spawn(async move { store.push_request(new).await.expect("an outcome") });
    }
    assert!(pushes.join_all().await.into_iter().all(|outcome| outcome == PushedWrite::Done));
    let refused = keyed.push(&gateway, &keyed.service.parameters()).await;
    refused.is_oauth_error(429, "temporarily_unavailable");
    assert_eq!(refused.header("retry-after"), "30");
    let other =
        KeyedService::register_as(&gateway, MIDORI, "hoka", |client| client.profile = Profile::Fapi2).await;
    assert_eq!(other.push(&gateway, &other.service.parameters()).await.status, 201);
    // One of them is answered, and there is room for another.
    signed_in(&gateway, &keyed, TestBrowser::new(), &url).await;
    assert_eq!(keyed.push(&gateway, &keyed.service.parameters()).await.status, 201);
}

/// Only `client_id` and `request_uri` travel with the browser.
#[tokio::test]
async fn par_without_duplicate_parameters() {
    let gateway = TestGateway::new().await;
    let keyed = fapi2(&gateway).await;
    let url = keyed.pushed_url(&gateway).await;
    assert!(!url.contains("state=") && !url.contains("redirect_uri="), "{url}");
    assert_eq!(TestBrowser::new().open(&gateway, &url).await.status, 200);
}

/// Nobody can add to what was pushed, neither on the way nor by a repeated parameter.
#[tokio::test]
async fn what_stands_beside_the_reference_is_not_read() {
    let gateway = TestGateway::new().await;
    let keyed = fapi2(&gateway).await;
    let uri = keyed.pushed(&gateway, &keyed.service.parameters()).await;
    let url = format!(
        "{}&state=evil&redirect_uri=https%3A%2F%2Fevil.example%2F&prompt=none&scope=x&response_type=token&max_age=x",
        keyed.url_of(&uri)
    );
    signed_in(&gateway, &keyed, TestBrowser::new(), &url).await;
}

#[tokio::test]
async fn ensure_unsigned_authorization_request_without_using_par_fails() {
    let gateway = TestGateway::new().await;
    let keyed = fapi2(&gateway).await;
    let answer = TestBrowser::new().open(&gateway, &keyed.service.authorize_url()).await;
    assert_eq!(answer.location_parameter("error").as_deref(), Some("invalid_request"));
    assert_eq!(answer.location_parameter("state").as_ref(), Some(&keyed.service.state));
    // A standard client need not push, unless its registration says so.
    let free = KeyedService::register_as(&gateway, MIDORI, "free", |_| ()).await;
    assert_eq!(TestBrowser::new().open(&gateway, &free.service.authorize_url()).await.status, 200);
    let bound =
        KeyedService::register_as(&gateway, MIDORI, "bound", |client| client.require_pushed = true).await;
    let answer = TestBrowser::new().open(&gateway, &bound.service.authorize_url()).await;
    assert_eq!(answer.location_parameter("error").as_deref(), Some("invalid_request"));
}

#[tokio::test]
async fn par_ensure_reused_request_uri_prior_to_auth_completion_succeeds() {
    let gateway = TestGateway::new().await;
    let keyed = fapi2(&gateway).await;
    let url = keyed.pushed_url(&gateway).await;
    let mut browser = TestBrowser::new();
    for _ in 0..3 {
        assert_eq!(browser.open(&gateway, &url).await.status, 200);
    }
    signed_in(&gateway, &keyed, browser, &url).await;
}

#[tokio::test]
async fn par_attempt_reuse_request_uri() {
    let gateway = TestGateway::new().await;
    let keyed = fapi2(&gateway).await;
    let url = keyed.pushed_url(&gateway).await;
    let mut browser = signed_in(&gateway, &keyed, TestBrowser::new(), &url).await;
    is_over(&browser.open(&gateway, &url).await);
    is_over(&TestBrowser::new().open(&gateway, &url).await);
}

/// A resident who says no has answered too.
#[tokio::test]
async fn user_rejects_authentication() {
    let gateway = TestGateway::new().await;
    let keyed = fapi2(&gateway).await;
    let url = keyed.pushed_url(&gateway).await;
    let mut visit = Visit::at(&gateway, keyed.service.clone(), TestBrowser::new(), &url).await;
    let sealed = visit.start.sealed("/sign-in/start");
    let declined =
        visit.browser.submit(&gateway, &MIDORI.url("/sign-in/decline"), &[("sealed", &sealed)]).await;
    let back = declined.back().expect("a way back");
    assert!(back.starts_with(&format!("{}?error=access_denied", keyed.service.redirect_uri)), "{back}");
    is_over(&visit.browser.open(&gateway, &url).await);
}

#[tokio::test]
async fn par_attempt_to_use_expired_request_uri() {
    let gateway = TestGateway::new().await;
    let keyed = fapi2(&gateway).await;
    let url = keyed.pushed_url(&gateway).await;
    gateway.wait(89);
    assert_eq!(TestBrowser::new().open(&gateway, &url).await.status, 200);
    gateway.wait(1);
    is_over(&TestBrowser::new().open(&gateway, &url).await);
}

#[tokio::test]
async fn par_attempt_to_use_request_uri_for_different_client() {
    let gateway = TestGateway::new().await;
    let keyed = fapi2(&gateway).await;
    let other = KeyedService::register_as(&gateway, MIDORI, "other", |client| {
        client.profile = Profile::Fapi2;
    })
    .await;
    let uri = keyed.pushed(&gateway, &keyed.service.parameters()).await;
    is_over(&TestBrowser::new().open(&gateway, &other.url_of(&uri)).await);
    // The rightful client is not disturbed.
    assert_eq!(TestBrowser::new().open(&gateway, &keyed.url_of(&uri)).await.status, 200);
}

/// The same client id in another municipality is another client, and the reference is nothing there.
#[tokio::test]
async fn a_reference_is_its_municipalitys() {
    let gateway = TestGateway::new().await;
    let here = fapi2(&gateway).await;
    let there = KeyedService::register(&gateway, HINATA, Profile::Fapi2).await;
    let uri = here.pushed(&gateway, &here.service.parameters()).await;
    is_over(&TestBrowser::new().open(&gateway, &there.url_of(&uri)).await);
    // Nor does an assertion for the other issuer open this one's door.
    let mut fields = here.service.parameters();
    fields.push(("client_assertion_type", madoguchi_oidc::CLIENT_ASSERTION_TYPE.to_owned()));
    fields.push(("client_assertion", there.assertion(&gateway)));
    post(&gateway, MIDORI, PATH_PAR, &fields, &[]).await.is_oauth_error(401, "invalid_client");
}

#[tokio::test]
async fn par_authorization_request_containing_request_uri_form_param() {
    let gateway = TestGateway::new().await;
    let keyed = fapi2(&gateway).await;
    for uri in ["https://kagi.example/request", &keyed.pushed(&gateway, &keyed.service.parameters()).await] {
        let fields = keyed.service.parameters_but(&[("request_uri", Some(uri))]);
        keyed.push(&gateway, &fields).await.is_oauth_error(400, "invalid_request");
    }
}

#[tokio::test]
async fn par_attempt_invalid_http_method() {
    let gateway = TestGateway::new().await;
    let keyed = fapi2(&gateway).await;
    for method in ["GET", "PUT", "DELETE"] {
        let request = http::Request::builder().method(method).uri(PATH_PAR).header("host", "localhost:24810");
        let answer = gateway.send(request.body(axum::body::Body::empty()).expect("a request")).await;
        assert_eq!(answer.status, 405, "{method}");
    }
    let query = format!("{PATH_PAR}?{}", madoguchi_tests::gateway::form(&keyed.service.parameters()));
    keyed.post(&gateway, &query, &[], &[]).await.is_oauth_error(400, "invalid_request");
}

#[tokio::test]
async fn par_ensure_pkce_required_and_par_plain_pkce_rejected() {
    let gateway = TestGateway::new().await;
    let keyed = fapi2(&gateway).await;
    for changes in [
        [("code_challenge", None), ("code_challenge_method", None)],
        [("code_challenge", None), ("code_challenge_method", Some("S256"))],
        [("code_challenge_method", Some("plain")), ("state", Some("s"))],
        [("code_challenge_method", None), ("state", Some("s"))],
    ] {
        let fields = keyed.service.parameters_but(&changes);
        keyed.push(&gateway, &fields).await.is_oauth_error(400, "invalid_request");
    }
}

#[tokio::test]
async fn every_fault_of_a_request_is_told_at_once() {
    let gateway = TestGateway::new().await;
    let keyed = fapi2(&gateway).await;
    for (name, value, error) in [
        // ensure-redirect-uri-in-authorization-request, ensure-registered-redirect-uri
        ("redirect_uri", None, "invalid_request"),
        ("redirect_uri", Some("https://kagi.example/other"), "invalid_request"),
        // ensure-response-type-code-idtoken-fails, ensure-response-type-token-fails
        ("response_type", Some("code id_token"), "unsupported_response_type"),
        ("response_type", Some("token"), "unsupported_response_type"),
        ("response_type", None, "invalid_request"),
        ("scope", Some("profile"), "invalid_scope"),
        ("client_id", Some("kosodate"), "invalid_request"),
        ("registration", Some("{}"), "registration_not_supported"),
        ("claims", Some("{"), "invalid_request"),
        ("id_token_hint", Some("x"), "invalid_request"),
        ("dpop_jkt", Some("short"), "invalid_request"),
        (
            "claims",
            Some(r#"{"id_token":{"acr":{"essential":true,"value":"urn:other"}}}"#),
            "unmet_authentication_requirements",
        ),
    ] {
        let answer = keyed.push(&gateway, &keyed.service.parameters_but(&[(name, value)])).await;
        assert_eq!(answer.json()["error"], error, "{name}={value:?}");
        assert_eq!(answer.status, if name == "client_id" { answer.status } else { 400.try_into().unwrap() });
    }
}

#[tokio::test]
async fn long_states_and_nonces_and_none_at_all() {
    let gateway = TestGateway::new().await;
    let keyed = fapi2(&gateway).await;
    // ensure-authorization-request-with-long-nonce, -with-64-char-nonce-success, -with-long-state,
    // -without-state-success, -without-nonce-success
    for length in [64, 384] {
        let text = "n".repeat(length);
        for name in ["nonce", "state"] {
            keyed.pushed(&gateway, &keyed.service.parameters_but(&[(name, Some(&text))])).await;
        }
    }
    let without = keyed.service.parameters_but(&[("state", None), ("nonce", None)]);
    let url = keyed.url_of(&keyed.pushed(&gateway, &without).await);
    let mut visit = Visit::at(&gateway, keyed.service.clone(), TestBrowser::new(), &url).await;
    visit.press().await;
    visit.claim().await;
    visit.finish().await;
    visit.come_back().await;
    assert_eq!(visit.take_answer().await.location_parameter("state"), None);
}

/// Nothing is stored for whoever cannot prove who they are.
#[tokio::test]
async fn a_push_needs_a_client_that_proves_who_it_is() {
    let gateway = TestGateway::new().await;
    let keyed = fapi2(&gateway).await;
    let before = gateway.stored();
    let fields = keyed.service.parameters();
    post(&gateway, MIDORI, PATH_PAR, &fields, &[]).await.is_oauth_error(401, "invalid_client");
    let stranger = KeyedService { key: ServiceKey::generate(), ..keyed.clone() };
    stranger.push(&gateway, &fields).await.is_oauth_error(401, "invalid_client");
    // A public client cannot.
    let public = TestService::tosho(MIDORI);
    post(&gateway, MIDORI, PATH_PAR, &public.parameters(), &[])
        .await
        .is_oauth_error(400, "unauthorized_client");
    assert_eq!(gateway.stored(), before);
}

/// A client with a secret can push as well.
#[tokio::test]
async fn a_client_with_a_secret_pushes() {
    let gateway = TestGateway::new().await;
    let service = TestService::kosodate(&gateway, MIDORI);
    let authorization = service.authorization().expect("a secret");
    let answer =
        post(&gateway, MIDORI, PATH_PAR, &service.parameters(), &[("authorization", &authorization)]).await;
    let parameters = [("client_id", service.client_id.clone()), ("request_uri", request_uri(&answer))];
    let url = service.authorize_url_of(&parameters);
    let visit = Visit::at(&gateway, service, TestBrowser::new(), &url).await;
    assert!(visit.start.text_of("dl").is_some_and(|texts| texts.contains("子育て手続き")));
}

#[tokio::test]
async fn c18_a_push_is_a_form_within_bounds() {
    let gateway = TestGateway::new().await;
    let keyed = fapi2(&gateway).await;
    let before = gateway.stored();
    for kind in ["application/json", "text/plain", "multipart/form-data; boundary=x"] {
        let fields = keyed.service.parameters();
        let answer = keyed.post(&gateway, PATH_PAR, &fields, &[("content-type", kind)]).await;
        answer.is_oauth_error(400, "invalid_request");
    }
    let mut twice = keyed.service.parameters();
    twice.push(("state", "again".to_owned()));
    keyed.push(&gateway, &twice).await.is_oauth_error(400, "invalid_request");
    let large = keyed.service.parameters_but(&[("padding", Some(&"x".repeat(70_000)))]);
    assert_eq!(keyed.push(&gateway, &large).await.status, 413);
    assert_eq!(gateway.stored(), before);
}

/// RFC 9449 section 10.1: ensure-dpopproof-at-par-endpoint-binding-success, ensure-mismatched-dpop-jkt-fails,
/// ensure-token-endpoint-fails-with-mismatched-dpop-proof-jkt.
#[tokio::test]
async fn a_proof_at_the_push_binds_the_code() {
    let gateway = TestGateway::new().await;
    let keyed = fapi2(&gateway).await;
    let fields = keyed.service.parameters();
    let proof = || keyed.dpop_proof(&gateway, "POST", PATH_PAR, &json!({}));
    let uri = request_uri(&keyed.post(&gateway, PATH_PAR, &fields, &[("dpop", &proof())]).await);
    signed_in(&gateway, &keyed, TestBrowser::new(), &keyed.url_of(&uri)).await;

    let keyed = keyed.again();
    let fields = keyed.service.parameters();
    let other = ServiceKey::generate();
    let named = keyed.service.parameters_but(&[("dpop_jkt", Some(&other.thumbprint()))]);
    let answer = keyed.post(&gateway, PATH_PAR, &named, &[("dpop", &proof())]).await;
    answer.is_oauth_error(400, "invalid_dpop_proof");
    let named = keyed.service.parameters_but(&[("dpop_jkt", Some(&keyed.dpop_key.thumbprint()))]);
    request_uri(&keyed.post(&gateway, PATH_PAR, &named, &[("dpop", &proof())]).await);

    // A proof for another address, and one that was used.
    let wrong = keyed.dpop_proof(&gateway, "POST", "/token", &json!({}));
    keyed
        .post(&gateway, PATH_PAR, &fields, &[("dpop", &wrong)])
        .await
        .is_oauth_error(400, "invalid_dpop_proof");
    let once = proof();
    request_uri(&keyed.post(&gateway, PATH_PAR, &fields, &[("dpop", &once)]).await);
    keyed
        .post(&gateway, PATH_PAR, &fields, &[("dpop", &once)])
        .await
        .is_oauth_error(400, "invalid_dpop_proof");

    // The code of a request that one key was named for is no use to another.
    let url =
        keyed.url_of(&request_uri(&keyed.post(&gateway, PATH_PAR, &fields, &[("dpop", &proof())]).await));
    let mut visit = Visit::at(&gateway, keyed.service.clone(), TestBrowser::new(), &url).await;
    visit.press().await;
    visit.claim().await;
    visit.finish().await;
    visit.come_back().await;
    let code = visit.code().await;
    let thief = KeyedService { dpop_key: other, ..keyed.clone() };
    let refused = thief.redeem(&gateway, &code).await;
    assert_eq!(refused.status, 400, "{}", refused.body);
}

/// In a session, too: its button answers once, also after the minute and a half in which it had to be opened.
#[tokio::test]
async fn a_session_answers_a_push_once() {
    let gateway = TestGateway::new().await;
    let mut resident = SignedIn::new(&gateway, TestService::kosodate(&gateway, MIDORI)).await;
    let keyed = fapi2(&gateway).await;
    let url = keyed.pushed_url(&gateway).await;
    let offer = resident.browser.open(&gateway, &url).await;
    assert!(is_offer(&offer), "{}", offer.body);
    gateway.wait(100);
    let onward = resident.press(&offer, "continue").await.onward().expect("an address");
    let before = gateway.stored();
    let again = resident.press(&offer, "continue").await;
    is_over(&again);
    assert_eq!(again.onward(), None);
    assert_eq!(gateway.stored(), before);
    let code = url::Url::parse(&onward).expect("an address");
    let code = code.query_pairs().find(|(name, _)| name == "code").expect("a code").1.into_owned();
    assert_eq!(keyed.redeem(&gateway, &code).await.status, 200);
}

/// The parameters leave no trace in what the browser is given.
#[tokio::test]
async fn c6_nothing_of_a_pushed_request_is_readable_in_the_page() {
    let gateway = TestGateway::new().await;
    let keyed = fapi2(&gateway).await;
    let url = keyed.pushed_url(&gateway).await;
    let page = TestBrowser::new().open(&gateway, &url).await;
    for secret in [&keyed.service.state, &keyed.service.nonce, &keyed.service.redirect_uri] {
        assert!(!page.body.contains(secret.as_str()));
        assert!(page.set_cookies().iter().all(|cookie| !cookie.contains(secret.as_str())));
    }
}

/// A request that was right when it was pushed is judged again by the registration of now.
#[tokio::test]
async fn an_address_that_was_taken_back_is_no_address() {
    let gateway = TestGateway::new().await;
    let keyed = fapi2(&gateway).await;
    let url = keyed.pushed_url(&gateway).await;
    assert_eq!(TestBrowser::new().open(&gateway, &url).await.status, 200);
    let record = gateway.store.client(MIDORI.id, "kagi").await.expect("a look").expect("a client");
    let mut registration = record.registration;
    registration.client.redirect_uris = vec!["https://kagi.example/other".to_owned()];
    let (version, change) = (record.version, ClientChange::Changed);
    let written = gateway.store.change_client(MIDORI.id, version, registration, change, "a test").await;
    assert_eq!(written.expect("a write"), ClientWrite::Done);
    gateway.gateway.refresh().await;
    is_over(&TestBrowser::new().open(&gateway, &url).await);
}

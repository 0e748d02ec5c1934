//! The token endpoint: a code becomes tokens once, for the right service with the right proof.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use madoguchi_oidc::AuthorizationCode;
use madoguchi_storage::AuditKind;
use madoguchi_test_pki::RevocationReason;
use madoguchi_tests::gateway::{HINATA, MIDORI, TestBrowser, TestGateway, TestService, Visit, form, random};
use serde_json::json;

async fn coded(gateway: &TestGateway) -> (TestService, String) {
    let mut visit = Visit::completed(gateway).await;
    let code = visit.code().await;
    (visit.service, code)
}

/// The same form with one parameter replaced.
fn form_but(service: &TestService, code: &str, name: &str, value: &str) -> String {
    let mut fields = service.token_form(code);
    fields.retain(|(known, _)| *known != name);
    let mut fields: Vec<(&str, String)> = fields;
    fields.push((name, value.to_owned()));
    form(&fields)
}

#[tokio::test]
async fn a_client_that_does_not_prove_itself_gets_nothing_and_spends_nothing() {
    let gateway = TestGateway::new().await;
    let (service, code) = coded(&gateway).await;
    let before = gateway.stored();
    let body = form(&service.token_form(&code));
    let basic = |text: String| Some(format!("Basic {}", STANDARD.encode(text)));
    let secret = service.secret.clone().unwrap();
    let named = form_but(&service, &code, "client_id", "kosodate");
    for (authorization, body) in [
        (None, &body),
        (None, &named),
        (basic("kosodate:wrong".to_owned()), &body),
        (basic("kosodate:".to_owned()), &body),
        (basic(format!("kosodate:{secret}x")), &body),
        (basic(format!("nobody:{secret}")), &body),
        (basic(format!("tosho:{secret}")), &body),
        (Some(format!("Bearer {secret}")), &body),
        (Some("Basic".to_owned()), &body),
    ] {
        let answer = service.token(&gateway, authorization.as_deref(), body).await;
        answer.is_oauth_error(401, "invalid_client");
        assert_eq!(answer.header("www-authenticate"), "Basic realm=\"token\"");
        assert_eq!(answer.header("pragma"), "no-cache");
    }
    assert_eq!(gateway.stored(), before);
    assert_eq!(service.redeem(&gateway, &code).await.status, 200);
}

#[tokio::test]
async fn two_ways_to_authenticate_are_one_too_many() {
    let gateway = TestGateway::new().await;
    let (service, code) = coded(&gateway).await;
    let before = gateway.stored();
    let authorization = service.authorization();
    for (name, value) in [("client_secret", "x"), ("client_assertion", "x"), ("client_id", "tosho")] {
        let body = form_but(&service, &code, name, value);
        service.token(&gateway, authorization.as_deref(), &body).await.is_oauth_error(400, "invalid_request");
    }
    let request = http::Request::post("/token")
        .header("host", "localhost:24810")
        .header("authorization", authorization.as_deref().unwrap())
        .header("authorization", authorization.as_deref().unwrap())
        .body(form(&service.token_form(&code)).into())
        .unwrap();
    gateway.send(request).await.is_oauth_error(400, "invalid_request");
    assert_eq!(gateway.stored(), before);
    assert_eq!(service.redeem(&gateway, &code).await.status, 200);
}

/// Or anybody could keep a resident from signing in.
#[tokio::test]
async fn another_clients_code_is_unknown_to_it_and_not_spent() {
    let gateway = TestGateway::new().await;
    let (service, code) = coded(&gateway).await;
    let before = gateway.stored();
    let mut other = TestService::tosho(MIDORI);
    other.code_verifier.clone_from(&service.code_verifier);
    other.redirect_uri.clone_from(&service.redirect_uri);
    let refused = other.redeem(&gateway, &code).await;
    refused.is_oauth_error(400, "invalid_grant");
    let unknown = AuthorizationCode::generate(random()).unwrap().encode().to_string();
    assert_eq!(refused.body, other.redeem(&gateway, &unknown).await.body, "not even that it exists");
    assert_eq!(gateway.stored(), before);
    assert_eq!(service.redeem(&gateway, &code).await.status, 200);
}

/// A stolen code cannot be tried again and again.
#[tokio::test]
async fn the_wrong_proof_spends_the_code() {
    let gateway = TestGateway::new().await;
    for (name, value) in [
        ("code_verifier", "x".repeat(43)),
        ("redirect_uri", "https://kosodate.example/callback?from=mado".to_owned()),
    ] {
        let (service, code) = coded(&gateway).await;
        let audited = gateway.audit(MIDORI).await.len();
        let body = form_but(&service, &code, name, &value);
        let authorization = service.authorization();
        service.token(&gateway, authorization.as_deref(), &body).await.is_oauth_error(400, "invalid_grant");
        service.redeem(&gateway, &code).await.is_oauth_error(400, "invalid_grant");
        let told = [(AuditKind::CodeRefused, None), (AuditKind::CodeReused, None)];
        assert_eq!(gateway.audit(MIDORI).await[audited..], told, "{name}");
    }
}

/// Malformed, so it can match nothing: nothing is looked up, nothing is spent.
#[tokio::test]
async fn a_malformed_request_spends_nothing() {
    let gateway = TestGateway::new().await;
    let (service, code) = coded(&gateway).await;
    let before = gateway.stored();
    let authorization = service.authorization();
    for (name, value, error) in [
        ("grant_type", "", "invalid_request"),
        ("grant_type", "password", "unsupported_grant_type"),
        ("grant_type", "refresh_token", "invalid_request"),
        ("code", "", "invalid_request"),
        ("code", "x", "invalid_grant"),
        ("redirect_uri", "", "invalid_request"),
        ("code_verifier", "", "invalid_request"),
        ("code_verifier", "short", "invalid_grant"),
    ] {
        let body = form_but(&service, &code, name, value);
        service.token(&gateway, authorization.as_deref(), &body).await.is_oauth_error(400, error);
    }
    let body = form(&service.token_form(&code));
    for name in ["code", "grant_type", "code_verifier", "unheard_of"] {
        let twice = format!("{body}&{name}=x&{name}=x");
        service
            .token(&gateway, authorization.as_deref(), &twice)
            .await
            .is_oauth_error(400, "invalid_request");
    }
    service
        .token(&gateway, authorization.as_deref(), "code=%zz")
        .await
        .is_oauth_error(400, "invalid_request");
    assert_eq!(gateway.stored(), before);
    assert_eq!(service.redeem(&gateway, &code).await.status, 200);
}

/// RFC 6749 section 4.1.2.
#[tokio::test]
async fn a_second_use_takes_back_what_the_first_gave() {
    let gateway = TestGateway::new().await;
    let (service, code) = coded(&gateway).await;
    let tokens = service.redeem(&gateway, &code).await.json();
    let token = tokens["access_token"].as_str().unwrap();
    assert_eq!(service.userinfo(&gateway, token).await.status, 200);
    let again = service.redeem(&gateway, &code).await;
    again.is_oauth_error(400, "invalid_grant");
    assert_eq!(service.userinfo(&gateway, token).await.status, 401);
    let audit = gateway.audit(MIDORI).await;
    assert_eq!(audit, [(AuditKind::SignInCompleted, None), (AuditKind::CodeReused, None)]);
}

#[tokio::test]
async fn of_two_at_once_at_most_one_keeps_its_tokens() {
    let gateway = TestGateway::new().await;
    let (service, code) = coded(&gateway).await;
    let (one, two) = tokio::join!(service.redeem(&gateway, &code), service.redeem(&gateway, &code));
    let good: Vec<_> = [&one, &two].into_iter().filter(|answer| answer.status == 200).collect();
    let [good] = good[..] else { panic!("one answer is good: {one:?} {two:?}") };
    let token = good.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(service.userinfo(&gateway, &token).await.status, 401, "the second use revoked it");
}

#[tokio::test]
async fn a_code_lives_sixty_seconds() {
    let gateway = TestGateway::new().await;
    let (service, code) = coded(&gateway).await;
    gateway.wait(59);
    assert_eq!(service.redeem(&gateway, &code).await.status, 200);
    let (service, code) = coded(&gateway).await;
    gateway.wait(60);
    service.redeem(&gateway, &code).await.is_oauth_error(400, "invalid_grant");
    assert!(!gateway.audit(MIDORI).await.contains(&(AuditKind::CodeReused, None)), "late is not twice");
}

#[tokio::test]
async fn the_endpoint_takes_posts_alone() {
    let gateway = TestGateway::new().await;
    let (service, code) = coded(&gateway).await;
    let before = gateway.stored();
    let url = MIDORI.url(&format!("/token?{}", form(&service.token_form(&code))));
    let authorization = service.authorization().unwrap();
    let answer = TestBrowser::new().get(&gateway, &url, &[("authorization", &authorization)]).await;
    assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, "POST"));
    // Nor is anything read from the address of a POST.
    let request = http::Request::post(url.replace(MIDORI.issuer, ""))
        .header("host", "localhost:24810")
        .header("authorization", authorization)
        .body(axum::body::Body::empty())
        .unwrap();
    gateway.send(request).await.is_oauth_error(400, "invalid_request");
    assert_eq!(gateway.stored(), before);
}

#[tokio::test]
async fn another_municipality_does_not_know_the_code() {
    let gateway = TestGateway::new().await;
    let (service, code) = coded(&gateway).await;
    let before = gateway.stored();
    let elsewhere = TestService { town: HINATA, ..service.clone() };
    elsewhere.redeem(&gateway, &code).await.is_oauth_error(400, "invalid_grant");
    assert_eq!(gateway.stored(), before);
    assert_eq!(service.redeem(&gateway, &code).await.status, 200);
}

#[tokio::test]
async fn without_a_nonce_there_is_none() {
    let gateway = TestGateway::new().await;
    let service = TestService::kosodate(&gateway, MIDORI);
    let mut browser = TestBrowser::new();
    let url = service.authorize_url_of(&service.parameters_but(&[("nonce", None)]));
    let start = browser.open(&gateway, &url).await;
    let mut visit = Visit::of(&gateway, service).await;
    visit.tag = start.attribute("#status", "data-tag").unwrap();
    (visit.start, visit.browser) = (start, browser);
    let tokens = visit.tokens().await;
    assert_eq!(visit.claims(&tokens).await.get("nonce"), None);
    assert_eq!(tokens["expires_in"], json!(300));
}

/// A minute may pass between card and token, and with it a list: every use of a session asks again.
#[tokio::test]
async fn a_certificate_revoked_since_gives_no_token() {
    for reason in [RevocationReason::KeyCompromise, RevocationReason::CertificateHold] {
        let gateway = TestGateway::new().await;
        let mut visit = Visit::completed(&gateway).await;
        let code = visit.code().await;
        gateway.revoke(&visit.card, reason);
        gateway.wait(1);
        gateway.publish_lists();
        visit.service.redeem(&gateway, &code).await.is_oauth_error(400, "invalid_grant");
        let kinds: Vec<_> = gateway.audit(MIDORI).await.into_iter().map(|(kind, _)| kind).collect();
        let ended = [
            AuditKind::SignInCompleted,
            AuditKind::RevocationKept,
            AuditKind::SessionRevoked,
            AuditKind::CodeRefused,
        ];
        assert_eq!(kinds, ended);
        // Spent: what comes after it is a second use.
        visit.service.redeem(&gateway, &code).await.is_oauth_error(400, "invalid_grant");
        assert_eq!(gateway.audit(MIDORI).await.last().map(|(kind, _)| *kind), Some(AuditKind::CodeReused));
    }
}

/// The code is as good as before once the lists are.
#[tokio::test]
async fn while_a_list_is_damaged_a_code_is_neither_taken_nor_spent() {
    let gateway = TestGateway::new().await;
    let mut visit = Visit::completed(&gateway).await;
    let code = visit.code().await;
    gateway.revoke(&visit.card, RevocationReason::CertificateHold);
    gateway.wait(1);
    gateway.publish_lists();
    gateway.damage_lists();
    let answer = visit.service.redeem(&gateway, &code).await;
    answer.is_oauth_error(503, "temporarily_unavailable");
    assert_eq!(answer.header("retry-after"), "30");
    gateway.reinstate(&visit.card);
    gateway.wait(1);
    gateway.publish_lists();
    assert_eq!(visit.service.redeem(&gateway, &code).await.status, 200);
}

//! Userinfo: every use of a token asks about revocation again.

use axum::body::Body;
use http::Request;
use madoguchi_oidc::AccessToken;
use madoguchi_protocol::{ErrorCode, Secret};
use madoguchi_storage::{AuditKind, Sessions as _};
use madoguchi_test_pki::RevocationReason;
use madoguchi_tests::gateway::{Answer, HINATA, MIDORI, TestGateway, TestService, Visit, random};

async fn signed_in(gateway: &TestGateway) -> (Visit<'_>, String) {
    let mut visit = Visit::new(gateway).await;
    let tokens = visit.tokens().await;
    (visit, tokens["access_token"].as_str().expect("text").to_owned())
}

/// RFC 6750 section 3.1.
fn is_invalid_token(answer: &Answer) {
    assert_eq!(answer.status, 401);
    let challenge = answer.header("www-authenticate");
    assert!(challenge.starts_with("Bearer realm=\"userinfo\", error=\"invalid_token\""), "{challenge}");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.body, "");
}

async fn ask(gateway: &TestGateway, method: &str, headers: &[(&str, &str)], body: String) -> Answer {
    let mut request = Request::builder().method(method).uri("/userinfo").header("host", "localhost:24810");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    gateway.send(request.body(Body::from(body)).expect("a request")).await
}

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

#[tokio::test]
async fn a_token_travels_in_the_header_or_in_the_form() {
    let gateway = TestGateway::new().await;
    let (visit, token) = signed_in(&gateway).await;
    let bearer = format!("Bearer {token}");
    let header = visit.service.userinfo(&gateway, &token).await;
    assert_eq!((header.status.as_u16(), header.header("cache-control")), (200, "no-store"));
    let posted = ask(&gateway, "POST", &[("authorization", &bearer)], String::new()).await;
    assert_eq!(posted.json(), header.json());
    let in_form = ask(&gateway, "POST", &[FORM], format!("access_token={token}")).await;
    assert_eq!(in_form.json(), header.json());
}

#[tokio::test]
async fn without_a_token_there_is_only_a_challenge() {
    let gateway = TestGateway::new().await;
    let (visit, token) = signed_in(&gateway).await;
    let basic = visit.service.authorization().unwrap();
    for (method, headers, body) in [
        ("GET", &[][..], String::new()),
        ("GET", &[("authorization", basic.as_str())], String::new()),
        ("GET", &[FORM], format!("access_token={token}")),
        ("POST", &[("content-type", "text/plain")], format!("access_token={token}")),
    ] {
        let answer = ask(&gateway, method, headers, body).await;
        assert_eq!(answer.status, 401);
        let challenges = "Bearer realm=\"userinfo\", DPoP realm=\"userinfo\", algs=\"ES256 PS256\"";
        assert_eq!(answer.header("www-authenticate"), challenges);
    }
    // Never in an address, which ends up in logs.
    let request = Request::get(format!("/userinfo?access_token={token}")).header("host", "localhost:24810");
    assert_eq!(gateway.send(request.body(Body::empty()).unwrap()).await.status, 401);
}

#[tokio::test]
async fn a_wrong_token_is_none() {
    let gateway = TestGateway::new().await;
    let (visit, token) = signed_in(&gateway).await;
    let other = AccessToken::generate(random()).unwrap().encode().to_string();
    let longer = format!("{token}A");
    for wrong in [other.as_str(), &token[..42], &longer, "", "x", "%00"] {
        is_invalid_token(&visit.service.userinfo(&gateway, wrong).await);
    }
    is_invalid_token(&ask(&gateway, "POST", &[FORM], format!("access_token={token}&a=1&a=2")).await);
}

/// A code is never found among tokens.
#[tokio::test]
async fn neither_code_nor_session_is_a_token() {
    let gateway = TestGateway::new().await;
    let mut visit = Visit::completed(&gateway).await;
    let session = visit.browser.cookie(&visit.s()).unwrap().to_owned();
    let code = visit.code().await;
    for other in [session, code, visit.ticket.clone()] {
        is_invalid_token(&visit.service.userinfo(&gateway, &other).await);
    }
}

#[tokio::test]
async fn a_token_in_two_places_is_refused() {
    let gateway = TestGateway::new().await;
    let (_, token) = signed_in(&gateway).await;
    let bearer = format!("Bearer {token}");
    let header = ("authorization", bearer.as_str());
    for answer in [
        ask(&gateway, "POST", &[header, FORM], format!("access_token={token}")).await,
        ask(&gateway, "GET", &[header, header], String::new()).await,
    ] {
        assert_eq!(answer.status, 400);
        assert!(answer.header("www-authenticate").contains("error=\"invalid_request\""));
    }
}

#[tokio::test]
async fn a_token_lives_five_minutes() {
    let gateway = TestGateway::new().await;
    let (visit, token) = signed_in(&gateway).await;
    gateway.wait(299);
    assert_eq!(visit.service.userinfo(&gateway, &token).await.status, 200);
    gateway.wait(1);
    is_invalid_token(&visit.service.userinfo(&gateway, &token).await);
}

#[tokio::test]
async fn the_end_of_the_session_is_the_end_of_its_tokens() {
    let gateway = TestGateway::new().await;
    let mut visit = Visit::completed(&gateway).await;
    let session = Secret::<32>::decode(visit.browser.cookie(&visit.s()).unwrap()).unwrap().hash();
    let code = visit.code().await;
    let tokens = visit.service.redeem(&gateway, &code).await.json();
    let token = tokens["access_token"].as_str().unwrap();
    assert_eq!(visit.service.userinfo(&gateway, token).await.status, 200);
    assert!(gateway.store.end_session(MIDORI.id, session).await.unwrap());
    is_invalid_token(&visit.service.userinfo(&gateway, token).await);
}

/// The next list is enough; nobody has to look for the session.
#[tokio::test]
async fn a_certificate_revoked_since_ends_it() {
    for reason in [RevocationReason::KeyCompromise, RevocationReason::CertificateHold] {
        let gateway = TestGateway::new().await;
        let (visit, token) = signed_in(&gateway).await;
        let (other, others_token) = signed_in(&gateway).await;
        gateway.revoke(&visit.card, reason);
        assert_eq!(visit.service.userinfo(&gateway, &token).await.status, 200, "nobody knows yet");
        gateway.wait(1);
        gateway.publish_lists();
        is_invalid_token(&visit.service.userinfo(&gateway, &token).await);
        let code = match reason {
            RevocationReason::CertificateHold => ErrorCode::CertificateOnHold,
            _ => ErrorCode::CertificateRevoked,
        };
        let log = gateway.audit(MIDORI).await.split_off(2);
        assert_eq!(
            log,
            [AuditKind::RevocationKept, AuditKind::SessionRevoked].map(|kind| (kind, Some(code)))
        );
        // Ended, and not asked again each time.
        is_invalid_token(&visit.service.userinfo(&gateway, &token).await);
        assert_eq!(gateway.audit(MIDORI).await.len(), 4);
        assert_eq!(other.service.userinfo(&gateway, &others_token).await.status, 200);
    }
}

#[tokio::test]
async fn another_municipality_does_not_know_the_token() {
    let gateway = TestGateway::new().await;
    let (visit, token) = signed_in(&gateway).await;
    let elsewhere = TestService { town: HINATA, ..visit.service.clone() };
    is_invalid_token(&elsewhere.userinfo(&gateway, &token).await);
    assert_eq!(visit.service.userinfo(&gateway, &token).await.status, 200);
}

/// Neither "listed" nor "not listed": nobody is turned away for good, and nobody goes on.
#[tokio::test]
async fn a_damaged_list_is_cannot_check_and_ends_nothing() {
    let gateway = TestGateway::new().await;
    let (visit, token) = signed_in(&gateway).await;
    gateway.revoke(&visit.card, RevocationReason::CertificateHold);
    gateway.wait(1);
    gateway.publish_lists();
    gateway.damage_lists();
    let answer = visit.service.userinfo(&gateway, &token).await;
    answer.is_oauth_error(503, "temporarily_unavailable");
    assert_eq!(answer.header("retry-after"), "30");
    assert_eq!(answer.json()["error_description"], "cannot_check");
    assert_eq!(gateway.lookups()["damaged"], 1);
    assert_eq!(gateway.audit(MIDORI).await.len(), 1, "the sign-in, and no end of it");
    gateway.reinstate(&visit.card);
    gateway.wait(1);
    gateway.publish_lists();
    assert_eq!(visit.service.userinfo(&gateway, &token).await.status, 200);
}

/// Each answer is counted once, at a sign-in and at a use.
#[tokio::test]
async fn what_lists_answer_is_counted() {
    let gateway = TestGateway::new().await;
    let (visit, token) = signed_in(&gateway).await;
    let counted = |name: &str| gateway.lookups()[name];
    let (at_sign_in, hits) = (counted("miss"), counted("hit"));
    assert!(at_sign_in > 0 && hits == 0, "{:?}", gateway.lookups());
    assert_eq!(visit.service.userinfo(&gateway, &token).await.status, 200);
    assert_eq!(counted("miss"), at_sign_in + 1);
    gateway.revoke(&visit.card, RevocationReason::KeyCompromise);
    gateway.wait(1);
    gateway.publish_lists();
    is_invalid_token(&visit.service.userinfo(&gateway, &token).await);
    assert_eq!((counted("hit"), counted("miss")), (1, at_sign_in + 1));
}

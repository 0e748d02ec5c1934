//! What an operator reads when a service's first request fails, and how often.

use madoguchi_protocol::{ErrorCode, PATH_CLAIM};
use madoguchi_tests::gateway::{MIDORI, SignedIn, TestAgent, TestBrowser, TestGateway, TestService, form};
use madoguchi_tests::log::Log;
use serde_json::json;

const REFUSED: &str = "authorization request refused";

/// What anybody can send as often as they like is counted, and fills no log.
#[tokio::test]
async fn strangers_fill_no_log() {
    let log = Log::of_this_process(tracing::Level::INFO);
    let gateway = TestGateway::new().await;
    let resident = SignedIn::new(&gateway, TestService::kosodate(&gateway, MIDORI)).await;
    let before = log.text().lines().count();
    let service = TestService::kosodate(&gateway, MIDORI);
    let old_agent = json!({
        "version": 0, "agent_version": "x".repeat(500), "kinds": [], "counter": false, "ticket": "A".repeat(43),
        "return_verifier_hash": "A".repeat(43), "claim_secret_hash": "A".repeat(43),
    });
    for _ in 0..5 {
        let mut browser = TestBrowser::new();
        let garbage =
            MIDORI.url("/logout?id_token_hint=a.b.c&post_logout_redirect_uri=https://evil.example/&state=x");
        assert_eq!(browser.open(&gateway, &garbage).await.status, 200);
        let refused = service.token(&gateway, Some("Basic a29zb2RhdGU6eA=="), "grant_type=x").await;
        assert_eq!(refused.status, 401);
        TestAgent::new(MIDORI)
            .post(&gateway, PATH_CLAIM, &old_agent)
            .await
            .is_refusal(426, ErrorCode::AgentTooOld);
    }
    let lines: Vec<_> = log.text().lines().skip(before).map(str::to_owned).collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines.iter().any(|line| line.contains("a client was not authenticated")), "{lines:?}");
    assert!(lines.iter().all(|line| line.len() < 600), "{lines:?}");
    for kind in ["agent_too_old", "client_not_authenticated", "logout_request_unverified"] {
        assert_eq!(gateway.gateway.refusals().get(kind), Some(&5), "{kind}");
    }
    // A service's own mistake is told, once a second.
    let hint = resident.id_token();
    let query = form(&[("id_token_hint", hint), ("post_logout_redirect_uri", "https://evil.example/")]);
    for _ in 0..3 {
        TestBrowser::new().open(&gateway, &MIDORI.url(&format!("/logout?{query}"))).await;
    }
    let told = log.lines_with("after signing out the browser stays here");
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("WARN") && told[0].contains("client_id=kosodate"), "{told:?}");
}

/// The commonest mistakes of a new service. Neither page nor service can be told what came, so the log says it, once a
/// second at most.
#[tokio::test]
async fn a_wrong_address_or_client_is_in_the_log() {
    let log = Log::of_this_process(tracing::Level::INFO);
    let gateway = TestGateway::new().await;
    let mut wrong = TestService::kosodate(&gateway, MIDORI);
    wrong.redirect_uri = "https://kosodate.example/callbak".to_owned();
    let ask = async |service: &TestService, code| {
        let answer = TestBrowser::new().get(&gateway, &service.authorize_url(), &[]).await;
        answer.is_error_page(400, code);
    };
    for _ in 0..3 {
        ask(&wrong, ErrorCode::RedirectUriUnregistered).await;
    }
    let lines = log.lines_with(REFUSED);
    assert_eq!(lines.len(), 1, "{lines:?}");
    for part in [
        "INFO",
        "redirect_uri_unregistered",
        "municipality=midori",
        "client_id=kosodate",
        "\"https://kosodate.example/callbak\"",
    ] {
        assert!(lines[0].contains(part), "{part}: {}", lines[0]);
    }
    gateway.wait(1);
    ask(&wrong, ErrorCode::RedirectUriUnregistered).await;
    assert!(log.lines_with(REFUSED)[1].contains("left_out=2"));

    // Names that strangers make up have one line a second together.
    for number in 0..3 {
        let client_id = format!("{number}{}", "x".repeat(400));
        ask(&TestService { client_id, ..wrong.clone() }, ErrorCode::ClientUnknown).await;
    }
    let lines = log.lines_with("client_unknown");
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("\"0xxx") && lines[0].len() < 500, "{}", lines[0]);
}

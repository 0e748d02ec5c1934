//! What the start page's script is told: whoever holds `b` may be somebody else.

use madoguchi_protocol::ErrorCode;
use madoguchi_tests::gateway::{HINATA, MIDORI, TestBrowser, TestGateway, TestService, Visit};
use serde_json::{Value, json};

#[tokio::test]
async fn every_way_to_end_looks_the_same() {
    let gateway = TestGateway::new().await;
    let mut ends = Vec::new();
    for reason in [ErrorCode::Declined, ErrorCode::PinWrong, ErrorCode::CertificateExpired] {
        let mut visit = Visit::claimed(&gateway).await;
        visit.agent.cancel(&gateway, visit.id(), reason).await;
        ends.push(visit.status().await);
    }
    let mut expired = Visit::started(&gateway).await;
    gateway.wait(300);
    ends.push(expired.status().await);
    let mut never_returned = Visit::proven(&gateway).await;
    gateway.wait(60);
    ends.push(never_returned.status().await);
    let mut burned = Visit::proven(&gateway).await;
    TestBrowser::new().open(&gateway, &burned.return_url()).await;
    ends.push(burned.status().await);
    let mut answered = Visit::completed(&gateway).await;
    let mut tab = answered.browser.clone();
    answered.take_answer().await;
    std::mem::swap(&mut tab, &mut answered.browser);
    ends.push(answered.status().await);
    for end in ends {
        assert_eq!(end, json!({ "state": "over" }));
    }
}

async fn status(gateway: &TestGateway, browser: &mut TestBrowser, tag: &str) -> Value {
    browser.fetch(gateway, &MIDORI.url(&format!("/sign-in/status/{tag}"))).await.json()
}

#[tokio::test]
async fn another_browser_learns_nothing() {
    let gateway = TestGateway::new().await;
    let mut visit = Visit::new(&gateway).await;
    let over = json!({ "state": "over" });
    let mut stranger = TestBrowser::new();
    let mut other = Visit::completed(&gateway).await;
    for step in 0..5 {
        match step {
            1 => drop(visit.press().await),
            2 => drop(visit.claim().await),
            3 => drop(visit.finish().await),
            4 => drop(visit.come_back().await),
            _ => {}
        }
        assert_eq!(status(&gateway, &mut stranger, &visit.tag).await, over, "step {step}");
        assert_eq!(status(&gateway, &mut other.browser, &visit.tag).await, over, "step {step}");
        assert_ne!(visit.status().await, over, "step {step}");
    }
    let unknown = status(&gateway, &mut stranger, "aaaaaa").await;
    assert_eq!(unknown, over, "and nothing about what exists");
}

/// The cookie `b` alone does not say that it was completed: the return leg happens in the browser with both.
#[tokio::test]
async fn completed_is_said_where_it_was_completed() {
    let gateway = TestGateway::new().await;
    let mut visit = Visit::completed(&gateway).await;
    let mut half = visit.browser.clone();
    half.forget(&visit.s());
    assert_eq!(status(&gateway, &mut half, &visit.tag).await, json!({ "state": "over" }));
    assert_eq!(visit.status().await["state"], "completed");
}

#[tokio::test]
async fn asking_changes_nothing() {
    let gateway = TestGateway::new().await;
    let mut visit = Visit::proven(&gateway).await;
    let before = gateway.stored();
    for _ in 0..20 {
        visit.status().await;
    }
    gateway.wait(60);
    visit.status().await;
    assert_eq!(gateway.stored(), before);
}

#[tokio::test]
async fn another_municipality_says_over_or_waiting() {
    let gateway = TestGateway::new().await;
    let visit = Visit::completed(&gateway).await;
    let mut browser = visit.browser.clone();
    let url = HINATA.url(&format!("/sign-in/status/{}", visit.tag));
    assert_eq!(browser.fetch(&gateway, &url).await.json(), json!({ "state": "waiting" }));
}

#[tokio::test]
async fn a_malformed_tag_is_not_found() {
    let gateway = TestGateway::new().await;
    for tag in ["", "a", "aaaaa", "aaaaaaa", "AAAAAA", "aaaaa%20", "..%2f..%2f"] {
        let url = MIDORI.url(&format!("/sign-in/status/{tag}"));
        assert_eq!(TestBrowser::new().fetch(&gateway, &url).await.status, 404, "{tag}");
    }
}

#[tokio::test]
async fn the_newest_press_is_what_counts() {
    let gateway = TestGateway::new().await;
    let mut visit = Visit::of(&gateway, TestService::tosho(MIDORI)).await;
    visit.press().await;
    visit.claim().await;
    assert_eq!(visit.status().await, json!({ "state": "answered" }));
    visit.press().await;
    assert_eq!(visit.status().await, json!({ "state": "waiting" }));
}

//! The hand-out of the service's answer: once, to whichever tab of the right browser asks first.

use madoguchi_protocol::{ErrorCode, Secret};
use madoguchi_storage::Sessions as _;
use madoguchi_tests::gateway::{MIDORI, TestBrowser, TestGateway, Visit, random};

#[tokio::test]
async fn the_answer_is_handed_out_once() {
    let gateway = TestGateway::new().await;
    let mut visit = Visit::completed(&gateway).await;
    let mut second_tab = visit.browser.clone();
    let code = visit.code().await;
    let before = gateway.stored();
    let over = second_tab.open(&gateway, &visit.answer_url()).await;
    over.is_error_page(200, ErrorCode::SignInOver);
    assert_eq!(over.headers.get("location"), None);
    assert!(!over.body.contains(&code));
    // The tab's cookies are gone by now.
    visit.take_answer().await.is_neutral();
    assert_eq!(gateway.stored(), before);
    assert_eq!(visit.service.redeem(&gateway, &code).await.status, 200);
}

/// Two tabs at the same moment: one gets it.
#[tokio::test]
async fn two_tabs_at_once_get_one_answer() {
    let gateway = TestGateway::new().await;
    let visit = Visit::completed(&gateway).await;
    let url = visit.answer_url();
    let (mut one, mut two) = (visit.browser.clone(), visit.browser.clone());
    let (one, two) = tokio::join!(one.open(&gateway, &url), two.open(&gateway, &url));
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 303]);
}

#[tokio::test]
async fn it_takes_both_cookies() {
    let gateway = TestGateway::new().await;
    let mut visit = Visit::completed(&gateway).await;
    let before = gateway.stored();
    let url = visit.answer_url();
    for name in [visit.b(), visit.s()] {
        let mut half = visit.browser.clone();
        half.forget(&name);
        half.open(&gateway, &url).await.is_neutral();
        let other = Secret::<32>::generate(random()).unwrap().encode().to_string();
        half.plant("localhost", &name, &other);
        half.open(&gateway, &url).await.is_neutral();
    }
    // A session of another tag is another sign-in's.
    let mut renamed = visit.browser.clone();
    let s = renamed.cookie(&visit.s()).unwrap().to_owned();
    renamed.forget(&visit.s());
    renamed.plant("localhost", "__Host-s-aaaaaa", &s);
    renamed.open(&gateway, &url).await.is_neutral();
    TestBrowser::new().open(&gateway, &url).await.is_neutral();
    assert_eq!(gateway.stored(), before);
    visit.code().await;
}

#[tokio::test]
async fn another_residents_session_does_not_open_it() {
    let gateway = TestGateway::new().await;
    let mut visit = Visit::completed(&gateway).await;
    let mut other = Visit::completed(&gateway).await;
    let before = gateway.stored();
    other.browser.open(&gateway, &visit.answer_url()).await.is_neutral();
    let mut mixed = visit.browser.clone();
    mixed.plant("localhost", &visit.s(), other.browser.cookie(&other.s()).unwrap());
    mixed.open(&gateway, &visit.answer_url()).await.is_neutral();
    assert_eq!(gateway.stored(), before);
    assert_ne!(visit.code().await, other.code().await);
}

#[tokio::test]
async fn only_a_navigation_takes_it() {
    let gateway = TestGateway::new().await;
    let mut visit = Visit::completed(&gateway).await;
    let before = gateway.stored();
    let url = visit.answer_url();
    let navigate = ("sec-fetch-mode", "navigate");
    let document = ("sec-fetch-dest", "document");
    for headers in [
        &[navigate, document, ("sec-purpose", "prefetch;prerender")][..],
        &[navigate, document, ("purpose", "prefetch")],
        &[navigate, ("sec-fetch-dest", "iframe")],
        &[("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty")],
    ] {
        visit.browser.get(&gateway, &url, headers).await.is_neutral();
    }
    assert_eq!(gateway.stored(), before);
    visit.code().await;
}

#[tokio::test]
async fn there_is_no_answer_before_the_return_leg() {
    let gateway = TestGateway::new().await;
    let mut visit = Visit::proven(&gateway).await;
    let before = gateway.stored();
    visit.take_answer().await.is_neutral();
    for id in ["x", "AAAAAAAAAAAAAAAAAAAAAA", "%00", "../jwks"] {
        let url = MIDORI.url(&format!("/sign-in/{id}/answer"));
        assert_eq!(visit.browser.open(&gateway, &url).await.status, 404, "{id}");
    }
    assert_eq!(gateway.stored(), before);
}

#[tokio::test]
async fn an_ended_session_has_no_answer() {
    let gateway = TestGateway::new().await;
    let mut visit = Visit::completed(&gateway).await;
    let session = Secret::<32>::decode(visit.browser.cookie(&visit.s()).unwrap()).unwrap().hash();
    assert!(gateway.store.end_session(MIDORI.id, session).await.unwrap());
    visit.take_answer().await.is_neutral();

    let mut late = Visit::completed(&gateway).await;
    gateway.wait(3600);
    late.take_answer().await.is_neutral();
    assert!(!late.record().await.is_some_and(|record| record.answered));
}

//! Two tabs of one browser.

use madoguchi_protocol::{ErrorCode, Secret};
use madoguchi_storage::SignInState;
use madoguchi_tests::gateway::{
    HINATA, MIDORI, SESSION_COOKIE, TestBrowser, TestGateway, TestService, Visit, random,
};
use serde_json::json;

/// Two services, or one service twice: each tab ends where it began.
#[tokio::test]
async fn two_tabs_do_not_disturb_each_other() {
    let gateway = TestGateway::new().await;
    for services in [
        [TestService::kosodate(&gateway, MIDORI), TestService::tosho(MIDORI)],
        [TestService::tosho(MIDORI), TestService::tosho(MIDORI)],
        // Cookies do not know ports, so both gateways see both.
        [TestService::tosho(MIDORI), TestService::tosho(HINATA)],
    ] {
        let [one, two] = services;
        let mut one = Visit::of(&gateway, one).await;
        let mut two = Visit::in_browser(&gateway, two, one.browser.clone()).await;
        let share = |from: &Visit<'_>| from.browser.clone();
        one.browser = share(&two);
        one.press().await;
        two.press().await;
        two.claim().await;
        one.claim().await;
        assert_eq!((one.state().await, two.state().await), (SignInState::Claimed, SignInState::Claimed));
        one.finish().await;
        assert_eq!(two.status().await, json!({ "state": "answered" }));
        two.finish().await;
        two.come_back().await;
        one.browser = share(&two);
        one.come_back().await;
        assert_eq!(one.status().await["next"], format!("/sign-in/{}/answer", one.id()));
        let first = one.code().await;
        two.browser = share(&one);
        assert_eq!(two.status().await["state"], "completed");
        let second = two.code().await;
        assert_eq!(two.browser.cookie_names(), [SESSION_COOKIE]);
        assert_eq!(one.service.redeem(&gateway, &first).await.status, 200);
        assert_eq!(two.service.redeem(&gateway, &second).await.status, 200);
    }
}

#[tokio::test]
async fn one_tab_that_stops_leaves_the_other_alone() {
    let gateway = TestGateway::new().await;
    let mut one = Visit::claimed(&gateway).await;
    let two = Visit::in_browser(&gateway, TestService::tosho(MIDORI), one.browser.clone()).await;
    one.browser = two.browser.clone();
    let sealed = two.start.sealed("/sign-in/decline");
    one.browser.submit(&gateway, &MIDORI.url("/sign-in/decline"), &[("sealed", &sealed)]).await;
    one.finish().await;
    one.come_back().await;
    one.code().await;
}

/// Pages opened at once cannot make room for each other, so a browser may hold more cookies than it should.
#[tokio::test]
async fn more_cookies_than_there_should_be_do_no_harm() {
    let gateway = TestGateway::new().await;
    let mut visit = Visit::proven(&gateway).await;
    for number in 0..15 {
        let secret = Secret::<32>::generate(random()).unwrap().encode().to_string();
        visit.browser.plant("localhost", &format!("__Host-b-aaaa{number:02}"), &secret);
    }
    visit.come_back().await;
    assert!(!visit.code().await.is_empty());
}

/// The ninth tab costs the first its cookie; it is told so, and no alarm is raised.
#[tokio::test]
async fn a_tab_that_lost_its_cookie_starts_again() {
    let gateway = TestGateway::new().await;
    let mut first = Visit::new(&gateway).await;
    let mut browser: TestBrowser = first.browser.clone();
    for _ in 0..8 {
        browser = Visit::in_browser(&gateway, TestService::tosho(MIDORI), browser).await.browser;
    }
    first.browser = browser;
    let sealed = first.start.sealed("/sign-in/start");
    first.press_with(&[("sealed", &sealed)]).await.is_error_page(400, ErrorCode::FormExpired);
    assert_eq!(gateway.audit(MIDORI).await, []);
}

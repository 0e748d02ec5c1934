//! `oidc-client-ts` in Chromium: a page without a server of its own.

use madoguchi_demo::{AgentFront, Extras, Pin, Ports, TEST_PIN};
use madoguchi_tests::chromium::Chromium;
use madoguchi_tests::services::{Operator, Spa};
use serde_json::Value;

use super::client;
use crate::chromium::home::Home;

async fn home_and_page(pin: Pin) -> (Home, Spa) {
    let port = Ports::unused().expect("free ports").service;
    let gateway_toml = client("page", port, r#"authentication = "none""#);
    let extras = Extras { gateway_toml, ..Extras::default() };
    let home = Home::with(Chromium::start().await, AgentFront::Unattended(pin), extras).await;
    let page = Spa::start(port, &home.ports.issuer(), "page").await;
    (home, page)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resident_signs_in_to_a_page() {
    let (home, page) = home_and_page(Pin::new(TEST_PIN.as_bytes()).expect("a PIN")).await;
    let first = home.browser.tab().await;
    home.browser.open(&page.url("/")).await;
    home.browser.click("#login").await;
    home.press().await;
    home.browser.switch_to(&first).await;
    home.browser.arrive_at(&page.url("/callback")).await;
    home.browser.read_words("\"sub\":").await;
    let profile: Value = serde_json::from_str(&home.browser.read("#user").await).expect("claims");
    assert_eq!(profile["iss"], home.ports.issuer());
    assert_eq!(profile["revocation_source"], "ocsp+crl");
    assert_eq!(profile["sub"].as_str().map(str::len), Some(43));
    assert_eq!(home.browser.run("return document.getElementById('error').textContent").await, "");
    home.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_reaches_the_page() {
    let (home, page) = home_and_page(Pin::for_answer(Some(madoguchi_demo::Answer::AccessDenied))).await;
    let first = home.browser.tab().await;
    home.browser.open(&page.url("/")).await;
    home.browser.click("#login").await;
    home.press().await;
    home.browser.click("main a.button").await;
    home.browser.arrive_at(&page.url("/callback")).await;
    home.browser.read_words("access_denied").await;
    let told: Value = serde_json::from_str(&home.browser.read("#error").await).expect("an error");
    assert_eq!((&told["error"], &told["description"]), (&"access_denied".into(), &"declined".into()));
    home.browser.switch_to(&first).await;
    home.leave().await;
}

/// From the page's button, with the card, back to the page; who it was.
async fn sign_in(home: &Home, page: &Spa) -> Value {
    let first = home.browser.tab().await;
    home.browser.open(&page.url("/")).await;
    home.browser.click("#login").await;
    home.press().await;
    home.browser.switch_to(&first).await;
    home.browser.arrive_at(&page.url("/callback")).await;
    home.browser.read_words("\"sub\":").await;
    serde_json::from_str(&home.browser.read("#user").await).expect("claims")
}

/// From the page's button, over the gateway's question, back to the page.
async fn sign_out(home: &Home, page: &Spa) {
    home.browser.click("#logout").await;
    home.browser.click("form[action='/logout/confirm'] button").await;
    home.browser.arrive_at(&page.url("/bye")).await;
    home.browser.read_words("signed out").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resident_signs_out() {
    let (home, page) = home_and_page(Pin::new(TEST_PIN.as_bytes()).expect("a PIN")).await;
    sign_in(&home, &page).await;
    sign_out(&home, &page).await;
    // The gateway has no session either: the card is asked for again.
    home.browser.open(&page.url("/")).await;
    home.browser.click("#login").await;
    home.browser.see("form#start button").await;
    home.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn new_keys_disturb_nobody() {
    let (home, page) = home_and_page(Pin::new(TEST_PIN.as_bytes()).expect("a PIN")).await;
    let operator = Operator::of(&home.stack);
    let sub = sign_in(&home, &page).await["sub"].clone();
    let kid = operator.publish_key().await;
    operator.activate_key(&kid);
    // With the ID token of the old key, and then one of the new.
    sign_out(&home, &page).await;
    assert_eq!(sign_in(&home, &page).await["sub"], sub);
    home.leave().await;
}

//! A sign-in that goes well.

use serde_json::Value;

use madoguchi_demo::{Browser, Outcome};
use madoguchi_tests::town::{Town, wait};

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_ends_with_verified_claims_at_the_service() {
    let mut town = Town::usual().await;
    let service = town.ports.service_url();
    let browser = &mut town.browser;
    let outcome = tokio::task::block_in_place(|| madoguchi_demo::sign_in(browser, &service, &mut wait))
        .expect("an end");
    let Outcome::Claims(claims) = outcome else { panic!("not signed in: {outcome:?}") };
    assert_eq!(claims["iss"], Value::from(town.ports.issuer()));
    assert_eq!(claims["aud"], "kosodate");
    assert_eq!(claims["acr"], "urn:madoguchi:acr:card-pin");
    assert_eq!(claims["amr"], serde_json::json!(["sc", "pin", "mfa"]));
    for claim in ["sub", "nonce", "at_hash", "sid"] {
        assert!(claims[claim].as_str().is_some_and(|value| !value.is_empty()), "{claim}");
    }
    let (auth_time, exp) = (claims["auth_time"].as_u64(), claims["exp"].as_u64());
    assert!(auth_time.is_some() && auth_time < exp);
    assert_eq!(town.agent_result().await, "proven");
    assert_eq!(town.tries_left().await, 3);
    assert_eq!(town.accounts().await, 1);
    town.stack.stop().await;
}

/// Cookies do not know ports: the gateway is on `localhost`, agent and service are on 127.0.0.1.
#[tokio::test(flavor = "multi_thread")]
async fn service_and_agent_never_receive_a_cookie_of_the_gateway() {
    let mut town = Town::usual().await;
    let done = town.sign_in();
    town.back_at_service(&done);
    let (agent, service) = (town.ports.agent_url(), town.ports.service_url());
    let (mut at_agent, mut at_gateway) = (0, 0);
    for exchange in town.browser.exchanges() {
        let of_gateway = exchange.cookies_sent.iter().filter(|name| name.starts_with("__Host-")).count();
        if exchange.url.starts_with(&agent) {
            at_agent += 1;
            assert!(exchange.cookies_sent.iter().all(|name| name == "kosodate-session"), "{exchange:?}");
        }
        if exchange.url.starts_with(&service) {
            assert_eq!(of_gateway, 0, "{exchange:?}");
        }
        at_gateway += of_gateway;
    }
    assert!(at_agent > 0 && at_gateway > 0, "the browser was at the agent and had the gateway's cookies");
    town.stack.stop().await;
}

/// The same card is the same person to a service, however often it is shown.
#[tokio::test(flavor = "multi_thread")]
async fn the_same_card_is_the_same_subject_again() {
    let mut town = Town::usual().await;
    let mut subjects = Vec::new();
    for _ in 0..2 {
        let done = town.sign_in();
        subjects.push(town.back_at_service(&done)["sub"].clone());
        town.browser = Browser::new();
    }
    assert!(subjects[0].is_string() && subjects[0] == subjects[1], "{subjects:?}");
    assert_eq!(town.accounts().await, 1);
    town.stack.stop().await;
}

/// Answers get lost and people press reload: the agent's page may be asked for again at any moment.
#[tokio::test(flavor = "multi_thread")]
async fn reloads_of_the_waiting_page_join_the_sign_in() {
    let mut town = Town::usual().await;
    let start = town.start_page();
    let to_agent = town.press(&start);
    for _ in 0..5 {
        town.hop(&to_agent);
    }
    let done = town.finish(&to_agent);
    assert!(town.back_at_service(&done)["sub"].is_string());
    assert_eq!(town.agent_result().await, "proven");
    town.stack.stop().await;
}

/// Pressing twice makes a second sign-in, and the first is replaced.
#[tokio::test(flavor = "multi_thread")]
async fn a_double_click_completes_once() {
    let mut town = Town::usual().await;
    let start = town.start_page();
    let first = town.press(&start);
    let second = town.press(&start);
    let done = town.finish(&second);
    assert!(town.back_at_service(&done)["sub"].is_string());
    // The first was over before its page was opened.
    let replaced = town.finish(&first);
    assert_eq!(madoguchi_tests::town::shown_code(&replaced), "sign_in_replaced");
    town.stack.stop().await;
}

//! `openid-client` on Node.

use madoguchi_demo::{Extras, Page, Ports};
use madoguchi_tests::services::OpenIdClient;
use madoguchi_tests::town::{Town, Wishes};
use serde_json::{Value, json};

use super::{SECRET, client, secret_basic, sign_in_from};

async fn town_and_service(pin: Option<&'static str>) -> (Town, OpenIdClient) {
    let port = Ports::unused().expect("free ports").service;
    let gateway_toml = client("node", port, &secret_basic());
    let extras = Extras { gateway_toml, ..Extras::default() };
    let town = Town::with(Wishes { pin, extras, ..Wishes::default() }).await;
    let settings = json!({ "issuer": town.ports.issuer(), "client_id": "node", "secret": SECRET });
    let service = OpenIdClient::start(port, settings).await;
    (town, service)
}

fn told(page: &Page) -> Value {
    serde_json::from_str(page.text()).unwrap_or_else(|_| panic!("{}: {}", page.url(), page.text()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resident_signs_in() {
    let (mut town, service) = town_and_service(None).await;
    let start = town.open(&service.url("/login"));
    let page = sign_in_from(&mut town, &start);
    let told = told(&page);
    assert_eq!(told["claims"]["iss"], town.ports.issuer(), "{told}");
    assert_eq!(told["claims"]["acr"], "urn:madoguchi:acr:card-pin");
    assert_eq!(told["userinfo"]["sub"], told["claims"]["sub"]);
    assert_eq!(told["token_type"], "bearer");
    assert_eq!(told["refreshable"], false);
    service.stop().await;
    town.stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_told_with_its_reason() {
    let (mut town, service) = town_and_service(Some("")).await;
    let start = town.open(&service.url("/login"));
    let page = sign_in_from(&mut town, &start);
    assert_eq!(told(&page), json!({ "error": "access_denied", "error_description": "declined" }));
    service.stop().await;
    town.stack.stop().await;
}

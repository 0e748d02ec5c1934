//! Apache with mod_auth_openidc.

use madoguchi_demo::{Extras, Page, Ports};
use madoguchi_tests::services::{Apache, Operator};
use madoguchi_tests::town::{Town, Wishes};

use super::{SECRET, address, client, secret_basic, sign_in_from, sign_out_from};

async fn town_and_apache(pin: Option<&'static str>) -> (Town, Apache) {
    let port = Ports::unused().expect("free ports").service;
    let backchannel =
        format!(r#"backchannel_logout_uri = "http://127.0.0.1:{port}/callback?logout=backchannel""#);
    let gateway_toml = client("apache", port, &format!("{}\n{backchannel}", secret_basic()));
    let extras = Extras { gateway_toml, ..Extras::default() };
    let town = Town::with(Wishes { pin, extras, ..Wishes::default() }).await;
    let settings = "OIDCProviderTokenEndpointAuth client_secret_basic\nOIDCIDTokenSignedResponseAlg ES256";
    let apache = Apache::start(port, &town.ports.issuer(), "apache", SECRET, settings).await;
    (town, apache)
}

fn claim(page: &Page, id: &str) -> String {
    page.text_of(&format!("dd#{id}")).unwrap_or_else(|| panic!("{}: {}", page.url(), page.text()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resident_reaches_a_page_that_apache_guards() {
    let (mut town, apache) = town_and_apache(None).await;
    let start = town.open(&apache.page());
    let page = sign_in_from(&mut town, &start);
    assert_eq!(page.url().as_str(), apache.page(), "{}\n{}", page.text(), apache.log_end());
    let sub = claim(&page, "sub");
    assert_eq!(sub.len(), 43, "{sub}");
    assert_eq!(claim(&page, "iss"), town.ports.issuer());
    assert_eq!(claim(&page, "acr"), "urn:madoguchi:acr:card-pin");
    assert!(claim(&page, "user").contains(&sub));
    // Apache's own session goes on: nobody is asked again.
    let again = town.open(&apache.page());
    assert_eq!(claim(&again, "sub"), sub);
    apache.stop().await;
    town.stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_apaches_error_page() {
    let (mut town, apache) = town_and_apache(Some("")).await;
    let start = town.open(&apache.page());
    let page = sign_in_from(&mut town, &start);
    assert!(
        page.url().path() == "/callback" && !page.has("dd#sub"),
        "{}\n{}\n{}",
        page.url(),
        page.text(),
        apache.log_end()
    );
    assert!(page.text().contains("access_denied"), "{}", page.text());
    assert!(page.text().contains("declined"), "{}", page.text());
    apache.stop().await;
    town.stack.stop().await;
}

/// Opens Apache's page until Apache no longer knows the resident, and the gateway asks for the card.
fn until_forgotten(town: &mut Town, apache: &Apache) -> Page {
    for _ in 0..PATIENCE {
        let page = town.open(&apache.page());
        if !page.has("dd#sub") {
            return page;
        }
    }
    panic!("Apache goes on: {}", apache.log_end());
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_at_apache_signs_out_of_both() {
    let (mut town, apache) = town_and_apache(None).await;
    let start = town.open(&apache.page());
    assert!(sign_in_from(&mut town, &start).has("dd#sub"));
    let question = town.open(&apache.logout());
    let bye = sign_out_from(&mut town, &question);
    assert_eq!(address(&bye), apache.after_logout(), "{}\n{}", bye.text(), apache.log_end());
    // Neither Apache's session nor the gateway's is left.
    let again = town.open(&apache.page());
    assert!(again.has("form#start"), "{}: {}", again.url(), again.text());
    apache.stop().await;
    town.stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_at_the_gateway_ends_apaches_session() {
    let (mut town, apache) = town_and_apache(None).await;
    let start = town.open(&apache.page());
    assert!(sign_in_from(&mut town, &start).has("dd#sub"));
    let question = town.open(&format!("{}/logout", town.ports.issuer()));
    let after = sign_out_from(&mut town, &question);
    assert_eq!(after.url().origin().ascii_serialization(), town.ports.issuer());
    let again = until_forgotten(&mut town, &apache);
    assert!(again.has("form#start"), "{}: {}", again.url(), again.text());
    apache.stop().await;
    town.stack.stop().await;
}

/// Apache verifies signatures with keys that it keeps, and fetches them again when it meets a new one.
#[tokio::test(flavor = "multi_thread")]
async fn new_keys_disturb_nobody() {
    let (mut town, apache) = town_and_apache(None).await;
    let operator = Operator::of(&town.stack);
    let start = town.open(&apache.page());
    let sub = claim(&sign_in_from(&mut town, &start), "sub");
    let kid = operator.publish_key().await;
    operator.activate_key(&kid);
    // The hint of the old key still signs out, and the new key's ID token is believed.
    let question = town.open(&apache.logout());
    let bye = sign_out_from(&mut town, &question);
    assert_eq!(address(&bye), apache.after_logout(), "{}", bye.text());
    let start = town.open(&apache.page());
    let page = sign_in_from(&mut town, &start);
    assert_eq!(claim(&page, "sub"), sub, "{}", apache.log_end());
    assert_eq!(operator.published().len(), 2, "the old key is still there");
    apache.stop().await;
    town.stack.stop().await;
}

/// How often a page is opened before a test gives up.
const PATIENCE: u32 = 10_000;

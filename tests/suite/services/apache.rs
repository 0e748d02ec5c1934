//! Apache with mod_auth_openidc.

use madoguchi_demo::{Extras, Page, Ports};
use madoguchi_tests::services::Apache;
use madoguchi_tests::town::{Town, Wishes};

use super::{SECRET, client, secret_basic, sign_in_from};

async fn town_and_apache(pin: Option<&'static str>) -> (Town, Apache) {
    let port = Ports::unused().expect("free ports").service;
    let gateway_toml = client("apache", port, &secret_basic());
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

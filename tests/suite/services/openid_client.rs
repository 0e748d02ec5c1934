//! `openid-client` on Node.

use madoguchi_demo::{Extras, Page, Ports};
use madoguchi_tests::services::{OpenIdClient, Operator};
use madoguchi_tests::town::{Town, Wishes};
use serde_json::{Value, json};

use super::{SECRET, address, client, secret_basic, sign_in_from, sign_out_from};

async fn town_and_service(pin: Option<&'static str>) -> (Town, OpenIdClient) {
    let port = Ports::unused().expect("free ports").service;
    let backchannel = format!(r#"backchannel_logout_uri = "http://127.0.0.1:{port}/backchannel""#);
    let gateway_toml = client("node", port, &format!("{}\n{backchannel}", secret_basic()));
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

/// A town beside which operators register services while it runs.
async fn town() -> (Town, Operator) {
    let town = Town::usual().await;
    let operator = Operator::of(&town.stack);
    (town, operator)
}

fn port() -> u16 {
    Ports::unused().expect("free ports").service
}

/// A service with a key of this algorithm, registered with these options beside it.
async fn keyed(
    town: &Town,
    operator: &Operator,
    id: &str,
    alg: &str,
    options: &[&str],
    settings: Value,
) -> OpenIdClient {
    let (private, public) = OpenIdClient::key_pair(alg).await;
    let port = port();
    operator.add_client(id, port, Some(&public), options);
    started(town, id, port, json!({ "private_key": private }), settings).await
}

/// A service with a secret, registered with these options beside it.
async fn secret(
    town: &Town,
    operator: &Operator,
    id: &str,
    options: &[&str],
    settings: Value,
) -> OpenIdClient {
    let port = port();
    let registered = operator.add_client(id, port, None, options);
    started(town, id, port, json!({ "secret": registered["client_secret"] }), settings).await
}

async fn started(town: &Town, id: &str, port: u16, mut all: Value, more: Value) -> OpenIdClient {
    all["issuer"] = town.ports.issuer().into();
    all["client_id"] = id.into();
    for (name, value) in more.as_object().expect("an object") {
        all[name] = value.clone();
    }
    OpenIdClient::start(port, all).await
}

/// A sign-in with the card; what the service was told.
fn signed_in(town: &mut Town, service: &OpenIdClient) -> Value {
    let start = town.open(&service.url("/login"));
    let told = told(&sign_in_from(town, &start));
    assert!(told["claims"]["sub"].is_string(), "{told}");
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_at_the_service_is_heard_of_by_it() {
    let (mut town, mut service) = town_and_service(None).await;
    let claims = signed_in(&mut town, &service)["claims"].clone();
    let question = town.open(&service.url("/logout"));
    let bye = sign_out_from(&mut town, &question);
    assert_eq!(address(&bye), service.url("/bye?state=over"));
    let heard = service.event("backchannel").await;
    for name in ["iss", "aud", "sub", "sid"] {
        assert_eq!(heard["payload"][name], claims[name], "{name}");
    }
    assert_eq!(heard["header"]["typ"], "logout+jwt");
    // The access token is dead, and without a card there is no answer.
    let userinfo = town.open(&service.url("/userinfo"));
    assert!(!userinfo.status().is_success(), "{}", userinfo.text());
    let without = told(&town.open(&service.url("/login?prompt=none")));
    assert_eq!(without["error"], "login_required");
    service.stop().await;
    town.stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_hears_of_a_sign_out_at_the_gateway() {
    let (mut town, mut service) = town_and_service(None).await;
    let claims = signed_in(&mut town, &service)["claims"].clone();
    let question = town.open(&format!("{}/logout", town.ports.issuer()));
    sign_out_from(&mut town, &question);
    assert_eq!(service.event("backchannel").await["payload"]["sid"], claims["sid"]);
    service.stop().await;
    town.stack.stop().await;
}

/// The library verifies signatures with a key set that it keeps: it has the new key before it signs.
#[tokio::test(flavor = "multi_thread")]
async fn new_keys_disturb_nobody() {
    let (mut town, mut service) = town_and_service(None).await;
    let operator = Operator::of(&town.stack);
    let kid = operator.publish_key().await;
    let first = signed_in(&mut town, &service);
    assert_ne!(first["header"]["kid"], kid);
    operator.activate_key(&kid);
    // In the session that began under the old key.
    let second = told(&town.open(&service.url("/login?prompt=none")));
    assert_eq!(second["header"]["kid"], kid, "{second}");
    for name in ["sub", "sid", "auth_time"] {
        assert_eq!(second["claims"][name], first["claims"][name], "{name}");
    }
    let question = town.open(&service.url("/logout"));
    assert_eq!(sign_out_from(&mut town, &question).url().path(), "/bye");
    let heard = service.event("backchannel").await;
    assert_eq!((&heard["header"]["kid"], &heard["payload"]["sid"]), (&kid.into(), &first["claims"]["sid"]));
    // And with the card.
    assert_eq!(signed_in(&mut town, &service)["claims"]["sub"], first["claims"]["sub"]);
    service.stop().await;
    town.stack.stop().await;
}

/// Pushed requests, `private_key_jwt` with ES256, DPoP; and refresh tokens that are bound to the key.
#[tokio::test(flavor = "multi_thread")]
async fn fapi2() {
    let (mut town, operator) = town().await;
    let settings = json!({ "par": true, "dpop": true, "scope": "openid offline_access" });
    let options = ["--profile", "fapi2", "--refresh"];
    let mut service = keyed(&town, &operator, "fapi", "ES256", &options, settings).await;
    let told_first = signed_in(&mut town, &service);
    assert_eq!(told_first["token_type"], "dpop");
    assert_eq!(told_first["refreshable"], true);
    let refreshed = told(&town.open(&service.url("/refresh")));
    assert_eq!(refreshed["token_type"], "dpop", "{refreshed}");
    let userinfo = told(&town.open(&service.url("/userinfo")));
    assert_eq!(userinfo["sub"], told_first["claims"]["sub"]);
    let question = town.open(&service.url("/logout"));
    sign_out_from(&mut town, &question);
    service.event("backchannel").await;
    assert!(!town.open(&service.url("/refresh")).status().is_success(), "the session is over");
    service.stop().await;
    town.stack.stop().await;
}

/// A service of デジタル認証アプリ: assertions and ID tokens with RS256, the agency's names for `acr`.
#[tokio::test(flavor = "multi_thread")]
async fn da_compat() {
    let (mut town, operator) = town().await;
    operator.order(&["keys", "new", "--alg", "RS256"]);
    let settings = json!({ "id_token_alg": "RS256" });
    let service = keyed(&town, &operator, "daclient", "RS256", &["--profile", "da-compat"], settings).await;
    let start = town.open(&service.url("/login?acr_values=aal3%20crl"));
    let told_all = told(&sign_in_from(&mut town, &start));
    assert_eq!((&told_all["header"]["alg"], &told_all["claims"]["acr"]), (&"RS256".into(), &"aal3".into()));
    let refused = told(&town.open(&service.url("/login?scope=openid%20name%20address")));
    assert_eq!(refused["error"], "invalid_scope", "{refused}");
    service.stop().await;
    town.stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rs256_id_tokens_and_what_becomes_of_tokens() {
    let (mut town, operator) = town().await;
    operator.order(&["keys", "new", "--alg", "RS256"]);
    let settings = json!({ "id_token_alg": "RS256", "scope": "openid offline_access" });
    let service = secret(&town, &operator, "node", &["--alg", "RS256", "--refresh"], settings).await;
    let first = signed_in(&mut town, &service);
    assert_eq!((&first["header"]["alg"], &first["refreshable"]), (&"RS256".into(), &true.into()));
    assert_eq!(told(&town.open(&service.url("/refresh")))["token_type"], "bearer");
    let active = told(&town.open(&service.url("/introspect")));
    assert_eq!((&active["active"], &active["sub"]), (&true.into(), &first["claims"]["sub"]));
    assert_eq!(town.open(&service.url("/revoke")).status(), 204);
    assert_eq!(told(&town.open(&service.url("/introspect"))), json!({ "active": false }));
    assert!(!town.open(&service.url("/userinfo")).status().is_success());
    service.stop().await;
    town.stack.stop().await;
}

/// Two services of one municipality: the second gets its answer without the card, and another `sub`.
#[tokio::test(flavor = "multi_thread")]
async fn single_sign_on() {
    let (mut town, operator) = town().await;
    let first = secret(&town, &operator, "first", &["--sector", "first.example"], json!({})).await;
    let second = secret(&town, &operator, "second", &["--sector", "second.example"], json!({})).await;
    let nobody = told(&town.open(&second.url("/login?prompt=none")));
    assert_eq!(nobody["error"], "login_required", "{nobody}");
    let at_first = signed_in(&mut town, &first)["claims"].clone();
    let offer = town.open(&second.url("/login"));
    let form = offer.form("form[action=\"/session/continue\"]").expect("the offer to go on");
    let onward = town.navigate(form);
    let page = town.navigate(onward.link("main a.button[href]").expect("the way on"));
    let at_second = told(&page)["claims"].clone();
    assert_eq!(at_second["auth_time"], at_first["auth_time"]);
    for pairwise in ["sub", "sid"] {
        assert_ne!(at_second[pairwise], at_first[pairwise], "{pairwise}");
    }
    let silent = told(&town.open(&second.url("/login?prompt=none")))["claims"].clone();
    assert_eq!(silent["sub"], at_second["sub"]);
    first.stop().await;
    second.stop().await;
    town.stack.stop().await;
}

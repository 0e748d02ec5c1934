//! What services do wrong: codes, PKCE, redirect URIs.

use madoguchi_demo::{Extras, Hop};
use madoguchi_tests::http;
use madoguchi_tests::town::{Town, Wishes, shown_code};
use serde_json::Value;

const CALLBACK: &str = "http://127.0.0.1:9/callback";
/// RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A town with a second, public client whose callback nobody serves: the test looks at the code itself.
async fn town() -> Town {
    let gateway_toml = format!(
        r#"
[[municipality.client]]
id = "probe"
redirect_uris = ["{CALLBACK}"]
authentication = "none"
service = {{ ja = "試験" }}
purpose = {{ ja = "試験" }}
"#
    );
    Town::with(Wishes { extras: Extras { gateway_toml, ..Extras::default() }, ..Wishes::default() }).await
}

fn authorize(town: &Town, redirect_uri: &str) -> String {
    let encoded: String = url::form_urlencoded::byte_serialize(redirect_uri.as_bytes()).collect();
    format!(
        "{}/authorize?response_type=code&client_id=probe&redirect_uri={encoded}&scope=openid&state=abc&nonce=n\
         &code_challenge={CHALLENGE}&code_challenge_method=S256",
        town.ports.issuer()
    )
}

/// Signs in and stops at the address that carries the code.
fn code(town: &mut Town) -> String {
    let start = town.open(&authorize(town, CALLBACK));
    let to_agent = town.press(&start);
    let done = town.finish(&to_agent);
    let Hop::Redirect(answer) = town.hop(&done.link("main a.button").expect("the way on")) else {
        panic!("no redirect to the service")
    };
    let query: std::collections::BTreeMap<_, _> = answer.url().query_pairs().into_owned().collect();
    assert_eq!(query["state"], "abc");
    assert_eq!(query["iss"], town.ports.issuer());
    query["code"].clone()
}

/// Redeems a code; the status and the answer.
fn redeem(town: &Town, code: &str, verifier: &str) -> (u16, Value) {
    let body = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", "authorization_code")
        .append_pair("code", code)
        .append_pair("redirect_uri", CALLBACK)
        .append_pair("client_id", "probe")
        .append_pair("code_verifier", verifier)
        .finish();
    let url = format!("{}/token", town.ports.issuer());
    tokio::task::block_in_place(|| {
        let answer = http::post(&url, "application/x-www-form-urlencoded", body.as_bytes());
        (answer.status().as_u16(), http::json(answer))
    })
}

fn userinfo(town: &Town, token: &str) -> u16 {
    let url = format!("{}/userinfo", town.ports.issuer());
    let authorization = format!("Bearer {token}");
    tokio::task::block_in_place(|| http::get(&url, &[("authorization", &authorization)]).status().as_u16())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_redeemed_once_and_a_second_use_revokes_what_it_gave() {
    let mut town = town().await;
    let code = code(&mut town);
    let (status, tokens) = redeem(&town, &code, VERIFIER);
    assert_eq!(status, 200, "{tokens}");
    let token = tokens["access_token"].as_str().expect("a token").to_owned();
    assert_eq!(userinfo(&town, &token), 200);
    let (status, error) = redeem(&town, &code, VERIFIER);
    assert_eq!((status, &error["error"]), (400, &Value::from("invalid_grant")));
    assert_eq!(userinfo(&town, &token), 401);
    town.stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_pkce_verifier_gets_nothing_and_spends_the_code() {
    let mut town = town().await;
    let code = code(&mut town);
    let (status, error) = redeem(&town, &code, &VERIFIER.replace('d', "e"));
    assert_eq!((status, &error["error"]), (400, &Value::from("invalid_grant")));
    let (status, error) = redeem(&town, &code, VERIFIER);
    assert_eq!((status, &error["error"]), (400, &Value::from("invalid_grant")));
    town.stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unregistered_redirect_uri_gets_a_page_and_no_redirect() {
    let mut town = town().await;
    for near in [
        "http://127.0.0.1:9/callback/",
        "http://127.0.0.1:9/callback?x=1",
        "http://127.0.0.1:9/Callback",
        "http://127.0.0.1:9/callback/../callback",
        "http://127.0.0.1:8/callback",
        "http://localhost:9/callback",
        "https://evil.example/callback",
    ] {
        let page = town.open(&authorize(&town, near));
        assert_eq!(page.status(), 400, "{near}");
        assert_eq!(shown_code(&page), "redirect_uri_unregistered", "{near}");
        assert_eq!(page.url().path(), "/authorize", "{near}");
        assert!(!page.has("a[href]"), "{near}: no way to an address that nobody registered");
    }
    town.stack.stop().await;
}

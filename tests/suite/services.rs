//! Services that others wrote sign residents in: each with its own reading of the standards, and its own JOSE.

mod apache;
mod oidc_client_ts;
mod openid_client;
mod openidconnect_crate;

use madoguchi_demo::Page;
use madoguchi_protocol::sha256;
use madoguchi_tests::town::Town;

/// A secret for services of tests.
const SECRET: &str = "dGhpcyBpcyBhIHNlY3JldCBvZiBhIHRlc3Qgb25seSE";

/// A client in the gateway's configuration file.
fn client(id: &str, port: u16, more: &str) -> String {
    format!(
        r#"
[[municipality.client]]
id = "{id}"
redirect_uris = ["http://127.0.0.1:{port}/callback"]
post_logout_redirect_uris = ["http://127.0.0.1:{port}/bye", "http://127.0.0.1:{port}/bye.html"]
service = {{ ja = "試験" }}
purpose = {{ ja = "試験" }}
{more}
"#
    )
}

/// `client_secret_basic` with [`SECRET`], as the file has it.
fn secret_basic() -> String {
    let hash = sha256(SECRET.as_bytes()).encode();
    format!(r#"authentication = {{ client_secret_basic = {{ sha256 = "{hash}" }} }}"#)
}

/// A page's address without the empty fragment that the gateway ends its redirects with.
fn address(page: &Page) -> &str {
    page.url().as_str().trim_end_matches('#')
}

/// From the gateway's question to the page at which signing out ends: the service's, or the gateway's own.
fn sign_out_from(town: &mut Town, question: &Page) -> Page {
    let form = question.form("form[action=\"/logout/confirm\"]");
    let after = town.navigate(form.unwrap_or_else(|_| panic!("{}: {}", question.url(), question.text())));
    match after.link("main a.button[href]") {
        Ok(onward) => town.navigate(onward),
        Err(_) => after,
    }
}

/// From a start page to the page of the service at which the sign-in ends.
fn sign_in_from(town: &mut Town, start: &Page) -> Page {
    assert!(start.has("form#start"), "{}: {}", start.url(), start.text());
    let to_agent = town.press(start);
    let end = town.finish(&to_agent);
    let back = end.link("main a.button[href]").unwrap_or_else(|_| panic!("no way back: {}", end.text()));
    town.navigate(back)
}

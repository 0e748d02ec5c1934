//! What others fell into and no other test of ours names: see the table C1-C25 in `docs/conformance.md`.

use madoguchi_tests::gateway::{MIDORI, TestBrowser, TestGateway, TestService};
use madoguchi_tests::repository;

use super::plan::error_of;

/// C8: there is no form_post page on which a request could write.
#[tokio::test]
async fn c8_there_is_no_form_post_page() {
    let gateway = TestGateway::new().await;
    let service = TestService::kosodate(&gateway, MIDORI);
    for mode in ["form_post", "form_post.jwt", "fragment", "web_message"] {
        let changes = [("response_mode", Some(mode)), ("state", Some("\"><script>alert(1)</script>"))];
        let url = service.authorize_url_of(&service.parameters_but(&changes));
        let answer = TestBrowser::new().open(&gateway, &url).await;
        let asked = TestService { state: "\"><script>alert(1)</script>".to_owned(), ..service.clone() };
        assert_eq!(error_of(&asked, &answer), "invalid_request", "{mode}");
        assert_eq!(answer.body, "", "no page is in between");
    }
}

/// C19: a host is ours when it is equal to ours, with its port.
#[tokio::test]
async fn c19_a_host_that_only_looks_like_ours_is_not() {
    let gateway = TestGateway::new().await;
    for authority in [
        "localhost:24810.evil.example",
        "evil-localhost:24810",
        "localhost.evil.example:24810",
        "localhost:248100",
        "localhost",
        "localhost:24810@evil.example",
    ] {
        let request = http::Request::get("/.well-known/openid-configuration").header("host", authority);
        let answer = gateway.send(request.body(axum::body::Body::empty()).expect("a request")).await;
        assert!(answer.status.is_client_error(), "{authority}: {}", answer.status);
        assert!(!answer.body.contains("issuer"), "{authority}");
    }
}

/// C20: nobody can upload a picture, and what the gateway serves is no SVG.
#[tokio::test]
async fn c20_no_logo_is_served() {
    let gateway = TestGateway::new().await;
    let service = TestService::kosodate(&gateway, MIDORI);
    let page = TestBrowser::new().open(&gateway, &service.authorize_url()).await;
    assert_eq!(page.attribute("img", "src"), None);
    assert!(!page.body.contains("<svg"));
    assert!(page.header("content-security-policy").contains("default-src 'none'"));
}

/// C25: no release with the advisory. `h2` is not there at all: the gateway speaks HTTP/1.1, a proxy may speak more.
#[test]
fn c25_versions_are_those_without_the_advisories() {
    let lock = std::fs::read_to_string(repository().join("Cargo.lock")).expect("Cargo.lock");
    for (name, least, needed) in
        [("ring", [0, 17, 12], true), ("rustls-webpki", [0, 103, 13], true), ("h2", [0, 4, 16], false)]
    {
        let versions: Vec<[u64; 3]> = lock
            .split("[[package]]")
            .filter(|package| package.contains(&format!("\nname = \"{name}\"\n")))
            .map(|package| {
                let version = package.split("\nversion = \"").nth(1).expect("a version");
                let version = version.split('"').next().expect("its end");
                let mut parts = version.split('.').map(|part| part.parse().expect("a number"));
                std::array::from_fn(|_| parts.next().expect("three numbers"))
            })
            .collect();
        assert!(versions.iter().all(|version| *version >= least), "{name} {versions:?}");
        assert!(!needed || !versions.is_empty(), "{name} is not in the lock file any more");
    }
}

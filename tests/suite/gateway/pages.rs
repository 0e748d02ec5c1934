//! What every answer carries, whoever made it.

use madoguchi_protocol::ErrorCode;
use madoguchi_tests::gateway::{Answer, KAWA, MIDORI, PORTS, TestBrowser, TestGateway, TestService, Visit};

const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; \
                      base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

/// The loopback origins of agents, as a policy lists them.
fn agents() -> String {
    PORTS.map(|port| format!(" http://127.0.0.1:{port}")).concat()
}

fn is_page(name: &str, page: &Answer, to_agents: bool) {
    let (targets, referrer) = if to_agents { (agents(), "origin") } else { (String::new(), "no-referrer") };
    assert_eq!(page.header("content-security-policy"), format!("{POLICY}{targets}"), "{name}");
    assert_eq!(page.header("referrer-policy"), referrer, "{name}");
    for (header, value) in [
        ("content-type", "text/html; charset=utf-8"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("cache-control", "no-store"),
        ("cross-origin-opener-policy", "same-origin"),
    ] {
        assert_eq!(page.header(header), value, "{name}: {header}");
    }
    assert_eq!(page.headers.get("access-control-allow-origin"), None, "{name}");
    // No script and no style but our files.
    for element in ["script:not([src])", "style", "[style]", "[onclick]", "[onload]"] {
        assert_eq!(page.text_of(element), None, "{name}: {element}");
    }
    assert!(page.body.contains("これはテストです"), "{name}: the banner of a test");
}

#[tokio::test]
async fn every_page_carries_its_security_headers() {
    let gateway = TestGateway::new().await;
    let mut visit = Visit::new(&gateway).await;
    is_page("start", &visit.start, true);
    let mut stranger = TestBrowser::new();

    let unknown = stranger.open(&gateway, &MIDORI.url("/nothing/here")).await;
    is_page("no such address", &unknown, false);
    unknown.is_neutral();
    is_page("unknown client", &stranger.open(&gateway, &MIDORI.url("/authorize?client_id=x")).await, false);
    is_page(
        "form without cookie",
        &stranger.submit(&gateway, &MIDORI.url("/sign-in/start"), &[]).await,
        false,
    );

    visit.press().await;
    visit.claim().await;
    is_page("waiting", &visit.stopped().await, false);
    visit.agent.cancel(&gateway, visit.id(), ErrorCode::NoCard).await;
    is_page("stopped", &visit.stopped().await, true);
    let stopped = visit.agent.stopped_url(visit.id());
    is_page("neutral", &stranger.open(&gateway, &stopped).await, false);

    let sealed = visit.start.sealed("/sign-in/decline");
    let decline = MIDORI.url("/sign-in/decline");
    is_page("declined", &visit.browser.submit(&gateway, &decline, &[("sealed", &sealed)]).await, false);

    let mut visit = Visit::proven(&gateway).await;
    let done = MIDORI.url(visit.come_back().await.location());
    is_page("done", &visit.browser.open(&gateway, &done).await, false);
    let mut second_tab = visit.browser.clone();
    visit.take_answer().await;
    is_page("over", &second_tab.open(&gateway, &visit.answer_url()).await, false);

    let visit = Visit::proven(&gateway).await;
    is_page("phishing", &stranger.open(&gateway, &visit.return_url()).await, false);
}

#[tokio::test]
async fn redirects_are_not_stored_and_only_the_one_to_the_agent_tells_our_origin() {
    let gateway = TestGateway::new().await;
    let mut visit = Visit::new(&gateway).await;
    let refused = visit.service.authorize_url_of(&visit.service.parameters_but(&[("scope", None)]));
    let refused = visit.browser.open(&gateway, &refused).await;
    let to_agent = visit.press().await;
    visit.claim().await;
    visit.finish().await;
    let back = visit.come_back().await;
    let answer = visit.take_answer().await;
    for (name, redirect, referrer) in [
        ("refused request", refused, "no-referrer"),
        ("to the agent", to_agent, "origin"),
        ("return leg", back, "no-referrer"),
        ("answer", answer, "no-referrer"),
    ] {
        assert_eq!(redirect.status, 303, "{name}");
        assert_eq!(redirect.header("referrer-policy"), referrer, "{name}");
        assert_eq!(redirect.header("cache-control"), "no-store", "{name}");
        assert_eq!(redirect.header("x-content-type-options"), "nosniff", "{name}");
        assert_eq!(redirect.body, "", "{name}");
    }
}

#[tokio::test]
async fn only_https_origins_demand_https() {
    let gateway = TestGateway::new().await;
    for path in
        ["/static/start.js", "/.well-known/openid-configuration", "/authorize", "/nothing", "/health/live"]
    {
        let secure = TestBrowser::new().open(&gateway, &KAWA.url(path)).await;
        assert_eq!(
            secure.header("strict-transport-security"),
            "max-age=63072000; includeSubDomains",
            "{path}"
        );
        let loopback = TestBrowser::new().open(&gateway, &MIDORI.url(path)).await;
        assert_eq!(loopback.headers.get("strict-transport-security"), None, "{path}");
    }
}

/// All cookies belong to this host alone, are out of reach of scripts, and do not come along with what other sites
/// embed.
#[tokio::test]
async fn cookies_have_every_attribute() {
    let gateway = TestGateway::new().await;
    let mut visit = Visit::proven(&gateway).await;
    let attributes = "Max-Age=5520; Path=/; Secure; HttpOnly; SameSite=Lax";
    let b = visit.browser.cookie(&visit.b()).unwrap().to_owned();
    assert_eq!(visit.start.set_cookies(), [format!("{}={b}; {attributes}", visit.b())]);
    assert_eq!(b.len(), 43);
    let back = visit.come_back().await;
    let s = visit.browser.cookie(&visit.s()).unwrap().to_owned();
    let session = visit.browser.cookie("__Host-session").unwrap().to_owned();
    // The session's goes with the browser.
    let of_session = format!("__Host-session={session}; Path=/; Secure; HttpOnly; SameSite=Lax");
    assert_eq!(back.set_cookies(), [format!("{}={s}; {attributes}", visit.s()), of_session]);
    assert!(s.len() == 43 && s != b && session.len() == 43 && session != s);
    let gone = |name: String| format!("{name}=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Lax");
    assert_eq!(visit.take_answer().await.set_cookies(), [gone(visit.b()), gone(visit.s())]);
}

#[tokio::test]
async fn a_host_that_is_not_ours_is_misdirected() {
    let gateway = TestGateway::new().await;
    let before = gateway.stored();
    let service = TestService::kosodate(&gateway, MIDORI);
    let path = service.authorize_url().replace(MIDORI.issuer, "");
    for host in
        ["http://127.0.0.1:24810", "http://localhost", "http://LOCALHOST:24810", "http://evil.example"]
    {
        for path in [path.as_str(), "/.well-known/openid-configuration", "/jwks", "/nothing"] {
            let answer = TestBrowser::new().open(&gateway, &format!("{host}{path}")).await;
            assert_eq!((answer.status.as_u16(), answer.body.as_str()), (421, ""), "{host}{path}");
            assert!(answer.set_cookies().is_empty());
        }
    }
    let two = [("host", "localhost:24811")];
    assert_eq!(TestBrowser::new().get(&gateway, &service.authorize_url(), &two).await.status, 421);
    assert_eq!(gateway.stored(), before);
}

#[tokio::test]
async fn scripts_and_styles_are_files_of_ours() {
    let gateway = TestGateway::new().await;
    for (path, kind) in [
        ("/static/madoguchi.css", "text/css; charset=utf-8"),
        ("/static/start.js", "text/javascript; charset=utf-8"),
        ("/static/done.js", "text/javascript; charset=utf-8"),
    ] {
        let file = TestBrowser::new().fetch(&gateway, &MIDORI.url(path)).await;
        assert_eq!((file.status.as_u16(), file.header("content-type")), (200, kind));
        assert_eq!(file.header("x-content-type-options"), "nosniff");
        assert!(!file.body.is_empty());
    }
}

#[tokio::test]
async fn only_test_trust_shows_the_banner() {
    let gateway = TestGateway::without_test_banner().await;
    let visit = Visit::new(&gateway).await;
    assert_eq!(visit.start.text_of(".test-banner"), None);
    let gateway = TestGateway::new().await;
    let visit = Visit::new(&gateway).await;
    assert!(visit.start.text_of(".test-banner").is_some_and(|banner| banner.contains("テスト")));
}

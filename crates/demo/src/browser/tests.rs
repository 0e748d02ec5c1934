//! The stand-in against a small server on loopback.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Request;
use axum::response::{AppendHeaders, Html, IntoResponse, Redirect};
use axum::routing::{get, post};
use tokio::net::TcpListener;

use super::*;

/// Serves a start page at `localhost` that sends the browser away to `127.0.0.1` and back.
async fn server() -> (u16, Arc<Mutex<Vec<String>>>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let header = |request: &Request, name: &str| {
        request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or("-").to_owned()
    };
    let start = (
        AppendHeaders([
            ("set-cookie", "__Host-b=secret; Secure; HttpOnly; Path=/"),
            ("referrer-policy", "origin"),
        ]),
        Html(
            "<form method=post action=/go><input type=hidden name=sealed value=1><button>go</button></form>",
        ),
    );
    let routes = Router::new()
        .route("/start", get(move || async move { start.into_response() }))
        .route("/go", post(move || async move { Redirect::to(&format!("http://127.0.0.1:{port}/agent")) }))
        .route(
            "/agent",
            get(move |request: Request| async move {
                let line =
                    ["cookie", "referer", "sec-fetch-site", "origin"].map(|name| header(&request, name));
                log.lock().expect("not poisoned").push(line.join(" "));
                (AppendHeaders([("refresh", format!("1; url=http://localhost:{port}/return"))]), Html("wait"))
            }),
        )
        .route("/return", get(move |request: Request| async move { header(&request, "cookie") }))
        .route("/circle", get(|| async { Redirect::to("/circle") }));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    (port, seen)
}

#[tokio::test]
async fn a_form_leads_over_redirect_and_refresh_and_cookies_stay_home() {
    let (port, seen) = server().await;
    let run = tokio::task::spawn_blocking(move || {
        let mut browser = Browser::new();
        let mut waited = Vec::new();
        let start = browser.open(&format!("http://localhost:{port}/start")).expect("the start page");
        let waiting = browser.submit(&start, "form").expect("the agent's page");
        let end =
            browser.refresh(&waiting, &mut |delay| waited.push(delay)).expect("the end").expect("a refresh");
        (browser, waited, end)
    });
    let (browser, waited, end) = run.await.expect("no panic");
    assert_eq!(waited, [Duration::from_secs(1)]);
    assert_eq!(end.text(), "__Host-b=secret");
    let line = format!("- http://localhost:{port}/ cross-site -");
    assert_eq!(*seen.lock().expect("not poisoned"), [line]);
    let cookies: Vec<_> =
        browser.exchanges().iter().map(|one| (one.url.as_str(), one.cookies_sent.len())).collect();
    assert_eq!(cookies.iter().map(|(_, sent)| *sent).collect::<Vec<_>>(), [0, 1, 0, 1], "{cookies:?}");
    assert_eq!(browser.exchanges()[1].status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_circle_ends() {
    let (port, _) = server().await;
    let run =
        tokio::task::spawn_blocking(move || Browser::new().open(&format!("http://localhost:{port}/circle")));
    assert!(matches!(run.await.expect("no panic"), Err(BrowserError::TooManyRedirects)));
}

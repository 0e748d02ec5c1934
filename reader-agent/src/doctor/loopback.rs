//! Whether this computer's browser can reach a port of 127.0.0.1, and the proxies that could stand between.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use madoguchi_protocol::{Lang, Secret};
use ring::rand::SecureRandom;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::time::timeout;

use super::finding::sentence;
use super::{About, Finding, State};
use crate::connections;

/// One page on a port of its own, at an address that nobody guesses.
struct OnePage {
    listener: TcpListener,
    port: u16,
    path: String,
    lang: Lang,
}

impl OnePage {
    async fn open(random: &dyn SecureRandom, lang: Lang) -> Option<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.ok()?;
        let port = listener.local_addr().ok()?.port();
        let token = Secret::<16>::generate(random).ok()?;
        Some(Self { listener, port, path: format!("/doctor/{}", *token.encode()), lang })
    }

    /// Serves it until `closing`; every time it was shown, `shown` is told.
    async fn serve(self, shown: Arc<Notify>, closing: impl Future<Output = ()>) {
        let body = page(self.lang);
        let path = self.path;
        let router = Router::new().fallback(move |request: Request| {
            let found = request.uri().path() == path;
            if found {
                shown.notify_one();
            }
            let response = found.then(|| answer(&body));
            async move { response.unwrap_or_else(|| StatusCode::NOT_FOUND.into_response()) }
        });
        connections::serve(self.listener, router, closing).await;
    }
}

fn answer(body: &str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (headers, body.to_owned()).into_response()
}

fn page(lang: Lang) -> String {
    let text = sentence("browser_page", lang, &[]);
    let tag = lang.tag();
    format!(
        "<!DOCTYPE html><html lang=\"{tag}\"><meta charset=\"utf-8\"><title>Madoguchi</title><p>{text}</p></html>\n"
    )
}

/// Opens a port and fetches its page, as a browser would.
pub(super) async fn examine(random: &dyn SecureRandom) -> Finding {
    let finding = |state, code| Finding::new(About::Browser, state, code, &[]);
    let Some(page) = OnePage::open(random, Lang::English).await else {
        return finding(State::Ng, "browser_loopback_closed");
    };
    let (port, path) = (page.port, page.path.clone());
    let (shown, fetched) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let closing = Arc::clone(&fetched);
    let serving = page.serve(Arc::clone(&shown), async move { closing.notified().await });
    let fetching = async {
        let text = timeout(FETCH_TIME, fetch(port, &path)).await;
        fetched.notify_one();
        matches!(text, Ok(Ok(text)) if text.starts_with("HTTP/1.1 200"))
    };
    let ((), well) = tokio::join!(serving, fetching);
    if well {
        finding(State::Ok, "browser_loopback_open")
    } else {
        finding(State::Ng, "browser_loopback_closed")
    }
}

/// The whole answer to a navigation there, up to a limit.
pub(super) async fn fetch(port: u16, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(MAX_ANSWER_OCTETS).read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// Announces an address and waits until a browser has shown it, for at most `within`.
pub(super) async fn wait_for_browser(
    random: &dyn SecureRandom,
    lang: Lang,
    within: Duration,
    say: &mut dyn FnMut(&str),
) -> Finding {
    let finding = |state, code| Finding::new(About::Browser, state, code, &[]);
    let Some(page) = OnePage::open(random, lang).await else {
        return finding(State::Ng, "browser_loopback_closed");
    };
    say(&sentence("browser_open", lang, &[]));
    say(&format!("http://127.0.0.1:{}{}", page.port, page.path));
    let shown = Arc::new(Notify::new());
    let (done, waits) = (Arc::clone(&shown), Arc::new(Notify::new()));
    let closing = Arc::clone(&waits);
    let serving = page.serve(shown, async move { closing.notified().await });
    let waiting = async {
        let seen = timeout(within, done.notified()).await.is_ok();
        if seen {
            // The rest of the page is on its way, and a browser asks for an icon besides.
            let _ = timeout(AFTER_TIME, done.notified()).await;
        }
        waits.notify_one();
        seen
    };
    let ((), seen) = tokio::join!(serving, waiting);
    if seen { finding(State::Ok, "browser_came") } else { finding(State::Ng, "browser_did_not_come") }
}

/// Proxies of the environment and of the desktop. The agent itself uses none; a browser may.
pub(super) fn examine_proxies(variables: &BTreeMap<&'static str, String>) -> Option<Finding> {
    let finding = |state, code| Some(Finding::new(About::Proxy, state, code, &[]));
    let value = |names: &[&str]| names.iter().find_map(|name| variables.get(*name).map(String::as_str));
    let named = value(&["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]);
    if named.is_some() {
        let spared = value(&["no_proxy", "NO_PROXY"]).unwrap_or_default();
        return if spares_loopback(spared) {
            finding(State::Ok, "proxy_spares_loopback")
        } else {
            finding(State::Warn, "proxy_may_take_loopback")
        };
    }
    match gnome("mode").as_deref() {
        None | Some("'none'") => None,
        Some(_) if gnome("ignore-hosts").is_some_and(|hosts| spares_loopback(&hosts)) => {
            finding(State::Ok, "proxy_spares_loopback")
        }
        Some(_) => finding(State::Warn, "proxy_may_take_loopback"),
    }
}

/// Whether a list of hosts that are reached without proxy holds our loopback address: as itself, as its network, or as part of
/// "everything".
fn spares_loopback(list: &str) -> bool {
    list.split([',', '[', ']', '\'', ' '])
        .any(|host| matches!(host, "*" | "127.0.0.1" | "127.0.0.0/8" | "127.*"))
}

/// A setting of the desktop's proxies, where there is such a desktop.
fn gnome(key: &str) -> Option<String> {
    let output = Command::new("gsettings").args(["get", "org.gnome.system.proxy", key]).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Several times what any page of ours has.
const MAX_ANSWER_OCTETS: u64 = 64 * 1024;
const FETCH_TIME: Duration = Duration::from_secs(5);
const AFTER_TIME: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::random;

    #[tokio::test]
    async fn the_doctor_reaches_its_own_page() {
        assert_eq!(examine(&random()).await.code, "browser_loopback_open");
    }

    #[tokio::test]
    async fn a_browser_that_opens_the_address_is_seen_and_another_address_is_not_there() {
        let (sender, mut said) = tokio::sync::mpsc::unbounded_channel();
        let mut say = move |line: &str| sender.send(line.to_owned()).expect("somebody listens");
        let browser = async {
            said.recv().await.expect("what to do");
            let address = said.recv().await.expect("the address");
            let rest = address.strip_prefix("http://127.0.0.1:").expect("on loopback");
            let (port, token) = rest.split_once("/doctor/").expect("a token");
            let port = port.parse().expect("a port");
            let wrong = fetch(port, "/doctor/AAAA").await.expect("an answer");
            assert!(wrong.starts_with("HTTP/1.1 404"), "{wrong}");
            let right = fetch(port, &format!("/doctor/{token}")).await.expect("an answer");
            assert!(right.starts_with("HTTP/1.1 200") && right.contains("<html lang=\"ja\">"), "{right}");
        };
        let random = random();
        let waiting = wait_for_browser(&random, Lang::Japanese, Duration::from_secs(20), &mut say);
        let (finding, ()) = tokio::join!(waiting, browser);
        assert_eq!(finding.code, "browser_came");
        let nobody = wait_for_browser(&random, Lang::Japanese, Duration::from_millis(1), &mut |_| {}).await;
        assert_eq!((nobody.code, nobody.state), ("browser_did_not_come", State::Ng));
    }

    #[test]
    fn a_proxy_must_leave_loopback_alone() {
        let judged = |pairs: &[(&'static str, &str)]| {
            let variables = pairs.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
            examine_proxies(&variables).map(|finding| finding.code)
        };
        let proxy = ("http_proxy", "http://proxy.example.jp:8080");
        assert_eq!(judged(&[proxy]), Some("proxy_may_take_loopback"));
        assert_eq!(judged(&[proxy, ("no_proxy", "localhost,example.jp")]), Some("proxy_may_take_loopback"));
        assert_eq!(judged(&[proxy, ("NO_PROXY", "localhost,127.0.0.1")]), Some("proxy_spares_loopback"));
        assert!(spares_loopback("['localhost', '127.0.0.0/8', '::1']"));
    }
}

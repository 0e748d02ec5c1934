//! Which HTTP requests the loopback listener answers at all: a browser's top-level navigation and nothing else.
//!
//! Any web page can make a browser send requests to loopback: images, fetches, frames, web sockets, speculative
//! prefetches. Each of those carries a header that a navigation does not (Fetch Metadata, W3C; RFC 6454 `Origin`;
//! `Sec-Purpose`). What is refused gets one bare answer, so that a page cannot learn what listens here.

use axum::http::{HeaderMap, HeaderName, Method, Uri, header};

/// Why a request is not a top-level navigation to this listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// `Host` is not exactly the listener's: another name resolves to loopback (DNS rebinding).
    Host,
    /// Not GET.
    Method,
    /// `Origin` is there: a fetch, a form's POST or a web socket.
    Origin,
    /// `Sec-Purpose` or `Purpose` is there: the resident has not clicked anything.
    Prefetch,
    /// Fetch Metadata says that it is not a navigation of a document.
    NotANavigation,
    /// The target is not a plain path.
    Target,
}

/// Lets a top-level navigation through.
pub(crate) fn check(method: &Method, target: &Uri, headers: &HeaderMap, port: u16) -> Result<(), Refusal> {
    if method != Method::GET {
        return Err(Refusal::Method);
    }
    if target.authority().is_some() || target.query().is_some() {
        return Err(Refusal::Target);
    }
    if only_value(headers, &header::HOST) != Some(format!("127.0.0.1:{port}").as_bytes()) {
        return Err(Refusal::Host);
    }
    if headers.contains_key(header::ORIGIN) {
        return Err(Refusal::Origin);
    }
    if headers.contains_key("sec-purpose") || headers.contains_key("purpose") {
        return Err(Refusal::Prefetch);
    }
    let navigation = says_or_is_silent(headers, &HeaderName::from_static("sec-fetch-mode"), b"navigate")
        && says_or_is_silent(headers, &HeaderName::from_static("sec-fetch-dest"), b"document");
    if navigation { Ok(()) } else { Err(Refusal::NotANavigation) }
}

fn says_or_is_silent(headers: &HeaderMap, name: &HeaderName, value: &[u8]) -> bool {
    !headers.contains_key(name) || only_value(headers, name) == Some(value)
}

fn only_value<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a [u8]> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?;
    values.next().is_none().then_some(first.as_bytes())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    /// What Chromium sends for a navigation after a redirect from the gateway.
    const NAVIGATION: [(&str, &str); 5] = [
        ("host", "127.0.0.1:24817"),
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-dest", "document"),
        ("sec-fetch-site", "cross-site"),
        ("referer", "http://localhost:24810/"),
    ];

    fn check_with(method: &Method, target: &str, headers: &[(&str, &str)]) -> Result<(), Refusal> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(
                HeaderName::from_bytes(name.as_bytes()).expect("a name"),
                HeaderValue::from_str(value).expect("a value"),
            );
        }
        check(method, &target.parse().expect("a target"), &map, 24817)
    }

    fn check_changed(name: &str, values: &[&str]) -> Result<(), Refusal> {
        let mut headers: Vec<_> = NAVIGATION.into_iter().filter(|(other, _)| *other != name).collect();
        headers.extend(values.iter().map(|value| (name, *value)));
        check_with(&Method::GET, "/t/x/y", &headers)
    }

    #[test]
    fn a_navigation_passes_with_and_without_fetch_metadata() {
        assert_eq!(check_with(&Method::GET, "/t/x/y", &NAVIGATION), Ok(()));
        assert_eq!(check_with(&Method::GET, "/t/x/y", &NAVIGATION[..1]), Ok(()));
    }

    #[test]
    fn only_get() {
        for method in [Method::HEAD, Method::POST, Method::OPTIONS, Method::PUT, Method::DELETE] {
            assert_eq!(check_with(&method, "/t/x/y", &NAVIGATION), Err(Refusal::Method), "{method}");
        }
    }

    #[test]
    fn only_a_plain_path() {
        for target in ["/t/x/y?z", "/t/x/y?", "http://127.0.0.1:24817/t/x/y"] {
            assert_eq!(check_with(&Method::GET, target, &NAVIGATION), Err(Refusal::Target), "{target}");
        }
    }

    #[test]
    fn only_the_exact_host() {
        for hosts in [
            &[][..],
            &["127.0.0.1"],
            &["127.0.0.1:24818"],
            &["localhost:24817"],
            &["[::1]:24817"],
            &["127.0.0.1:24817 "],
            &["attacker.example:24817"],
            &["127.0.0.1:24817", "127.0.0.1:24817"],
        ] {
            assert_eq!(check_changed("host", hosts), Err(Refusal::Host), "{hosts:?}");
        }
    }

    #[test]
    fn nothing_with_an_origin() {
        for origin in ["null", "http://localhost:24810", ""] {
            assert_eq!(check_changed("origin", &[origin]), Err(Refusal::Origin), "{origin}");
        }
    }

    #[test]
    fn nothing_speculative() {
        for name in ["sec-purpose", "purpose"] {
            for value in ["prefetch", "prefetch;prerender", ""] {
                assert_eq!(check_changed(name, &[value]), Err(Refusal::Prefetch), "{name}: {value}");
            }
        }
    }

    #[test]
    fn only_navigations_of_documents() {
        for mode in
            [&["cors"][..], &["no-cors"], &["websocket"], &["same-origin"], &[""], &["navigate", "navigate"]]
        {
            assert_eq!(check_changed("sec-fetch-mode", mode), Err(Refusal::NotANavigation), "{mode:?}");
        }
        for dest in [&["iframe"][..], &["image"], &["empty"], &["frame"], &["object"], &["Document"]] {
            assert_eq!(check_changed("sec-fetch-dest", dest), Err(Refusal::NotANavigation), "{dest:?}");
        }
    }
}

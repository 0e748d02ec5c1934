//! Which redirect URIs may be registered (RFC 9700 section 4.1).
//!
//! At a request they are only compared, octet by octet, with what is registered. All judgement is here, once, so
//! that no parser stands between a request and the comparison (the long list of CVEs of that kind: several `@` in
//! the authority, `..;/`, `https://host*`, `http://localhost.evil`, `JaVaScRiPt:`).

use url::{Host, Url};

use crate::Parameters;

/// Checks a redirect URI or post-logout redirect URI at registration: `https`, or `http` on a loopback host;
/// canonical; no fragment, no user information, no wildcard, no response parameter in its query.
pub fn check_redirect_uri(uri: &str) -> Result<(), RedirectUriError> {
    if uri.len() > MAX_URI_OCTETS {
        return Err(RedirectUriError::TooLong);
    }
    if uri.contains('*') {
        return Err(RedirectUriError::Wildcard);
    }
    let url = Url::parse(uri).map_err(|_| RedirectUriError::NotAUri)?;
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&url) => {}
        "http" => return Err(RedirectUriError::PlainHttp),
        _ => return Err(RedirectUriError::Scheme),
    }
    if url.fragment().is_some() {
        return Err(RedirectUriError::Fragment);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(RedirectUriError::UserInformation);
    }
    if url.as_str() != uri {
        return Err(RedirectUriError::NotCanonical { canonical: url.into() });
    }
    // RFC 3986 has none of these unencoded; the URL parser of browsers leaves them alone in a query.
    if uri.contains(['\\', '^', '`', '{', '|', '}']) {
        return Err(RedirectUriError::NotAUri);
    }
    let query = Parameters::from_urlencoded(url.query().unwrap_or_default().as_bytes())
        .map_err(|_| RedirectUriError::Query)?;
    // With one of these in the registered query every answer would carry the parameter twice.
    match RESPONSE_PARAMETERS.into_iter().find(|name| query.has(name)) {
        Some(name) => Err(RedirectUriError::ResponseParameter { name }),
        None => Ok(()),
    }
}

/// The origin (RFC 6454 section 6.2) of a URI that passed [`check_redirect_uri`]: such a one is canonical, so it is what
/// stands before the path.
pub fn origin_of(uri: &str) -> Option<&str> {
    let (path, _) = uri.match_indices('/').nth(2)?;
    uri.get(..path)
}

/// Why a redirect URI cannot be registered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RedirectUriError {
    /// It has a fragment (RFC 6749 section 3.1.2).
    #[error("a redirect URI has no fragment")]
    Fragment,
    /// It does not parse as an absolute URI (RFC 3986).
    #[error("not an absolute URI")]
    NotAUri,
    /// It says the same in another spelling.
    #[error("not in canonical form; write {canonical}")]
    NotCanonical {
        /// The spelling to use.
        canonical: String,
    },
    /// Plain http to a host that is not `localhost`, `127.0.0.1` or `[::1]`.
    #[error("plain http is accepted only for localhost, 127.0.0.1 and [::1]; use https")]
    PlainHttp,
    /// Its query is not form-urlencoded.
    #[error("the query is not form-urlencoded")]
    Query,
    /// Its query holds a parameter of the authorization response.
    #[error("the query may not hold `{name}`, a parameter of the response")]
    ResponseParameter {
        /// The parameter.
        name: &'static str,
    },
    /// Neither https nor http.
    #[error("the scheme must be https")]
    Scheme,
    /// Longer than any honest one.
    #[error("longer than {MAX_URI_OCTETS} octets")]
    TooLong,
    /// User name or password before the host.
    #[error("a redirect URI has no user information")]
    UserInformation,
    /// `*` anywhere: it would look like a pattern, and nothing here is one.
    #[error("there are no wildcards; register each redirect URI")]
    Wildcard,
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address == std::net::Ipv4Addr::LOCALHOST,
        Some(Host::Ipv6(address)) => address == std::net::Ipv6Addr::LOCALHOST,
        None => false,
    }
}

const MAX_URI_OCTETS: usize = 2048;
/// RFC 6749 sections 4.1.2 and 4.1.2.1, RFC 9207 section 2.
const RESPONSE_PARAMETERS: [&str; 6] = ["code", "error", "error_description", "error_uri", "iss", "state"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_and_loopback_http_can_be_registered() {
        for uri in [
            "https://service.example/",
            "https://service.example:8443/callback?tenant=midori&lang=ja",
            "https://xn--wgv71a119e.example/callback",
            "http://localhost:24830/callback",
            "http://127.0.0.1:24830/callback",
            "http://[::1]:24830/callback",
        ] {
            assert_eq!(check_redirect_uri(uri), Ok(()), "{uri}");
            let origin = Url::parse(uri).expect("a URL").origin().ascii_serialization();
            assert_eq!(origin_of(uri), Some(origin.as_str()), "{uri}");
        }
    }

    #[test]
    fn c1_c2_what_deceived_others_cannot_be_registered() {
        let canonical = |canonical: &str| RedirectUriError::NotCanonical { canonical: canonical.to_owned() };
        for (uri, error) in [
            ("JaVaScRiPt:alert(1)", RedirectUriError::Scheme),
            ("data:text/html,x", RedirectUriError::Scheme),
            ("app.service:/callback", RedirectUriError::Scheme),
            ("http://service.example/", RedirectUriError::PlainHttp),
            ("http://localhost.evil/", RedirectUriError::PlainHttp),
            ("http://localhost./", RedirectUriError::PlainHttp),
            ("http://127.0.0.2/", RedirectUriError::PlainHttp),
            ("http://127.0.0.1.evil.example/", RedirectUriError::PlainHttp),
            ("https://service.example*", RedirectUriError::Wildcard),
            ("https://*.service.example/", RedirectUriError::Wildcard),
            ("https://service.example/*", RedirectUriError::Wildcard),
            ("https://service.example/#", RedirectUriError::Fragment),
            ("https://service.example/#a", RedirectUriError::Fragment),
            ("https://user@service.example/", RedirectUriError::UserInformation),
            ("https://:pass@service.example/", RedirectUriError::UserInformation),
            ("https://good.example@a@evil.example/", RedirectUriError::UserInformation),
            ("https://@service.example/", canonical("https://service.example/")),
            ("https://service.example", canonical("https://service.example/")),
            ("https://Service.example/", canonical("https://service.example/")),
            ("HTTPS://service.example/", canonical("https://service.example/")),
            ("https://service.example:443/", canonical("https://service.example/")),
            ("https://service.example/a/../b", canonical("https://service.example/b")),
            ("https://service.example\\a", canonical("https://service.example/a")),
            (" https://service.example/", canonical("https://service.example/")),
            ("https://service.example/\n", canonical("https://service.example/")),
            ("https://日本.example/", canonical("https://xn--wgv71a.example/")),
            ("http://127.1/", canonical("http://127.0.0.1/")),
            ("/callback", RedirectUriError::NotAUri),
            ("https://", RedirectUriError::NotAUri),
            ("https://service.example/?\\", RedirectUriError::NotAUri),
            ("https://service.example/?a={b}", RedirectUriError::NotAUri),
            ("https://service.example/?a=%zz", RedirectUriError::Query),
            ("https://service.example/?a=1&a=2", RedirectUriError::Query),
        ] {
            assert_eq!(check_redirect_uri(uri), Err(error), "{uri}");
        }
    }

    #[test]
    fn a_registered_query_holds_no_response_parameter() {
        for name in ["code", "error", "error_description", "error_uri", "iss", "state"] {
            let refused = Err(RedirectUriError::ResponseParameter { name });
            assert_eq!(check_redirect_uri(&format!("https://service.example/?a=1&{name}=x")), refused);
            assert_eq!(check_redirect_uri(&format!("https://service.example/?{name}")), refused);
        }
    }

    #[test]
    fn the_length_is_bounded() {
        let uri = |length: usize| format!("{:a<length$}", "https://service.example/");
        assert_eq!(check_redirect_uri(&uri(2048)), Ok(()));
        assert_eq!(check_redirect_uri(&uri(2049)), Err(RedirectUriError::TooLong));
    }
}

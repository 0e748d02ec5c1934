//! The cookie jar (RFC 6265bis): by host, not by port; `Secure` and the `__Host-`/`__Secure-` prefixes; `SameSite`
//! for top-level navigations; `Path`.
//!
//! Left out, because a run lasts a minute: expiry by time. `Max-Age=0` and a date in 1970 delete, as servers do it.

use http::Method;
use url::{Host, Url};

use super::Navigation;

#[derive(Debug, Default)]
pub(super) struct Jar {
    cookies: Vec<Cookie>,
}

struct Cookie {
    name: String,
    value: String,
    host: String,
    path: String,
    secure: bool,
    same_site: SameSite,
}

/// A cookie's value is a secret.
impl std::fmt::Debug for Cookie {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {}{}", self.name, self.host, self.path)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SameSite {
    None,
    Lax,
    Strict,
}

impl Jar {
    /// The cookies for a request, longest path first (section 5.8.3).
    pub(super) fn matching(&self, navigation: &Navigation) -> Vec<(String, String)> {
        let url = navigation.url();
        let cross_site = navigation.site() == "cross-site";
        let safe = *navigation.method() == Method::GET;
        let mut cookies: Vec<&Cookie> = self
            .cookies
            .iter()
            .filter(|cookie| Some(cookie.host.as_str()) == url.host_str())
            .filter(|cookie| !cookie.secure || is_trustworthy(url))
            .filter(|cookie| path_matches(&cookie.path, url.path()))
            .filter(|cookie| match cookie.same_site {
                SameSite::None => true,
                SameSite::Lax => !cross_site || safe,
                SameSite::Strict => !cross_site,
            })
            .collect();
        cookies.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        cookies.into_iter().map(|cookie| (cookie.name.clone(), cookie.value.clone())).collect()
    }

    /// Takes a `Set-Cookie` value; the name when a cookie was set.
    pub(super) fn store(&mut self, navigation: &Navigation, header: &str) -> Option<String> {
        let url = navigation.url();
        let mut parts = header.split(';').map(str::trim);
        let (name, value) = parts.next()?.split_once('=')?;
        let mut cookie = Cookie {
            name: name.trim().to_owned(),
            value: value.trim().to_owned(),
            host: url.host_str()?.to_owned(),
            path: default_path(url),
            secure: false,
            // Chromium's default.
            same_site: SameSite::Lax,
        };
        let (mut domain, mut deleted) = (false, false);
        for part in parts {
            let (attribute, value) = part.split_once('=').unwrap_or((part, ""));
            match attribute.to_ascii_lowercase().as_str() {
                "secure" => cookie.secure = true,
                "path" if value.starts_with('/') => value.clone_into(&mut cookie.path),
                // No host of the demo has subdomains; a Domain other than the host itself is refused.
                "domain" if value.trim_start_matches('.').eq_ignore_ascii_case(&cookie.host) => domain = true,
                "domain" => return None,
                "max-age" => deleted |= value.parse().is_ok_and(|seconds: i64| seconds <= 0),
                "expires" => deleted |= value.contains("1970"),
                "samesite" => {
                    cookie.same_site = match value.to_ascii_lowercase().as_str() {
                        "none" => SameSite::None,
                        "strict" => SameSite::Strict,
                        _ => SameSite::Lax,
                    };
                }
                _ => {}
            }
        }
        let prefix_holds = if cookie.name.starts_with("__Host-") {
            cookie.secure && !domain && cookie.path == "/"
        } else {
            !cookie.name.starts_with("__Secure-") || cookie.secure
        };
        let refused = (cookie.secure && !is_trustworthy(url))
            || !prefix_holds
            || (cookie.same_site == SameSite::None && !cookie.secure);
        if refused {
            return None;
        }
        self.cookies
            .retain(|old| old.name != cookie.name || old.host != cookie.host || old.path != cookie.path);
        if deleted {
            return None;
        }
        let name = cookie.name.clone();
        self.cookies.push(cookie);
        Some(name)
    }
}

/// Secure Contexts, section 3.1: https, and http to loopback. Browsers count `localhost` as secure for cookies.
pub(super) fn is_trustworthy(url: &Url) -> bool {
    url.scheme() == "https"
        || match url.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
}

/// RFC 6265bis section 5.1.4.
fn default_path(url: &Url) -> String {
    match url.path().rsplit_once('/') {
        Some((folder, _)) if !folder.is_empty() => folder.to_owned(),
        _ => "/".to_owned(),
    }
}

fn path_matches(cookie: &str, request: &str) -> bool {
    request
        .strip_prefix(cookie)
        .is_some_and(|rest| rest.is_empty() || cookie.ends_with('/') || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(url: &str) -> Navigation {
        Navigation::typed(Url::parse(url).expect("a URL"))
    }

    fn sent(jar: &Jar, url: &str) -> Vec<String> {
        jar.matching(&at(url)).into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn cookies_go_by_host_and_ignore_ports() {
        let mut jar = Jar::default();
        jar.store(&at("http://127.0.0.1:1/"), "a=1; Path=/");
        assert_eq!(sent(&jar, "http://127.0.0.1:2/x"), ["a"]);
        assert!(sent(&jar, "http://localhost:1/").is_empty());
    }

    #[test]
    fn the_host_prefix_has_its_conditions() {
        let mut jar = Jar::default();
        let page = at("http://localhost:1/sign-in/x");
        assert_eq!(jar.store(&page, "__Host-b=1; Secure; Path=/"), Some("__Host-b".to_owned()));
        assert_eq!(jar.store(&page, "__Host-c=1; Path=/"), None, "not Secure");
        assert_eq!(jar.store(&page, "__Host-d=1; Secure"), None, "no Path=/");
        assert_eq!(jar.store(&page, "__Host-e=1; Secure; Path=/; Domain=localhost"), None, "has Domain");
        assert_eq!(jar.store(&page, "__Secure-f=1; Path=/"), None, "not Secure");
    }

    #[test]
    fn secure_cookies_stay_on_trustworthy_hosts() {
        let mut jar = Jar::default();
        assert_eq!(jar.store(&at("http://machi.example/"), "a=1; Secure"), None);
        jar.store(&at("https://machi.example/"), "a=1; Secure");
        assert!(sent(&jar, "http://machi.example/").is_empty());
        assert_eq!(sent(&jar, "https://machi.example/"), ["a"]);
    }

    #[test]
    fn same_site_is_kept() {
        let mut jar = Jar::default();
        jar.store(&at("http://localhost:1/"), "lax=1");
        jar.store(&at("http://localhost:1/"), "strict=1; SameSite=Strict");
        // A typed address has no initiator: not cross-site.
        assert_eq!(jar.matching(&at("http://localhost:1/")).len(), 2);
        let initiated =
            |method| at("http://localhost:1/").with_method(method).with_initiator("http://127.0.0.1:2/");
        let names = |n: &Navigation| jar.matching(n).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        assert_eq!(names(&initiated(Method::GET)), ["lax"]);
        assert!(names(&initiated(Method::POST)).is_empty());
    }

    #[test]
    fn paths_and_deletion() {
        let mut jar = Jar::default();
        jar.store(&at("http://localhost/a/b"), "x=1");
        assert_eq!(sent(&jar, "http://localhost/a/c"), ["x"]);
        assert!(sent(&jar, "http://localhost/ab").is_empty());
        jar.store(&at("http://localhost/a/b"), "x=; Max-Age=0");
        assert!(sent(&jar, "http://localhost/a/c").is_empty());
    }
}

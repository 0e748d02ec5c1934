//! One request of a top-level navigation, with the headers that Chromium gives it.

use http::header::{self, HeaderName, HeaderValue};
use http::{Method, Request};
use url::{Host, Url};

use super::BrowserError;
use super::jar::is_trustworthy;
use super::referrer::ReferrerPolicy;

/// A request that a browser is about to send: a typed address, a link, a form, a `Refresh` or a redirect.
#[derive(Clone)]
pub struct Navigation {
    url: Url,
    method: Method,
    body: Vec<u8>,
    initiator: Option<Initiator>,
    /// The origins the chain went through before, which decide `Sec-Fetch-Site`.
    passed: Vec<Url>,
    user_activated: bool,
}

/// An address may hold a ticket; only where it leads is shown.
impl std::fmt::Debug for Navigation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.method, self.url.origin().ascii_serialization())
    }
}

#[derive(Clone)]
pub(super) struct Initiator {
    pub(super) page: Url,
    pub(super) policy: ReferrerPolicy,
}

impl Navigation {
    /// An address typed by the resident.
    pub fn typed(url: Url) -> Self {
        Self {
            url,
            method: Method::GET,
            body: Vec::new(),
            initiator: None,
            passed: Vec::new(),
            user_activated: true,
        }
    }

    pub(super) fn from_page(page: &Url, policy: ReferrerPolicy, url: Url, user_activated: bool) -> Self {
        let initiator = Some(Initiator { page: page.clone(), policy });
        Self { initiator, user_activated, ..Self::typed(url) }
    }

    pub(super) fn with_form(mut self, fields: &[(String, String)]) -> Self {
        self.method = Method::POST;
        self.body =
            form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish().into_bytes();
        self
    }

    pub(super) fn redirected(&self, url: Url, keeps_method: bool, policy: Option<ReferrerPolicy>) -> Self {
        let mut next = self.clone();
        next.passed.push(std::mem::replace(&mut next.url, url));
        if let (Some(initiator), Some(policy)) = (&mut next.initiator, policy) {
            initiator.policy = policy;
        }
        if !keeps_method {
            next.method = Method::GET;
            next.body.clear();
        }
        next
    }

    /// Where it goes.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Its method.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The value of `Referer`.
    pub fn referer(&self) -> Option<Url> {
        let initiator = self.initiator.as_ref()?;
        initiator.policy.referer(&initiator.page, &self.url)
    }

    /// The value of `Sec-Fetch-Site`: how far the initiator is from every address of the chain.
    pub fn site(&self) -> &'static str {
        let Some(initiator) = &self.initiator else { return "none" };
        let mut answer = "same-origin";
        for url in self.passed.iter().chain([&self.url]) {
            if url.origin() == initiator.page.origin() {
            } else if same_site(url, &initiator.page) {
                answer = "same-site";
            } else {
                return "cross-site";
            }
        }
        answer
    }

    pub(super) fn request(&self, cookies: &[(String, String)]) -> Result<Request<Vec<u8>>, BrowserError> {
        let address = || BrowserError::Address { address: self.url.to_string() };
        // Fragments stay in the browser.
        let mut url = self.url.clone();
        url.set_fragment(None);
        let mut request = Request::builder()
            .method(self.method.clone())
            .uri(url.as_str())
            .header(header::USER_AGENT, "madoguchi-demo (scripted browser)")
            .header(header::ACCEPT, "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8")
            .header(header::ACCEPT_LANGUAGE, "ja,en;q=0.8")
            .header(header::UPGRADE_INSECURE_REQUESTS, "1")
            .body(self.body.clone())
            .map_err(|_| address())?;
        let mut set = |name: HeaderName, value: &str| {
            let value = HeaderValue::from_str(value).map_err(|_| address())?;
            request.headers_mut().insert(name, value);
            Ok(())
        };
        if is_trustworthy(&url) {
            set(HeaderName::from_static("sec-fetch-site"), self.site())?;
            set(HeaderName::from_static("sec-fetch-mode"), "navigate")?;
            set(HeaderName::from_static("sec-fetch-dest"), "document")?;
            if self.user_activated {
                set(HeaderName::from_static("sec-fetch-user"), "?1")?;
            }
        }
        if let Some(referer) = self.referer() {
            set(header::REFERER, referer.as_str())?;
        }
        if self.method == Method::POST {
            set(header::CONTENT_TYPE, "application/x-www-form-urlencoded")?;
            if let Some(initiator) = &self.initiator {
                set(header::ORIGIN, &initiator.policy.origin_header(&initiator.page, &self.url))?;
            }
        }
        if !cookies.is_empty() {
            let pairs: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            set(header::COOKIE, &pairs.join("; "))?;
        }
        Ok(request)
    }
}

#[cfg(test)]
impl Navigation {
    pub(super) fn with_method(mut self, method: Method) -> Self {
        self.method = method;
        self
    }

    pub(super) fn with_initiator(mut self, page: &str) -> Self {
        let page = Url::parse(page).expect("a URL");
        self.initiator = Some(Initiator { page, policy: ReferrerPolicy::default() });
        self
    }
}

/// Schemefully same site. A loopback name or an address is its own site; for other names the last two labels stand
/// in for the public suffix list, which the hosts of a demo do not need.
fn same_site(a: &Url, b: &Url) -> bool {
    let site = |url: &Url| match url.host() {
        Some(Host::Domain(name)) => {
            let labels: Vec<&str> = name.rsplit('.').take(2).collect();
            labels.join(".")
        }
        Some(host) => host.to_string(),
        None => String::new(),
    };
    a.scheme() == b.scheme() && site(a) == site(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).expect("a URL")
    }

    fn from(page: &str, to: &str) -> Navigation {
        Navigation::from_page(&url(page), ReferrerPolicy::Origin, url(to), true)
    }

    #[test]
    fn the_site_counts_the_whole_chain() {
        assert_eq!(Navigation::typed(url("http://localhost:1/")).site(), "none");
        assert_eq!(from("http://localhost:1/", "http://localhost:1/x").site(), "same-origin");
        assert_eq!(from("http://localhost:1/", "http://localhost:2/x").site(), "same-site");
        let away = from("http://localhost:1/", "http://127.0.0.1:2/");
        assert_eq!(away.site(), "cross-site");
        assert_eq!(away.redirected(url("http://localhost:1/"), false, None).site(), "cross-site");
    }

    #[test]
    fn a_navigation_says_that_it_is_one() {
        let request =
            from("http://localhost:1/start", "http://127.0.0.1:2/t").request(&[]).expect("a request");
        let header = |name: &str| request.headers().get(name).map(|value| value.to_str().expect("text"));
        assert_eq!(header("sec-fetch-mode"), Some("navigate"));
        assert_eq!(header("sec-fetch-dest"), Some("document"));
        assert_eq!(header("sec-fetch-site"), Some("cross-site"));
        assert_eq!(header("sec-fetch-user"), Some("?1"));
        assert_eq!(header("referer"), Some("http://localhost:1/"));
        assert_eq!(header("origin"), None);
        assert_eq!(header("cookie"), None);
    }

    #[test]
    fn a_form_carries_its_origin() {
        let post = from("http://localhost:1/start", "http://localhost:1/go")
            .with_form(&[("a".into(), "あ b".into())]);
        let request = post.request(&[("x".into(), "1".into())]).expect("a request");
        assert_eq!(request.headers()[header::ORIGIN], "http://localhost:1");
        assert_eq!(request.headers()[header::COOKIE], "x=1");
        assert_eq!(request.body(), b"a=%E3%81%82+b");
        let get = post.redirected(url("http://127.0.0.1:2/"), false, None).request(&[]).expect("a request");
        assert_eq!(get.method(), Method::GET);
        assert!(get.body().is_empty() && !get.headers().contains_key(header::ORIGIN));
    }

    #[test]
    fn an_address_is_not_printed() {
        assert_eq!(
            format!("{:?}", from("http://localhost:1/", "http://127.0.0.1:2/t/ticket")),
            "GET http://127.0.0.1:2"
        );
    }
}

//! A browser: it keeps cookies, says what kind of request it makes, and follows nothing by itself.

use axum::body::Body;
use http::Request;

use super::{Answer, TestGateway};

/// A browser with its cookies. A clone is another tab that asks with the cookies of this moment.
#[derive(Clone, Default)]
pub struct TestBrowser {
    jar: Vec<Cookie>,
}

#[derive(Clone)]
struct Cookie {
    host: String,
    name: String,
    value: String,
}

impl TestBrowser {
    /// A browser that nobody used before.
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens an address in a tab.
    pub async fn open(&mut self, gateway: &TestGateway, url: &str) -> Answer {
        self.get(gateway, url, &NAVIGATION).await
    }

    /// What a script of the page asks for.
    pub async fn fetch(&mut self, gateway: &TestGateway, url: &str) -> Answer {
        let headers =
            [("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty"), ("sec-fetch-site", "same-origin")];
        self.get(gateway, url, &headers).await
    }

    /// GET with the cookies and just these other headers.
    pub async fn get(&mut self, gateway: &TestGateway, url: &str, headers: &[(&str, &str)]) -> Answer {
        self.send(gateway, "GET", url, headers, Body::empty()).await
    }

    /// HEAD with the cookies, as a navigation would be.
    pub async fn head(&mut self, gateway: &TestGateway, url: &str) -> Answer {
        self.send(gateway, "HEAD", url, &NAVIGATION, Body::empty()).await
    }

    /// Submits a form.
    pub async fn submit(&mut self, gateway: &TestGateway, url: &str, fields: &[(&str, &str)]) -> Answer {
        let body = super::form(fields);
        let mut headers = NAVIGATION.to_vec();
        headers.push(("content-type", "application/x-www-form-urlencoded"));
        self.send(gateway, "POST", url, &headers, Body::from(body)).await
    }

    /// Submits a form that stands on another site (`Sec-Fetch-Site`), with the cookies nevertheless.
    pub async fn submit_from(
        &mut self,
        gateway: &TestGateway,
        url: &str,
        site: &str,
        fields: &[(&str, &str)],
    ) -> Answer {
        let body = super::form(fields);
        let mut headers = NAVIGATION.to_vec();
        headers.retain(|(name, _)| *name != "sec-fetch-site");
        headers.push(("sec-fetch-site", site));
        headers.push(("content-type", "application/x-www-form-urlencoded"));
        self.send(gateway, "POST", url, &headers, Body::from(body)).await
    }

    /// Submits a form of another site: what is `SameSite=Lax` does not go along (RFC 6265bis section 5.6.7.1), and does
    /// with the navigation that the answer leads to.
    pub async fn submit_across(
        &mut self,
        gateway: &TestGateway,
        url: &str,
        fields: &[(&str, &str)],
    ) -> Answer {
        let answer = Self::new().submit_from(gateway, url, "cross-site", fields).await;
        assert!(answer.set_cookies().is_empty(), "it would not know which ones must make room");
        match (answer.status.as_u16(), answer.headers.get("location")) {
            (303, Some(location)) if location.as_bytes().starts_with(b"/") => {
                let (authority, _) = split(url);
                let url = format!("http://{authority}{}", answer.location());
                self.open(gateway, &url).await
            }
            _ => answer,
        }
    }

    async fn send(
        &mut self,
        gateway: &TestGateway,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: Body,
    ) -> Answer {
        let (authority, path) = split(url);
        let host = host(authority);
        let mut request = Request::builder().method(method).uri(path).header("host", authority);
        let cookies: Vec<String> = self
            .jar
            .iter()
            .filter(|cookie| cookie.host == host)
            .map(|cookie| format!("{}={}", cookie.name, cookie.value))
            .collect();
        if !cookies.is_empty() {
            request = request.header("cookie", cookies.join("; "));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = gateway.send(request.body(body).expect("a request")).await;
        for cookie in answer.set_cookies() {
            self.keep(host, cookie);
        }
        answer
    }

    /// RFC 6265 section 5.3, as far as these cookies go: a cookie that is set again keeps its place.
    fn keep(&mut self, host: &str, set: &str) {
        let (pair, attributes) = set.split_once(';').expect("attributes");
        let (name, value) = pair.split_once('=').expect("name and value");
        let position = self.jar.iter().position(|cookie| cookie.host == host && cookie.name == name);
        let gone = attributes.split(';').any(|attribute| attribute.trim() == "Max-Age=0");
        match (position, gone) {
            (Some(position), true) => {
                self.jar.remove(position);
            }
            (Some(position), false) => value.clone_into(&mut self.jar[position].value),
            (None, true) => {}
            (None, false) => {
                let (host, name, value) = (host.to_owned(), name.to_owned(), value.to_owned());
                self.jar.push(Cookie { host, name, value });
            }
        }
    }

    /// The names of its cookies, the oldest first.
    pub fn cookie_names(&self) -> Vec<&str> {
        self.jar.iter().map(|cookie| cookie.name.as_str()).collect()
    }

    /// The value of a cookie.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.jar.iter().find(|cookie| cookie.name == name).map(|cookie| cookie.value.as_str())
    }

    /// Puts a cookie in, for a browser that somebody tampers with.
    pub fn plant(&mut self, host: &str, name: &str, value: &str) {
        self.jar.retain(|cookie| cookie.name != name);
        self.jar.push(Cookie { host: host.to_owned(), name: name.to_owned(), value: value.to_owned() });
    }

    /// Forgets a cookie.
    pub fn forget(&mut self, name: &str) {
        self.jar.retain(|cookie| cookie.name != name);
    }
}

/// Authority and path with query of an address.
pub(crate) fn split(url: &str) -> (&str, &str) {
    let rest = url.split_once("://").unwrap_or_else(|| panic!("no URL: {url}")).1;
    let end = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    (authority, path.split('#').next().unwrap_or_default())
}

/// Cookies do not know ports.
fn host(authority: &str) -> &str {
    authority.split(':').next().unwrap_or(authority)
}

const NAVIGATION: [(&str, &str); 3] =
    [("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document"), ("sec-fetch-user", "?1")];

//! An answer of the gateway, whole.

use http::{HeaderMap, StatusCode};
use madoguchi_protocol::ErrorCode;
use scraper::{Html, Selector};
use serde_json::Value;

/// Status, headers and body.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, which is always text here.
    pub body: String,
}

impl Answer {
    /// The one value of a header. Panics when it is absent or there twice.
    pub fn header(&self, name: &str) -> &str {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next().unwrap_or_else(|| panic!("no {name}: {self:?}"));
        assert!(values.next().is_none(), "{name} twice");
        value.to_str().expect("visible ASCII")
    }

    /// The `Set-Cookie` values, in order.
    pub fn set_cookies(&self) -> Vec<&str> {
        self.headers
            .get_all("set-cookie")
            .iter()
            .map(|value| value.to_str().expect("visible ASCII"))
            .collect()
    }

    /// Where a 303 leads.
    pub fn location(&self) -> &str {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.body);
        self.header("location")
    }

    /// A parameter in the query of where a 303 leads.
    pub fn location_parameter(&self, name: &str) -> Option<String> {
        parameter(self.location(), name)
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), "application/json", "{}", self.body);
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// Asserts that it is an agent's error answer with this status and code.
    pub fn is_refusal(&self, status: u16, code: ErrorCode) {
        assert_eq!(self.json(), serde_json::json!({ "error": code.as_str() }));
        assert_eq!(self.status.as_u16(), status, "{code}");
        assert_eq!(self.header("cache-control"), "no-store");
    }

    /// Asserts that it is an OAuth error answer of the token endpoint.
    pub fn is_oauth_error(&self, status: u16, error: &str) {
        assert_eq!(self.json()["error"], error, "{}", self.body);
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        assert_eq!(self.header("cache-control"), "no-store");
    }

    /// Asserts that it is what the endpoints of services answer while the store is away: nothing is spent.
    pub fn is_away(&self) {
        self.is_oauth_error(503, "temporarily_unavailable");
        assert_eq!(self.header("retry-after"), "30");
    }

    /// Asserts that it is a page with this status that shows this error code.
    pub fn is_error_page(&self, status: u16, code: ErrorCode) {
        assert_eq!(self.shown_code().as_deref(), Some(code.as_str()), "{}", self.body);
        assert_eq!(self.status.as_u16(), status, "{code}");
    }

    /// Asserts that it is the neutral 404, which names no code and offers nothing.
    pub fn is_neutral(&self) {
        assert_eq!(self.status, StatusCode::NOT_FOUND, "{}", self.body);
        assert_eq!(self.shown_code(), None);
        assert_eq!(self.attribute("form", "action"), None);
        assert_eq!(self.attribute("main a", "href"), None);
        assert!(self.set_cookies().is_empty());
    }

    /// The error code that a page shows.
    pub fn shown_code(&self) -> Option<String> {
        self.text_of(".error-code code")
    }

    /// The text of the first element that a CSS selector finds.
    pub fn text_of(&self, css: &str) -> Option<String> {
        let selector = Selector::parse(css).expect("a selector");
        Html::parse_document(&self.body)
            .select(&selector)
            .next()
            .map(|element| element.text().collect::<String>().trim().to_owned())
    }

    /// An attribute of the first element that a CSS selector finds.
    pub fn attribute(&self, css: &str, name: &str) -> Option<String> {
        let selector = Selector::parse(css).expect("a selector");
        Html::parse_document(&self.body)
            .select(&selector)
            .next()
            .and_then(|element| element.value().attr(name))
            .map(str::to_owned)
    }

    /// The sealed value of the first form that goes to `action`.
    pub fn sealed(&self, action: &str) -> String {
        self.attribute(&format!("form[action=\"{action}\"] input[name=sealed]"), "value")
            .unwrap_or_else(|| panic!("no form to {action}: {}", self.body))
    }

    /// Where a page goes on to by itself: its link and its `Refresh` agree.
    pub fn onward(&self) -> Option<String> {
        let refresh = self.headers.get("refresh").map(|value| value.to_str().expect("visible ASCII"));
        let refresh = refresh.map(|value| value.split_once("; url=").expect("an address").1.to_owned());
        assert_eq!(refresh, self.back());
        refresh
    }

    /// Where the link back to the service leads.
    pub fn back(&self) -> Option<String> {
        self.attribute("main a.button[href]", "href")
    }
}

/// A parameter of a URL's query.
pub(crate) fn parameter(url: &str, name: &str) -> Option<String> {
    let url = url::Url::parse(url).unwrap_or_else(|error| panic!("{error}: {url}"));
    let values: Vec<String> =
        url.query_pairs().filter(|(key, _)| key == name).map(|(_, value)| value.into_owned()).collect();
    assert!(values.len() < 2, "{name} twice in {url}");
    values.into_iter().next()
}

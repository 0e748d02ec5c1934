//! The record of one request and its answer, without what must stay secret.

use http::{Method, StatusCode};
use url::{Position, Url};

use super::Navigation;

/// One request and its answer.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The method.
    pub method: Method,
    /// Origin and path. The query is left out, and a path segment as long as a ticket is `…`.
    pub url: String,
    /// The origin.
    pub origin: String,
    /// The status of the answer.
    pub status: StatusCode,
    /// The names of the cookies sent.
    pub cookies_sent: Vec<String>,
    /// The names of the cookies that the answer set.
    pub cookies_set: Vec<String>,
    /// Origin and path of `Referer`, without secrets too.
    pub referer: Option<String>,
    /// `Sec-Fetch-Site` as sent.
    pub site: &'static str,
}

impl Exchange {
    pub(super) fn of(navigation: &Navigation, cookies: &[(String, String)]) -> Self {
        Self {
            method: navigation.method().clone(),
            url: without_secrets(navigation.url()),
            origin: navigation.url().origin().ascii_serialization(),
            // Until the answer comes.
            status: StatusCode::OK,
            cookies_sent: cookies.iter().map(|(name, _)| name.clone()).collect(),
            cookies_set: Vec::new(),
            referer: navigation.referer().map(|url| without_secrets(&url)),
            site: navigation.site(),
        }
    }
}

fn without_secrets(url: &Url) -> String {
    let segments =
        url.path().split('/').map(|segment| if segment.len() > LONGEST_WORD { "…" } else { segment });
    format!("{}{}", &url[..Position::BeforePath], segments.collect::<Vec<_>>().join("/"))
}

/// The shortest secret, 128 bits in base64url, has 22 characters; a gateway tag has 16.
const LONGEST_WORD: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_stay_out() {
        let url =
            Url::parse("http://127.0.0.1:1/t/0123456789abcdef/AAAAAAAAAAAAAAAAAAAAAAAAAAAA?v=secret#frag");
        let text = without_secrets(&url.expect("a URL"));
        assert_eq!(text, "http://127.0.0.1:1/t/0123456789abcdef/…");
    }
}

//! A scripted stand-in for a browser: top-level navigations only, as Chromium makes them.
//!
//! It keeps cookies, parses links and forms, follows redirects and `Refresh`, and sends `Sec-Fetch-*`, `Referer`
//! and `Origin` by the rules of Fetch Metadata, Referrer Policy and Fetch. Scripts, images and styles do not
//! exist for it: what it can do, a resident without JavaScript can do. Every exchange is recorded without its
//! secrets, so that a test can say which cookie went where.

mod exchange;
mod jar;
mod navigation;
mod page;
mod referrer;

use std::time::Duration;

use http::{Method, StatusCode, header};
use url::Url;

pub use exchange::Exchange;
pub use navigation::Navigation;
pub use page::Page;

use jar::Jar;
use referrer::ReferrerPolicy;

/// The stand-in. One of them is one browser profile; a tab is a [`Page`].
pub struct Browser {
    agent: ureq::Agent,
    jar: Jar,
    exchanges: Vec<Exchange>,
}

/// What one request led to.
#[derive(Debug)]
pub enum Hop {
    /// A document, whatever its status.
    Page(Page),
    /// A redirect that was not followed yet.
    Redirect(Navigation),
}

impl Browser {
    /// A browser that nobody used before.
    pub fn new() -> Self {
        Self { agent: crate::service::http_client(), jar: Jar::default(), exchanges: Vec::new() }
    }

    /// A browser that trusts these certificate authorities (PEM) for TLS, and no other.
    pub fn trusting(authorities: &[u8]) -> Self {
        Self { agent: crate::service::http_client_trusting(authorities), ..Self::new() }
    }

    /// Everything that was sent, in order.
    pub fn exchanges(&self) -> &[Exchange] {
        &self.exchanges
    }

    /// Opens an address as if typed by the resident, and follows redirects.
    pub fn open(&mut self, url: &str) -> Result<Page, BrowserError> {
        let url = Url::parse(url).map_err(|_| BrowserError::Address { address: url.to_owned() })?;
        self.navigate(Navigation::typed(url))
    }

    /// Presses the first link that the CSS selector finds.
    pub fn click(&mut self, page: &Page, selector: &str) -> Result<Page, BrowserError> {
        let navigation = page.link(selector)?;
        self.navigate(navigation)
    }

    /// Submits the first form that the CSS selector finds, by its first button.
    pub fn submit(&mut self, page: &Page, selector: &str) -> Result<Page, BrowserError> {
        let navigation = page.form(selector)?;
        self.navigate(navigation)
    }

    /// Loads the page again, as the reload button does for a page that came by GET.
    pub fn reload(&mut self, page: &Page) -> Result<Page, BrowserError> {
        self.navigate(page.reload())
    }

    /// Follows the page's `Refresh`, when it has one, after `wait` waited as long as it says.
    pub fn refresh(
        &mut self,
        page: &Page,
        wait: &mut dyn FnMut(Duration),
    ) -> Result<Option<Page>, BrowserError> {
        let Some((delay, navigation)) = page.refresh() else { return Ok(None) };
        wait(delay);
        self.navigate(navigation).map(Some)
    }

    /// Sends a request and follows redirects to the next page.
    pub fn navigate(&mut self, mut navigation: Navigation) -> Result<Page, BrowserError> {
        for _ in 0..MAX_REDIRECTS {
            match self.hop(&navigation)? {
                Hop::Page(page) => return Ok(page),
                Hop::Redirect(next) => navigation = next,
            }
        }
        Err(BrowserError::TooManyRedirects)
    }

    /// Sends one request and follows nothing. For tests that look between the steps, or that carry an address to
    /// another browser as an attacker would.
    pub fn hop(&mut self, navigation: &Navigation) -> Result<Hop, BrowserError> {
        let cookies = self.jar.matching(navigation);
        let request = navigation.request(&cookies)?;
        let mut exchange = Exchange::of(navigation, &cookies);
        let mut answer = self.agent.run(request).map_err(|source| BrowserError::Unreachable {
            address: exchange.url.clone(),
            source: Box::new(source),
        })?;
        exchange.status = answer.status();
        for value in answer.headers().get_all(header::SET_COOKIE) {
            let Ok(value) = value.to_str() else { continue };
            exchange.cookies_set.extend(self.jar.store(navigation, value));
        }
        self.exchanges.push(exchange);
        if let Some(next) = redirect(navigation, &answer) {
            return next.map(Hop::Redirect);
        }
        let text = answer.body_mut().read_to_string().map_err(|source| BrowserError::Unreachable {
            address: navigation.url().to_string(),
            source: Box::new(source),
        })?;
        let (parts, _) = answer.into_parts();
        Ok(Hop::Page(Page::new(navigation.url().clone(), parts.status, parts.headers, text)))
    }
}

impl Default for Browser {
    fn default() -> Self {
        Self::new()
    }
}

/// Fetch, section 4.4 (HTTP-redirect fetch): 301 and 302 turn POST to GET, 303 everything, 307 and 308 nothing.
fn redirect<B>(
    navigation: &Navigation,
    answer: &http::Response<B>,
) -> Option<Result<Navigation, BrowserError>> {
    let keeps_method = match answer.status() {
        StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => navigation.method() != Method::POST,
        StatusCode::SEE_OTHER => navigation.method() == Method::GET,
        StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT => true,
        _ => return None,
    };
    let location = answer.headers().get(header::LOCATION)?.to_str().ok()?;
    let policy = ReferrerPolicy::of(answer.headers());
    let next = navigation.url().join(location);
    Some(
        next.map(|url| navigation.redirected(url, keeps_method, policy))
            .map_err(|_| BrowserError::Address { address: location.to_owned() }),
    )
}

/// Why the stand-in cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BrowserError {
    /// Not an address it can open.
    #[error("cannot open {address}")]
    Address {
        /// The address.
        address: String,
    },
    /// The page lacks what the script wants to use.
    #[error("the page {url} ({status}) has no {selector}")]
    Missing {
        /// Which page.
        url: String,
        /// Its status.
        status: StatusCode,
        /// What was looked for.
        selector: String,
    },
    /// It waits or turns in circles without an end.
    #[error("the sign-in did not end; the last page was {url} ({status})")]
    NoEnd {
        /// The last page.
        url: String,
        /// Its status.
        status: StatusCode,
    },
    /// More redirects than a browser follows.
    #[error("too many redirects")]
    TooManyRedirects,
    /// Nobody answers, or not in HTTP.
    #[error("{address} does not answer: {source}")]
    Unreachable {
        /// The address.
        address: String,
        /// Why.
        source: Box<ureq::Error>,
    },
}

/// As Chromium's.
const MAX_REDIRECTS: usize = 20;

#[cfg(test)]
mod tests;

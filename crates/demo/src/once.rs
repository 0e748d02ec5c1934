//! One sign-in by the scripted browser, the way a resident without JavaScript would go.

use std::time::Duration;

use http::StatusCode;
use serde_json::{Map, Value};
use url::Url;

use crate::{Browser, BrowserError, DemoError, Page};

/// How the sign-in ended, as the sample service knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The claims of the ID token that the service verified.
    Claims(Map<String, Value>),
    /// The OAuth error that the service received: `error` and `error_description`.
    Failed(Map<String, Value>),
}

/// Signs in at the service: presses its button, then the gateway's, and follows what comes until the browser is
/// back at the service. `wait` waits for a `Refresh`.
pub fn sign_in(
    browser: &mut Browser,
    service_url: &str,
    wait: &mut dyn FnMut(Duration),
) -> Result<Outcome, DemoError> {
    let front = browser.open(service_url)?;
    let start = browser.click(&front, "#sign-in")?;
    if start.url().origin() != front.url().origin() {
        until_back(browser, front.url(), &start, wait)?;
    }
    claims(browser, front.url())
}

/// What the service says about its own session.
pub fn claims(browser: &mut Browser, service: &Url) -> Result<Outcome, DemoError> {
    let address =
        service.join("/claims").map_err(|_| BrowserError::Address { address: service.to_string() })?;
    let page = browser.open(address.as_str())?;
    let answer = serde_json::from_str(page.text()).map_err(|_| page.missing("JSON"))?;
    match page.status() {
        StatusCode::OK => Ok(Outcome::Claims(answer)),
        StatusCode::UNAUTHORIZED => Ok(Outcome::Failed(answer)),
        _ => Err(page.missing("claims").into()),
    }
}

fn until_back(
    browser: &mut Browser,
    service: &Url,
    start: &Page,
    wait: &mut dyn FnMut(Duration),
) -> Result<Page, DemoError> {
    // The form opens the agent's page in a tab of its own; what the resident sees from here on is that tab.
    let mut page = browser.submit(start, START_FORM)?;
    for _ in 0..MOST_PAGES {
        if page.url().origin() == service.origin() {
            return Ok(page);
        }
        page = if let Some(next) = browser.refresh(&page, wait)? {
            next
        } else {
            browser.click(&page, WAY_BACK)?
        };
    }
    Err(BrowserError::NoEnd { url: page.url().origin().ascii_serialization(), status: page.status() }.into())
}

/// The form of the gateway's start page; the page has others, for another port and for declining.
const START_FORM: &str = "form#start";
/// The link that goes on: to the answer when the sign-in is complete, back to the service when it stopped.
const WAY_BACK: &str = "main a.button[href]";
/// A sign-in may be claimed for ten minutes, with a page a second.
const MOST_PAGES: usize = 700;

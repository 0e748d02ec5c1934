//! What a resident does with the page of the current tab, and what they see.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fantoccini::Locator;
use fantoccini::actions::{InputSource as _, MOUSE_BUTTON_LEFT, MouseActions, PointerAction};
use fantoccini::elements::Element;
use serde_json::{Value, json};
use tokio::time::{interval, timeout};
use url::Url;

use super::{Chromium, screens};

impl Chromium {
    /// Types an address.
    pub async fn open(&self, url: &str) {
        self.client.goto(url).await.unwrap_or_else(|error| panic!("{url}: {error}"));
    }

    /// Presses the reload button.
    pub async fn reload(&self) {
        self.client.refresh().await.expect("the page reloads");
    }

    /// Waits until there is such an element, and clicks it.
    pub async fn click(&self, css: &str) {
        self.until(&format!("a click on {css}"), async || {
            let element = self.client.find(Locator::Css(css)).await.map_err(|error| error.to_string())?;
            element.click().await.map_err(|error| error.to_string())
        })
        .await;
    }

    /// Clicks twice, as fast as a mouse that bounces.
    pub async fn double_click(&self, css: &str) {
        let element = self.see(css).await;
        let mut mouse = MouseActions::new("mouse".to_owned()).then(PointerAction::MoveToElement {
            element,
            duration: None,
            x: 0.0,
            y: 0.0,
        });
        for _ in 0..2 {
            mouse = mouse
                .then(PointerAction::Down { button: MOUSE_BUTTON_LEFT })
                .then(PointerAction::Up { button: MOUSE_BUTTON_LEFT });
        }
        self.client.perform_actions(mouse).await.expect("two clicks");
    }

    /// Waits until there is such an element and it is visible.
    pub async fn see(&self, css: &str) -> Element {
        self.until(css, async || {
            let element = self.client.find(Locator::Css(css)).await.map_err(|error| error.to_string())?;
            match element.is_displayed().await {
                Ok(true) => Ok(element),
                Ok(false) => Err("not visible".to_owned()),
                Err(error) => Err(error.to_string()),
            }
        })
        .await
    }

    /// Whether there is such an element on the page as it is now.
    pub async fn has(&self, css: &str) -> bool {
        self.client.find(Locator::Css(css)).await.is_ok()
    }

    /// Waits for a visible element, and reads it.
    pub async fn read(&self, css: &str) -> String {
        self.see(css).await.text().await.expect("its text")
    }

    /// Waits until the visible text of the page has these words.
    pub async fn read_words(&self, words: &str) {
        self.until(words, async || {
            let body = self.client.find(Locator::Css("body")).await.map_err(|error| error.to_string())?;
            let text = body.text().await.map_err(|error| error.to_string())?;
            if text.contains(words) { Ok(()) } else { Err(text) }
        })
        .await;
    }

    /// The address of the page.
    pub async fn url(&self) -> Url {
        self.client.current_url().await.expect("an address")
    }

    /// Waits until the address of the page starts so.
    pub async fn arrive_at(&self, start: &str) -> Url {
        self.until(start, async || {
            let url = self.client.current_url().await.map_err(|error| error.to_string())?;
            if url.as_str().starts_with(start) { Ok(url) } else { Err(url.to_string()) }
        })
        .await
    }

    /// Runs a script in the page, as the page's own.
    pub async fn run(&self, script: &str) -> Value {
        self.client.execute(script, vec![]).await.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// A picture of the whole page, in `target/screens/<name>.png`.
    pub async fn picture(&self, name: &str) {
        let taken = self.devtools("Page.captureScreenshot", json!({ "captureBeyondViewport": true })).await;
        let png = taken["data"].as_str().and_then(|data| STANDARD.decode(data).ok()).expect("a picture");
        std::fs::create_dir_all(screens()).expect("a folder for pictures");
        std::fs::write(screens().join(format!("{name}.png")), png).expect("the picture is written");
    }

    /// Asks again and again until it is so. A browser tells nobody when a page is there: WebDriver only answers.
    pub(super) async fn until<T>(&self, what: &str, mut look: impl AsyncFnMut() -> Result<T, String>) -> T {
        let mut tick = interval(LOOK_EVERY);
        let mut seen = String::new();
        let looking = async {
            loop {
                tick.tick().await;
                match look().await {
                    Ok(found) => return found,
                    Err(instead) => seen = instead,
                }
            }
        };
        if let Ok(found) = timeout(WITHIN, looking).await {
            return found;
        }
        let url = self.client.current_url().await;
        panic!("waited for: {what}\nsaw: {seen}\nat: {url:?}")
    }
}

const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Generous: two browsers and two towns share a small machine.
const WITHIN: Duration = Duration::from_secs(30);

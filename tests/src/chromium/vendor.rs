//! The commands that chromedriver has and WebDriver has not.

use fantoccini::wd::WebDriverCompatibleCommand;
use http::Method;
use serde_json::{Value, json};
use url::{ParseError, Url};

use super::Chromium;

#[derive(Debug)]
struct Command {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Command {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}

impl Chromium {
    /// What the pages' own policies (CSP) stopped since the last time, as the consoles of all tabs say it.
    pub async fn blocked(&self) -> Vec<String> {
        let log = self.vendor("se/log", json!({ "type": "browser" })).await;
        let entries = log.as_array().unwrap_or_else(|| panic!("no log: {log}"));
        let messages = entries.iter().filter_map(|entry| entry["message"].as_str());
        messages.filter(|message| message.contains("Content Security Policy")).map(str::to_owned).collect()
    }

    /// A command of the DevTools protocol, in the current tab.
    pub(super) async fn devtools(&self, command: &str, parameters: Value) -> Value {
        self.vendor("goog/cdp/execute", json!({ "cmd": command, "params": parameters })).await
    }

    async fn vendor(&self, path: &'static str, body: Value) -> Value {
        self.client.issue_cmd(Command { path, body }).await.unwrap_or_else(|error| panic!("{path}: {error}"))
    }
}

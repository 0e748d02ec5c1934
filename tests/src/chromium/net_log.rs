//! The browser's own log of its network stack: every request with the headers that really went out, of every tab from
//! its first moment. (chromedriver's log begins when it attaches to a tab, which is after the first requests.)

use std::path::{Path, PathBuf};

use serde_json::Value;

/// One HTTP request that the browser sent.
#[derive(Clone, Debug)]
pub struct Sent {
    /// `Host`.
    pub host: String,
    /// Method and target, such as `GET /`.
    pub line: String,
    /// `Cookie`, empty when there was none.
    pub cookies: String,
}

/// Where the browser writes it.
pub(super) fn file(folder: &Path) -> PathBuf {
    folder.join("net-log.json")
}

/// The requests in the log. One event a line; an event with request headers is a request.
pub(super) fn sent(folder: &Path) -> Vec<Sent> {
    let text = std::fs::read_to_string(file(folder)).expect("the browser wrote its log");
    assert!(text.trim_end().ends_with('}'), "the browser did not finish its log");
    text.lines().filter_map(|line| request(&serde_json::from_str(line.trim_end_matches(',')).ok()?)).collect()
}

fn request(event: &Value) -> Option<Sent> {
    let headers: Vec<&str> =
        event["params"]["headers"].as_array()?.iter().filter_map(Value::as_str).collect();
    let header = |name: &str| headers.iter().find_map(|header| header.strip_prefix(name)).map(str::to_owned);
    let line = event["params"]["line"].as_str()?.trim().trim_end_matches(" HTTP/1.1").to_owned();
    Some(Sent { host: header("Host: ")?, line, cookies: header("Cookie: ").unwrap_or_default() })
}

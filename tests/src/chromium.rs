//! A real, headless Chromium for one test, driven through chromedriver (W3C WebDriver), with an empty profile.
//!
//! It runs in process and user namespaces of its own: whatever it started is gone when the test ends, also by a panic or
//! a kill. What waits here waits for something to show in the browser, with a bound, and panics with what it saw.

mod net_log;
mod page;
mod tabs;
mod vendor;

use std::path::PathBuf;

use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use madoguchi_demo::{Child, Program};
use serde_json::json;
use tempfile::TempDir;

pub use net_log::Sent;
pub use tabs::Tab;

/// The browser.
pub struct Chromium {
    client: Client,
    // Dropped before the folder that it writes to.
    driver: Child,
    folder: TempDir,
}

impl Chromium {
    /// A browser as it comes.
    pub async fn start() -> Self {
        Self::with_preferences(json!({})).await
    }

    /// A browser whose owner switched JavaScript off.
    pub async fn without_scripts() -> Self {
        Self::with_preferences(json!({ "profile.managed_default_content_settings.javascript": 2 })).await
    }

    async fn with_preferences(mut preferences: serde_json::Value) -> Self {
        for program in ["chromium", "chromedriver"] {
            let there = std::env::split_paths(&search_path()).any(|folder| folder.join(program).is_file());
            assert!(there, "{program} is not installed; run script/setup test");
        }
        preferences["intl.accept_languages"] = json!("ja");
        let folder = tempfile::tempdir().expect("a folder for the browser");
        // The user namespace first: entering it clears the parent-death signal, which setpriv sets.
        let mut driver = Program::new("chromedriver", "unshare")
            .args(["--user", "--map-root-user", "--", "setpriv", "--pdeathsig", "KILL", "--"])
            .args(["unshare", "--pid", "--mount-proc", "--fork", "--kill-child", "--"])
            .args(["chromedriver", "--port=0"])
            .spawn(folder.path())
            .expect("chromedriver starts");
        let started =
            driver.wait_for_line(|line| line.contains(STARTED)).await.expect("chromedriver is ready");
        let port: u16 = started
            .split(STARTED)
            .nth(1)
            .and_then(|rest| rest.trim().trim_end_matches('.').parse().ok())
            .unwrap_or_else(|| panic!("no port in {started}"));
        let mut args: Vec<String> = ARGUMENTS.map(str::to_owned).into();
        args.push(format!("--user-data-dir={}", folder.path().join("profile").display()));
        args.push(format!("--log-net-log={}", net_log::file(folder.path()).display()));
        let capabilities = json!({
            "browserName": "chrome",
            "goog:chromeOptions": { "args": args, "prefs": preferences },
            "goog:loggingPrefs": { "browser": "ALL" },
        });
        let capabilities = capabilities.as_object().cloned().unwrap_or_default();
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .unwrap_or_else(|error| panic!("chromium does not start: {error}\n{}", driver.log_end()));
        Self { client, driver, folder }
    }

    /// Closes the browser, and answers every HTTP request that it sent.
    pub async fn close(self) -> Vec<Sent> {
        self.client.close().await.expect("chromium closes");
        // Not asked to end: unshare ignores SIGTERM. Dropped, it is killed, and the namespace with it.
        drop(self.driver);
        net_log::sent(self.folder.path())
    }
}

/// Where the pictures of a run are.
fn screens() -> PathBuf {
    crate::repository().join("target/screens")
}

#[expect(clippy::disallowed_methods, reason = "where programs are is known only to the environment")]
fn search_path() -> std::ffi::OsString {
    std::env::var_os("PATH").unwrap_or_default()
}

/// What chromedriver says before its port.
const STARTED: &str = "ChromeDriver was started successfully on port ";

const ARGUMENTS: [&str; 11] = [
    "--headless=new",
    // The sandbox does not start as root in a container; what is visited here is ours.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--lang=ja",
    "--window-size=900,1000",
    // With cookies: that is what tests look for.
    "--net-log-capture-mode=IncludeSensitive",
];

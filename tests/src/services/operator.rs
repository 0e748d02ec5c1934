//! An operator beside a running gateway: the shipped program's commands, as `docs/clients.md` and `docs/keys.md` tell them.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use madoguchi_demo::Stack;
use madoguchi_gateway::PUBLISH_AHEAD_SECONDS;
use madoguchi_gateway_server::SystemClock;
use madoguchi_storage::{Clock as _, KeyChange, ManualClock, SignInLimits, SigningKeys as _};
use madoguchi_storage_sqlite::SqliteStore;
use serde_json::{Value, json};

use crate::http;
use crate::verify::program;

/// Gives orders to the municipality of a [`Stack`].
pub struct Operator {
    config: PathBuf,
    database: PathBuf,
    issuer: String,
}

impl Operator {
    /// Of this gateway.
    pub fn of(stack: &Stack) -> Self {
        let ready = stack.ready();
        Self {
            config: ready.gateway_config.clone(),
            database: stack.folder().join("madoguchi.sqlite3"),
            issuer: ready.issuer.clone(),
        }
    }

    /// Runs `madoguchi … --json`, which must succeed.
    pub fn order(&self, arguments: &[&str]) -> Value {
        let mut command = Command::new(program());
        command.args(arguments).args(["--municipality", MIDORI, "--json", "--config"]).arg(&self.config);
        let output = command.output().expect("madoguchi runs; cargo build --workspace --bins");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    /// Registers a client with this set of keys, or with a secret when it has none.
    pub fn add_client(&self, id: &str, port: u16, keys: Option<&Value>, more: &[&str]) -> Value {
        let callback = format!("http://127.0.0.1:{port}/callback");
        let bye = format!("http://127.0.0.1:{port}/bye");
        let backchannel = format!("http://127.0.0.1:{port}/backchannel");
        let folder = tempfile::tempdir().expect("a folder for the keys");
        let file = folder.path().join("jwks.json");
        let mut arguments = vec![
            "clients",
            "add",
            "--id",
            id,
            "--name",
            "試験",
            "--purpose",
            "試験",
            "--redirect-uri",
            &callback,
            "--post-logout-redirect-uri",
            &bye,
            "--backchannel-logout-uri",
            &backchannel,
        ];
        if let Some(keys) = keys {
            std::fs::write(&file, json!(keys).to_string()).expect("written");
            arguments.extend(["--jwks", file.to_str().expect("UTF-8")]);
        }
        arguments.extend(more);
        self.order(&arguments)
    }

    /// Makes a key and publishes it, eleven minutes ago by the clock of whoever did it: services have fetched it since, and
    /// it may be activated.
    pub async fn publish_key(&self) -> String {
        let key = self.order(&["keys", "new", "--alg", "ES256"]);
        let kid = kid_of(&key);
        let clock = ManualClock::new(SystemClock.now().as_secs() - PUBLISH_AHEAD_SECONDS - 60);
        let store =
            SqliteStore::open(&self.database, Arc::new(clock), SignInLimits::default()).expect("the store");
        let published = store.publish_signing_key(MIDORI, &kid, "a test").await.expect("an outcome");
        assert_eq!(published, KeyChange::Done);
        // Asks again and again, as services do, until the gateway knows.
        assert!((0..PATIENCE).any(|_| self.published().contains(&kid)), "the key is not published");
        kid
    }

    /// Lets a published key sign, and waits until the gateway does.
    pub fn activate_key(&self, kid: &str) {
        self.order(&["keys", "activate", "--kid", kid]);
        // The active key comes first.
        assert!((0..PATIENCE).any(|_| self.published()[0] == kid), "the key is not active");
    }

    /// The ids of the keys that services can fetch.
    pub fn published(&self) -> Vec<String> {
        let keys: Value =
            tokio::task::block_in_place(|| http::json(http::get(&format!("{}/jwks", self.issuer), &[])));
        let es256 = keys["keys"].as_array().expect("keys").iter().filter(|key| key["alg"] == "ES256");
        es256.map(kid_of).collect()
    }
}

fn kid_of(key: &Value) -> String {
    key["kid"].as_str().unwrap_or_else(|| panic!("no kid: {key}")).to_owned()
}

const MIDORI: &str = "midori";
/// How often the key set is asked for before a test gives up: the gateway looks every two seconds.
const PATIENCE: u32 = 100_000;

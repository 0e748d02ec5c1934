//! A configuration with one municipality and one client, and the program beside it.

use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use madoguchi_gateway_server::SystemClock;
use madoguchi_storage::{Audit as _, AuditRecord, ClientRecord, Clients as _, Clock as _, SignInLimits};
use madoguchi_storage_sqlite::SqliteStore;
use madoguchi_test_pki::{AUTH_POLICY, KeyKind, Options, TestPki};
use madoguchi_tests::town::random;
use madoguchi_tests::verify::program;
use serde_json::Value;
use tempfile::TempDir;

pub(super) const MIDORI: &str = "midori";
/// Its client in the configuration file.
pub(super) const KOSODATE: &str = "kosodate";
/// The least that a client needs.
pub(super) const LEAST: [&str; 6] =
    ["--municipality", MIDORI, "--name", "図書館", "--redirect-uri", "https://tosho.example/callback"];

pub(super) struct World {
    pub(super) folder: TempDir,
    gateway: Option<Child>,
}

impl World {
    pub(super) fn new() -> Self {
        Self::with("")
    }

    /// With these lines more at the head of the configuration.
    pub(super) fn with(more: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let now = SystemClock.now();
        let options = Options { authority_key: KeyKind::P256, ..Options::default() };
        let mut pki = TestPki::create(&options, now, random()).expect("a PKI");
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("ca.der"), pki.auth_ca()).expect("written");
        std::fs::create_dir(path("crl")).expect("a folder");
        for (name, der) in pki.crls(now, Duration::from_hours(24), random()).expect("lists") {
            std::fs::write(path("crl").join(name), der).expect("written");
        }
        let mut kek = std::fs::OpenOptions::new();
        let mut kek = kek.write(true).create_new(true).mode(0o600).open(path("kek")).expect("a file");
        std::io::Write::write_all(&mut kek, URL_SAFE_NO_PAD.encode([7; 32]).as_bytes()).expect("written");
        std::fs::write(path("madoguchi.toml"), config(more)).expect("written");
        Self { folder, gateway: None }
    }

    /// Runs `madoguchi COMMAND … --config FILE`.
    pub(super) fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(program());
        command.args(arguments).arg("--config").arg(self.folder.path().join("madoguchi.toml"));
        command.output().expect("madoguchi runs; cargo build --workspace --bins")
    }

    /// The same, done; its one JSON line.
    pub(super) fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(&[arguments, &["--json"]].concat());
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        assert_eq!(text.lines().count(), 1, "{text}");
        serde_json::from_str(&text).expect("JSON")
    }

    /// The same, done; its text.
    pub(super) fn text(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// The same, not done: what standard error says, in one line; it was in lines that fit a terminal. Standard output
    /// stays empty.
    pub(super) fn refusal(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {output:?}");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "", "{arguments:?}");
        let told = String::from_utf8(output.stderr).expect("UTF-8");
        let wide = |line: &&str| line.chars().count() > 80 && !line.starts_with("  ");
        // What the command line's reader says repeats what was given, however long.
        let lines = code == 1 && arguments.first() != Some(&"serve");
        assert!(!lines || !told.lines().any(|line| wide(&line)), "{told}");
        told.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Registers a client with these options more; what is told.
    pub(super) fn add(&self, more: &[&str]) -> Value {
        self.json(&[&["clients", "add"], &LEAST[..], more].concat())
    }

    /// Writes a file and answers its path.
    pub(super) fn file(&self, name: &str, content: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).expect("written");
        path.to_str().expect("UTF-8").to_owned()
    }

    pub(super) fn database(&self) -> PathBuf {
        self.folder.path().join("madoguchi.sqlite3")
    }

    pub(super) fn has_database(&self) -> bool {
        self.database().exists()
    }

    fn store(&self) -> SqliteStore {
        SqliteStore::open(&self.database(), Arc::new(SystemClock), SignInLimits::default())
            .expect("the store")
    }

    pub(super) async fn stored(&self, client_id: &str) -> ClientRecord {
        self.store().client(MIDORI, client_id).await.expect("a look").expect("a client")
    }

    pub(super) async fn log(&self, municipality: &str) -> Vec<AuditRecord> {
        self.store().audit_records(municipality, 0, 1000).await.expect("records")
    }

    /// What the gateway logs.
    pub(super) fn log_file(&self) -> PathBuf {
        self.folder.path().join("gateway.log")
    }

    /// Ends the gateway as an operator does, and waits for it.
    pub(super) fn stop(&mut self) {
        let mut gateway = self.gateway.take().expect("a gateway");
        let id = rustix::process::Pid::from_child(&gateway);
        rustix::process::kill_process(id, rustix::process::Signal::TERM).expect("a signal");
        assert!(gateway.wait().expect("its end").success());
    }

    /// A gateway, until this world ends; its address.
    pub(super) fn start(&mut self) -> String {
        let mut child = Command::new(program())
            .args(["serve", "--config"])
            .arg(self.folder.path().join("madoguchi.toml"))
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(self.log_file()).expect("a file"))
            .spawn()
            .expect("madoguchi starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("a line");
        self.gateway = Some(child);
        let ready: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        format!("http://{}", ready["listen"].as_str().expect("an address"))
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(mut gateway) = self.gateway.take() {
            // A test that panicked must not leave it behind.
            let _ = gateway.kill();
            let _ = gateway.wait();
        }
    }
}

fn config(more: &str) -> String {
    format!(
        r#"listen = "127.0.0.1:0"
database = "madoguchi.sqlite3"
kek_file = "kek"
{more}
[trust]
anchors = ["ca.der"]
danger_test_trust = true
policies = ["{AUTH_POLICY}"]
[revocation]
sources = "crl"
crl_dir = "crl"
[[municipality]]
id = "midori"
origin = "http://localhost:24810"
name = {{ ja = "みどり市", en = "Midori City" }}
[[municipality.client]]
id = "kosodate"
redirect_uris = ["https://kosodate.example/callback"]
authentication = "none"
service = {{ ja = "子育て手続き" }}
purpose = {{ ja = "サインイン" }}
"#
    )
}

//! A folder with a configuration and a database of some version, and the program beside it.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use madoguchi_tests::repository;
use madoguchi_tests::verify::program;
use rusqlite::Connection;
use serde_json::Value;
use tempfile::TempDir;

/// The newest version of which a state was kept.
pub(super) const NEWEST: u32 = 7;
/// The versions whose programs were run for it.
const KEPT: [u32; 3] = [1, 3, 7];

pub(super) struct World {
    pub(super) folder: TempDir,
}

impl World {
    /// With the key of the state of a version, and no database yet.
    pub(super) fn new(version: u32) -> Self {
        let world = Self { folder: tempfile::tempdir().expect("a folder") };
        let kek = std::fs::read(states().join(format!("{:04}.kek", kept(version)))).expect("a kept key");
        world.write("kek", &kek);
        world.configure("m.sqlite3", "");
        world
    }

    /// With its state as the database.
    pub(super) fn of(version: u32) -> Self {
        let world = Self::new(version);
        make(&world.database(), version);
        world
    }

    /// With that state, brought up to date: by a restore, as after a first start.
    pub(super) fn today(version: u32) -> Self {
        let world = Self::new(version);
        make(&world.path("old.sqlite3"), version);
        world.json(&["restore", "--from", "old.sqlite3"]);
        world
    }

    pub(super) fn configure(&self, database: &str, more: &str) {
        let text = format!(
            "listen = \"127.0.0.1:0\"\ndatabase = \"{database}\"\nkek_file = \"kek\"\n{more}\n\
             [trust]\nanchors = [\"ca.der\"]\ndanger_test_trust = true\ndanger_any_policy = true\n\
             [revocation]\nsources = \"crl\"\ncrl_dir = \"crl\"\n\
             [[municipality]]\nid = \"midori\"\norigin = \"http://localhost:26810\"\nname = {{ ja = \"みどり市\" }}\n"
        );
        self.write("madoguchi.toml", text.as_bytes());
    }

    /// The `database` of the configuration.
    pub(super) fn address(&self) -> String {
        let text = std::fs::read_to_string(self.path("madoguchi.toml")).expect("the configuration");
        let config: toml::Table = text.parse().expect("TOML");
        config["database"].as_str().expect("text").to_owned()
    }

    pub(super) fn database(&self) -> PathBuf {
        self.path("m.sqlite3")
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn write(&self, name: &str, octets: &[u8]) {
        std::fs::write(self.path(name), octets).expect("written");
        let mode = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(self.path(name), mode).expect("a mode");
    }

    /// Runs `madoguchi COMMAND … --config FILE`.
    pub(super) fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(program());
        command.args(arguments).arg("--config").arg(self.path("madoguchi.toml")).current_dir(&self.folder);
        command.output().expect("madoguchi runs; cargo build --workspace --bins")
    }

    /// It does it; its JSON line.
    pub(super) fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(&[arguments, &["--json"]].concat());
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("a JSON line")
    }

    /// It does not; what it says, on one line.
    pub(super) fn refused(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let told = String::from_utf8(output.stderr).expect("text");
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {told}");
        told.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// Makes the file that the program of a version left. Where none was run, the migrations of that version are applied to
/// what the one before left.
pub(super) fn make(path: &Path, version: u32) {
    let kept = kept(version);
    let connection = Connection::open(path).expect("a database");
    let dump = std::fs::read_to_string(states().join(format!("{kept:04}.sql"))).expect("a kept state");
    connection.execute_batch(&dump).expect("the state");
    for number in kept + 1..=version {
        let path = repository().join(format!("crates/storage-sqlite/migrations/{number:04}.sql"));
        connection.execute_batch(&std::fs::read_to_string(path).expect("a migration")).expect("it applies");
    }
    connection.pragma_update(None, "user_version", version).expect("a version");
}

fn kept(version: u32) -> u32 {
    KEPT.into_iter().rfind(|kept| *kept <= version).expect("a version that was kept")
}

fn states() -> PathBuf {
    repository().join("tests/state")
}

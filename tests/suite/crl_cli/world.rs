//! A throw-away CA with two lists of one partition, and the program.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use madoguchi_test_pki::{
    BulkEntries, BulkOrder, BulkReasons, BulkSerials, KeyKind, Options, SerialLength, TestPki,
};
use madoguchi_tests::town::{binaries, random};
use rustls_pki_types::UnixTime;
use serde_json::Value;
use tempfile::TempDir;

pub(super) const SERIALS: BulkSerials = BulkSerials { length: SerialLength::Five, seed: 5 };
/// Entries of the old list are 0..OLD, those of the new one SHARED..NEW.
pub(super) const OLD: u64 = 20_000;
pub(super) const SHARED: u64 = 10_000;
pub(super) const NEW: u64 = 30_000;

pub(super) struct World {
    pub(super) pki: TestPki,
    pub(super) folder: TempDir,
    pub(super) now: u64,
}

impl World {
    pub(super) fn new() -> Self {
        let options = Options { authority_key: KeyKind::P256, ..Options::default() };
        let now = u64::try_from(madoguchi_tests::town::now().unix_timestamp()).expect("after 1970");
        let pki = TestPki::create(&options, at(now), random()).expect("a PKI");
        let world = Self { pki, folder: TempDir::new().expect("a folder"), now };
        fs::write(world.file("ca.der"), world.pki.auth_ca()).expect("written");
        world.list("old.crl", 1, 0..OLD);
        world.list("new.crl", 2, SHARED..NEW);
        world
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Makes a list of the whole issuer, an hour younger for each number.
    pub(super) fn list(&self, name: &str, number: u64, revoked: std::ops::Range<u64>) {
        let bulk = BulkEntries {
            serials: SERIALS,
            revoked,
            removed: 0..0,
            reasons: BulkReasons::Mixed,
            order: BulkOrder::Random,
        };
        let this_update = at(self.now - 100 * 3600 + number * 3600);
        let list = self.pki.large_crl(None, bulk, (number, None), this_update, Duration::from_hours(240));
        list.expect("a list").save(self.pki.auth_ca_key(), random(), &self.file(name)).expect("saved");
    }

    /// `madoguchi crl …`, with the names of files in this folder.
    pub(super) fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(binaries().path("madoguchi").expect("cargo build --workspace --bins"));
        command.arg("crl").args(arguments.split_whitespace()).current_dir(&self.folder);
        command
    }

    pub(super) fn run(&self, arguments: &str) -> (Option<i32>, String, String) {
        let Output { status, stdout, stderr } = self.command(arguments).output().expect("runs");
        let text = |octets| String::from_utf8(octets).expect("UTF-8");
        (status.code(), text(stdout), text(stderr))
    }

    pub(super) fn lookup(&self, folder: &str, indices: &[u64]) -> Vec<Value> {
        let serials = indices.iter().map(|index| SERIALS.at(*index).to_string());
        let serials = serials.collect::<Vec<_>>().join(" --serial ");
        let (code, lines, errors) = self.run(&format!("lookup {folder} --json --serial {serials}"));
        assert_eq!(code, Some(0), "{errors}");
        lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }
}

pub(super) fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

/// Copies a state folder as a backup does: private files stay private.
pub(super) fn copy(from: &Path, to: &Path) {
    let done = Command::new("cp").arg("-a").arg(from).arg(to).status().expect("cp");
    assert!(done.success());
}

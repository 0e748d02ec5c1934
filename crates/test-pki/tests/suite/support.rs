use std::{
    path::Path,
    process::{Command, Output},
    time::Duration,
};

use madoguchi_test_pki::{CardFiles, CardOptions, CertificateFault, KeyKind, Options, TestPki, save_crls};
use ring::rand::SystemRandom;
use rustls_pki_types::UnixTime;
use serde_json::Value;
use tempfile::TempDir;

/// 2026-11-22T05:00:00Z
pub(crate) const NOW: u64 = 1_795_323_600;
pub(crate) const HOUR: Duration = Duration::from_hours(1);

pub(crate) fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

pub(crate) fn now() -> UnixTime {
    at(NOW)
}

#[expect(clippy::disallowed_methods, reason = "a test is its own edge")]
pub(crate) fn random() -> SystemRandom {
    SystemRandom::new()
}

/// A PKI in a folder of its own.
pub(crate) struct Folder {
    pub(crate) pki: TestPki,
    pub(crate) folder: TempDir,
}

impl Folder {
    pub(crate) fn new(kind: KeyKind) -> Self {
        let options = Options { ocsp_url: Some("http://127.0.0.1:8998".to_owned()), authority_key: kind };
        let pki = TestPki::create(&options, now(), &random()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        pki.save(folder.path()).unwrap();
        write_pem(folder.path());
        Self { pki, folder }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn card(&mut self, name: &str, fault: Option<CertificateFault>) -> CardFiles {
        self.issue(&CardOptions { name: name.to_owned(), fault, ..CardOptions::default() })
    }

    pub(crate) fn issue(&mut self, options: &CardOptions) -> CardFiles {
        let card = self.pki.issue_card(options, now(), &random()).unwrap();
        card.save(self.path()).unwrap();
        self.pki.save(self.path()).unwrap();
        card
    }

    pub(crate) fn publish(&mut self) {
        let lists = self.pki.crls(now(), HOUR, &random()).unwrap();
        save_crls(self.path(), &lists).unwrap();
        self.pki.save(self.path()).unwrap();
    }

    /// Runs `openssl` in the folder.
    pub(crate) fn openssl(&self, arguments: &str) -> (bool, String) {
        openssl(self.path(), arguments)
    }
}

/// Runs `openssl` in a folder; whether it succeeded, and all that it said.
pub(crate) fn openssl(folder: &Path, arguments: &str) -> (bool, String) {
    let output = Command::new("openssl")
        .args(arguments.split_whitespace())
        .current_dir(folder)
        .output()
        .expect("the openssl program is installed");
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

/// `openssl` wants anchors as PEM.
pub(crate) fn write_pem(folder: &Path) {
    for name in ["auth-ca", "sign-ca"] {
        let (made, said) = openssl(folder, &format!("x509 -in {name}.der -out {name}.pem"));
        assert!(made, "{said}");
    }
}

/// The program, in this folder.
pub(crate) fn program(folder: &Path, arguments: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_madoguchi-test-pki"))
        .args(arguments.split_whitespace())
        .current_dir(folder)
        .output()
        .unwrap()
}

/// What the program said in JSON.
#[track_caller]
pub(crate) fn json(folder: &Path, arguments: &str) -> Value {
    let output = program(folder, arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

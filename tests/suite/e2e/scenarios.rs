//! Every scenario of the mock card through the real PC/SC service. The files are documentation; here they are proof that
//! what they say does not end at the card.

use std::fs;
use std::path::{Path, PathBuf};

use madoguchi_demo::{Child, Pcscd, Program};
use madoguchi_mock_card::{Persona, Scenario};
use madoguchi_tests::{repository, town::binaries};

#[tokio::test(flavor = "multi_thread")]
async fn every_scenario_comes_out_over_pcsc_as_it_says() {
    let stage = Stage::set().await;
    let mut files: Vec<_> = fs::read_dir(repository().join("crates/mock-card/scenarios"))
        .expect("the scenarios")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    assert!(files.len() >= 20, "{files:?}");
    let mut failures = Vec::new();
    for file in &files {
        failures.extend(stage.play(file).await);
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    stage.clear().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scenario_that_does_not_come_out_is_told() {
    let stage = Stage::set().await;
    let file = stage.folder.path().join("wrong.toml");
    let steps = "[[step]]\nsay = \"a\"\ncommand = \"00 A4 00 00\"\nstatus = \"9000\"\n\
                 [[step]]\nsay = \"b\"\ndo = \"power-cycle\"\ntries = 2\n\
                 [[step]]\nsay = \"c\"\ncommand = \"00 A4 00 00\"\nstatus = \"6A86\"\ntries = 3\n";
    fs::write(&file, steps).expect("written");
    let told = stage.play(&file).await;
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].contains("step 1") && told[0].ends_with("expected 9000, got 6A86"), "{told:?}");
    assert!(told[1].contains("step 2") && told[1].contains("expected auth_tries=2"), "{told:?}");
    stage.clear().await;
}

/// A PC/SC service, and a test PKI with a card of each kind.
struct Stage {
    folder: tempfile::TempDir,
    pcscd: Pcscd,
}

impl Stage {
    async fn set() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let pki = folder.path().join("pki");
        let run = async |args: &[&str]| {
            let program = Program::new("test-pki", binary("madoguchi-test-pki")).args(args).arg(&pki);
            program.run(folder.path()).await.expect("a test PKI");
        };
        run(&["init", "--out"]).await;
        run(&["issue", "--name", "default", "--pki"]).await;
        run(&["issue", "--name", "p384", "--key", "p384", "--pki"]).await;
        let pcscd = Pcscd::start(&folder.path().join("pcscd")).await.expect("pcscd starts");
        Self { folder, pcscd }
    }

    /// What did not come out as the file says.
    async fn play(&self, file: &Path) -> Vec<String> {
        let scenario = Scenario::read(file).expect("a scenario");
        let card = if scenario.persona == Persona::NextGenerationP384 { "p384" } else { "default" };
        let control = self.folder.path().join("control");
        let mock = Program::new("mock-card", binary("madoguchi-mock-card"))
            .args(["--vpcd", self.pcscd.vpcd(), "--card", card, "--pki"])
            .arg(self.folder.path().join("pki"))
            .arg("--scenario")
            .arg(file)
            .arg("--control")
            .arg(&control);
        let mut mock = self.pcscd.spawn_inside(mock, self.folder.path()).expect("starts");
        mock.wait_until_ready().await.expect("the card is in the reader");
        let mut player = Program::new("player", binary("madoguchi-scenario-player"))
            .arg(file)
            .arg(&control)
            .env("PCSCLITE_CSOCK_NAME", self.pcscd.socket())
            .spawn(self.folder.path())
            .expect("starts");
        let mut told = lines(&mut player).await;
        let status = player.wait().await.expect("its end");
        if !status.success() && told.is_empty() {
            told.push(format!("{}: {status}: {}", file.display(), player.log_end()));
        }
        assert_eq!(status.success(), told.is_empty());
        mock.tell("quit").await.expect("told");
        assert!(mock.wait().await.expect("its end").success(), "{}", mock.log_end());
        told
    }

    async fn clear(mut self) {
        self.pcscd.stop().await;
    }
}

async fn lines(child: &mut Child) -> Vec<String> {
    let mut lines = Vec::new();
    while let Some(line) = child.line().await {
        lines.push(line);
    }
    lines
}

fn binary(name: &str) -> PathBuf {
    binaries().path(name).expect("the programs are built: cargo build --workspace --bins")
}

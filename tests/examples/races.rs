//! `script/races`: round after round of sixty-four threads for each thing that works once, on a real database.

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use async_trait::async_trait;
use tempfile::TempDir;

use madoguchi_storage::conformance::{Artefact, Backend, race_for};
use madoguchi_storage::{ManualClock, SignInLimits, Storage};
use madoguchi_storage_sqlite::SqliteStore;

struct Sqlite(TempDir);

#[async_trait]
impl Backend for Sqlite {
    async fn open(&self, clock: Arc<ManualClock>, limits: SignInLimits) -> Arc<dyn Storage> {
        let path = self.0.path().join("madoguchi.sqlite3");
        Arc::new(SqliteStore::open(&path, clock, limits).expect("a fresh store"))
    }
}

/// A fresh database of a kind.
fn backend(name: &str) -> Option<Box<dyn Backend>> {
    match name {
        "sqlite" => Some(Box::new(Sqlite(tempfile::tempdir().expect("a folder")))),
        _ => None,
    }
}

/// `races ROUNDS BACKEND`.
#[tokio::main]
async fn main() -> std::io::Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut output = std::io::stdout();
    let [rounds, name] = &arguments[..] else { return usage() };
    let Ok(rounds) = rounds.parse() else { return usage() };
    let mut outcome = ExitCode::SUCCESS;
    for artefact in Artefact::ALL {
        let Some(backend) = backend(name) else { return usage() };
        let right = race_for(artefact, &*backend, rounds).await;
        writeln!(output, "{name} {artefact:?}: {rounds} rounds of 64 threads, one winner in {right}")?;
        if right != rounds {
            outcome = ExitCode::FAILURE;
        }
    }
    Ok(outcome)
}

fn usage() -> std::io::Result<ExitCode> {
    writeln!(std::io::stderr(), "usage: races ROUNDS sqlite|postgres")?;
    Ok(ExitCode::from(2))
}

//! `script/races`: round after round of sixty-four threads for each thing that works once, on a real database.

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use async_trait::async_trait;
use tempfile::TempDir;

use madoguchi_storage::conformance::{Artefact, Backend, race_for};
use madoguchi_storage::{ManualClock, SignInLimits, Storage};
use madoguchi_storage_postgres::{PostgresOptions, PostgresStore};
use madoguchi_storage_sqlite::SqliteStore;
use madoguchi_test_postgres::TestServer;

struct Sqlite(TempDir);

#[async_trait]
impl Backend for Sqlite {
    async fn open(&self, clock: Arc<ManualClock>, limits: SignInLimits) -> Arc<dyn Storage> {
        let path = self.0.path().join("madoguchi.sqlite3");
        Arc::new(SqliteStore::open(&path, clock, limits).expect("a fresh store"))
    }
}

struct Postgres(Arc<TestServer>);

#[async_trait]
impl Backend for Postgres {
    async fn open(&self, clock: Arc<ManualClock>, limits: SignInLimits) -> Arc<dyn Storage> {
        let options = PostgresOptions::from_address(&self.0.database().address()).expect("an address");
        Arc::new(PostgresStore::connect(Arc::new(options), clock, limits).await.expect("a fresh store"))
    }
}

/// `races ROUNDS BACKEND`: so many rounds in all, of each race the same number.
#[tokio::main]
async fn main() -> std::io::Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [rounds, name] = &arguments[..] else { return usage() };
    let Ok(rounds) = rounds.parse::<u32>() else { return usage() };
    let server = match name.as_str() {
        "postgres" => Some(Arc::new(TestServer::start())),
        "sqlite" => None,
        _ => return usage(),
    };
    let mut output = std::io::stdout();
    let each = rounds.div_ceil(u32::try_from(Artefact::ALL.len()).expect("few"));
    let (mut all, mut all_right) = (0, 0);
    for artefact in Artefact::ALL {
        let backend: Box<dyn Backend> = match &server {
            Some(server) => Box::new(Postgres(Arc::clone(server))),
            None => Box::new(Sqlite(tempfile::tempdir()?)),
        };
        let right = race_for(artefact, &*backend, each).await;
        (all, all_right) = (all + each, all_right + right);
        writeln!(output, "{name} {artefact:?}: {each} rounds of 64 threads, one winner in {right}")?;
    }
    writeln!(output, "{name}: {all} rounds of 64 threads, one winner in {all_right}")?;
    Ok(if all_right == all { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn usage() -> std::io::Result<ExitCode> {
    writeln!(std::io::stderr(), "usage: races ROUNDS sqlite|postgres")?;
    Ok(ExitCode::from(2))
}

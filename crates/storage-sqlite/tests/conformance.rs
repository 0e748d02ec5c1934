//! The suite of the contract, on SQLite.

use std::sync::Arc;

use async_trait::async_trait;
use tempfile::TempDir;

use madoguchi_storage::conformance::Backend;
use madoguchi_storage::{ManualClock, SignInLimits, Storage};
use madoguchi_storage_sqlite::SqliteStore;

struct Sqlite(TempDir);

impl Sqlite {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }
}

#[async_trait]
impl Backend for Sqlite {
    async fn open(&self, clock: Arc<ManualClock>, limits: SignInLimits) -> Arc<dyn Storage> {
        let path = self.0.path().join("madoguchi.sqlite3");
        Arc::new(SqliteStore::open(&path, clock, limits).expect("a fresh store"))
    }
}

madoguchi_storage::conformance_tests!(Sqlite::new());

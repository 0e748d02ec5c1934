//! The suite of the contract, on PostgreSQL: a server for each theme, a database for each store.

use std::sync::Arc;

use async_trait::async_trait;

use madoguchi_storage::conformance::Backend;
use madoguchi_storage::{ManualClock, SignInLimits, Storage};
use madoguchi_storage_postgres::{PostgresOptions, PostgresStore};
use madoguchi_test_postgres::TestServer;

struct Postgres(Arc<TestServer>);

#[async_trait]
impl Backend for Postgres {
    async fn open(&self, clock: Arc<ManualClock>, limits: SignInLimits) -> Arc<dyn Storage> {
        let options = PostgresOptions::from_address(&self.0.database().address()).expect("an address");
        Arc::new(PostgresStore::connect(Arc::new(options), clock, limits).await.expect("a fresh store"))
    }
}

madoguchi_storage::conformance_tests_by_theme!(server = Arc::new(TestServer::start()); Postgres(Arc::clone(&server)));

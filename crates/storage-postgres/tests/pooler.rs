//! The suite of the contract behind PgBouncer, which gives a connection for one transaction alone: many of ours share four of
//! the server's, so that whatever is left on one is found by another.

use std::sync::Arc;

use async_trait::async_trait;

use madoguchi_storage::conformance::Backend;
use madoguchi_storage::{ManualClock, SignInLimits, Storage};
use madoguchi_storage_postgres::{PostgresOptions, PostgresStore};
use madoguchi_test_postgres::{Pooler, TestServer};

struct Pooled(Arc<(Pooler, TestServer)>);

fn pooled() -> Arc<(Pooler, TestServer)> {
    let server = TestServer::start();
    Arc::new((Pooler::start(&server, 4, &[]), server))
}

#[async_trait]
impl Backend for Pooled {
    async fn open(&self, clock: Arc<ManualClock>, limits: SignInLimits) -> Arc<dyn Storage> {
        let (pooler, server) = &*self.0;
        let mut options =
            PostgresOptions::from_address(&pooler.before(&server.database()).address()).expect("an address");
        options.pooler = true;
        Arc::new(PostgresStore::connect(Arc::new(options), clock, limits).await.expect("a fresh store"))
    }
}

madoguchi_storage::conformance_tests_by_theme!(shared = pooled(); Pooled(Arc::clone(&shared)));

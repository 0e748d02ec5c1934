//! Whose database it is, and of which version.

use std::sync::Arc;

use madoguchi_storage::{Accounts as _, StorageError};
use madoguchi_storage_postgres::PostgresStore;
use madoguchi_test_postgres::TestServer;

use crate::flow::{TOWN, clock, connect, limits, options, sign_in};

#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_start_at_once_make_the_schema_once() {
    let server = TestServer::start();
    let database = server.database();
    let mut nodes = tokio::task::JoinSet::new();
    for _ in 0..8 {
        nodes.spawn(connect(options(&database)));
    }
    while let Some(node) = nodes.join_next().await {
        node.expect("a task").expect("a store");
    }
    assert!(!server.log().contains("ERROR"), "{}", server.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_stored_is_there_for_the_next_start() {
    let server = TestServer::start();
    let database = server.database();
    let store = connect(options(&database)).await.expect("a store");
    sign_in(&store, 1).await.expect("an answer").expect("done");
    drop(store);
    let store = connect(options(&database)).await.expect("a store");
    assert_eq!(store.count_accounts(TOWN).await.expect("a count"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_programs_database_is_left_alone() {
    let server = TestServer::start();
    let database = server.database();
    server.query(&database.name, "CREATE TABLE customers (name text)");
    let refused = connect(options(&database)).await.err().expect("it is refused");
    assert!(refused.to_string().contains("another program"), "{refused}");
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!(server.query(&database.name, tables), "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_schema_is_refused_and_an_older_one_is_not_read() {
    let server = TestServer::start();
    let database = server.database();
    let as_is = || PostgresStore::connect_as_is(Arc::new(options(&database)), clock(), limits());
    let refused = as_is().await.err().expect("there is no schema");
    assert!(matches!(refused, StorageError::SchemaTooOld { found: 0, .. }), "{refused}");
    connect(options(&database)).await.expect("a store");
    as_is().await.expect("a store");
    server.query(&database.name, "UPDATE madoguchi_schema SET version = version + 1");
    for refused in [as_is().await.err(), connect(options(&database)).await.err()] {
        assert!(matches!(refused, Some(StorageError::SchemaTooNew { .. })), "{refused:?}");
    }
}

/// What a commit waits for does not depend on the server's setting, nor on its change while the gateway runs.
#[tokio::test(flavor = "multi_thread")]
async fn a_commit_is_on_disk_whatever_the_server_says() {
    let server = TestServer::start_with(&["synchronous_commit = off"]);
    let database = server.database();
    let asked = "SELECT string_agg(DISTINCT current_setting('synchronous_commit'), ',') FROM told";
    for pooler in [false, true] {
        let mut options = options(&database);
        options.pooler = pooler;
        let store = connect(options).await.expect("a store");
        // Each audit record tells what its transaction was committed with.
        server.query(&database.name, "DROP TABLE IF EXISTS told; CREATE TABLE told (setting text)");
        server.query(
            &database.name,
            "CREATE OR REPLACE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$
                 BEGIN INSERT INTO told VALUES (current_setting('synchronous_commit')); RETURN NULL; END $$;
             DROP TRIGGER IF EXISTS tell ON audit;
             CREATE TRIGGER tell AFTER INSERT ON audit EXECUTE FUNCTION tell()",
        );
        sign_in(&store, u32::from(pooler)).await.expect("an answer").expect("done");
        server.configure(&["synchronous_commit = local"]);
        server.reload();
        sign_in(&store, 2 + u32::from(pooler)).await.expect("an answer").expect("done");
        let told = asked.replace("current_setting('synchronous_commit')", "setting");
        assert_eq!(server.query(&database.name, &told), "on", "pooler: {pooler}");
        let health = store.server_health().await.expect("health");
        assert!(["off", "local"].contains(&health.synchronous_commit.as_str()), "{health:?}");
    }
}

//! Nobody waits longer than the options say: for a lock, for a statement, for a connection, for a server that is silent.

use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, PgConnection};
use tokio::net::TcpListener;

use madoguchi_storage::{SignIns as _, StorageError};
use madoguchi_test_postgres::{Database, TestServer};

use crate::flow::{TOWN, connect, hash, new_sign_in, options, sign_in};

/// A connection of somebody else's.
async fn other(database: &Database) -> PgConnection {
    let options = PgConnectOptions::new_without_pgpass().host("127.0.0.1").port(database.port);
    options.username("madoguchi").database(&database.name).connect().await.expect("a connection")
}

fn cause(error: StorageError) -> String {
    let StorageError::Unavailable(cause) = error else { panic!("{error:?}") };
    cause.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_is_waited_for_in_its_time() {
    let server = TestServer::start();
    let database = server.database();
    let mut options = options(&database);
    options.lock_timeout = Duration::from_millis(200);
    let store = connect(options).await.expect("a store");
    store.start(new_sign_in(1)).await.expect("a sign-in");
    let mut other = other(&database).await;
    sqlx::raw_sql("BEGIN; LOCK TABLE sign_ins IN SHARE MODE").execute(&mut other).await.expect("a lock");
    let refused = store.cancel_by_browser(TOWN, new_sign_in(1).id, hash("b", 1)).await;
    assert!(cause(refused.expect_err("it is locked")).contains("lock timeout"));
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.expect("the end");
    let _ = store.cancel_by_browser(TOWN, new_sign_in(1).id, hash("b", 1)).await.expect("an outcome");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_has_its_time() {
    let server = TestServer::start();
    let database = server.database();
    let mut options = options(&database);
    options.statement_timeout = Duration::from_millis(200);
    options.lock_timeout = Duration::from_mins(1);
    let store = connect(options).await.expect("a store");
    let mut other = other(&database).await;
    sqlx::raw_sql("BEGIN; LOCK TABLE sign_ins IN ACCESS EXCLUSIVE MODE")
        .execute(&mut other)
        .await
        .expect("a lock");
    let refused = store.newest_of_browser(TOWN, hash("b", 1)).await;
    assert!(cause(refused.expect_err("it waits")).contains("statement timeout"));
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.expect("the end");
    assert!(store.newest_of_browser(TOWN, hash("b", 1)).await.expect("a look").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_that_is_used_up_says_so_and_recovers() {
    let server = TestServer::start();
    let database = server.database();
    let mut options = options(&database);
    options.connections = 1;
    options.acquire_timeout = Duration::from_millis(200);
    options.lock_timeout = Duration::from_mins(1);
    let store = std::sync::Arc::new(connect(options).await.expect("a store"));
    let mut other = other(&database).await;
    sqlx::raw_sql("BEGIN; LOCK TABLE sign_ins IN ACCESS EXCLUSIVE MODE")
        .execute(&mut other)
        .await
        .expect("a lock");
    let first = std::sync::Arc::clone(&store);
    let first = tokio::spawn(async move { first.newest_of_browser(TOWN, hash("b", 1)).await });
    // The first is at the lock as soon as the server says so.
    while server.query(&database.name, "SELECT count(*) FROM pg_locks WHERE NOT granted") != "1" {
        tokio::task::yield_now().await;
    }
    assert_eq!(store.pool_state().in_use, 1);
    let second = store.newest_of_browser(TOWN, hash("b", 1)).await;
    assert!(cause(second.expect_err("no connection is free")).contains("no connection became free"));
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.expect("the end");
    assert!(first.await.expect("a task").expect("a look").is_none());
    assert!(sign_in(&store, 1).await.expect("an answer").is_some());
    assert_eq!((store.pool_state().in_use, store.pool_state().waiting), (0, 0));
}

/// Whoever gave a request up leaves no lock and no connection behind.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_was_given_up_frees_what_it_held() {
    let server = TestServer::start();
    let database = server.database();
    let mut options = options(&database);
    options.connections = 1;
    let store = connect(options).await.expect("a store");
    store.start(new_sign_in(1)).await.expect("a sign-in");
    let mut other = other(&database).await;
    sqlx::raw_sql("BEGIN; LOCK TABLE audit_failures IN ACCESS EXCLUSIVE MODE")
        .execute(&mut other)
        .await
        .expect("a lock");
    // It holds the row of the sign-in and waits for the other table.
    let given_up = store.cancel_by_browser(TOWN, new_sign_in(1).id, hash("b", 1));
    assert!(tokio::time::timeout(Duration::from_millis(300), given_up).await.is_err());
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.expect("the end");
    let again = store.cancel_by_browser(TOWN, new_sign_in(1).id, hash("b", 1)).await.expect("an outcome");
    assert!(matches!(again, madoguchi_storage::Transition::Done(_)), "{again:?}");
}

/// A server that takes connections and never says anything.
#[tokio::test(flavor = "multi_thread")]
async fn a_silent_server_is_not_waited_for() {
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
    let port = silent.local_addr().expect("an address").port();
    let mut options = options(&Database { name: "silent".to_owned(), port });
    options.connect_timeout = Duration::from_millis(100);
    options.acquire_timeout = Duration::from_millis(300);
    let refused = connect(options).await.err().expect("no answer");
    assert!(cause(refused).contains("no answer within"));
}

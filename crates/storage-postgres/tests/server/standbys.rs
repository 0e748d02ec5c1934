//! A server that does not write, or does not say that it has written.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};

use madoguchi_storage::{SignIns as _, StorageError};
use madoguchi_storage_postgres::{PostgresOptions, PostgresStore};
use madoguchi_test_postgres::{Database, TestServer};

use crate::flow::{connect, new_sign_in, options, sign_in};

const OURS: &str = "FROM pg_stat_activity WHERE application_name = 'madoguchi'";

fn impatient(mut options: PostgresOptions) -> PostgresOptions {
    options.connections = 3;
    options.acquire_timeout = Duration::from_millis(200);
    options.transaction_timeout = Duration::from_millis(300);
    options
}

fn standbys(server: &TestServer, names: &str) {
    server.configure(&[&format!("synchronous_standby_names = '{names}'")]);
    server.reload();
}

fn at_the_server(server: &TestServer) -> String {
    server.query("postgres", &format!("SELECT count(*) {OURS}"))
}

fn cause(error: StorageError) -> String {
    let StorageError::Unavailable(cause) = error else { panic!("{error:?}") };
    cause.to_string()
}

async fn until(what: &str, reached: impl Fn() -> bool) {
    let reached = async {
        while !reached() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), reached).await.expect(what);
}

/// Sign-ins until every connection waits for a standby that is not there.
async fn wait_for_nobody(server: &TestServer, store: &Arc<PostgresStore>) {
    standbys(server, "nobody");
    for round in 0..6 {
        let mut asked = tokio::task::JoinSet::new();
        for lane in 0..6 {
            let store = Arc::clone(store);
            let start = async move { store.start(new_sign_in(100 + round * 6 + lane)).await };
            // Half of those who ask go away before they are answered.
            let patience = Duration::from_millis(if lane % 2 == 0 { 100 } else { 5000 });
            asked.spawn(tokio::time::timeout(patience, start));
        }
        while let Some(asked) = asked.join_next().await {
            assert!(!matches!(asked.expect("no panic"), Ok(Ok(_))), "nothing is durable");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_standby_takes_no_more_connections_than_there_are() {
    let server = TestServer::start();
    let store = Arc::new(connect(impatient(options(&server.database()))).await.expect("a store"));
    store.probe().await.expect("it writes");
    wait_for_nobody(&server, &store).await;
    until("every one is counted", || store.pool_state().unanswered == 3).await;
    assert!(cause(store.probe().await.expect_err("nothing is durable")).contains("standby"));
    // One more at a time asks whether the others have ended.
    until("the three and no more", || at_the_server(&server) == "3").await;
    standbys(&server, "");
    until("they are answered", || store.pool_state().in_use == 0).await;
    assert_eq!(store.pool_state().unanswered, 0);
    store.probe().await.expect("it writes again");
    assert!(sign_in(&store, 1).await.expect("an answer").is_some());
}

/// Passes octets on, until told that this and whoever came before is silent from now on: the client's side stays open.
async fn falls_silent(server: u16) -> (u16, Arc<tokio::sync::Notify>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let silence = Arc::new(tokio::sync::Notify::new());
    let told = Arc::clone(&silence);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let mut server = TcpStream::connect(("127.0.0.1", server)).await.expect("the server");
            let told = Arc::clone(&told);
            tokio::spawn(async move {
                let silent = tokio::select! {
                    _ = copy_bidirectional(&mut client, &mut server) => false,
                    () = told.notified() => true,
                };
                drop(server);
                if silent {
                    std::future::pending::<()>().await;
                }
            });
        }
    });
    (port, silence)
}

/// The server's machine is gone without a word. Once another process is asked and knows nothing of it, nobody waits.
#[tokio::test(flavor = "multi_thread")]
async fn a_place_is_free_again_when_the_process_that_had_it_is_gone() {
    let server = TestServer::start();
    let name = server.database().name;
    let (port, silence) = falls_silent(server.port()).await;
    let options = impatient(options(&Database { name, port }));
    let store = Arc::new(connect(options).await.expect("a store"));
    wait_for_nobody(&server, &store).await;
    until("every one is counted", || store.pool_state().unanswered == 3).await;
    silence.notify_waiters();
    standbys(&server, "");
    server.query("postgres", &format!("SELECT count(pg_terminate_backend(pid)) {OURS}"));
    until("they are let go", || store.pool_state().in_use == 0).await;
    assert!(sign_in(&store, 1).await.expect("an answer").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_may_not_be_written_is_told_of_and_found_again() {
    let server = TestServer::start();
    let database = server.database();
    let store = connect(options(&database)).await.expect("a store");
    let read_only = |value: &str| {
        let set = format!("ALTER DATABASE {} SET default_transaction_read_only = {value}", database.name);
        server.query("postgres", &set);
        // Sessions have what they began with.
        server.query("postgres", &format!("SELECT count(pg_terminate_backend(pid)) {OURS}"));
    };
    read_only("on");
    assert!(cause(store.probe().await.expect_err("nothing is written")).contains("read_only"));
    assert!(cause(sign_in(&store, 1).await.expect_err("nothing is written")).contains("read_only"));
    read_only("off");
    store.probe().await.expect("it writes again");
    assert!(sign_in(&store, 1).await.expect("an answer").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_the_role_may_not_write_is_told_of() {
    let server = TestServer::start();
    let database = server.database();
    connect(options(&database)).await.expect("a schema");
    let rights = "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO clerk";
    server.query(&database.name, &format!("CREATE ROLE clerk LOGIN; {rights}"));
    let mut options = options(&database);
    options.user = "clerk".to_owned();
    let store = connect(options).await.expect("a store");
    store.probe().await.expect("it writes");
    // Somebody else's table is nobody's concern.
    server.query(
        &database.name,
        "CREATE ROLE other; CREATE TABLE theirs (); ALTER TABLE theirs OWNER TO other",
    );
    store.probe().await.expect("it writes");
    server.query(&database.name, "REVOKE INSERT ON audit FROM clerk");
    assert!(cause(store.probe().await.expect_err("it may not")).ends_with("in: audit"));
}

//! What operators and balancers are told of the database.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use madoguchi_test_postgres::TestServer;
use serde_json::Value;

use super::drain::{Running, ask, furnish};
use super::world::{NEWEST, World};

/// A node with a listener for operators, and its address.
fn node(database: &str) -> (World, Running, SocketAddr) {
    let world = World::new(NEWEST);
    let operations = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port");
    world.configure(database, "drain_seconds = 0");
    let mut text = std::fs::read_to_string(world.path("madoguchi.toml")).expect("the configuration");
    let more = format!("[operations]\nlisten = \"{operations}\"\n");
    text.push_str(&more);
    world.write("madoguchi.toml", text.as_bytes());
    furnish(&world);
    let running = Running::start(&world);
    (world, running, operations)
}

fn health(address: SocketAddr) -> (String, Value) {
    let mut stream = TcpStream::connect(address).expect("it listens");
    let answer = ask(&mut stream, "/health/database").expect("an answer");
    let body = answer.split("\r\n\r\n").nth(1).expect("a body");
    (answer.lines().next().expect("a line").to_owned(), serde_json::from_str(body).expect("JSON"))
}

#[test]
fn a_file_that_works_is_well() {
    let (_world, running, operations) = node("m.sqlite3");
    let (line, health) = health(operations);
    assert!(line.contains(" 200 "), "{line}");
    assert_eq!((&health["backend"], &health["state"]), (&"sqlite".into(), &"ok".into()), "{health}");
    assert_eq!(health["problems"], Value::Array(Vec::new()), "{health}");
    assert!(health["unsealed_records"].is_u64(), "{health}");
    let mut stream = TcpStream::connect(operations).expect("it listens");
    let metrics = ask(&mut stream, "/metrics").expect("an answer");
    assert!(metrics.lines().any(|line| line == "madoguchi_database_up 1"), "{metrics}");
    running.tell_to_end();
    running.wait();
}

#[test]
fn a_server_that_works_is_well_and_tells_of_clock_and_pool() {
    let server = TestServer::start_with(&["fsync = on", "shared_buffers = 32MB"]);
    let (_world, running, operations) = node(&server.database().address());
    let (line, health) = health(operations);
    assert!(line.contains(" 200 "), "{line}");
    assert_eq!((&health["backend"], &health["state"]), (&"postgresql".into(), &"ok".into()), "{health}");
    let shared = &health["server"];
    assert!(shared["clock_skew_seconds"].as_i64().is_some_and(|skew| skew.abs() <= 1), "{health}");
    assert_eq!(shared["connections_limit"], 16, "{health}");
    assert_eq!(shared["waits_for_standbys"], false, "{health}");
    running.tell_to_end();
    running.wait();
}

/// A server that answers questions and stores nothing is none that works; it is found again without a restart.
#[test]
fn a_server_that_stores_nothing_is_failing() {
    let server = TestServer::start_with(&["fsync = on", "shared_buffers = 32MB"]);
    let database = server.database();
    let (_world, running, operations) = node(&database.address());
    let ready = || {
        let mut stream = TcpStream::connect(operations).expect("it listens");
        ask(&mut stream, "/health/ready").expect("an answer").contains(" 200 ")
    };
    #[expect(clippy::disallowed_methods, reason = "a look comes every few seconds, and nobody tells of it")]
    let until = |state: &str| {
        for _ in 0..600 {
            let (line, health) = health(operations);
            if health["state"] == state {
                return (line, health);
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("not {state}: {}", health(operations).1)
    };
    assert!(ready());
    let read_only = |value: &str| {
        let set = format!("ALTER DATABASE {} SET default_transaction_read_only = {value}", database.name);
        server.query("postgres", &set);
        let end =
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'madoguchi'";
        server.query("postgres", end);
    };
    let standbys = |names: &str| {
        server.configure(&[&format!("synchronous_standby_names = '{names}'")]);
        server.reload();
    };
    for (name, broken, mended, why) in [
        ("read-only", &(|| read_only("on")) as &dyn Fn(), &(|| read_only("off")) as &dyn Fn(), "read_only"),
        ("standby", &|| standbys("nobody"), &|| standbys(""), "standby"),
    ] {
        broken();
        let (line, health) = until("failing");
        assert!(line.contains(" 503 ") && !ready(), "{name}: {line}");
        assert!(health["problems"][0].as_str().is_some_and(|problem| problem.contains(why)), "{health}");
        mended();
        until("ok");
        assert!(ready(), "{name}");
    }
    running.tell_to_end();
    running.wait();
}

/// The test's own server syncs nothing, and that is told.
#[test]
fn a_server_that_would_lose_data_is_told_of() {
    let server = TestServer::start();
    let (_world, running, operations) = node(&server.database().address());
    let (line, health) = health(operations);
    assert!(line.contains(" 200 ") && health["state"] == "warning", "{line} {health}");
    assert!(health["problems"][0].as_str().is_some_and(|problem| problem.contains("fsync")), "{health}");
    running.tell_to_end();
    running.wait();
}

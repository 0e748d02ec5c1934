//! What operators and balancers are told of the database.

use std::net::{SocketAddr, TcpListener, TcpStream};

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

//! What is around a gateway fails for a while: its disk, its database server, its clock. It says so, and goes on without a
//! restart when that is over.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use madoguchi_gateway_server::{Config, SystemClock, serve};
use madoguchi_storage::Clock;
use madoguchi_tests::nodes::{Ask, Crash, Node, Resident, Step, Town};
use madoguchi_tests::postgres::Relay;
use madoguchi_tests::town::random;
use rustls_pki_types::UnixTime;
use tokio::sync::oneshot;
use tokio::task::{JoinSet, block_in_place};
use tokio::time::{Instant, interval};

use super::races::sign_ins;
use super::world::{Postgres, addresses, judge, outage, sqlite_records, start};

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk() {
    let town = Arc::new(Town::new(5));
    let state = town.folder().join("state");
    std::fs::create_dir(&state).expect("a folder");
    let mut node = town
        .node(1, "state/madoguchi.sqlite3")
        .inside(r#"mount -t tmpfs -o size=16m,mode=0700 tmpfs "$1""#, &state);
    node.start().await;
    sign_ins(&town, &[node.address], 3).await;

    // Its own view of the folder is nobody else's.
    let seen = PathBuf::from(format!("/proc/{}/root", node.id().expect("it runs")))
        .join(state.strip_prefix("/").expect("absolute"));
    fill(&seen.join("filler"));
    let begun = begin(&town, &node).await;
    assert!(begun.status.is_server_error(), "{}", begun.told());
    // Pages that need nothing of the disk are there.
    assert_eq!(alive(&town, &node).await, 200);
    let health = health_until(&node, |status| status == 503).await;
    assert!(health["problems"].to_string().contains("full"), "{health}");
    assert!(node.log().contains("full"), "{}", node.log());

    std::fs::remove_file(seen.join("filler")).expect("removed");
    // Nobody started it again.
    sign_ins(&town, &[node.address], 3).await;
    health_until(&node, |status| status == 200).await;
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_may_not_be_written() {
    let town = Arc::new(Town::new(5));
    let state = town.folder().join("state");
    std::fs::create_dir(&state).expect("a folder");
    let mut node = town.node(1, "state/madoguchi.sqlite3");
    node.start().await;
    sign_ins(&town, &[node.address], 1).await;
    node.stop().await;
    // Whoever copies it now needs no other file.
    assert_eq!(std::fs::metadata(state.join("madoguchi.sqlite3-wal")).map_or(0, |log| log.len()), 0);

    let read_only = r#"mount --bind "$1" "$1" && mount -o remount,bind,ro "$1""#;
    let mut refused = town.node(2, "state/madoguchi.sqlite3").inside(read_only, &state);
    refused.spawn();
    let told = refused.refused().await;
    assert!(told.contains("madoguchi.sqlite3") && told.contains("Read-only"), "{told}");

    node.start().await;
    sign_ins(&town, &[node.address], 1).await;
    node.stop().await;
    judge(&town.ledger, &sqlite_records(&state).await);
    assert_eq!(town.ledger.faults(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_away() {
    let (town, postgres, away) = (Arc::new(Town::new(20)), Postgres::start(), outage(5));
    let relay = Relay::to(postgres.server.port()).await;
    let mut nodes = start(&town, 2, &postgres.at(relay.address.port())).await;
    let crash = Crash::begin(&town, &addresses(&nodes), 4);
    until(&town, Step::Refreshed, 20).await;

    town.ledger.kill();
    relay.lead_to(None);
    let gone = Instant::now();
    let mut slowest = Duration::ZERO;
    while gone.elapsed() < away {
        for node in &nodes {
            let asked = Instant::now();
            let begun = begin(&town, node).await;
            slowest = slowest.max(asked.elapsed());
            assert!(begun.status.is_server_error(), "{}", begun.told());
            assert_eq!(alive(&town, node).await, 200);
        }
    }
    for node in &nodes {
        let health = health_until(node, |status| status == 503).await;
        assert!(!health["problems"].as_array().expect("a list").is_empty(), "{health}");
    }
    relay.lead_to(Some(postgres.server.port()));
    let (back, before) = (Instant::now(), town.ledger.steps(Step::Refreshed).0);
    until(&town, Step::Refreshed, before + 1).await;
    let gap = back.elapsed();
    until(&town, Step::Refreshed, before + 20).await;
    crash.end().await;
    for node in &mut nodes {
        health_until(node, |status| status == 200).await;
        node.stop().await;
    }
    judge(&town.ledger, &postgres.records());
    println!(
        "the database away for {away:?}: the slowest answer took {slowest:.1?}, the next sign-in was there {gap:.1?} after \
         it was back"
    );
    println!("{}", town.ledger);
    assert_eq!(town.ledger.faults(), []);
    assert!(slowest < Duration::from_secs(15), "{slowest:?}");
}

/// All connections wait for a lock that somebody holds.
#[tokio::test(flavor = "multi_thread")]
async fn no_connection_left() {
    let (town, postgres) = (Arc::new(Town::new(5)), Postgres::start());
    let few = "[postgresql]\nconnections = 2\nacquire_seconds = 1\nlock_seconds = 2\n";
    let mut node = town.node_with(1, &postgres.address(), few);
    node.start().await;
    sign_ins(&town, &[node.address], 1).await;

    let mut holder = Command::new(madoguchi_test_postgres::program("psql"))
        .args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", &postgres.address()])
        .stdin(Stdio::piped())
        .spawn()
        .expect("runs");
    let mut input = holder.stdin.take().expect("piped");
    writeln!(input, "BEGIN; LOCK TABLE sign_ins IN ACCESS EXCLUSIVE MODE;").expect("told");
    until_true(|| {
        postgres.server.query(
            &postgres.database.name,
            "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted AND relation = 'sign_ins'::regclass",
        ) == "1"
    })
    .await;
    let begun = Instant::now();
    let mut crowd: JoinSet<_> = (0..12)
        .map(|_| {
            let (town, address) = (Arc::clone(&town), node.address);
            async move { begin_at(&town, address).await }
        })
        .collect();
    while let Some(reply) = crowd.join_next().await {
        let reply = reply.expect("an answer");
        assert!(reply.status.is_server_error(), "{}", reply.told());
    }
    // Each had a second for a connection and two for the lock, and nobody waited for anybody else's.
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    writeln!(input, "ROLLBACK;").expect("told");
    drop(input);
    block_in_place(|| holder.wait()).expect("it ended");
    sign_ins(&town, &[node.address], 3).await;
    node.stop().await;
}

/// Nodes whose machines' clocks are five minutes apart agree: theirs is the database's.
#[tokio::test(flavor = "multi_thread")]
async fn clocks_five_minutes_off() {
    struct Skewed(i64);

    impl Clock for Skewed {
        fn now(&self) -> UnixTime {
            let now = SystemClock.now().as_secs();
            UnixTime::since_unix_epoch(Duration::from_secs(now.saturating_add_signed(self.0)))
        }
    }

    let (town, postgres) = (Arc::new(Town::new(5)), Postgres::start());
    let (mut running, mut nodes) = (JoinSet::new(), Vec::new());
    for (number, skew) in [(1, 300), (2, -300), (3, 0)] {
        let node = town.node(number, &postgres.address());
        let config = Config::read(&node.config).expect("a configuration");
        let (sender, ready) = oneshot::channel();
        running.spawn(serve(config, Arc::new(Skewed(skew)), Arc::new(random().clone()), move |_| {
            let _ = sender.send(());
        }));
        ready.await.expect("it serves");
        nodes.push(node);
    }
    sign_ins(&town, &addresses(&nodes), 9).await;
    judge(&town.ledger, &postgres.records());
    assert_eq!(town.ledger.faults(), []);
    for (node, (skew, status)) in nodes.iter().zip([(300, 503), (-300, 503), (0, 200)]) {
        let health = health_until(node, |found| found == status).await;
        let told = health["server"]["clock_skew_seconds"].as_i64().expect("a number");
        assert!((told - skew).abs() < 2, "{health}");
        assert_eq!(health["problems"].to_string().contains("clock"), skew != 0, "{health}");
    }
    running.abort_all();
}

/// The button at this node: what needs the database first.
async fn begin(town: &Arc<Town>, node: &Node) -> madoguchi_tests::nodes::Reply {
    begin_at(town, node.address).await
}

async fn begin_at(town: &Arc<Town>, address: std::net::SocketAddr) -> madoguchi_tests::nodes::Reply {
    let lines = town.lines(&Arc::from([address]), 0);
    Resident::new(town, lines).press().await
}

async fn alive(town: &Arc<Town>, node: &Node) -> u16 {
    let mut lines = town.lines(&Arc::from([node.address]), 0);
    lines.send(&Ask::get("/health/live")).await.expect("an answer").status.as_u16()
}

/// What health says once it has this status: it looks in the background.
async fn health_until(node: &Node, wanted: impl Fn(u16) -> bool) -> serde_json::Value {
    let mut look = interval(Duration::from_millis(100));
    loop {
        let (status, health) = node.look("/health/database");
        if wanted(status) {
            return health;
        }
        look.tick().await;
    }
}

async fn until(town: &Town, step: Step, count: u64) {
    until_true(|| town.ledger.steps(step).0 >= count).await;
}

/// Another program's state: nothing wakes us.
async fn until_true(so: impl Fn() -> bool) {
    let mut look = interval(Duration::from_millis(10));
    while !so() {
        look.tick().await;
    }
}

/// Writes until there is no room for an octet more.
fn fill(path: &Path) {
    let mut file = std::fs::File::create(path).expect("a file");
    for chunk in [1 << 16, 1 << 12, 1] {
        let octets = vec![0; chunk];
        while file.write_all(&octets).is_ok() {}
    }
}

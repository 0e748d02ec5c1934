//! `kill -9` of the gateway and the loss of its database server, under load: every token, session and audit record that was
//! answered is there, and no code gives tokens twice.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use madoguchi_tests::nodes::{Crash, Fault, Ledger, Node, Step, Town, Victim};

use super::world::{Postgres, addresses, judge, kills, sqlite_records, start, verify_chain};

#[tokio::test(flavor = "multi_thread")]
async fn kills_of_the_gateway_on_sqlite() {
    let (town, times) = (Arc::new(Town::new(100)), kills(6));
    let mut node = town.node(1, "madoguchi.sqlite3");
    node.start().await;
    let crash = Crash::begin(&town, &[node.address], 12);
    crash.kill(&mut node, times).await;
    crash.end().await;
    node.stop().await;
    verify_chain(&node);
    told("kills -9 of the gateway on SQLite", &town.ledger, times, &sqlite_records(town.folder()).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_of_a_gateway_on_postgresql() {
    let (town, times, postgres) = (Arc::new(Town::new(100)), kills(6), Postgres::start());
    let mut nodes = start(&town, 2, &postgres.address()).await;
    let crash = Crash::begin(&town, &addresses(&nodes), 12);
    // The other one goes on.
    crash.kill(&mut nodes[0], times).await;
    crash.end().await;
    for node in &mut nodes {
        node.stop().await;
    }
    verify_chain(&nodes[0]);
    told("kills -9 of one of two gateways on PostgreSQL", &town.ledger, times, &postgres.records());
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_of_the_postgresql_server() {
    let (town, times, mut postgres) = (Arc::new(Town::new(100)), kills(6), Postgres::start());
    let mut nodes = start(&town, 2, &postgres.address()).await;
    let crash = Crash::begin(&town, &addresses(&nodes), 12);
    crash.kill(&mut postgres.server, times).await;
    crash.end().await;
    // Nobody started a gateway again.
    for node in &mut nodes {
        node.stop().await;
    }
    verify_chain(&nodes[0]);
    told(
        "immediate stops of the PostgreSQL server under two gateways",
        &town.ledger,
        times,
        &postgres.records(),
    );
}

/// Prints the counts, and judges them.
#[expect(clippy::print_stdout, reason = "script/crash shows it")]
fn told(what: &str, ledger: &Ledger, times: u64, records: &[(String, String)]) {
    let completed = judge(ledger, records);
    println!("{} {what}; {completed} sign-ins in the audit log", ledger.kills());
    println!("{ledger}");
    assert_eq!(ledger.faults(), []);
    for what in ["access token", "session", "refresh token", "code, refused again"] {
        assert!(ledger.count_checked(what) > times, "{what}: {ledger}");
    }
    let steps = [Step::Claimed, Step::Proven, Step::Completed, Step::Answered, Step::Redeemed];
    let crossed: u64 = steps.iter().map(|step| ledger.steps(*step).1).sum();
    assert!(crossed >= times, "the kills met no sign-in under way: {ledger}");
}

/// The judge can say no: a disk that forgets what was written last is found out.
#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_forgets_is_found_out() {
    struct Forgetful {
        node: Node,
        log: PathBuf,
    }

    #[async_trait]
    impl Victim for Forgetful {
        async fn kill(&mut self) {
            self.node.kill().await;
            // All that was committed since the last checkpoint.
            std::fs::remove_file(&self.log).expect("a write-ahead log");
        }

        async fn spawn(&mut self) {
            self.node.spawn();
        }

        async fn ready(&mut self) {
            self.node.ready().await;
        }
    }

    let town = Arc::new(Town::new(20));
    let mut node = town.node(1, "madoguchi.sqlite3");
    node.start().await;
    let (address, log) = (node.address, town.folder().join("madoguchi.sqlite3-wal"));
    let mut victim = Forgetful { node, log };
    let crash = Crash::begin(&town, &[address], 8);
    crash.kill(&mut victim, 2).await;
    crash.end().await;
    victim.node.stop().await;
    judge(&town.ledger, &sqlite_records(town.folder()).await);
    assert!(town.ledger.faults().iter().any(|fault| matches!(fault, Fault::Lost(_))), "{}", town.ledger);
}

//! Five nodes on one database: any serves any request, and none gives twice what another gave.

use std::sync::Arc;

use serde_json::Value;

use madoguchi_storage::AuditKind;
use madoguchi_tests::nodes::{Ask, Town};

use super::races::{Races, sign_ins};
use super::world::{Postgres, addresses, judge, rounds, sqlite_records, start, verify_chain};

#[tokio::test(flavor = "multi_thread")]
async fn five_nodes_on_one_postgresql() {
    let (town, postgres) = (Arc::new(Town::new(20)), Postgres::start());
    // All at one moment, on a database that is not there yet: one of them makes schema and keys.
    let mut nodes = start(&town, 5, &postgres.address()).await;
    let addresses = addresses(&nodes);
    let mut published = Vec::new();
    for address in &addresses {
        let mut lines = town.lines(&Arc::from([*address]), 0);
        let answer = lines.send(&Ask::get("/jwks")).await.expect("an answer");
        published.push(es256(&answer.body));
    }
    assert_eq!(published[0].len(), 1, "one key, not one of each node: {published:?}");
    assert!(published.iter().all(|keys| *keys == published[0]), "the same for all: {published:?}");

    sign_ins(&town, &addresses, 20).await;
    let mut races = Races::new(&town, &addresses);
    for round in 0..rounds(5) {
        races.round(round).await;
        races.registration_token(&nodes[0]).await;
    }
    println!("{} rounds of races on five nodes: {}", rounds(5), races.told());
    for node in &mut nodes {
        node.stop().await;
    }
    let records = postgres.records();
    judge(&town.ledger, &records);
    verify_chain(&nodes[0]);
    assert_eq!(town.ledger.faults(), []);
    assert!(records.iter().any(|(kind, _)| kind == AuditKind::CodeReused.as_str()));
}

/// The keys that are there from the start. One for RS256 is made meanwhile, and each node reads of it within two seconds.
fn es256(jwks: &str) -> Vec<Value> {
    let jwks: Value = serde_json::from_str(jwks).expect("JSON");
    let keys = jwks["keys"].as_array().expect("keys").iter();
    keys.filter(|key| key["alg"] == "ES256").cloned().collect()
}

/// SQLite allows a second process beside the first, as while one takes the other's place; the races are the same.
#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_on_one_sqlite_file() {
    let town = Arc::new(Town::new(10));
    let mut nodes = start(&town, 2, "madoguchi.sqlite3").await;
    let addresses = addresses(&nodes);
    sign_ins(&town, &addresses, 5).await;
    let mut races = Races::new(&town, &addresses);
    for round in 0..rounds(3) {
        races.round(round).await;
        races.registration_token(&nodes[0]).await;
    }
    println!("{} rounds of races on two nodes: {}", rounds(3), races.told());
    for node in &mut nodes {
        node.stop().await;
    }
    let records = sqlite_records(town.folder()).await;
    judge(&town.ledger, &records);
    verify_chain(&nodes[0]);
    assert_eq!(town.ledger.faults(), []);
    assert!(records.iter().any(|(kind, _)| kind == AuditKind::CodeReused.as_str()));
}

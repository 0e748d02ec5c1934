//! The primary is lost under load, its synchronous standby takes its place: nothing that was answered is lost.

use std::sync::Arc;
use std::time::Duration;

use madoguchi_test_postgres::Stop;
use madoguchi_tests::nodes::{Crash, Step, Town};
use madoguchi_tests::postgres::Relay;
use tokio::task::block_in_place;
use tokio::time::{Instant, interval};

use super::world::{Postgres, addresses, judge, records_of, start};

#[tokio::test(flavor = "multi_thread")]
async fn the_primary_is_lost_and_its_standby_takes_its_place() {
    let (town, postgres) = (Arc::new(Town::new(50)), Postgres::start());
    let standby = block_in_place(|| postgres.server.standby());
    postgres.server.require_standby();
    let mut look = interval(Duration::from_millis(20));
    while !postgres.server.is_followed() {
        look.tick().await;
    }
    let relay = Relay::to(postgres.server.port()).await;
    let mut nodes = start(&town, 2, &postgres.at(relay.address.port())).await;
    let crash = Crash::begin(&town, &addresses(&nodes), 8);
    until(&town, Step::Refreshed, 100).await;

    town.ledger.kill();
    let lost = Instant::now();
    let before = town.ledger.steps(Step::Refreshed).0;
    block_in_place(|| postgres.server.stop(Stop::Immediate));
    block_in_place(|| standby.promote());
    relay.lead_to(Some(standby.port()));
    let promoted = lost.elapsed();
    until(&town, Step::Refreshed, before + 1).await;
    let gap = lost.elapsed();
    until(&town, Step::Refreshed, before + 100).await;
    crash.end().await;
    for node in &mut nodes {
        node.stop().await;
    }
    let completed = judge(&town.ledger, &records_of(&standby, &postgres.database));
    println!(
        "failover: {:.1} s from the loss of the primary to the next sign-in, {:.1} s of them until the standby was \
         promoted; {completed} sign-ins in the audit log",
        gap.as_secs_f64(),
        promoted.as_secs_f64()
    );
    println!("{}", town.ledger);
    assert_eq!(town.ledger.faults(), []);
    assert!(town.ledger.count_checked("session") > 150, "{}", town.ledger);
}

async fn until(town: &Town, step: Step, count: u64) {
    let mut look = interval(Duration::from_millis(5));
    while town.ledger.steps(step).0 < count {
        look.tick().await;
    }
}

//! The database's clock: nodes with other clocks agree, and say how far they are.

use std::sync::Arc;
use std::time::Duration;

use rustls_pki_types::UnixTime;

use madoguchi_storage::{Clock, ManualClock};
use madoguchi_storage_postgres::DatabaseClock;
use madoguchi_test_postgres::{Stop, TestServer};

use crate::flow::options;

async fn clock_of_a_node(server: &TestServer, ahead: i64) -> Arc<DatabaseClock> {
    let now = UnixTime::now().as_secs();
    let local = Arc::new(ManualClock::new(now.checked_add_signed(ahead).expect("a time")));
    let options = Arc::new(options(&server.database()));
    DatabaseClock::connect(options, local).await.expect("a clock")
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_with_other_clocks_agree() {
    let server = TestServer::start();
    let (fast, slow) = (clock_of_a_node(&server, 300).await, clock_of_a_node(&server, -300).await);
    let (fast_now, slow_now, now) = (fast.now().as_secs(), slow.now().as_secs(), UnixTime::now().as_secs());
    assert!(fast_now.abs_diff(slow_now) <= 1, "{fast_now} {slow_now}");
    // The server of a test is on this machine.
    assert!(fast_now.abs_diff(now) <= 1);
    let reading = fast.reading();
    assert!((295..=301).contains(&reading.skew_seconds), "{reading:?}");
    assert!((-315..=-299).contains(&slow.reading().skew_seconds), "{:?}", slow.reading());
    assert!(reading.round_trip < Duration::from_secs(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clock_goes_on_without_its_server() {
    let server = TestServer::start();
    let clock = clock_of_a_node(&server, 0).await;
    server.stop(Stop::Immediate);
    let before = clock.now();
    assert!(clock.now() >= before);
    assert!(clock.now().as_secs().abs_diff(UnixTime::now().as_secs()) <= 1);
}

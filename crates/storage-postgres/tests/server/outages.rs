//! A server that goes away and comes back: nothing answered is lost, nothing is done twice, and nobody restarts the gateway.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use madoguchi_storage::{Codes as _, SignInState, SignIns as _};
use madoguchi_storage_postgres::PostgresStore;
use madoguchi_test_postgres::{Stop, TestServer};

use crate::flow::{TOWN, connect, hash, options, short, sign_in};

/// Sign-ins until told to stop; the numbers of those that were answered to the end.
fn load(store: &Arc<PostgresStore>, stop: &Arc<AtomicBool>) -> tokio::task::JoinSet<(Vec<u32>, u32)> {
    let mut lanes = tokio::task::JoinSet::new();
    for lane in 0..8 {
        let (store, stop) = (Arc::clone(store), Arc::clone(stop));
        lanes.spawn(async move {
            let (mut answered, mut failed) = (Vec::new(), 0);
            let mut number = lane;
            while !stop.load(Ordering::SeqCst) {
                match sign_in(&store, number).await {
                    Ok(Some(())) => answered.push(number),
                    // Somebody with the same card ended it, or the outcome of a commit is unknown.
                    Ok(None) => {}
                    Err(_) => failed += 1,
                }
                number += 8;
            }
            (answered, failed)
        });
    }
    lanes
}

/// Every sign-in that was answered is there, with its code used and its token live.
async fn all_is_there(store: &PostgresStore, answered: &[u32]) {
    for &number in answered {
        let sign_in = store.of_browser(TOWN, short("id", number), hash("b", number)).await.expect("a look");
        let sign_in = sign_in.expect("a sign-in that was answered");
        assert_eq!((sign_in.state, sign_in.answered), (SignInState::Completed, true), "{number}");
        assert!(store.find_code(TOWN, hash("code", number)).await.expect("a look").is_some(), "{number}");
    }
}

/// The server ends every connection in the middle of whatever it does: what had not come to its commit is done again, and
/// nobody hears of it but those whose commit was under way.
#[tokio::test(flavor = "multi_thread")]
async fn connections_that_the_server_ends_are_survived() {
    let server = TestServer::start();
    let database = server.database();
    let store = Arc::new(connect(options(&database)).await.expect("a store"));
    let stop = Arc::new(AtomicBool::new(false));
    let mut lanes = load(&store, &stop);
    let mut ended = 0;
    for _ in 0..20 {
        let sql = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'madoguchi'";
        let count: u32 = server.query("postgres", sql).parse().expect("a count");
        ended += count;
    }
    stop.store(true, Ordering::SeqCst);
    let (mut answered, mut failed) = (Vec::new(), 0);
    while let Some(lane) = lanes.join_next().await {
        let (of_lane, failed_of_lane) = lane.expect("a lane that does not panic");
        answered.extend(of_lane);
        failed += failed_of_lane;
    }
    assert!(ended > 20, "only {ended} connections were ended");
    assert!(!answered.is_empty());
    // A termination is acted on between a commit and its answer, if at all, about once in a hundred times.
    assert!(failed <= ended / 4, "{failed} of {ended} terminations were heard of");
    all_is_there(&store, &answered).await;
    assert!(sign_in(&store, 1_000_000).await.expect("an answer").is_some());
}

/// The server loses its power and recovers. Those who come meanwhile wait for it as long as they wait for a connection.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_comes_back_is_found_again() {
    let server = TestServer::start();
    let database = server.database();
    let store = Arc::new(connect(options(&database)).await.expect("a store"));
    let stop = Arc::new(AtomicBool::new(false));
    let mut lanes = load(&store, &stop);
    for _ in 0..3 {
        // Something is under way.
        while store.pool_state().in_use == 0 {
            tokio::task::yield_now().await;
        }
        server.stop(Stop::Immediate);
        server.start_again();
    }
    stop.store(true, Ordering::SeqCst);
    let mut answered = Vec::new();
    while let Some(lane) = lanes.join_next().await {
        answered.extend(lane.expect("a lane that does not panic").0);
    }
    assert!(!answered.is_empty());
    all_is_there(&store, &answered).await;
    assert!(sign_in(&store, 1_000_000).await.expect("an answer").is_some());
    assert_eq!(store.pool_state().in_use, 0, "every connection came back");
}

/// While it is away everybody gets an error in time, and the first one after it is back gets an answer.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_away_is_an_error_in_time() {
    let server = TestServer::start();
    let mut options = options(&server.database());
    options.acquire_timeout = Duration::from_millis(300);
    let store = connect(options).await.expect("a store");
    server.stop(Stop::Fast);
    let refused = store.newest_of_browser(TOWN, hash("b", 1)).await.expect_err("it is away");
    assert!(refused.to_string().contains("127.0.0.1"), "{refused}");
    store.server_health().await.expect_err("it is away");
    server.start_again();
    assert!(sign_in(&store, 1).await.expect("an answer").is_some());
    assert!(!store.server_health().await.expect("it is back").survives_power_loss, "fsync is off here");
}

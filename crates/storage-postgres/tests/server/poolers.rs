//! A pooler that was not named is found at once, whatever it does with the settings of a session.

use madoguchi_test_postgres::{Pooler, TestServer};

use crate::flow::{connect, options, sign_in};

/// PgBouncer refuses a setting that it does not know, or drops it where it was told to. On either way statements that one
/// node prepared would be run by another.
#[tokio::test(flavor = "multi_thread")]
async fn a_pooler_that_was_not_named_is_refused() {
    let server = TestServer::start();
    let database = server.database();
    for configuration in ["", "ignore_startup_parameters = options"] {
        let pooler = Pooler::start(&server, 2, &[configuration]);
        let through = pooler.before(&database);
        let refused = connect(options(&through)).await.err().expect("it is refused");
        assert!(refused.to_string().contains("say that it is a pooler"), "{refused}");
        let mut named = options(&through);
        named.pooler = true;
        let store = connect(named).await.expect("a store");
        let number = u32::try_from(configuration.len()).expect("small");
        assert!(sign_in(&store, number).await.expect("an answer").is_some());
    }
}

/// A single connection of the server for all of ours: nothing of a transaction is on it when the next one comes.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_on_a_pooled_connection() {
    let server = TestServer::start();
    let pooler = Pooler::start(&server, 1, &[]);
    let mut named = options(&pooler.before(&server.database()));
    named.pooler = true;
    let store = std::sync::Arc::new(connect(named).await.expect("a store"));
    let mut lanes = tokio::task::JoinSet::new();
    for lane in 0..8 {
        let store = std::sync::Arc::clone(&store);
        lanes.spawn(async move {
            for round in 0..8 {
                assert!(sign_in(&store, lane + 8 * round).await.expect("an answer").is_some());
            }
        });
    }
    while let Some(lane) = lanes.join_next().await {
        lane.expect("a lane that does not panic");
    }
}

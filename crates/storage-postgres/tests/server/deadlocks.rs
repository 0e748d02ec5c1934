//! All that writes at once, for a while, on few rows: no two transactions ever wait for each other.

use std::sync::Arc;

use madoguchi_storage::{
    AccountId, Codes as _, EndedBy, NewAccessToken, NewRefreshToken, RefreshTokens as _, SessionSelection,
    Sessions as _, SignIns as _,
};
use madoguchi_storage_postgres::PostgresStore;
use madoguchi_test_postgres::TestServer;

use crate::flow::{TOWN, code, connect, hash, new_sign_in, options, short, sign_in};

const LANES: u32 = 12;
const ROUNDS: u32 = 24;

/// Three nodes sign residents in, in browsers whose sessions follow each other, while codes are used again, tokens
/// refreshed, sessions answered and ended, sign-ins cancelled and all of it swept. The server counts its deadlocks.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_mixed_load_never_deadlocks() {
    let server = TestServer::start();
    let database = server.database();
    let mut nodes = Vec::new();
    for _ in 0..3 {
        nodes.push(Arc::new(connect(options(&database)).await.expect("a store")));
    }
    let mut lanes = tokio::task::JoinSet::new();
    for lane in 0..LANES {
        let nodes = nodes.clone();
        lanes.spawn(async move {
            for round in 0..ROUNDS {
                let node = |step: u32| &*nodes[usize::try_from((lane + round + step) % 3).expect("small")];
                step(node(0), node(1), lane, round).await;
            }
        });
    }
    while let Some(lane) = lanes.join_next().await {
        lane.expect("a lane that does not panic");
    }
    // What a session counted is told when it ends.
    drop(nodes);
    let deadlocks = format!("SELECT deadlocks FROM pg_stat_database WHERE datname = '{}'", database.name);
    assert_eq!(server.query("postgres", &deadlocks), "0");
    assert!(!server.log().contains("deadlock detected"), "{}", server.log());
    assert!(!server.log().contains("ERROR"), "{}", server.log());
}

/// Sign-ins of one lane come to the same residents as those of the others, and half of its steps are about what another
/// lane made.
async fn step(one: &PostgresStore, other: &PostgresStore, lane: u32, round: u32) {
    let number = round * LANES + lane;
    // A sign-in of the round before.
    let earlier = round.saturating_sub(1) * LANES + lane % 3;
    match lane % 6 {
        0..=2 => {
            sign_in(one, number).await.expect("an answer");
            let rotated = NewRefreshToken { hash: hash("rotated", number), key: None };
            let access =
                |what| NewAccessToken { hash: hash(what, number), lifetime: 600, key: None, scope: None };
            let refresh = hash("refresh", number);
            let refreshed = other.use_refresh_token(TOWN, refresh, access("second"), Some(rotated));
            // The same code again, beside the refresh: both are about the tokens of one code.
            let again = one.redeem_code(TOWN, hash("code", number), None);
            let (refreshed, again) = tokio::join!(refreshed, again);
            let _ = (refreshed.expect("an outcome"), again.expect("an outcome"));
        }
        3 => {
            one.start(new_sign_in(number)).await.expect("a sign-in");
            let cancelled = other.cancel_by_browser(TOWN, new_sign_in(number).id, hash("b", number));
            let _ = cancelled.await.expect("an outcome");
            other.sweep(100).await.expect("a sweep");
        }
        4 => {
            let mut code = code(number);
            code.hash = hash("another code", number);
            let answered = one.answer_in_session(TOWN, hash("cookie", earlier), Some(600), code);
            let ended = other.end_session(TOWN, hash("session", earlier));
            let (answered, ended) = tokio::join!(answered, ended);
            let _ = (answered.expect("an outcome"), ended.expect("an outcome"));
        }
        _ => {
            let account = SessionSelection::Account(AccountId(short("account", round % 4)));
            let cookie = SessionSelection::Cookie(hash("cookie", earlier));
            let (first, second, third) = tokio::join!(
                one.end_sessions(TOWN, account, EndedBy::Resident),
                other.end_sessions(TOWN, account, EndedBy::Resident),
                other.end_sessions(TOWN, cookie, EndedBy::Service)
            );
            third.expect("an outcome");
            let _ = (first.expect("an outcome"), second.expect("an outcome"));
        }
    }
}

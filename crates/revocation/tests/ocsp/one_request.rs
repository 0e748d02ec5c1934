//! Many who wait for the same answer make one request.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use madoguchi_cert_verify::{Anchor, Certificate, ResponderStanding};
use madoguchi_revocation::{NonceUse, OcspLimits, OcspSource as _, Responder, ResponderCheck};
use madoguchi_test_pki::{HttpFault, OcspBehaviour, OcspFault};
use rustls_pki_types::UnixTime;
use tokio::task::JoinSet;

use crate::world::{TestClient, TestResponder, fault, http, is_good, limits, now, responder, world};

/// A hundred milliseconds: long enough that all have come when the first answer is there.
fn slow() -> OcspBehaviour {
    OcspBehaviour { delay: Duration::from_millis(100), ..OcspBehaviour::default() }
}

async fn all_good(client: &Arc<TestClient>, waiters: usize) -> usize {
    let mut asking = JoinSet::new();
    for _ in 0..waiters {
        let client = Arc::clone(client);
        asking.spawn(async move { is_good(client.ask(0, now()).await) });
    }
    asking.join_all().await.into_iter().filter(|good| *good).count()
}

#[tokio::test]
async fn fifty_who_wait_make_one_request_whatever_the_nonce_policy() {
    for nonce in [NonceUse::None, NonceUse::Require] {
        let server = TestResponder::with(slow()).await;
        let client = Arc::new(TestClient::new(vec![Responder { nonce, ..responder(server.address) }]));
        assert_eq!(all_good(&client, 50).await, 50);
        assert_eq!(server.requests(), 1);
        let health = client.client.health(now());
        assert_eq!((health.questions, health.joined, health.cache_hits), (50, 49, 0));
    }
}

#[tokio::test]
async fn other_certificates_have_requests_of_their_own() {
    let server = TestResponder::with(slow()).await;
    let client = Arc::new(TestClient::new(vec![responder(server.address)]));
    let mut asking = JoinSet::new();
    for card in [0, 1, 2, 3, 0, 1, 2, 3] {
        let client = Arc::clone(&client);
        asking.spawn(async move { is_good(client.ask(card, now()).await) });
    }
    assert!(asking.join_all().await.into_iter().all(|good| good));
    assert_eq!(server.requests(), 4);
}

/// They share a failure too: nobody waits in line for one time-out after the other.
#[tokio::test]
async fn a_failure_is_shared() {
    let mut behaviour = http(HttpFault::Unavailable);
    behaviour.delay = Duration::from_millis(100);
    let server = TestResponder::with(behaviour).await;
    let client = Arc::new(TestClient::new(vec![responder(server.address)]));
    assert_eq!(all_good(&client, 50).await, 0);
    assert_eq!(server.requests(), 1);
}

/// So is the end of everybody's time: the next in line does not begin anew.
#[tokio::test]
async fn a_question_that_took_too_long_is_over_for_all() {
    let server = TestResponder::with(http(HttpFault::Silent)).await;
    let limits = OcspLimits { whole: Duration::from_millis(100), ..limits() };
    let client = Arc::new(TestClient::with(vec![responder(server.address)], limits));
    assert_eq!(all_good(&client, 10).await, 0);
    assert_eq!((server.requests(), client.client.health(now()).joined), (1, 9));
}

#[tokio::test]
async fn whoever_goes_away_disturbs_nobody() {
    let server = TestResponder::with(http(HttpFault::Silent)).await;
    let client = Arc::new(TestClient::new(vec![responder(server.address)]));
    let first = tokio::spawn({
        let client = Arc::clone(&client);
        async move { client.ask(0, now()).await }
    });
    while server.requests() == 0 {
        tokio::task::yield_now().await;
    }
    let mut rest = JoinSet::new();
    for _ in 0..10 {
        let client = Arc::clone(&client);
        rest.spawn(async move { is_good(client.ask(0, now()).await) });
    }
    // They wait for the first one, who asked a responder that says nothing.
    while client.client.health(now()).questions < 11 {
        tokio::task::yield_now().await;
    }
    server.switch.set(OcspBehaviour::default());
    first.abort();
    assert!(first.await.is_err_and(|error| error.is_cancelled()));
    assert!(rest.join_all().await.into_iter().all(|good| good));
    assert_eq!(server.requests(), 2, "the one that was given up, and one for the ten");
}

/// Panics once.
struct Panics(AtomicBool);

impl ResponderCheck for Panics {
    fn standing(&self, _: &Certificate, _: &Anchor, _: UnixTime) -> ResponderStanding {
        assert!(self.0.swap(true, Ordering::SeqCst), "a test of what a panic leaves behind");
        ResponderStanding::Good
    }
}

#[tokio::test]
async fn a_panic_of_the_one_who_asks_leaves_the_others_their_answer() {
    let mut behaviour = fault(OcspFault::ResponderUnchecked);
    behaviour.delay = Duration::from_millis(100);
    let server = TestResponder::with(behaviour).await;
    let check = Arc::new(Panics(AtomicBool::new(false)));
    let client = Arc::new(TestClient::checked(vec![responder(server.address)], limits(), check));
    let mut asking = JoinSet::new();
    for _ in 0..10 {
        let client = Arc::clone(&client);
        asking.spawn(async move { is_good(client.ask(0, now()).await) });
    }
    let (mut good, mut panicked) = (0, 0);
    while let Some(ended) = asking.join_next().await {
        match ended {
            Ok(true) => good += 1,
            Ok(false) => panic!("an answer that is not good"),
            Err(error) if error.is_panic() => panicked += 1,
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!((good, panicked, server.requests()), (9, 1, 2));
}

#[tokio::test]
async fn a_question_that_nobody_waits_for_leaves_nothing_behind() {
    let server = TestResponder::with(http(HttpFault::Silent)).await;
    let client = TestClient::new(vec![responder(server.address)]);
    for asked in 1..=3 {
        let path = world().path(0);
        let question = client.client.evidence(&path, now());
        tokio::select! {
            _ = question => panic!("nobody answers"),
            () = async { while server.requests() < asked { tokio::task::yield_now().await } } => {}
        }
    }
    server.switch.set(OcspBehaviour::default());
    assert!(is_good(client.ask(0, now()).await));
    assert_eq!(server.requests(), 4);
}

//! A responder that fails is left alone, and found again. The clock is an argument.

use std::sync::Arc;
use std::time::Duration;

use madoguchi_cert_verify::{OcspAbsence, OcspAnswer};
use madoguchi_revocation::{BreakerSettings, BreakerState, OcspLimits, Responder};
use madoguchi_test_pki::{HttpFault, OcspFault};

use crate::world::{TestClient, TestResponder, fault, http, is_good, later, limits, now, responder};

fn state(client: &TestClient, seconds: u64) -> BreakerState {
    client.client.health(later(seconds)).responders[0].breaker
}

#[tokio::test]
async fn it_opens_after_failures_in_a_row_half_opens_after_its_time_and_closes_by_an_answer() {
    let server = TestResponder::with(http(HttpFault::Unavailable)).await;
    let client = TestClient::new(vec![responder(server.address)]);
    for (card, asked) in [(0, 1), (1, 2), (2, 3)] {
        assert_eq!(state(&client, 0), BreakerState::Closed);
        client.ask(card, now()).await;
        assert_eq!(server.requests(), asked);
    }
    assert_eq!(state(&client, 0), BreakerState::Open);
    for seconds in [0, 1, 29] {
        assert_eq!(client.ask(0, later(seconds)).await, OcspAnswer::None(OcspAbsence::Unreachable));
    }
    assert_eq!(server.requests(), 3, "left alone");
    // Still ill: one request finds out, and it is left alone for as long again.
    assert_eq!(state(&client, 30), BreakerState::HalfOpen);
    client.ask(3, later(30)).await;
    client.ask(0, later(59)).await;
    assert_eq!(server.requests(), 4);
    // Well again.
    server.switch.set(madoguchi_test_pki::OcspBehaviour::default());
    assert!(is_good(client.ask(0, later(60)).await));
    assert_eq!(state(&client, 60), BreakerState::Closed);
    assert!(is_good(client.ask(1, later(60)).await));
    let health = &client.client.health(later(70)).responders[0];
    assert_eq!((health.requests, health.failures), (6, 4));
    assert_eq!((health.last_good, health.seconds_since_last_good), (Some(later(60).as_secs()), Some(10)));
}

#[tokio::test]
async fn lies_and_illness_open_it() {
    for behaviour in [
        fault(OcspFault::TryLater),
        fault(OcspFault::OtherResponder),
        fault(OcspFault::Stale),
        fault(OcspFault::TrailingOctet),
        http(HttpFault::WrongContentType),
        http(HttpFault::Endless),
    ] {
        let server = TestResponder::with(behaviour).await;
        let client = TestClient::new(vec![responder(server.address)]);
        for card in 0..4 {
            client.ask(card, now()).await;
        }
        assert_eq!((server.requests(), state(&client, 0)), (3, BreakerState::Open), "{behaviour:?}");
    }
}

/// Otherwise whoever holds a card that the responder does not serve could shut it for everybody.
#[tokio::test]
async fn what_concerns_one_certificate_does_not_open_it() {
    for behaviour in [
        fault(OcspFault::Unauthorized),
        fault(OcspFault::OtherCertificate),
        fault(OcspFault::Stale),
        fault(OcspFault::TrailingOctet),
        http(HttpFault::Unavailable),
    ] {
        let server = TestResponder::with(behaviour).await;
        let client = TestClient::new(vec![responder(server.address)]);
        for _ in 0..5 {
            client.ask(0, now()).await;
        }
        assert_eq!((server.requests(), state(&client, 0)), (5, BreakerState::Closed), "{behaviour:?}");
        server.switch.set(madoguchi_test_pki::OcspBehaviour::default());
        assert!(is_good(client.ask(1, now()).await), "{behaviour:?}");
    }
}

/// A responder that is gone is gone for everybody: nobody else has to wait for a connection to find out.
#[tokio::test]
async fn silence_opens_it_whoever_asks() {
    let server = TestResponder::with(http(HttpFault::Silent)).await;
    let limits = OcspLimits { answer: Duration::from_millis(50), ..limits() };
    let client = TestClient::with(vec![responder(server.address)], limits);
    for _ in 0..5 {
        client.ask(0, now()).await;
    }
    assert_eq!((server.requests(), state(&client, 0)), (3, BreakerState::Open));
}

#[tokio::test]
async fn while_it_is_open_the_next_responder_is_asked_first_and_costs_no_retry() {
    let (first, second) = (TestResponder::start().await, TestResponder::start().await);
    first.switch.set(http(HttpFault::InternalError));
    let asked_again = |address| Responder { reuse_for: Duration::ZERO, ..responder(address) };
    let client = TestClient::new(vec![asked_again(first.address), asked_again(second.address)]);
    for asked in 0..300 {
        assert!(is_good(client.ask(asked % 3, now()).await));
    }
    assert_eq!((first.requests(), second.requests()), (3, 300));
}

/// Otherwise a crowd would wait for one time-out after the other.
#[tokio::test]
async fn whoever_waits_for_a_place_when_it_opens_does_not_ask() {
    let server = TestResponder::with(http(HttpFault::Silent)).await;
    let limits = OcspLimits {
        answer: Duration::from_millis(100),
        at_once: 1,
        breaker: BreakerSettings { failures: 1, ..limits().breaker },
        ..limits()
    };
    let client = Arc::new(TestClient::with(vec![responder(server.address)], limits));
    let asking = [0, 1, 2, 3].map(|card| {
        let client = Arc::clone(&client);
        tokio::spawn(async move { client.ask(card, now()).await })
    });
    for asked in asking {
        assert_eq!(asked.await.expect("an answer"), OcspAnswer::None(OcspAbsence::Unreachable));
    }
    assert_eq!(server.requests(), 1);
}

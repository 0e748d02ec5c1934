//! What is used again, and for how long.

use std::time::Duration;

use madoguchi_cert_verify::OcspAnswer;
use madoguchi_revocation::{NonceUse, OcspLimits, Responder};
use madoguchi_test_pki::{HttpFault, OcspClaim};

use crate::world::{TestClient, TestResponder, claim, http, is_good, later, limits, now, responder};

#[tokio::test]
async fn good_is_used_again_for_as_long_as_configured() {
    let server = TestResponder::start().await;
    let client = TestClient::new(vec![responder(server.address)]);
    for (seconds, requests) in [(0, 1), (1, 1), (299, 1), (300, 2), (301, 2)] {
        assert!(is_good(client.ask(0, later(seconds)).await));
        assert_eq!(server.requests(), requests, "{seconds}");
    }
    assert_eq!(client.client.health(now()).cache_hits, 3);
}

/// The responder's answers are good for ten minutes.
#[tokio::test]
async fn neither_next_update_nor_the_policys_age_is_passed() {
    let hour = Duration::from_hours(1);
    for (max_age, last) in [(hour, 599), (Duration::from_mins(2), 119)] {
        let server = TestResponder::start().await;
        let responder = Responder { reuse_for: hour, max_age, ..responder(server.address) };
        let client = TestClient::new(vec![responder]);
        for (seconds, requests) in [(0, 1), (last, 1), (last + 1, 2)] {
            client.ask(0, later(seconds)).await;
            assert_eq!(server.requests(), requests, "{max_age:?} {seconds}");
        }
    }
}

#[tokio::test]
async fn no_more_answers_are_kept_than_configured_and_the_oldest_goes() {
    let server = TestResponder::start().await;
    let client =
        TestClient::with(vec![responder(server.address)], OcspLimits { cached_answers: 2, ..limits() });
    for card in [0, 1, 2] {
        client.ask(card, now()).await;
    }
    assert_eq!((server.requests(), client.client.health(now()).cached), (3, 2));
    client.ask(1, now()).await;
    client.ask(2, now()).await;
    assert_eq!(server.requests(), 3);
    client.ask(0, now()).await;
    assert_eq!(server.requests(), 4);
}

#[tokio::test]
async fn a_hold_and_an_unknown_card_are_asked_about_again_each_time() {
    for status in [OcspClaim::Hold, OcspClaim::Unknown] {
        let server = TestResponder::with(claim(status)).await;
        let client = TestClient::new(vec![responder(server.address)]);
        client.ask(0, now()).await;
        server.switch.set(claim(OcspClaim::Good));
        assert!(is_good(client.ask(0, now()).await), "{status:?}");
        assert_eq!(server.requests(), 2);
    }
}

#[tokio::test]
async fn a_revocation_is_used_again_too_also_when_nobody_answers_any_more() {
    let server = TestResponder::with(claim(OcspClaim::Revoked)).await;
    let client = TestClient::new(vec![responder(server.address)]);
    client.ask(0, now()).await;
    server.switch.set(http(HttpFault::Unavailable));
    assert!(matches!(client.ask(0, later(299)).await, OcspAnswer::Revoked(_)));
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn an_answer_with_a_required_nonce_is_for_those_who_waited() {
    for (nonce, requests) in [(NonceUse::Require, 2), (NonceUse::Prefer, 1), (NonceUse::None, 1)] {
        let server = TestResponder::start().await;
        let client = TestClient::new(vec![Responder { nonce, ..responder(server.address) }]);
        assert!(is_good(client.ask(0, now()).await) && is_good(client.ask(0, now()).await));
        assert_eq!(server.requests(), requests, "{nonce:?}");
    }
}

#[tokio::test]
async fn a_failure_is_not_kept() {
    let server = TestResponder::with(http(HttpFault::Unavailable)).await;
    let client = TestClient::new(vec![responder(server.address)]);
    client.ask(0, now()).await;
    server.switch.set(madoguchi_test_pki::OcspBehaviour::default());
    assert!(is_good(client.ask(0, now()).await));
}

#[tokio::test]
async fn a_clock_that_was_put_back_asks_anew() {
    let server = TestResponder::start().await;
    let client = TestClient::new(vec![responder(server.address)]);
    client.ask(0, later(100)).await;
    client.ask(0, later(99)).await;
    assert_eq!(server.requests(), 2);
}

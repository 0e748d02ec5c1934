//! Responders in their order, and how often the next one may be asked.

use madoguchi_cert_verify::{OcspAbsence, OcspAnswer};
use madoguchi_revocation::Responder;
use madoguchi_test_pki::{HttpFault, OcspClaim, OcspFault};

use crate::world::{TestClient, TestResponder, claim, fault, http, is_good, now, responder};

async fn two() -> (TestResponder, TestResponder, TestClient) {
    let (first, second) = (TestResponder::start().await, TestResponder::start().await);
    let client = TestClient::new(vec![responder(first.address), responder(second.address)]);
    (first, second, client)
}

#[tokio::test]
async fn the_second_is_asked_only_when_the_first_says_nothing() {
    let (first, second, client) = two().await;
    assert!(is_good(client.ask(0, now()).await));
    assert_eq!((first.requests(), second.requests()), (1, 0));
    first.switch.set(http(HttpFault::Unavailable));
    assert!(is_good(client.ask(1, now()).await));
    assert_eq!((first.requests(), second.requests()), (2, 1));
}

#[tokio::test]
async fn unknown_and_revoked_are_answers() {
    for status in [OcspClaim::Unknown, OcspClaim::Revoked, OcspClaim::Hold] {
        let (first, second, client) = two().await;
        first.switch.set(claim(status));
        let answer = client.ask(0, now()).await;
        assert!(matches!(answer, OcspAnswer::Unknown(_) | OcspAnswer::Revoked(_)), "{answer:?}");
        assert_eq!(second.requests(), 0);
    }
}

#[tokio::test]
async fn a_lie_of_the_first_alarms_and_the_second_still_decides() {
    let (first, second, client) = two().await;
    first.switch.set(fault(OcspFault::OtherResponder));
    second.switch.set(claim(OcspClaim::Revoked));
    assert!(matches!(client.ask(0, now()).await, OcspAnswer::Revoked(_)));
    assert_eq!(client.raised(), ["ocsp_wrong_signer"]);
}

#[tokio::test]
async fn when_none_says_anything_the_last_failure_is_told() {
    let (first, second, client) = two().await;
    first.switch.set(fault(OcspFault::TrailingOctet));
    second.switch.set(fault(OcspFault::TryLater));
    assert_eq!(client.ask(0, now()).await, OcspAnswer::None(OcspAbsence::ErrorStatus));
    let health = client.client.health(now());
    assert_eq!((health.questions, health.unanswered), (1, 1));
    let failures: Vec<_> = health.responders.iter().map(|responder| responder.last_failure).collect();
    assert_eq!(failures, [Some("der_trailing_octets"), Some("ocsp_try_later")]);
}

/// `unauthorized` never opens the breaker, so that the first one is asked, and says nothing, each time.
#[tokio::test]
async fn further_requests_are_a_fraction_of_the_questions() {
    let (first, second) = (TestResponder::start().await, TestResponder::start().await);
    first.switch.set(fault(OcspFault::Unauthorized));
    let asked_again = |address| Responder { reuse_for: std::time::Duration::ZERO, ..responder(address) };
    let client = TestClient::new(vec![asked_again(first.address), asked_again(second.address)]);
    let mut good = 0;
    for _ in 0..200 {
        good += u64::from(is_good(client.ask(0, now()).await));
    }
    assert_eq!(first.requests(), 200);
    assert_eq!(second.requests(), good);
    // Fifty saved up, and one for every five questions.
    assert!((80..=90).contains(&good), "{good}");
    assert_eq!(client.client.health(now()).retries_refused, 200 - good);
}

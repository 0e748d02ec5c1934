//! Every wait ends: the limits are arguments, and small here.

use std::sync::Arc;
use std::time::Duration;

use madoguchi_cert_verify::{OcspAbsence, OcspAnswer};
use madoguchi_revocation::{HttpUrl, OcspLimits, Responder};
use madoguchi_test_pki::{HttpFault, OcspBehaviour};
use tokio::net::TcpListener;

use crate::world::{TestClient, TestResponder, http, is_good, limits, now, responder};

const SHORT: Duration = Duration::from_millis(100);

fn failure(client: &TestClient, responder: usize) -> Option<&'static str> {
    client.client.health(now()).responders[responder].last_failure
}

#[tokio::test]
async fn an_answer_that_does_not_come_or_comes_drop_by_drop_is_not_waited_for() {
    for wrong in [HttpFault::Silent, HttpFault::Drip] {
        let server = TestResponder::with(http(wrong)).await;
        let client =
            TestClient::with(vec![responder(server.address)], OcspLimits { answer: SHORT, ..limits() });
        assert_eq!(client.ask(0, now()).await, OcspAnswer::None(OcspAbsence::Unreachable), "{wrong:?}");
        assert_eq!(failure(&client, 0), Some("answer_time"), "{wrong:?}");
        assert_eq!(client.raised(), [""; 0]);
    }
}

#[tokio::test]
async fn a_listener_that_accepts_and_says_nothing_is_not_waited_for() {
    // Not even accepted: the kernel does that.
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
    let address = listener.local_addr().expect("an address");
    let client = TestClient::with(vec![responder(address)], OcspLimits { answer: SHORT, ..limits() });
    client.ask(0, now()).await;
    assert_eq!(failure(&client, 0), Some("answer_time"));
}

/// The handshake of TLS belongs to the connection, and this listener makes none.
#[tokio::test]
async fn a_connection_that_does_not_come_about_is_not_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
    let address = listener.local_addr().expect("an address");
    let url = HttpUrl::parse(&format!("https://{address}/")).expect("a URL");
    let client = TestClient::trusting_nobody(
        vec![Responder { url, ..responder(address) }],
        OcspLimits { connect: SHORT, ..limits() },
    );
    assert_eq!(client.ask(0, now()).await, OcspAnswer::None(OcspAbsence::Unreachable));
    assert_eq!(failure(&client, 0), Some("connect_time"));
}

#[tokio::test]
async fn a_refused_connection_is_told_at_once_and_the_next_responder_asked() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let second = TestResponder::start().await;
    let client = TestClient::new(vec![responder(address), responder(second.address)]);
    assert!(is_good(client.ask(0, now()).await));
    assert_eq!(failure(&client, 0), Some("connect"));
}

#[tokio::test]
async fn an_answer_is_at_most_so_long() {
    let server = TestResponder::start().await;
    let limited =
        |max_octets| TestClient::with(vec![responder(server.address)], OcspLimits { max_octets, ..limits() });
    assert!(is_good(limited(4096).ask(0, now()).await));
    let client = limited(100);
    assert_eq!(client.ask(0, now()).await, OcspAnswer::None(OcspAbsence::Malformed));
    assert_eq!(failure(&client, 0), Some("too_large"));
}

/// Several responders with their limits are not one after the other without end.
#[tokio::test]
async fn a_question_ends_with_all_its_responders() {
    let (first, second) = (TestResponder::start().await, TestResponder::start().await);
    first.switch.set(http(HttpFault::Silent));
    let client = TestClient::with(
        vec![responder(first.address), responder(second.address)],
        OcspLimits { whole: SHORT, ..limits() },
    );
    assert_eq!(client.ask(0, now()).await, OcspAnswer::None(OcspAbsence::Unreachable));
    assert_eq!((first.requests(), second.requests()), (1, 0));
}

#[tokio::test]
async fn no_more_requests_at_once_than_configured() {
    let server = TestResponder::with(http(HttpFault::Silent)).await;
    let limits = OcspLimits { at_once: 2, ..limits() };
    let client = Arc::new(TestClient::with(vec![responder(server.address)], limits));
    let asking = |card| {
        let client = Arc::clone(&client);
        tokio::spawn(async move { client.ask(card, now()).await })
    };
    let silent = [asking(0), asking(1)];
    while server.requests() < 2 {
        tokio::task::yield_now().await;
    }
    server.switch.set(OcspBehaviour::default());
    let waiting = asking(2);
    while client.client.health(now()).questions < 3 {
        tokio::task::yield_now().await;
    }
    // Somebody else is answered meanwhile.
    assert!(is_good(TestClient::new(vec![responder(server.address)]).ask(3, now()).await));
    assert_eq!(server.requests(), 3, "two that wait for their answers, and the other client's");
    silent[0].abort();
    assert!(is_good(waiting.await.expect("an answer")));
    assert_eq!(client.client.health(now()).responders[0].failures, 0);
}

//! A responder of the test PKI, in this process: it takes its time, counts what it is asked, and falls silent when told.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use madoguchi_test_pki::TestPki;
use ring::rand::SystemRandom;
use rustls_pki_types::UnixTime;

/// The responder.
pub(crate) struct SlowResponder {
    pki: TestPki,
    delay: Duration,
    requests: AtomicU64,
    silent: AtomicBool,
}

impl SlowResponder {
    pub(crate) fn new(pki: TestPki, delay: Duration) -> Self {
        Self { pki, delay, requests: AtomicU64::new(0), silent: AtomicBool::new(false) }
    }

    /// Answers as long as the runtime lives.
    pub(crate) async fn serve(self: &Arc<Self>) -> SocketAddr {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a listener");
        let address = listener.local_addr().expect("an address");
        let router = Router::new().route("/", post(answer)).with_state(Arc::clone(self));
        tokio::spawn(async move { axum::serve(listener, router).await.expect("served") });
        address
    }

    /// How many requests came since the last look.
    pub(crate) fn take_requests(&self) -> u64 {
        self.requests.swap(0, Ordering::SeqCst)
    }

    /// The worst way to be dead: it accepts, and says nothing.
    pub(crate) fn fall_silent(&self, silent: bool) {
        self.silent.store(silent, Ordering::SeqCst);
    }
}

async fn answer(State(responder): State<Arc<SlowResponder>>, request: Bytes) -> Response {
    responder.requests.fetch_add(1, Ordering::SeqCst);
    if responder.silent.load(Ordering::SeqCst) {
        return std::future::pending().await;
    }
    tokio::time::sleep(responder.delay).await;
    let answer = responder.pki.answer_ocsp(&request, None, UnixTime::now(), &SystemRandom::new());
    ([(header::CONTENT_TYPE, "application/ocsp-response")], answer.expect("an answer")).into_response()
}

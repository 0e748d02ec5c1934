//! The OCSP responder over HTTP (RFC 6960 appendix A), on loopback only. It reads the PKI's folder at each request,
//! so that a revocation counts from the next answer on.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::{self, DefaultBodyLimit, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ring::rand::SecureRandom;
use rustls_pki_types::UnixTime;
use tokio::{net::TcpListener, sync::oneshot};

use crate::{
    Error, OcspBehaviour, OcspResponseBuilder, OcspSwitch, TestPki, folder,
    http_fault::{self, RIGHT_PATH},
    ocsp,
};

/// More than any request for a few certificates.
const MAX_REQUEST_OCTETS: usize = 16 * 1024;

/// Listens, tells the address, and answers until `stop` is ready; who still waits for an answer a second later waits
/// in vain.
///
/// `clock` is read once in each request.
pub async fn serve_ocsp(
    pki: PathBuf,
    listen: SocketAddr,
    switch: OcspSwitch,
    clock: fn() -> UnixTime,
    random: Arc<dyn SecureRandom + Send + Sync>,
    listening: impl FnOnce(SocketAddr),
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Error> {
    if !listen.ip().is_loopback() {
        return Err(Error::NotLoopback { address: listen });
    }
    // A folder that cannot be read is told now rather than at the first request.
    TestPki::load(&pki, &*random)?;
    let in_folder = |source| folder::io_error(Path::new("OCSP listener"))(source);
    let listener = TcpListener::bind(listen).await.map_err(in_folder)?;
    let address = listener.local_addr().map_err(in_folder)?;
    let responder = Arc::new(Responder { pki, switch, clock, random });
    let router = Router::new()
        .route("/", routing::post(post))
        .route(RIGHT_PATH, routing::post(right).get(right))
        .route("/{*request}", routing::get(get))
        .layer(DefaultBodyLimit::max(MAX_REQUEST_OCTETS))
        .with_state(responder);
    listening(address);
    let (stopped, stopping) = oneshot::channel();
    let stop = async move {
        stop.await;
        // The other end is below, and waits.
        let _ = stopped.send(());
    };
    let cut_off = async move {
        // A sender that is gone has not been asked to stop: then serving ends first.
        if stopping.await.is_err() {
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(LAST_ANSWERS).await;
    };
    tokio::select! {
        served = axum::serve(listener, router).with_graceful_shutdown(stop) => served.map_err(in_folder),
        () = cut_off => Ok(()),
    }
}

struct Responder {
    pki: PathBuf,
    switch: OcspSwitch,
    clock: fn() -> UnixTime,
    random: Arc<dyn SecureRandom + Send + Sync>,
}

impl Responder {
    async fn answer(&self, request: &[u8], behaviour: OcspBehaviour) -> Response {
        if !behaviour.delay.is_zero() {
            tokio::time::sleep(behaviour.delay).await;
        }
        let answer = TestPki::load(&self.pki, &*self.random)
            .and_then(|pki| pki.answer_ocsp_so(request, behaviour, (self.clock)(), &*self.random))
            .unwrap_or_else(|_| OcspResponseBuilder::error(ocsp::INTERNAL_ERROR));
        http_fault::respond(answer, behaviour).await
    }
}

async fn post(State(responder): State<Arc<Responder>>, headers: HeaderMap, body: Bytes) -> Response {
    let behaviour = responder.switch.count_request();
    if headers.get(header::CONTENT_TYPE).is_none_or(|kind| kind != "application/ocsp-request") {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    }
    responder.answer(&body, behaviour).await
}

/// The path is the URL-encoded base64 of the request; axum has undone the URL encoding.
async fn get(
    State(responder): State<Arc<Responder>>,
    extract::Path(request): extract::Path<String>,
) -> Response {
    let behaviour = responder.switch.count_request();
    // What is no base64 is no request either, and gets the same answer.
    responder.answer(&STANDARD.decode(request).unwrap_or_default(), behaviour).await
}

/// Whoever follows a redirect is answered well.
async fn right(State(responder): State<Arc<Responder>>, body: Bytes) -> Response {
    responder.switch.count_request();
    responder.answer(&body, OcspBehaviour::default()).await
}

const LAST_ANSWERS: Duration = Duration::from_secs(1);

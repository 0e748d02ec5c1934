//! The OCSP responder over HTTP (RFC 6960 appendix A), on loopback only. It reads the PKI's folder at each request,
//! so that a revocation counts from the next answer on.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
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
use tokio::net::TcpListener;

use crate::{Error, OcspFault, OcspResponseBuilder, TestPki, folder, ocsp};

/// More than any request for a few certificates.
const MAX_REQUEST_OCTETS: usize = 16 * 1024;

/// Listens, tells the address, and answers until `stop` is ready.
///
/// `clock` is read once in each request.
pub async fn serve_ocsp(
    pki: PathBuf,
    listen: SocketAddr,
    fault: Option<OcspFault>,
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
    let responder = Arc::new(Responder { pki, fault, clock, random });
    let router = Router::new()
        .route("/", routing::post(post))
        .route("/{*request}", routing::get(get))
        .layer(DefaultBodyLimit::max(MAX_REQUEST_OCTETS))
        .with_state(responder);
    listening(address);
    axum::serve(listener, router).with_graceful_shutdown(stop).await.map_err(in_folder)
}

struct Responder {
    pki: PathBuf,
    fault: Option<OcspFault>,
    clock: fn() -> UnixTime,
    random: Arc<dyn SecureRandom + Send + Sync>,
}

impl Responder {
    fn answer(&self, request: &[u8]) -> Response {
        let answer = TestPki::load(&self.pki, &*self.random)
            .and_then(|pki| pki.answer_ocsp(request, self.fault, (self.clock)(), &*self.random))
            .unwrap_or_else(|_| OcspResponseBuilder::error(ocsp::INTERNAL_ERROR));
        ([(header::CONTENT_TYPE, "application/ocsp-response")], answer).into_response()
    }
}

async fn post(State(responder): State<Arc<Responder>>, headers: HeaderMap, body: Bytes) -> Response {
    if headers.get(header::CONTENT_TYPE).is_none_or(|kind| kind != "application/ocsp-request") {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    }
    responder.answer(&body)
}

/// The path is the URL-encoded base64 of the request; axum has undone the URL encoding.
async fn get(
    State(responder): State<Arc<Responder>>,
    extract::Path(request): extract::Path<String>,
) -> Response {
    // What is no base64 is no request either, and gets the same answer.
    responder.answer(&STANDARD.decode(request).unwrap_or_default())
}

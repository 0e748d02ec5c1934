//! HTTP/1.1 on a TCP listener, with TLS by rustls where configured: one place for time-outs and bounds of connections.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderValue, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;
use zeroize::Zeroizing;

use crate::ServerError;
use crate::config::TlsConfig;
use crate::kek::{file_error, require_private};
use crate::regular_file::{MOST_BUNDLE_OCTETS, read_regular};

/// Tells a listener to stop. Nothing that was accepted is dropped: connections in progress finish their request.
#[derive(Debug)]
pub struct Shutdown(watch::Sender<Phase>);

impl Shutdown {
    /// Prepares: everything is still accepted and answered, but every answer asks the client to come back on another
    /// connection, which a balancer gives to another node. A connection that is idle at the end may otherwise be closed
    /// while a request is on its way.
    pub fn soon(&self) {
        self.0.send_if_modified(|phase| phase.is_serving() && phase.advance(Phase::Draining));
    }

    /// Stops it.
    pub fn now(&self) {
        self.0.send_if_modified(|phase| phase.advance(Phase::Closing));
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Serving,
    Draining,
    Closing,
}

impl Phase {
    fn is_serving(self) -> bool {
        self == Self::Serving
    }

    fn advance(&mut self, to: Self) -> bool {
        let before = *self;
        *self = to;
        before != to
    }
}

/// Waits until nothing more is accepted. A sender that is gone says nothing more.
async fn closing(stop: &mut watch::Receiver<Phase>) {
    if stop.wait_for(|phase| *phase == Phase::Closing).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// A bound listener, not yet serving.
pub struct Listener {
    tcp: TcpListener,
    tls: Option<TlsAcceptor>,
    stop: watch::Receiver<Phase>,
}

impl Listener {
    /// Binds `address`, and reads certificate and key where TLS is configured.
    pub fn bind(address: SocketAddr, tls: Option<&TlsConfig>) -> Result<(Self, Shutdown), ServerError> {
        let tls = tls.map(acceptor).transpose()?;
        let tcp = listen(address).map_err(|source| ServerError::Listen { address, source })?;
        let (sender, stop) = watch::channel(Phase::Serving);
        Ok((Self { tcp, tls, stop }, Shutdown(sender)))
    }

    /// The address, with the port that was given when port 0 was asked for.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.tcp.local_addr()
    }

    /// Serves until told to stop, and then until what was accepted is answered.
    pub async fn serve(mut self, router: Router) {
        let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        let mut connections = JoinSet::new();
        loop {
            // A place first: what waits beyond it waits in the kernel's queue and costs us nothing.
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { break };
            let accepted = tokio::select! {
                accepted = self.tcp.accept() => accepted,
                () = closing(&mut self.stop) => break,
            };
            while connections.try_join_next().is_some() {}
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file descriptors or the like: passing, and not a reason to end.
                    tracing::warn!(%error, "a connection was not accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            };
            let (tls, router, stop) = (self.tls.clone(), router.clone(), self.stop.clone());
            connections.spawn(async move {
                connection(stream, peer, tls, router, stop).await;
                drop(place);
            });
        }
        // Whoever was let in by the kernel already is answered like everybody before.
        if let Ok(queue) = self.tcp.into_std() {
            while let Ok((stream, peer)) = queue.accept() {
                if let Ok(stream) = stream.set_nonblocking(true).and_then(|()| TcpStream::from_std(stream)) {
                    let (tls, router, stop) = (self.tls.clone(), router.clone(), self.stop.clone());
                    connections.spawn(connection(stream, peer, tls, router, stop));
                }
            }
        }
        let drained = async { while connections.join_next().await.is_some() {} };
        if tokio::time::timeout(DRAIN, drained).await.is_err() {
            tracing::warn!("connections were still open at the end and were cut");
        }
    }
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    tls: Option<TlsAcceptor>,
    router: Router,
    stop: watch::Receiver<Phase>,
) {
    // Small answers in one piece each; waiting for more only delays them.
    let _ = stream.set_nodelay(true);
    match tls {
        None => http(stream, peer, router, stop).await,
        Some(tls) => match tokio::time::timeout(HANDSHAKE, tls.accept(stream)).await {
            Ok(Ok(stream)) => http(stream, peer, router, stop).await,
            Ok(Err(error)) => tracing::debug!(%error, "TLS handshake"),
            Err(_) => tracing::debug!("TLS handshake took too long"),
        },
    }
}

async fn http<S>(stream: S, peer: SocketAddr, router: Router, mut stop: watch::Receiver<Phase>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let served = Arc::new(AtomicBool::new(false));
    let (seen, phase) = (Arc::clone(&served), stop.clone());
    let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        let (router, phase) = (router.clone(), phase.clone());
        seen.store(true, Ordering::SeqCst);
        async move {
            let mut request: Request = request.map(axum::body::Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            match tokio::time::timeout(REQUEST, router.oneshot(request)).await {
                Ok(Ok(mut response)) => {
                    if !phase.borrow().is_serving() {
                        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
                    }
                    Ok::<_, Infallible>(response)
                }
                Ok(Err(never)) => match never {},
                Err(_) => {
                    Ok(axum::response::IntoResponse::into_response(axum::http::StatusCode::REQUEST_TIMEOUT))
                }
            }
        }
    });
    let mut connection = std::pin::pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER)
            .max_buf_size(MAX_HEADER_OCTETS)
            .serve_connection(TokioIo::new(stream), service)
    );
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = closing(&mut stop) => {
            // One that has not been heard of yet would be closed at once, with its first request on the way.
            if !served.load(Ordering::SeqCst)
                && let Ok(ended) = tokio::time::timeout(FIRST_REQUEST, connection.as_mut()).await
            {
                ended
            } else {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        }
        // Whoever keeps asking gets a new connection; whoever does not read the answers does not keep this one.
        () = tokio::time::sleep(LIFE) => {
            connection.as_mut().graceful_shutdown();
            let Ok(ended) = tokio::time::timeout(DRAIN, connection).await else {
                tracing::debug!(%peer, "a connection was cut");
                return;
            };
            ended
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "connection");
    }
}

/// Reads certificate and key.
pub(crate) fn acceptor(config: &TlsConfig) -> Result<TlsAcceptor, ServerError> {
    require_private(&config.key)?;
    let chain = CertificateDer::pem_slice_iter(&read(&config.certificate)?)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| ServerError::Tls(format!("{}: {error}", config.certificate.display())))?;
    let key = PrivateKeyDer::from_pem_slice(&read(&config.key)?)
        .map_err(|error| ServerError::Tls(format!("{}: {error}", config.key.display())))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut server = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .map_err(|error| ServerError::Tls(error.to_string()))?;
    server.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(server)))
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, ServerError> {
    read_regular(path, MOST_BUNDLE_OCTETS).map_err(|source| file_error(path, source))
}

/// A listening socket. Whoever comes in a crowd waits in its queue; one that is full makes them wait a second.
fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(WAITING)
}

/// Connections at once.
const MAX_CONNECTIONS: usize = 4096;
/// Connections that nobody has accepted yet; the system may allow fewer.
const WAITING: u32 = 1024;
/// Time for a TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Time for a request's header, and how long an idle connection may stay.
const HEADER: Duration = Duration::from_secs(30);
/// Time for a whole request.
const REQUEST: Duration = Duration::from_secs(30);
/// How long a connection lives, however busy.
const LIFE: Duration = Duration::from_mins(2);
/// Largest header section, in octets.
const MAX_HEADER_OCTETS: usize = 64 * 1024;
/// Time that connections get to finish when the program ends: more than a whole request.
const DRAIN: Duration = Duration::from_secs(35);
/// Time that a new connection gets for its first request when the program ends.
const FIRST_REQUEST: Duration = Duration::from_secs(1);

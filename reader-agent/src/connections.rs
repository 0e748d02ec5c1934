//! HTTP/1.1 on the loopback port, with bounds: another user of the computer must not be able to keep the agent from
//! its owner, and a silent connection must not keep it from ending.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tower::ServiceExt as _;
use tracing::debug;

use crate::peer;

/// Serves until `closing`; connections end with it.
pub(crate) async fn serve(listener: TcpListener, router: Router, closing: impl Future<Output = ()>) {
    let owners = Arc::new(Semaphore::new(PLACES));
    let strangers = Arc::new(Semaphore::new(STRANGERS_PLACES));
    let mut open = JoinSet::new();
    let mut closing = std::pin::pin!(closing);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut closing => return,
        };
        while open.try_join_next().is_some() {}
        match accepted {
            Ok((stream, peer)) => {
                // Before anything is read: strangers have a few places of their own and take none of the owner's.
                let ours = stream.local_addr().is_ok_and(|local| peer::is_ours(peer, local));
                let (places, header) = if ours { (&owners, HEADER) } else { (&strangers, STRANGERS_HEADER) };
                let Ok(place) = Arc::clone(places).try_acquire_owned() else {
                    debug!(ours, "too many connections at once");
                    continue;
                };
                let router = router.clone();
                open.spawn(async move {
                    connection(stream, peer, router, header).await;
                    drop(place);
                });
            }
            Err(error) => {
                debug!(%error, "a connection was not accepted");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, peer: SocketAddr, router: Router, header: Duration) {
    let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        let router = router.clone();
        async move {
            let mut request: Request = request.map(axum::body::Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            router.oneshot(request).await.map_or_else(|never| match never {}, Ok::<_, Infallible>)
        }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(header)
        .max_buf_size(MAX_HEADER_OCTETS)
        // A page renews itself once a second: connections are cheap, and none stays to be waited for.
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    match tokio::time::timeout(LIFE, served).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => debug!(%error, "connection"),
        Err(_) => debug!("a connection took too long"),
    }
}

/// Connections at once. A browser opens a few.
const PLACES: usize = 64;
const STRANGERS_PLACES: usize = 8;
/// Time for a request's header. Browsers open connections ahead of need.
const HEADER: Duration = Duration::from_secs(10);
/// The same for another user's connection, which gets the bare 404.
const STRANGERS_HEADER: Duration = Duration::from_millis(500);
/// Time for a whole connection.
const LIFE: Duration = Duration::from_secs(30);
/// Largest header section, in octets.
const MAX_HEADER_OCTETS: usize = 16 * 1024;
/// After an error of accept, such as no file descriptor left.
const PAUSE: Duration = Duration::from_millis(100);

//! The loopback listener: a browser's one way to the agent.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use madoguchi_protocol::{ErrorCode, Origin, Secret};
use ring::rand::SecureRandom;
use tokio::net::TcpListener;
use tracing::{debug, info};

use crate::address::Address;
use crate::desk::{Desk, End, Turn};
use crate::sign_in::{Order, RunningClaim};
use crate::{AgentError, Clock, Interrupt, Transport, gate, pages, peer};

/// Binds the first free of `ports` on 127.0.0.1.
pub async fn bind(ports: &[u16]) -> Result<TcpListener, AgentError> {
    for port in ports {
        match TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).await {
            Ok(listener) => return Ok(listener),
            Err(error) => info!(port, %error, "port not free"),
        }
    }
    Err(AgentError::NoFreePort { ports: ports.to_vec() })
}

/// What the listener's requests share.
pub(crate) struct Counter {
    pub(crate) port: u16,
    pub(crate) gateways: Vec<Origin>,
    pub(crate) desk: Arc<Mutex<Desk>>,
    pub(crate) orders: Sender<Order>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn SecureRandom + Send + Sync>,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) interrupt: Interrupt,
    pub(crate) running: RunningClaim,
}

impl Counter {
    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One handler for whatever is asked: no other path, method or status tells what listens here.
pub(crate) fn router(counter: Arc<Counter>) -> Router {
    Router::new().fallback(answer).with_state(counter)
}

async fn answer(
    State(counter): State<Arc<Counter>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response<Body> {
    let local = SocketAddr::from((Ipv4Addr::LOCALHOST, counter.port));
    if !peer::is_ours(peer, local) {
        debug!("refused: not this user's connection");
        return nothing_here();
    }
    if let Err(refusal) = gate::check(request.method(), request.uri(), request.headers(), counter.port) {
        debug!(?refusal, "refused");
        return nothing_here();
    }
    match Address::parse(request.uri().path()) {
        Some(address) => arrive(&counter, address, request.headers()),
        None => nothing_here(),
    }
}

fn arrive(counter: &Arc<Counter>, address: Address, headers: &HeaderMap) -> Response<Body> {
    let now = counter.clock.monotonic();
    let Some(gateway) = address.gateway(&counter.gateways) else {
        counter.desk().refuse(now);
        return page(StatusCode::FORBIDDEN, pages::error(ErrorCode::GatewayNotAllowed), None);
    };
    let Ok(fresh) = Secret::generate(&*counter.random) else {
        return page(StatusCode::INTERNAL_SERVER_ERROR, pages::error(ErrorCode::Internal), None);
    };
    let from_gateway = headers
        .get(header::REFERER)
        .is_some_and(|referer| referer.as_bytes() == format!("{gateway}/").as_bytes());
    let turn = counter.desk().arrive(address.ticket.hash(), address.token.as_ref(), from_gateway, fresh, now);
    if matches!(turn, Turn::Wait | Turn::Start | Turn::Busy) && address.token.is_some() {
        // Away from the link's address: what renews itself there must not carry a token.
        let there = redirect(&address.path());
        begin(counter, gateway.clone(), address, &turn);
        return there;
    }
    match &turn {
        Turn::Ask(token) => {
            let go_path = address.go_path(token);
            return page(StatusCode::OK, pages::asking(gateway, &go_path), None);
        }
        Turn::Busy => {
            begin(counter, gateway.clone(), address, &turn);
            return page(StatusCode::OK, pages::busy(), Some("2"));
        }
        Turn::Ended(End::Redirect(url)) => return redirect(url),
        Turn::Ended(End::Page(code)) => return page(StatusCode::BAD_REQUEST, pages::error(*code), None),
        Turn::Over => return page(StatusCode::GONE, pages::error(ErrorCode::SignInOver), None),
        Turn::Start | Turn::Wait => {}
    }
    begin(counter, gateway.clone(), address, &turn);
    page(StatusCode::OK, pages::waiting(), Some("1"))
}

fn begin(counter: &Arc<Counter>, gateway: Origin, address: Address, turn: &Turn) {
    match turn {
        Turn::Start => {
            info!(%gateway, "sign-in begins");
            if counter.orders.send(Order { gateway, ticket: address.ticket }).is_err() {
                counter.desk().finish(End::Page(ErrorCode::Internal), counter.clock.monotonic());
            }
        }
        // A second click, perhaps: then the gateway has replaced the sign-in that is running.
        Turn::Busy => {
            let counter = Arc::clone(counter);
            drop(tokio::task::spawn_blocking(move || {
                counter.running.check(&*counter.transport, &counter.interrupt);
            }));
        }
        _ => {}
    }
}

/// The same for everything that is not a navigation of the resident's browser.
fn nothing_here() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

fn redirect(location: &str) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    match HeaderValue::from_str(location) {
        Ok(mut location) => {
            location.set_sensitive(true);
            response.headers_mut().insert(header::LOCATION, location);
            guard(&mut response);
            response
        }
        // An origin, base64url and hexadecimal digits are always a header value.
        Err(_) => page(StatusCode::INTERNAL_SERVER_ERROR, pages::error(ErrorCode::Internal), None),
    }
}

fn page(status: StatusCode, html: String, refresh: Option<&'static str>) -> Response<Body> {
    let mut response = Response::new(Body::from(html));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    if let Some(seconds) = refresh {
        headers.insert(header::REFRESH, HeaderValue::from_static(seconds));
    }
    guard(&mut response);
    response
}

fn guard(response: &mut Response<Body>) {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(policy) = HeaderValue::from_str(&pages::CONTENT_SECURITY_POLICY) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
}

#[cfg(test)]
mod tests;

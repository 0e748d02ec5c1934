//! What operators look at, on a loopback listener of its own: health and `/metrics`. No certificate, no
//! serial number, nothing of a resident.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};

use madoguchi_cert_verify::Anchor;
use madoguchi_gateway::Gateway;
use madoguchi_revocation::{Alarms, OcspClient, RevocationHealth, SharedCrls};
use madoguchi_storage::Clock;

use crate::health::{DatabaseState, NodeHealth};
use crate::metrics::Metrics;

/// What is looked at.
#[derive(Clone)]
pub(crate) struct Watched {
    pub(crate) health: NodeHealth,
    pub(crate) gateway: Gateway,
    pub(crate) crls: Arc<SharedCrls>,
    pub(crate) ocsp: Option<Arc<OcspClient>>,
    pub(crate) alarms: Arc<Alarms>,
    pub(crate) anchors: Arc<[Anchor]>,
    pub(crate) clock: Arc<dyn Clock>,
}

/// Every address.
pub(crate) fn router(watched: Watched) -> Router {
    let node = watched.health.router();
    Router::new()
        .route("/health/revocation", get(health))
        .route("/metrics", get(metrics))
        .with_state(watched)
        .merge(node)
        .layer(from_fn(only_by_a_loopback_name))
}

/// A page in a browser of this machine may have a name of its own lead to a loopback address (DNS rebinding), and would
/// then read what is here.
async fn only_by_a_loopback_name(request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    if host.is_some_and(is_loopback) {
        next.run(request).await
    } else {
        StatusCode::FORBIDDEN.into_response()
    }
}

fn is_loopback(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    let name = authority.host();
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    name.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

async fn health(State(watched): State<Watched>) -> Response {
    Json(watched.health()).into_response()
}

async fn metrics(State(watched): State<Watched>) -> Response {
    let mut metrics = watched.metrics();
    match watched.gateway.waiting_logouts().await {
        Ok(waiting) => metrics.gauge("madoguchi_logout_waiting", &[], waiting),
        Err(error) => tracing::error!(%error, "the store failed"),
    }
    let text = metrics.into_text();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

impl Watched {
    fn health(&self) -> RevocationHealth {
        let now = self.clock.now();
        let (shelf, report) = (self.crls.shelf_to_keep(), self.crls.report());
        let health = RevocationHealth::new(&shelf, &report, &self.anchors, now);
        match &self.ocsp {
            Some(ocsp) => health.with_ocsp(ocsp.health(now)),
            None => health,
        }
    }

    fn metrics(&self) -> Metrics {
        let mut metrics = Metrics::of(&self.health());
        let database = self.health.database();
        metrics.gauge("madoguchi_database_up", &[], u8::from(database.state != DatabaseState::Failing));
        metrics.gauge("madoguchi_database_problems", &[], database.problems.len());
        metrics.gauge("madoguchi_database_look_milliseconds", &[], database.milliseconds);
        if let Some(records) = database.unsealed_records {
            metrics.gauge("madoguchi_audit_unsealed_records", &[], records);
        }
        if let Some(server) = &database.server {
            metrics.gauge("madoguchi_database_clock_skew_seconds", &[], server.clock_skew_seconds);
            metrics.gauge("madoguchi_database_connections_limit", &[], server.connections_limit);
            metrics.gauge("madoguchi_database_connections_in_use", &[], server.connections_in_use);
            metrics.gauge("madoguchi_database_waiting", &[], server.waiting);
        }
        for (alarm, count) in self.alarms.counts() {
            metrics.counter("madoguchi_revocation_alarms_total", &[("alarm", alarm.name())], count);
        }
        for (answer, count) in self.crls.lookups() {
            metrics.counter("madoguchi_crl_lookups_total", &[("answer", answer.name())], count);
        }
        for (shortfall, count) in self.gateway.shortfalls() {
            metrics.counter("madoguchi_revocation_shortfalls_total", &[("shortfall", shortfall)], count);
        }
        for (outcome, count) in self.gateway.logouts() {
            metrics.counter("madoguchi_logout_deliveries_total", &[("outcome", outcome)], count);
        }
        for (kind, count) in self.gateway.refusals() {
            metrics.counter("madoguchi_refused_requests_total", &[("kind", kind)], count);
        }
        metrics
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_names_are_answered() {
        for host in ["127.0.0.1:9000", "127.0.0.2", "localhost:9000", "LOCALHOST", "[::1]:9000", "[::1]"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "evil.example",
            "evil.example:9000",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "10.0.0.1",
            "",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}

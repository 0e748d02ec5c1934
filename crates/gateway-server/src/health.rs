//! Whether this node can serve: its database, and whether it was told to end. Looked at in the background, so that whoever
//! asks costs the database nothing.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use tokio::time::Instant;

use madoguchi_storage::{Clock, Storage};
use madoguchi_storage_postgres::{ClockReading, PoolState, ServerHealth};

use crate::backend::Backend;
use crate::told;
use crate::verify::instant;

/// How the database stands.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct DatabaseHealth {
    pub(crate) backend: &'static str,
    pub(crate) state: DatabaseState,
    /// What is wrong, a sentence each. The first of a failing one is why.
    pub(crate) problems: Vec<String>,
    /// When it was looked at.
    pub(crate) checked_at: String,
    /// How long that took.
    pub(crate) milliseconds: u64,
    /// Audit records that have no place in their chain yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) unsealed_records: Option<u64>,
    /// How old the oldest of them is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) unsealed_seconds: Option<u64>,
    /// Of a server that nodes share.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) server: Option<SharedServer>,
}

/// Whether it works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DatabaseState {
    /// Nothing can be stored.
    Failing,
    /// Nothing is wrong.
    Ok,
    /// It works, and somebody should look at it.
    Warning,
}

/// What a node knows of a server that nodes share.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct SharedServer {
    /// This node's clock less the server's.
    pub(crate) clock_skew_seconds: i64,
    pub(crate) connections_limit: u32,
    pub(crate) connections_in_use: u32,
    pub(crate) waiting: u32,
    pub(crate) version: Option<String>,
    pub(crate) waits_for_standbys: Option<bool>,
    pub(crate) standbys_in_step: Option<u64>,
}

impl Backend {
    /// Looks now. A look writes: only that shows that something can be stored.
    pub(crate) async fn health(&self) -> DatabaseHealth {
        let began = Instant::now();
        let mut health = DatabaseHealth {
            backend: match self {
                Self::Postgres { .. } => "postgresql",
                Self::Sqlite { .. } => "sqlite",
            },
            state: DatabaseState::Ok,
            problems: Vec::new(),
            checked_at: instant::format(self.clock().now()),
            milliseconds: 0,
            unsealed_records: None,
            unsealed_seconds: None,
            server: None,
        };
        match self {
            Self::Postgres { store, clock } => {
                let (reading, pool) = (clock.reading(), store.pool_state());
                match store.server_health().await {
                    Ok(server) => health.of_server(reading, pool, Some(&server)),
                    Err(error) => {
                        health.fail(told(&error));
                        health.of_server(reading, pool, None);
                    }
                }
                // What is known to fail is not waited for.
                if health.state != DatabaseState::Failing
                    && let Err(error) = store.probe().await
                {
                    health.fail(told(&error));
                }
            }
            Self::Sqlite { store, .. } => {
                if let Err(error) = store.probe().await {
                    health.fail(told(&error));
                }
            }
        }
        if health.state != DatabaseState::Failing {
            health.of_chain(&*self.storage(), &*self.clock()).await;
        }
        health.milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        health
    }
}

impl DatabaseHealth {
    fn fail(&mut self, problem: String) {
        self.state = DatabaseState::Failing;
        self.problems.insert(0, problem);
    }

    fn warn(&mut self, problem: String) {
        if self.state == DatabaseState::Ok {
            self.state = DatabaseState::Warning;
        }
        self.problems.push(problem);
    }

    fn of_server(&mut self, clock: ClockReading, pool: PoolState, server: Option<&ServerHealth>) {
        let skew = clock.skew_seconds;
        let words = || format!("this node's clock is {skew} s from the database's: look at its time service");
        if skew.unsigned_abs() > FAILING_SKEW {
            self.fail(words());
        } else if skew.unsigned_abs() > WARNING_SKEW {
            self.warn(words());
        }
        if pool.waiting > 0 {
            let (waiting, limit) = (pool.waiting, pool.limit);
            self.warn(format!("{waiting} requests wait for one of {limit} connections"));
        }
        if pool.unanswered > 0 {
            let unanswered = pool.unanswered;
            self.warn(format!(
                "{unanswered} commits are not answered in their time and keep their connections"
            ));
        }
        if let Some(server) = server {
            if !server.survives_power_loss {
                self.warn(
                    "the server runs with fsync or full_page_writes off: a loss of power loses data".into(),
                );
            }
            if server.waits_for_standbys && server.standbys_in_step == Some(0) {
                self.fail("the server waits for a standby and none is in step: no commit ends".into());
            }
        }
        self.server = Some(SharedServer {
            clock_skew_seconds: skew,
            connections_limit: pool.limit,
            connections_in_use: pool.in_use,
            waiting: pool.waiting,
            version: server.map(|server| server.version.clone()),
            waits_for_standbys: server.map(|server| server.waits_for_standbys),
            standbys_in_step: server.and_then(|server| server.standbys_in_step),
        });
    }

    async fn of_chain(&mut self, storage: &dyn Storage, clock: &dyn Clock) {
        match storage.unsealed_audit().await {
            Ok(unsealed) => {
                let oldest = unsealed.iter().filter_map(|of| of.oldest).map(|at| at.as_secs()).min();
                let age = oldest.map(|at| clock.now().as_secs().saturating_sub(at));
                self.unsealed_records = Some(unsealed.iter().map(|of| of.records).sum());
                self.unsealed_seconds = age;
                if age.is_some_and(|age| age > SEALER_BEHIND) {
                    self.warn(format!(
                        "audit records wait {} s for their place in the chain: no gateway seals them",
                        age.unwrap_or_default()
                    ));
                }
            }
            Err(error) => self.fail(told(&error)),
        }
    }
}

/// What is known of this node now. Shared by whoever asks and whoever looks.
#[derive(Clone)]
pub(crate) struct NodeHealth(Arc<Shared>);

struct Shared {
    draining: AtomicBool,
    database: Mutex<(Instant, DatabaseHealth)>,
}

impl NodeHealth {
    /// After a first look.
    pub(crate) async fn new(backend: &Backend) -> Self {
        let database = Mutex::new((Instant::now(), backend.health().await));
        Self(Arc::new(Shared { draining: AtomicBool::new(false), database }))
    }

    /// From now on nothing more should be sent here.
    pub(crate) fn drain(&self) {
        self.0.draining.store(true, Ordering::SeqCst);
    }

    /// The last look, and whether it is too old to be believed.
    pub(crate) fn database(&self) -> DatabaseHealth {
        let (at, mut health) = self.0.database.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if at.elapsed() > TOO_OLD {
            health.fail(format!("the database has not answered for {} s", at.elapsed().as_secs()));
        }
        health
    }

    /// Looks every few seconds, and more often while something fails.
    pub(crate) async fn keep_looking(self, backend: Backend) {
        loop {
            let failing = self.database().state == DatabaseState::Failing;
            tokio::time::sleep(if failing { LOOK_SOON } else { LOOK_EVERY }).await;
            let health = backend.health().await;
            match (failing, health.state == DatabaseState::Failing) {
                (false, true) => tracing::error!(problems = ?health.problems, "the database fails"),
                (true, false) => tracing::info!("the database works again"),
                _ => {}
            }
            *self.0.database.lock().unwrap_or_else(PoisonError::into_inner) = (Instant::now(), health);
        }
    }

    /// For a balancer: whether to send anything here, and nothing else.
    pub(crate) fn ready_router(&self) -> Router {
        Router::new().route("/health/ready", get(ready)).with_state(self.clone())
    }

    /// For operators.
    pub(crate) fn router(&self) -> Router {
        self.ready_router()
            .merge(Router::new().route("/health/database", get(database)).with_state(self.clone()))
    }
}

async fn ready(State(health): State<NodeHealth>) -> Response {
    if health.0.draining.load(Ordering::SeqCst) {
        (StatusCode::SERVICE_UNAVAILABLE, "draining").into_response()
    } else if health.database().state == DatabaseState::Failing {
        (StatusCode::SERVICE_UNAVAILABLE, "database").into_response()
    } else {
        (StatusCode::OK, "ready").into_response()
    }
}

async fn database(State(health): State<NodeHealth>) -> Response {
    let health = health.database();
    let status = match health.state {
        DatabaseState::Failing => StatusCode::SERVICE_UNAVAILABLE,
        DatabaseState::Ok | DatabaseState::Warning => StatusCode::OK,
    };
    (status, Json(health)).into_response()
}

const LOOK_EVERY: Duration = Duration::from_secs(5);
const LOOK_SOON: Duration = Duration::from_secs(1);
/// A look that takes this long is no answer.
const TOO_OLD: Duration = Duration::from_secs(10);
/// Seconds between a node's clock and the database's.
const WARNING_SKEW: u64 = 2;
const FAILING_SKEW: u64 = 30;
/// A sealer comes by every second.
const SEALER_BEHIND: u64 = 60;

//! Connections of this node: at most so many, the most recently used one first.
//!
//! One that was given up in the middle of something is closed, whoever gave it up: the server rolls back.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::{AssertSqlSafe, PgConnection, Row as _};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::connection::{self, Connected};
use crate::error::PostgresError;
use crate::health::PoolState;
use crate::options::PostgresOptions;

pub(crate) struct Pool {
    options: Arc<PostgresOptions>,
    idle: Mutex<Vec<Idle>>,
    places: Arc<Semaphore>,
    waiting: AtomicUsize,
    /// Commits that the server has not answered in their time. Each keeps its place.
    unanswered: AtomicUsize,
    /// One of them asks at a time.
    asking: tokio::sync::Mutex<()>,
    /// Counts how often all connections until then were given up.
    generation: AtomicU64,
}

struct Idle {
    connection: PgConnection,
    process: Option<i32>,
    made_at: Instant,
    generation: u64,
}

impl Pool {
    pub(crate) fn new(options: Arc<PostgresOptions>) -> Arc<Self> {
        let places = usize::try_from(options.connections).unwrap_or(Semaphore::MAX_PERMITS);
        Arc::new(Self {
            places: Arc::new(Semaphore::new(places.clamp(1, Semaphore::MAX_PERMITS))),
            options,
            idle: Mutex::default(),
            waiting: AtomicUsize::new(0),
            unanswered: AtomicUsize::new(0),
            asking: tokio::sync::Mutex::new(()),
            generation: AtomicU64::new(0),
        })
    }

    pub(crate) fn options(&self) -> &PostgresOptions {
        &self.options
    }

    /// A connection that was free, or a new one. While the server is away it is asked for again until the time to wait is
    /// over: a restart is a matter of a second.
    pub(crate) async fn acquire(self: &Arc<Self>) -> Result<Leased, PostgresError> {
        let until = Instant::now() + self.options.acquire_timeout;
        let place = {
            let _waits = Counted::new(&self.waiting);
            let place = tokio::time::timeout_at(until, Arc::clone(&self.places).acquire_owned()).await;
            // Unwrap safety: the semaphore is never closed.
            place.map_err(|_| PostgresError::Busy(self.options.acquire_timeout))?.expect("an open semaphore")
        };
        let idle = match self.take_idle() {
            Some(idle) => idle,
            None => self.connect(until).await?,
        };
        Ok(Leased { idle: Some(idle), pool: Arc::clone(self), place })
    }

    async fn connect(&self, until: Instant) -> Result<Idle, PostgresError> {
        let generation = self.generation.load(Ordering::SeqCst);
        loop {
            match connection::connect(&self.options).await {
                Ok(Connected { connection, process }) => {
                    return Ok(Idle { connection, process, made_at: Instant::now(), generation });
                }
                Err(error) if !error.may_pass() || Instant::now() + PAUSE >= until => return Err(error),
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    fn take_idle(&self) -> Option<Idle> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|idle| self.is_usable(idle));
        idle.pop()
    }

    fn is_usable(&self, idle: &Idle) -> bool {
        idle.generation == self.generation.load(Ordering::SeqCst)
            && idle.made_at.elapsed() < self.options.connection_lifetime
    }

    /// The server ended one: the others that are free now have ended too, or will.
    pub(crate) fn forget_all(&self) {
        self.generation.fetch_add(1, Ordering::SeqCst);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// A commit is not answered in its time. It is counted until this is dropped.
    pub(crate) fn unanswered(&self) -> Counted<'_> {
        Counted::new(&self.unanswered)
    }

    /// Whether the server that is there now has this process no more: it ended, or another server took over. While
    /// nobody can be asked it is not known to be gone.
    pub(crate) async fn has_ended(&self, process: i32) -> bool {
        let _one_at_a_time = self.asking.lock().await;
        let Ok(mut asked) = connection::connect(&self.options).await else { return false };
        let sql = format!(
            "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = {process} AND usename = current_user)"
        );
        let answer = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_one(&mut asked.connection);
        let answer = tokio::time::timeout(self.options.connect_timeout, answer).await;
        matches!(answer, Ok(Ok(row)) if row.try_get(0).is_ok_and(|ended: bool| ended))
    }

    pub(crate) fn state(&self) -> PoolState {
        let limit = self.options.connections;
        let free = u32::try_from(self.places.available_permits()).unwrap_or(u32::MAX);
        PoolState {
            limit,
            in_use: limit.saturating_sub(free),
            waiting: u32::try_from(self.waiting.load(Ordering::SeqCst)).unwrap_or(u32::MAX),
            unanswered: u32::try_from(self.unanswered.load(Ordering::SeqCst)).unwrap_or(u32::MAX),
        }
    }
}

/// A connection that somebody uses. Dropped, it is closed; [`give_back`](Self::give_back) keeps it.
pub(crate) struct Leased {
    idle: Option<Idle>,
    pool: Arc<Pool>,
    place: OwnedSemaphorePermit,
}

impl Leased {
    /// For whoever comes next: nothing is open on it.
    pub(crate) fn give_back(mut self) {
        if let Some(idle) = self.idle.take()
            && self.pool.is_usable(&idle)
        {
            self.pool.idle.lock().unwrap_or_else(PoisonError::into_inner).push(idle);
        }
        // The place after the connection: whoever waits for it finds this one.
        drop(self.place);
    }

    pub(crate) fn pool(&self) -> &Arc<Pool> {
        &self.pool
    }

    /// The server's process at the other end, if it is known.
    pub(crate) fn process(&self) -> Option<i32> {
        self.idle.as_ref().and_then(|idle| idle.process)
    }
}

impl Deref for Leased {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        // Unwrap safety: only `give_back` takes it, and that ends the lease.
        &self.idle.as_ref().expect("a connection").connection
    }
}

impl DerefMut for Leased {
    fn deref_mut(&mut self) -> &mut PgConnection {
        // Unwrap safety: see `deref`.
        &mut self.idle.as_mut().expect("a connection").connection
    }
}

/// Counts who waits, also when they give up.
pub(crate) struct Counted<'a>(&'a AtomicUsize);

impl<'a> Counted<'a> {
    fn new(waiting: &'a AtomicUsize) -> Self {
        waiting.fetch_add(1, Ordering::SeqCst);
        Self(waiting)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Between two tries to reach a server that is away.
const PAUSE: Duration = Duration::from_millis(100);

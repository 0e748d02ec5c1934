//! The database's clock on a node: measured now and then, and running by itself in between, so that nodes agree on what
//! has expired whatever their own clocks say.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls_pki_types::UnixTime;
use sqlx::{PgConnection, Row as _};
use tokio::time::{Instant, MissedTickBehavior};

use madoguchi_storage::{Clock, StorageError};

use crate::connection;
use crate::error::PostgresError;
use crate::options::PostgresOptions;

/// The clock of the database. It measures every 10 seconds until it is dropped; while the database is away it goes on from
/// the last measurement.
pub struct DatabaseClock(Arc<Shared>);

/// How far apart the clocks are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockReading {
    /// This node's clock less the database's, in whole seconds: one of either sign may be the rounding.
    pub skew_seconds: i64,
    /// How long ago the database's clock was measured.
    pub measured_ago: Duration,
    /// How long that measurement's answer took: it is no more exact than half of this.
    pub round_trip: Duration,
}

struct Shared {
    local: Arc<dyn Clock>,
    measured: Mutex<Measured>,
}

/// The database's time at a moment of this node's monotonic clock.
#[derive(Clone, Copy)]
struct Measured {
    at: Instant,
    since_epoch: Duration,
    round_trip: Duration,
}

impl DatabaseClock {
    /// Measures, and goes on measuring on a connection of its own. `local` is this node's clock, with which the
    /// database's is compared.
    pub async fn connect(
        options: Arc<PostgresOptions>,
        local: Arc<dyn Clock>,
    ) -> Result<Arc<Self>, StorageError> {
        let mut connection = connection::connect(&options).await?.connection;
        let measured = in_time(&options, &mut connection).await?;
        let shared = Arc::new(Shared { local, measured: Mutex::new(measured) });
        tokio::spawn(keep_measuring(Arc::downgrade(&shared), options, connection));
        Ok(Arc::new(Self(shared)))
    }

    /// How far this node's clock is from the database's.
    pub fn reading(&self) -> ClockReading {
        let measured = self.0.measured();
        let (local, database) = (self.0.local.now().as_secs(), self.now().as_secs());
        ClockReading {
            skew_seconds: i64::try_from(i128::from(local) - i128::from(database)).unwrap_or(i64::MAX),
            measured_ago: measured.at.elapsed(),
            round_trip: measured.round_trip,
        }
    }
}

impl Clock for DatabaseClock {
    fn now(&self) -> UnixTime {
        let measured = self.0.measured();
        UnixTime::since_unix_epoch(measured.since_epoch + measured.at.elapsed())
    }
}

impl Shared {
    fn measured(&self) -> Measured {
        *self.measured.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn keep_measuring(
    shared: std::sync::Weak<Shared>,
    options: Arc<PostgresOptions>,
    connection: PgConnection,
) {
    let mut connection = Some(connection);
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.tick().await;
    loop {
        ticks.tick().await;
        if shared.strong_count() == 0 {
            return;
        }
        let measured = match &mut connection {
            Some(connection) => in_time(&options, connection).await,
            None => match connection::connect(&options).await {
                Ok(made) => in_time(&options, connection.insert(made.connection)).await,
                Err(error) => Err(error),
            },
        };
        let Some(shared) = shared.upgrade() else { return };
        match measured {
            Ok(measured) => *shared.measured.lock().unwrap_or_else(PoisonError::into_inner) = measured,
            Err(error) => {
                tracing::warn!(%error, "the database's clock could not be measured; the last measurement goes on");
                connection = None;
            }
        }
    }
}

async fn in_time(
    options: &PostgresOptions,
    connection: &mut PgConnection,
) -> Result<Measured, PostgresError> {
    let limit = options.connect_timeout;
    tokio::time::timeout(limit, measure(connection)).await.unwrap_or(Err(PostgresError::TimedOut(limit)))
}

/// Of a few questions the one that was answered fastest: its answer is the most exact.
async fn measure(connection: &mut PgConnection) -> Result<Measured, PostgresError> {
    let mut best: Option<Measured> = None;
    for _ in 0..QUESTIONS {
        let asked_at = Instant::now();
        let row = sqlx::raw_sql("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")
            .fetch_one(&mut *connection)
            .await?;
        let round_trip = asked_at.elapsed();
        let since_epoch = Duration::from_micros(u64::try_from(row.try_get::<i64, _>(0)?).unwrap_or(0));
        // It was read somewhere on the way; in the middle the error is half a round trip at most.
        let measured = Measured { at: asked_at + round_trip / 2, since_epoch, round_trip };
        if best.is_none_or(|best| round_trip < best.round_trip) {
            best = Some(measured);
        }
    }
    best.ok_or(PostgresError::TimedOut(Duration::ZERO))
}

const EVERY: Duration = Duration::from_secs(10);
const QUESTIONS: u32 = 5;

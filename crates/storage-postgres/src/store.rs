//! The backend as its users see it.

use std::sync::Arc;

use madoguchi_storage::{Clock, SignInLimits, StorageError};

use crate::error::PostgresError;
use crate::health::{self, PoolState, ServerHealth};
use crate::options::PostgresOptions;
use crate::pool::Pool;
use crate::schema;

/// A store in a PostgreSQL database that nodes share.
pub struct PostgresStore {
    pub(crate) pool: Arc<Pool>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) limits: SignInLimits,
    pub(crate) most_beside: u64,
}

impl PostgresStore {
    /// Connects and brings the schema up to date. A newer schema is refused, and so is a database with another program's
    /// tables. `clock` decides what has expired: outside tests it is a [`DatabaseClock`](crate::DatabaseClock), so that
    /// nodes agree.
    pub async fn connect(
        options: Arc<PostgresOptions>,
        clock: Arc<dyn Clock>,
        limits: SignInLimits,
    ) -> Result<Self, StorageError> {
        Ok(Self::open(options, clock, limits, true).await?)
    }

    /// Connects to look beside nodes that run: a schema of another version is refused, and nothing is changed by that.
    pub async fn connect_as_is(
        options: Arc<PostgresOptions>,
        clock: Arc<dyn Clock>,
        limits: SignInLimits,
    ) -> Result<Self, StorageError> {
        Ok(Self::open(options, clock, limits, false).await?)
    }

    async fn open(
        options: Arc<PostgresOptions>,
        clock: Arc<dyn Clock>,
        limits: SignInLimits,
        migrate: bool,
    ) -> Result<Self, PostgresError> {
        let pool = Pool::new(options);
        let mut leased = pool.acquire().await?;
        if migrate {
            schema::migrate(&mut leased).await?;
        } else {
            schema::check(&mut leased).await?;
        }
        let server = health::read(&mut leased).await?;
        server.warn();
        leased.give_back();
        Ok(Self { pool, clock, limits, most_beside: server.most_connections })
    }

    /// What the server says about itself, in one round trip: for health, and to see that it answers.
    pub async fn server_health(&self) -> Result<ServerHealth, StorageError> {
        let mut leased = self.pool.acquire().await?;
        let read = health::read(&mut leased);
        let limit = self.options().transaction_timeout;
        match tokio::time::timeout(limit, read).await.unwrap_or(Err(PostgresError::TimedOut(limit))) {
            Ok(health) => {
                leased.give_back();
                Ok(health)
            }
            Err(error) => {
                if error.is_connection_lost() {
                    self.pool.forget_all();
                }
                Err(error.into())
            }
        }
    }

    /// How the connections of this node stand.
    pub fn pool_state(&self) -> PoolState {
        self.pool.state()
    }

    pub(crate) fn options(&self) -> &PostgresOptions {
        self.pool.options()
    }
}

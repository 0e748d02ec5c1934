//! The backend as its users see it.

use std::sync::Arc;

use sqlx::Row as _;

use madoguchi_storage::{Clock, SignInLimits, StorageError};

use crate::error::PostgresError;
use crate::health::{self, PoolState, ServerHealth};
use crate::options::PostgresOptions;
use crate::pool::Pool;
use crate::schema;
use crate::transaction::transact;
use crate::work::Work;

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

    /// Stores something, as a request does: a server that answers questions may still write nothing. While a commit is
    /// not answered no other is begun.
    pub async fn probe(&self) -> Result<(), StorageError> {
        let unanswered = self.pool_state().unanswered;
        if unanswered > 0 {
            return Err(PostgresError::Unanswered(unanswered).into());
        }
        transact!(self, &[], |work| write(work))
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

async fn write(work: &mut Work) -> Result<(), PostgresError> {
    work.execute(sqlx::query("UPDATE madoguchi_schema SET version = version")).await?;
    let sql = "SELECT string_agg(c.relname, ', ' ORDER BY c.relname) FROM pg_class c
               JOIN pg_class ours ON ours.oid = 'madoguchi_schema'::regclass AND ours.oid <> c.oid
               WHERE c.relnamespace = ours.relnamespace AND c.relowner = ours.relowner AND c.relkind = 'r'
                 AND NOT (has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT')
                          AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE'))";
    let found: Option<Option<String>> = work.find(sqlx::query(sql), |row| Ok(row.try_get(0)?)).await?;
    found.flatten().map_or(Ok(()), |tables| Err(PostgresError::NotGranted(tables)))
}

//! What a method works with: a connection inside its transaction, and the one time that holds for all of it.

use rustls_pki_types::UnixTime;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{Decode, Postgres, Row as _, Type};

use madoguchi_storage::SignInLimits;

use crate::error::PostgresError;
use crate::pool::Leased;

pub(crate) struct Work {
    pub(crate) leased: Leased,
    /// Read once from the store's clock, when the transaction begins.
    pub(crate) now: i64,
    pub(crate) limits: SignInLimits,
    /// An earlier try of the same call may have been committed: see [`settle!`](crate::transaction::settle).
    pub(crate) unsure: bool,
    /// How many transactions the server lets run beside each other.
    pub(crate) most_beside: u64,
}

impl Work {
    /// Runs a statement; the number of rows it changed.
    pub(crate) async fn execute(
        &mut self,
        query: Query<'_, Postgres, PgArguments>,
    ) -> Result<u64, PostgresError> {
        let query = query.persistent(self.keeps_statements());
        Ok(query.execute(&mut *self.leased).await?.rows_affected())
    }

    /// The row of a query that has one at most, read by `read`.
    pub(crate) async fn find<T>(
        &mut self,
        query: Query<'_, Postgres, PgArguments>,
        read: impl FnOnce(&PgRow) -> Result<T, PostgresError>,
    ) -> Result<Option<T>, PostgresError> {
        let query = query.persistent(self.keeps_statements());
        query.fetch_optional(&mut *self.leased).await?.as_ref().map(read).transpose()
    }

    /// Every row of a query, read by `read`.
    pub(crate) async fn all<T>(
        &mut self,
        query: Query<'_, Postgres, PgArguments>,
        read: impl FnMut(&PgRow) -> Result<T, PostgresError>,
    ) -> Result<Vec<T>, PostgresError> {
        let query = query.persistent(self.keeps_statements());
        query.fetch_all(&mut *self.leased).await?.iter().map(read).collect()
    }

    /// The number that a query answers.
    pub(crate) async fn count(
        &mut self,
        query: Query<'_, Postgres, PgArguments>,
    ) -> Result<u64, PostgresError> {
        let query = query.persistent(self.keeps_statements());
        let number: i64 = query.fetch_one(&mut *self.leased).await?.try_get(0)?;
        Ok(u64::try_from(number).unwrap_or(0))
    }

    /// Waits for an advisory lock, which ends with the transaction.
    pub(crate) async fn lock(&mut self, lock: crate::locks::Lock) -> Result<(), PostgresError> {
        self.execute(sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(lock.number())).await.map(drop)
    }

    /// `seconds` from now.
    pub(crate) fn after(&self, seconds: u64) -> i64 {
        self.now.saturating_add(integer(seconds))
    }

    /// On a connection that others use after this transaction nothing is kept, and no name could be ours alone.
    fn keeps_statements(&self) -> bool {
        !self.leased.pool().options().pooler
    }
}

/// A column by name. What does not read back is damage, told without its value.
pub(crate) fn column<'r, T: Decode<'r, Postgres> + Type<Postgres>>(
    row: &'r PgRow,
    table: &'static str,
    name: &str,
) -> Result<T, PostgresError> {
    row.try_get(name).map_err(|_| damaged(table, name))
}

/// A column of a number that is not negative.
pub(crate) fn number(row: &PgRow, table: &'static str, name: &str) -> Result<u64, PostgresError> {
    u64::try_from(column::<i64>(row, table, name)?).map_err(|_| damaged(table, name))
}

/// A column of seconds.
pub(crate) fn time(row: &PgRow, table: &'static str, name: &str) -> Result<UnixTime, PostgresError> {
    number(row, table, name).map(unix_time)
}

/// A column of a number that may be absent.
pub(crate) fn number_if_any(
    row: &PgRow,
    table: &'static str,
    name: &str,
) -> Result<Option<u64>, PostgresError> {
    let number: Option<i64> = column(row, table, name)?;
    number.map(|number| u64::try_from(number).map_err(|_| damaged(table, name))).transpose()
}

/// A column of seconds that may be absent.
pub(crate) fn time_if_any(
    row: &PgRow,
    table: &'static str,
    name: &str,
) -> Result<Option<UnixTime>, PostgresError> {
    Ok(number_if_any(row, table, name)?.map(unix_time))
}

pub(crate) fn damaged(table: &'static str, detail: &str) -> PostgresError {
    PostgresError::Damaged { table, detail: detail.to_owned() }
}

pub(crate) fn unix_time(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds))
}

pub(crate) fn seconds(time: UnixTime) -> i64 {
    integer(time.as_secs())
}

/// The database's integers have a sign; times and limits beyond them are as good as endless.
pub(crate) fn integer(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

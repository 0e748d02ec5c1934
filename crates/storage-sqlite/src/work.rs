//! What a job works with: a connection inside its transaction, and the one time that holds for the whole job.

use rusqlite::{Connection, Params, Row, types::FromSql};
use rustls_pki_types::UnixTime;

use madoguchi_storage::SignInLimits;

use crate::error::SqliteError;

pub(crate) struct Work<'c> {
    pub(crate) connection: &'c Connection,
    /// Read once from the store's clock, when the job begins.
    pub(crate) now: i64,
    pub(crate) limits: SignInLimits,
}

impl Work<'_> {
    /// Runs a statement; the number of rows it changed.
    pub(crate) fn execute(&self, sql: &str, params: impl Params) -> Result<usize, SqliteError> {
        Ok(self.connection.prepare_cached(sql)?.execute(params)?)
    }

    /// The first row of a query, read by `read`.
    pub(crate) fn find<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> Result<T, SqliteError>,
    ) -> Result<Option<T>, SqliteError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query(params)?;
        rows.next()?.map(read).transpose()
    }

    /// Every row of a query, read by `read`.
    pub(crate) fn all<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl Fn(&Row<'_>) -> Result<T, SqliteError>,
    ) -> Result<Vec<T>, SqliteError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query(params)?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            all.push(read(row)?);
        }
        Ok(all)
    }

    /// The number that a query answers.
    pub(crate) fn count(&self, sql: &str, params: impl Params) -> Result<u64, SqliteError> {
        Ok(self.connection.prepare_cached(sql)?.query_row(params, |row| row.get(0))?)
    }

    /// `seconds` from now.
    pub(crate) fn after(&self, seconds: u64) -> i64 {
        self.now.saturating_add(integer(seconds))
    }
}

/// A column by name. What does not read back is damage, told without its value.
pub(crate) fn column<T: FromSql>(row: &Row<'_>, table: &'static str, name: &str) -> Result<T, SqliteError> {
    row.get(name).map_err(|_| damaged(table, name))
}

/// A column of seconds.
pub(crate) fn time(row: &Row<'_>, table: &'static str, name: &str) -> Result<UnixTime, SqliteError> {
    column(row, table, name).map(unix_time)
}

pub(crate) fn damaged(table: &'static str, detail: &str) -> SqliteError {
    SqliteError::Damaged { table, detail: detail.to_owned() }
}

pub(crate) fn unix_time(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds))
}

pub(crate) fn seconds(time: UnixTime) -> i64 {
    integer(time.as_secs())
}

/// SQLite's integers have a sign; times and limits beyond them are as good as endless.
pub(crate) fn integer(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

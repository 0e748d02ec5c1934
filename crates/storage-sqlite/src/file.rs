//! The database file: made for the owner alone, recognised as ours, opened with the settings that durability rests on.

use std::fs::{OpenOptions, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::error::SqliteError;
use crate::schema;

/// Opens the connection of the writer: makes the file when it is not there, and brings its schema up to date.
pub(crate) fn open_for_writing(path: &Path) -> Result<Connection, SqliteError> {
    make_private(path)?;
    told(path, || prepare(path))
}

/// Opens a connection for look-ups.
pub(crate) fn open_for_reading(path: &Path) -> Result<Connection, SqliteError> {
    open(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
}

/// Brings what is in the log into the file and empties the log, so that what was deleted is in neither. Answers false when
/// somebody else is in the way.
pub(crate) fn empty_log(path: &Path) -> Result<bool, SqliteError> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let busy: i64 = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |row| row.get(0))?;
    Ok(busy == 0)
}

/// Whether the file is one that look-ups can be made in as it is.
pub(crate) fn check_for_reading(path: &Path) -> Result<(), SqliteError> {
    let failed = |source| SqliteError::File { path: path.to_owned(), source };
    std::fs::metadata(path).map_err(failed)?;
    told(path, || {
        let connection = open_for_reading(path)?;
        schema::check_program(&connection, path)?;
        schema::check_version(&connection)
    })
}

/// A file that is no database is told by its name, and so is one that cannot be opened, with the system's own reason: SQLite
/// has none for the log that it cannot make beside a file on a read-only system.
pub(crate) fn told<T>(path: &Path, run: impl FnOnce() -> Result<T, SqliteError>) -> Result<T, SqliteError> {
    run().map_err(|error| match error {
        SqliteError::Statement(cause) if cause.sqlite_error_code() == Some(ErrorCode::NotADatabase) => {
            SqliteError::NotADatabase(path.to_owned())
        }
        SqliteError::Statement(cause) if cause.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt) => {
            SqliteError::NotWhole { path: path.to_owned(), first: cause.to_string() }
        }
        SqliteError::Statement(cause) if cause.sqlite_error_code() == Some(ErrorCode::CannotOpen) => {
            match std::fs::OpenOptions::new().append(true).open(path) {
                Err(source) => SqliteError::File { path: path.to_owned(), source },
                Ok(_) => SqliteError::Statement(cause),
            }
        }
        other => other,
    })
}

fn prepare(path: &Path) -> Result<Connection, SqliteError> {
    let mut connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    // Whose file it is comes before anything is changed in it.
    schema::check_program(&connection, path)?;
    std::fs::set_permissions(path, Permissions::from_mode(OWNER_ONLY))
        .map_err(|source| SqliteError::File { path: path.to_owned(), source })?;
    to_wal(&connection)?;
    // FULL syncs the log at every commit; in WAL mode NORMAL does not, and an answered write could be lost.
    connection.pragma_update(None, "synchronous", "full")?;
    // What is deleted is wiped where that needs no more pages written: sealed secrets lie in pages that change anyway.
    connection.pragma_update_and_check(None, "secure_delete", "fast", |_| Ok(()))?;
    // What rolls a job back is kept in memory, not in files beside this one.
    connection.pragma_update(None, "temp_store", "memory")?;
    // A page that changes often is brought into the file more seldom, and is not read again meanwhile.
    connection.pragma_update_and_check(None, "wal_autocheckpoint", LOG_PAGES, |_| Ok(()))?;
    connection.pragma_update(None, "cache_size", CACHE_PAGES)?;
    schema::migrate(&mut connection)?;
    Ok(connection)
}

/// SQLite does not wait by itself for whoever switches the same new file at the same moment.
#[expect(
    clippy::disallowed_methods,
    reason = "it is opened where threads may wait, and nobody could wake them"
)]
fn to_wal(connection: &Connection) -> Result<(), rusqlite::Error> {
    let mut patience = BUSY_TIMEOUT;
    loop {
        match connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(())) {
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) && !patience.is_zero() =>
            {
                std::thread::sleep(PAUSE);
                patience = patience.saturating_sub(PAUSE);
            }
            switched => return switched,
        }
    }
}

pub(crate) fn open(path: &Path, mode: OpenFlags) -> Result<Connection, SqliteError> {
    let connection = Connection::open_with_flags(path, mode | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    // Operator commands may write beside a running gateway.
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // Plans do not depend on bound values. They would be made anew at every `LIMIT ?`, and there are no statistics to
    // make a better one from.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}

/// Makes the file when it is not there. SQLite gives the log beside it its own mode.
pub(crate) fn make_private(path: &Path) -> Result<(), SqliteError> {
    let failed = |source| SqliteError::File { path: path.to_owned(), source };
    if path.parent().is_some_and(|folder| !folder.as_os_str().is_empty() && !folder.is_dir()) {
        return Err(SqliteError::FolderMissing(path.to_owned()));
    }
    match OpenOptions::new().write(true).create_new(true).mode(OWNER_ONLY).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists && !path.is_dir() => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(failed(ErrorKind::IsADirectory.into())),
        Err(error) => Err(failed(error)),
    }
}

const OWNER_ONLY: u32 = 0o600;
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(10);
const STATEMENTS: usize = 64;
/// The log grows to about 16 MiB.
const LOG_PAGES: u32 = 4000;
/// 8 MiB of the writer's.
const CACHE_PAGES: u32 = 2000;

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;

    /// What no outcome of a test could show, since no test can cut the power.
    #[test]
    fn the_writer_syncs_every_commit_and_a_reader_cannot_write() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("m.sqlite3");
        let writer = open_for_writing(&path).expect("a database");
        let setting = |connection: &Connection, name| -> String {
            connection
                .query_row(&format!("SELECT CAST({name} AS TEXT) FROM pragma_{name}"), (), |row| row.get(0))
                .expect("a setting")
        };
        assert_eq!(setting(&writer, "journal_mode"), "wal");
        assert_eq!(setting(&writer, "synchronous"), "2", "FULL");
        assert_eq!(setting(&writer, "foreign_keys"), "1");
        assert_eq!(setting(&writer, "secure_delete"), "2", "FAST");
        assert_eq!(setting(&writer, "temp_store"), "2", "MEMORY");
        let reader = open_for_reading(&path).expect("the database");
        reader.execute("DELETE FROM audit", ()).expect_err("it only reads");
    }
    /// Planning costs more than most look-ups.
    #[test]
    fn a_statement_is_planned_once_whatever_is_bound() {
        let folder = tempfile::tempdir().expect("a folder");
        let connection = open_for_writing(&folder.path().join("m.sqlite3")).expect("a database");
        let mut statement =
            connection.prepare("SELECT 1 FROM audit WHERE number > ?1 LIMIT ?2").expect("a statement");
        for bound in 0..3 {
            statement.exists((bound, bound)).expect("an answer");
        }
        assert_eq!(statement.get_status(StatementStatus::RePrepare), 0);
    }
}

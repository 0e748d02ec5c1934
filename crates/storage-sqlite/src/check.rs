//! Whether the file is whole: quickly before a gateway serves, and at length when an operator asks.

use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode};

use madoguchi_storage::StorageError;

use crate::error::SqliteError;
use crate::file;
use crate::place::Guard;

/// Reads as much of the database as `within` lets it and refuses one that is damaged. Answers whether that was all of it.
/// A file that is not there is whole.
pub fn check_quickly(path: &Path, within: Duration) -> Result<bool, StorageError> {
    if path.try_exists().is_ok_and(|there| !there) {
        return Ok(true);
    }
    // Nobody restores it meanwhile; and a place that may not be written is told as that.
    let _guard = Guard::shared(path)?;
    Ok(quick(path, within)?)
}

/// Reads the whole database, every index and every reference. Answers what is wrong with it, a line each.
pub fn check_fully(path: &Path) -> Result<Vec<String>, StorageError> {
    file::check_for_reading(path)?;
    Ok(problems(path)?)
}

fn quick(path: &Path, within: Duration) -> Result<bool, SqliteError> {
    file::told(path, || {
        let connection = file::open_for_reading(path)?;
        let interrupt = connection.get_interrupt_handle();
        let (done, waiting) = mpsc::channel::<()>();
        let clock = std::thread::spawn(move || {
            let mut patience = within;
            // An interrupt before the statement began is forgotten: so again until it ends.
            while waiting.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
                interrupt.interrupt();
                patience = AGAIN;
            }
        });
        let found = lines(&connection, "PRAGMA quick_check(1)");
        drop(done);
        // It only waits, and ends when what it waits for is gone.
        let _ = clock.join();
        match found {
            Ok(found) => refuse(path, found).map(|()| true),
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) => Ok(false),
            Err(error) => Err(error.into()),
        }
    })
}

/// Refuses a file that is not whole.
pub(crate) fn whole(path: &Path) -> Result<(), SqliteError> {
    refuse(path, problems(path)?)
}

fn refuse(path: &Path, problems: Vec<String>) -> Result<(), SqliteError> {
    match problems.into_iter().next() {
        None => Ok(()),
        Some(first) => Err(SqliteError::NotWhole { path: path.to_owned(), first }),
    }
}

fn problems(path: &Path) -> Result<Vec<String>, SqliteError> {
    file::told(path, || {
        let connection = file::open_for_reading(path)?;
        let mut problems = lines(&connection, "PRAGMA integrity_check")?;
        let mut statement = connection.prepare("PRAGMA foreign_key_check")?;
        let mut rows = statement.query(())?;
        while let Some(row) = rows.next()? {
            let (table, parent): (String, String) = (row.get(0)?, row.get(2)?);
            problems.push(format!("a row of {table} refers to a row of {parent} that is not there"));
        }
        Ok(problems)
    })
}

fn lines(connection: &Connection, pragma: &str) -> Result<Vec<String>, rusqlite::Error> {
    let mut statement = connection.prepare(pragma)?;
    let lines = statement.query_map((), |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
    Ok(lines.into_iter().filter(|line| line != "ok").collect())
}

const AGAIN: Duration = Duration::from_millis(1);

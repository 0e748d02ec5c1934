//! What goes wrong inside this backend. Callers see it as a `StorageError`.

use std::path::PathBuf;
use std::sync::Arc;

use rusqlite::ErrorCode;

use madoguchi_storage::StorageError;

#[derive(Debug, thiserror::Error)]
pub(crate) enum SqliteError {
    #[error("the transaction could not be committed: {0}")]
    Commit(#[source] Arc<SqliteError>),
    #[error("{table}: a stored value does not read back: {detail}")]
    Damaged { table: &'static str, detail: String },
    #[error("{0}: there is such a file already; nothing was changed")]
    Exists(PathBuf),
    #[error("{path}: {source}")]
    File { path: PathBuf, source: std::io::Error },
    #[error("{0}: the folder does not exist")]
    FolderMissing(PathBuf),
    #[error("{0}: a gateway or another command has this database open; end it first, nothing was changed")]
    InUse(PathBuf),
    #[error("{0}: everything in it was moved to another database, which the configuration should name")]
    Left(PathBuf),
    #[error("{0}: this file is not an SQLite database")]
    NotADatabase(PathBuf),
    #[error(
        "{path}: the database is damaged ({first}); put it away with the files beside it, and restore a backup"
    )]
    NotWhole { path: PathBuf, first: String },
    #[error("{0}: this database belongs to another program")]
    OtherProgram(PathBuf),
    #[error("this store was opened to read alone")]
    ReadOnly,
    #[error("a reader stopped: {0}")]
    ReaderStopped(#[from] tokio::task::JoinError),
    #[error(
        "{0}: the database that was opened was moved away or replaced; nothing is stored any more: restart"
    )]
    Replaced(PathBuf),
    #[error("{0}: this database is being restored or moved; wait until that is done")]
    Replacing(PathBuf),
    #[error("the database has schema version {found}; this program knows up to {known}")]
    SchemaTooNew { found: u32, known: u32 },
    #[error("the database has schema version {found}; this program needs {known}")]
    SchemaTooOld { found: u32, known: u32 },
    #[error("{}", words(.0))]
    Statement(#[from] rusqlite::Error),
    #[error("the writer has stopped")]
    WriterStopped,
}

impl From<SqliteError> for StorageError {
    fn from(error: SqliteError) -> Self {
        match error {
            SqliteError::Damaged { table, detail } => Self::Damaged { table, detail },
            SqliteError::SchemaTooNew { found, known } => Self::SchemaTooNew { found, known },
            SqliteError::SchemaTooOld { found, known } => Self::SchemaTooOld { found, known },
            other => Self::Unavailable(Box::new(other)),
        }
    }
}

/// What helps, where SQLite's own words do not say it.
fn words(error: &rusqlite::Error) -> String {
    let help = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => {
            "free some space; what was refused was not stored, and no restart is needed"
        }
        Some(ErrorCode::ReadOnly) => {
            "the file, its folder or the mounted disk may not be written: look at modes and at mount"
        }
        Some(ErrorCode::SystemIoFailure) => "the disk or its file system failed: look at the system's log",
        Some(ErrorCode::CannotOpen) => "look at the modes of the file and of every folder above it",
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            "another program holds it: end whatever has it open for long, such as a shell of sqlite3"
        }
        _ => return error.to_string(),
    };
    format!("{error}; {help}")
}

#[cfg(test)]
mod tests {
    use rusqlite::ffi;

    use super::*;

    #[test]
    fn what_helps_is_told() {
        for (code, help) in [
            (ffi::SQLITE_FULL, "free some space"),
            (ffi::SQLITE_READONLY, "look at modes and at mount"),
            (ffi::SQLITE_IOERR_FSYNC, "the system's log"),
            (ffi::SQLITE_CANTOPEN, "every folder above"),
            (ffi::SQLITE_BUSY, "another program holds it"),
        ] {
            let cause = || rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
            for error in [SqliteError::Statement(cause()), SqliteError::Commit(Arc::new(cause().into()))] {
                assert!(error.to_string().contains(help), "{error}");
            }
        }
    }
}

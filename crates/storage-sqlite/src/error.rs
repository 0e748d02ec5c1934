//! What goes wrong inside this backend. Callers see it as a `StorageError`.

use std::path::PathBuf;
use std::sync::Arc;

use madoguchi_storage::StorageError;

#[derive(Debug, thiserror::Error)]
pub(crate) enum SqliteError {
    #[error("the transaction could not be committed: {0}")]
    Commit(#[source] Arc<rusqlite::Error>),
    #[error("{table}: a stored value does not read back: {detail}")]
    Damaged { table: &'static str, detail: String },
    #[error("{path}: {source}")]
    File { path: PathBuf, source: std::io::Error },
    #[error("{0}: the folder does not exist")]
    FolderMissing(PathBuf),
    #[error("{0}: this file is not an SQLite database")]
    NotADatabase(PathBuf),
    #[error("{0}: this database belongs to another program")]
    OtherProgram(PathBuf),
    #[error("this store was opened to read alone")]
    ReadOnly,
    #[error("a reader stopped: {0}")]
    ReaderStopped(#[from] tokio::task::JoinError),
    #[error("the database has schema version {found}; this program knows up to {known}")]
    SchemaTooNew { found: u32, known: u32 },
    #[error("the database has schema version {found}; this program needs {known}")]
    SchemaTooOld { found: u32, known: u32 },
    #[error("{0}")]
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

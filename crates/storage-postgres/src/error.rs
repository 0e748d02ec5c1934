//! What goes wrong inside this backend. Callers see it as a `StorageError`.

use std::io::ErrorKind;
use std::time::Duration;

use madoguchi_storage::StorageError;

#[derive(Debug, thiserror::Error)]
pub(crate) enum PostgresError {
    #[error("no connection became free within {0:?}")]
    Busy(Duration),
    #[error("the outcome of a commit is unknown: {0}")]
    CommitUnknown(#[source] Box<PostgresError>),
    #[error("{server}: {source}")]
    Connect { server: String, source: sqlx::Error },
    #[error("{table}: a stored value does not read back: {detail}")]
    Damaged { table: &'static str, detail: String },
    #[error("the role may not SELECT, INSERT, UPDATE and DELETE in: {0}")]
    NotGranted(String),
    #[error("the tables in this database belong to another program")]
    OtherProgram,
    #[error(
        "{0}: something between the gateway and the server does not pass the settings of a session on: say that it is a \
         pooler"
    )]
    Pooler(String),
    #[error(
        "{0}: nothing can be written: default_transaction_read_only is on there, for the database or for the role"
    )]
    ReadOnly(String),
    #[error("the database has schema version {found}; this program knows up to {known}")]
    SchemaTooNew { found: u32, known: u32 },
    #[error("the database has schema version {found}; this program needs {known}")]
    SchemaTooOld { found: u32, known: u32 },
    #[error("{0}: this server is a standby, and cannot be written to")]
    Standby(String),
    #[error("{0}")]
    Statement(#[from] sqlx::Error),
    #[error("{0}")]
    Transfer(String),
    #[error("a move to this database is not finished; run it again: madoguchi migrate sqlite-to-postgres")]
    TransferUnfinished,
    #[error("no answer within {0:?}")]
    TimedOut(Duration),
    #[error("{0} commits are not answered in their time: does the server wait for a standby?")]
    Unanswered(u32),
}

impl PostgresError {
    /// Another try may succeed, and this one has left nothing behind: the transaction did not come to its COMMIT.
    pub(crate) fn may_be_repeated(&self) -> bool {
        match self {
            Self::Statement(error) => is_connection_lost(error) || gives_way(error),
            _ => false,
        }
    }

    /// The connection is gone.
    pub(crate) fn is_connection_lost(&self) -> bool {
        match self {
            Self::CommitUnknown(error) => error.is_connection_lost(),
            Self::Statement(error) => is_connection_lost(error),
            _ => false,
        }
    }

    /// Why there is no connection may pass by itself.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            // What TLS has against a server stays as it is.
            Self::Connect { source: sqlx::Error::Io(error), .. } => error.kind() != ErrorKind::InvalidData,
            Self::Connect { source: error, .. } => is_connection_lost(error),
            Self::Standby(_) | Self::TimedOut(_) => true,
            _ => false,
        }
    }
}

fn is_connection_lost(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            // Class 08 is about connections; 57P01 to 57P05 are ends of the server or of its process; a primary that
            // became a standby writes nothing more (25006).
            code.starts_with("08") || code.starts_with("57P") || code == "25006"
        }),
        _ => false,
    }
}

/// Two transactions were in each other's way, and the server ended this one: 40001 and 40P01.
fn gives_way(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| code == "40001" || code == "40P01")
}

impl From<PostgresError> for StorageError {
    fn from(error: PostgresError) -> Self {
        match error {
            PostgresError::Damaged { table, detail } => Self::Damaged { table, detail },
            PostgresError::SchemaTooNew { found, known } => Self::SchemaTooNew { found, known },
            PostgresError::SchemaTooOld { found, known } => Self::SchemaTooOld { found, known },
            other => Self::Unavailable(Box::new(other)),
        }
    }
}

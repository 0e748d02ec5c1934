//! Why a command about the whole database is not done.

use std::io::Write;
use std::path::PathBuf;

use madoguchi_gateway::KeyError;
use madoguchi_storage::StorageError;

use crate::{ServerError, told};

#[derive(Debug, thiserror::Error)]
pub(super) enum DatabaseError {
    /// Something is wrong with it.
    #[error("{database}: {problems} problem(s); restore a backup")]
    Damaged { database: String, problems: usize },
    /// The copy is not what was copied: somebody wrote between two runs.
    #[error(
        "table {table}: {there} rows there, {here} here, or others; something wrote between two runs: run it again with \
         --start-over"
    )]
    Differs { table: String, there: u64, here: u64 },
    /// Nothing to move to.
    #[error(
        "{database}: the configuration must name the PostgreSQL database to move to: database = \"postgresql://…\""
    )]
    NotPostgres { database: String },
    /// What was restored is of another key-encryption key.
    #[error("{backup}: it does not open with the key of {kek_file}; nothing was restored")]
    OtherKek {
        backup: PathBuf,
        kek_file: PathBuf,
        #[source]
        source: KeyError,
    },
    /// A backend has its own tools.
    #[error("{0}")]
    OtherTool(&'static str),
    /// Standard output is gone.
    #[error("standard output")]
    Output(#[from] std::io::Error),
    #[error(transparent)]
    Server(#[from] ServerError),
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// There is nothing yet.
    #[error("{database}: there is no database yet")]
    NoDatabase { database: String },
}

/// Answers the exit code, and tells what went wrong.
pub(super) fn end(done: Result<(), DatabaseError>, command: &str, errors: &mut dyn Write) -> u8 {
    let Err(error) = done else { return 0 };
    // When standard error is gone there is nobody to tell.
    let _ = writeln!(errors, "madoguchi {command}: {}", told(&error));
    1
}

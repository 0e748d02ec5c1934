//! The command line.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::registry::{Common, EXIT_CODES};

/// `madoguchi backup`.
#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
pub struct BackupArguments {
    #[command(flatten)]
    pub(super) common: Common,
    /// The new file, made with mode 0600.
    #[arg(long)]
    pub(super) out: PathBuf,
}

/// `madoguchi restore`.
///
/// Every session in the backup ends: some were ended since it was made, and nobody knows which.
#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
pub struct RestoreArguments {
    #[command(flatten)]
    pub(super) common: Common,
    /// The backup. It stays as it is.
    #[arg(long)]
    pub(super) from: PathBuf,
}

/// `madoguchi database …`.
#[derive(Debug, Subcommand)]
pub enum DatabaseCommand {
    /// Reads the whole database, its indexes and its references, and says what is wrong.
    #[command(after_help = CHECK_ENDS)]
    Check(CheckArguments),
}

/// `madoguchi database check`.
#[derive(Args, Debug)]
pub struct CheckArguments {
    #[command(flatten)]
    pub(super) common: Common,
}

/// `madoguchi migrate …`.
#[derive(Debug, Subcommand)]
pub enum MigrateCommand {
    /// Copies everything from an SQLite file to the PostgreSQL database of the configuration, which must be empty.
    ///
    /// The gateway must not run. Interrupted, it goes on where it was when it is run again. At the end everything is
    /// compared by counts and hashes, and no gateway opens the file any more.
    #[command(after_help = EXIT_CODES)]
    SqliteToPostgres(SqliteToPostgresArguments),
}

/// `madoguchi migrate sqlite-to-postgres`.
#[derive(Args, Debug)]
pub struct SqliteToPostgresArguments {
    #[command(flatten)]
    pub(super) common: Common,
    /// The SQLite file.
    #[arg(long)]
    pub(super) from: PathBuf,
    /// Forgets what an interrupted run copied, and begins again.
    #[arg(long)]
    pub(super) start_over: bool,
}

const CHECK_ENDS: &str = "Exit code 0: nothing is wrong. 1: something is, or it cannot be read. 2: the command line cannot be used.";

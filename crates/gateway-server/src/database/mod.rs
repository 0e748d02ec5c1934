//! Commands about the database as a whole: copies, checks, and moving to another one.

mod arguments;
mod backup;
mod check;
mod error;
mod migrate;

pub use arguments::{BackupArguments, DatabaseCommand, MigrateCommand, RestoreArguments};
pub use backup::{backup, restore};
pub use check::database;
pub use migrate::migrate;

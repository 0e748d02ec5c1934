//! The gateway's database, for an operator command beside a gateway or without one.

use std::path::Path;
use std::sync::Arc;
use std::{fs, os::unix::fs::MetadataExt as _};

use madoguchi_storage::Clock;
use madoguchi_storage_sqlite::SqliteStore;

use crate::{Config, ServerError};

/// To write. A database that is not there yet is made: municipalities and clients may be registered before the gateway
/// first starts.
pub(crate) fn to_write(config: &Config, clock: Arc<dyn Clock>) -> Result<SqliteStore, ServerError> {
    require_owner(&config.database, rustix::process::geteuid().as_raw())?;
    Ok(SqliteStore::open(&config.database, clock, config.sign_in)?)
}

/// To look. `None` when there is no database yet.
pub(crate) fn to_read(config: &Config, clock: Arc<dyn Clock>) -> Result<Option<SqliteStore>, ServerError> {
    require_owner(&config.database, rustix::process::geteuid().as_raw())?;
    if config.database.try_exists().is_ok_and(|there| !there) {
        return Ok(None);
    }
    Ok(Some(SqliteStore::open_to_read(&config.database, clock, config.sign_in)?))
}

/// Even whoever only reads makes files beside a database, and those of another user its gateway cannot open.
pub(crate) fn require_owner(database: &Path, user: u32) -> Result<(), ServerError> {
    match fs::metadata(database) {
        Ok(metadata) if metadata.uid() != user => {
            Err(ServerError::DatabaseOfOther { path: database.to_owned(), owner: metadata.uid() })
        }
        // What is not there is told by whoever opens it.
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_of_another_user_is_left_alone() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let user = rustix::process::geteuid().as_raw();
        assert!(require_owner(file.path(), user).is_ok());
        let told = require_owner(file.path(), user + 1).expect_err("of another user").to_string();
        assert!(told.ends_with(&format!("sudo -u '#{user}' madoguchi …")), "{told}");
    }
}

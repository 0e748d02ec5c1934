//! Whether a file that is open is still the database: still at its path, and not left for another backend. What is stored in
//! one that is not would be answered and lost.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, Transaction};

use crate::error::SqliteError;
use crate::schema;

/// A path, and which file was there when it was opened.
#[derive(Clone)]
pub(crate) struct Place {
    path: PathBuf,
    device: u64,
    inode: u64,
}

impl Place {
    /// Taken before the file is opened: a file that comes in between is refused, not believed.
    pub(crate) fn of(path: &Path) -> Result<Self, SqliteError> {
        let file =
            std::fs::metadata(path).map_err(|source| SqliteError::File { path: path.to_owned(), source })?;
        Ok(Self { path: path.to_owned(), device: file.dev(), inode: file.ino() })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Refuses when the file was moved away or replaced.
    pub(crate) fn require_same(&self) -> Result<(), SqliteError> {
        let now = Self::of(&self.path).map_err(|_| SqliteError::Replaced(self.path.clone()))?;
        if (now.device, now.inode) == (self.device, self.inode) {
            Ok(())
        } else {
            Err(SqliteError::Replaced(self.path.clone()))
        }
    }

    /// As [`Self::require_same`]; and refuses, in a transaction of `connection`, when everything was moved elsewhere.
    pub(crate) fn require_in_use(&self, connection: &Connection) -> Result<(), SqliteError> {
        self.require_same()?;
        if schema::is_left(connection)? { Err(SqliteError::Left(self.path.clone())) } else { Ok(()) }
    }

    /// Commits. What is answered then was stored in the file that was at the path until after it.
    pub(crate) fn commit(&self, transaction: Transaction<'_>) -> Result<(), SqliteError> {
        transaction.commit()?;
        self.require_same()
    }
}

/// Held by everybody who writes a database, and alone by who replaces or leaves it. It is a lock on a file beside the
/// database, so that it stays when the database is moved away; it ends with its process.
pub(crate) struct Guard(#[expect(dead_code, reason = "it is locked as long as it is open")] File);

impl Guard {
    /// For a gateway, or a command beside one.
    pub(crate) fn shared(database: &Path) -> Result<Self, SqliteError> {
        Self::take(database, File::try_lock_shared, SqliteError::Replacing)
    }

    /// To replace or to leave it.
    pub(crate) fn alone(database: &Path) -> Result<Self, SqliteError> {
        Self::take(database, File::try_lock, SqliteError::InUse)
    }

    fn take(
        database: &Path,
        lock: impl FnOnce(&File) -> Result<(), TryLockError>,
        refused: impl FnOnce(PathBuf) -> SqliteError,
    ) -> Result<Self, SqliteError> {
        let mut path = database.as_os_str().to_owned();
        path.push(".lock");
        let path = PathBuf::from(path);
        let failed = |source| SqliteError::File { path: path.clone(), source };
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&path)
            .map_err(failed)?;
        match lock(&file) {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(refused(database.to_owned())),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }
}

//! Copies of the database while gateways write it, and bringing one back.
//!
//! `VACUUM INTO` reads one moment of the database beside its writer and leaves out what was deleted. A copy grows under
//! another name, is checked whole and synced, and only then has its own name: a file of that name is a good one.

use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rusqlite::OpenFlags;

use madoguchi_storage::{Clock, EndedBy, SignInLimits, StorageError};

use crate::error::SqliteError;
use crate::place::Guard;
use crate::work::{Work, seconds};
use crate::{check, file, sessions};

/// Copies the database at `from` as it is at one moment to `to`, mode 0600, which must not be there. Answers the octets.
pub fn backup(from: &Path, to: &Path) -> Result<u64, StorageError> {
    file::check_for_reading(from)?;
    // An index that is damaged would be made anew, and a table that is might be copied without what it lost.
    check::whole(from)?;
    Ok(copied(from, to)?)
}

/// Copies a backup, of this or an older version, to where a database should be, and brings it up to date there. A
/// database that is there is left alone: this refuses, and so it does while a gateway runs. Every session in it ends (audited): some were ended since the backup
/// was made, and nobody knows which. Answers how many.
pub fn restore(backup: &Path, to: &Path, clock: &dyn Clock) -> Result<u64, StorageError> {
    Ok(restored(backup, to, clock)?)
}

fn restored(backup: &Path, to: &Path, clock: &dyn Clock) -> Result<u64, SqliteError> {
    // A gateway that runs keeps it, even when the files that it has open were put away.
    let _guard = Guard::alone(to)?;
    for end in ["", "-wal", "-shm"] {
        let beside = with_end(to, end);
        if beside.exists() {
            return Err(SqliteError::Exists(beside));
        }
    }
    std::fs::metadata(backup).map_err(|source| SqliteError::File { path: backup.to_owned(), source })?;
    let partial = Partial::new(to)?;
    file::told(backup, || partial.fill(backup))?;
    let ended = ended(&partial.path, clock)?;
    check::whole(&partial.path)?;
    partial.keep(to)?;
    Ok(ended)
}

fn ended(path: &Path, clock: &dyn Clock) -> Result<u64, SqliteError> {
    let mut connection = file::open_for_writing(path)?;
    let transaction = connection.transaction()?;
    let work = Work { connection: &transaction, now: seconds(clock.now()), limits: SignInLimits::default() };
    let ended = sessions::end_every(&work, EndedBy::Restore)?;
    transaction.commit()?;
    Ok(ended)
}

fn copied(from: &Path, to: &Path) -> Result<u64, SqliteError> {
    let partial = Partial::new(to)?;
    partial.fill(from)?;
    check::whole(&partial.path)?;
    let octets = std::fs::metadata(&partial.path).map_err(|source| partial.failed(source))?.len();
    partial.keep(to)?;
    Ok(octets)
}

/// A copy that is not whole yet. Dropping it deletes it.
struct Partial {
    path: PathBuf,
}

impl Partial {
    fn new(to: &Path) -> Result<Self, SqliteError> {
        if to.try_exists().unwrap_or(true) {
            return Err(SqliteError::Exists(to.to_owned()));
        }
        let path = with_end(to, ".partial");
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
            Ok(_) => Ok(Self { path }),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(SqliteError::Exists(path)),
            Err(source) => Err(SqliteError::File { path, source }),
        }
    }

    fn fill(&self, from: &Path) -> Result<(), SqliteError> {
        let connection = file::open(from, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        crate::schema::check_program(&connection, from)?;
        // A name of other octets than UTF-8 cannot be told to SQLite.
        let name = self.path.to_str().ok_or_else(|| self.failed(ErrorKind::InvalidFilename.into()))?;
        connection.execute("VACUUM INTO ?1", (name,))?;
        Ok(())
    }

    /// Durable, and then under its name.
    fn keep(self, to: &Path) -> Result<(), SqliteError> {
        let sync = |path: &Path| File::open(path).and_then(|file| file.sync_all());
        sync(&self.path).map_err(|source| self.failed(source))?;
        // Refused above when it was there; this partial file keeps every other copy away until now.
        if to.exists() {
            return Err(SqliteError::Exists(to.to_owned()));
        }
        std::fs::rename(&self.path, to).map_err(|source| self.failed(source))?;
        let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        sync(folder).map_err(|source| SqliteError::File { path: folder.to_owned(), source })
    }

    fn failed(&self, source: std::io::Error) -> SqliteError {
        SqliteError::File { path: self.path.clone(), source }
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        for end in ["", "-wal", "-shm", "-journal"] {
            // What is not there, or has its name already, needs no deleting.
            let _ = std::fs::remove_file(with_end(&self.path, end));
        }
    }
}

fn with_end(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

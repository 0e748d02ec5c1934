//! The backend as its users see it.

use std::path::Path;
use std::sync::Arc;

use madoguchi_storage::{Clock, SignInLimits, StorageError};

use crate::error::SqliteError;
use crate::file;
use crate::place::{Guard, Place};
use crate::readers::Readers;
use crate::work::Work;
use crate::writer::Writer;

/// A store in one SQLite file. Dropping it does what was already asked for and ends its thread; then the file is the whole
/// database, unless somebody else has it open.
pub struct SqliteStore {
    /// Closed before the writer: the last that closes brings the log into the file, which a reader may not.
    readers: Readers,
    /// Absent in a store that only reads.
    writer: Option<Writer>,
    /// After the others: given up when nothing is written any more.
    _guard: Option<Guard>,
}

impl SqliteStore {
    /// Opens the file, or makes it (mode 0600) in a folder that exists, and brings its schema up to date. A newer
    /// schema is refused, and so is a file that is not such a database, or that a restore or a move holds. A file that is
    /// moved away, replaced or left later is neither written nor read any more. `clock` decides what has expired.
    pub fn open(path: &Path, clock: Arc<dyn Clock>, limits: SignInLimits) -> Result<Self, StorageError> {
        file::make_private(path)?;
        let place = Place::of(path)?;
        let guard = Guard::shared(path)?;
        let connection = file::open_for_writing(path)?;
        let writer = Writer::start(connection, place.clone(), Arc::clone(&clock), limits)
            .map_err(|source| SqliteError::File { path: path.to_owned(), source })?;
        Ok(Self { writer: Some(writer), readers: Readers::new(place, clock, limits), _guard: Some(guard) })
    }

    /// Opens a file for look-ups alone, beside the program that writes it: nothing in it is changed, and writes fail. A
    /// file that is not there, or whose schema is of another version, is refused.
    pub fn open_to_read(
        path: &Path,
        clock: Arc<dyn Clock>,
        limits: SignInLimits,
    ) -> Result<Self, StorageError> {
        let place = Place::of(path)?;
        file::check_for_reading(path)?;
        Ok(Self { writer: None, readers: Readers::new(place, clock, limits), _guard: None })
    }

    /// Runs `work` in a transaction; it may run twice, see [`Writer::run`].
    pub(crate) async fn write<T, F>(&self, work: F) -> Result<T, StorageError>
    where
        T: Send + 'static,
        F: Fn(&Work<'_>) -> Result<T, SqliteError> + Send + 'static,
    {
        Ok(self.writer.as_ref().ok_or(SqliteError::ReadOnly)?.run(work).await?)
    }

    /// Whether a transaction can be made durable now. It leaves nothing behind.
    pub async fn probe(&self) -> Result<(), StorageError> {
        self.write(|work| {
            work.execute(
                "INSERT OR REPLACE INTO replays (municipality, kind, key, until) VALUES ('', 'probe', x'', 0)",
                (),
            )?;
            work.execute("DELETE FROM replays WHERE municipality = '' AND kind = 'probe'", ()).map(drop)
        })
        .await
    }

    /// At the end of a gateway: brings the log into the file, which is then the whole database. Answers false when somebody
    /// else is in the way for long.
    pub async fn settle(&self) -> Result<bool, StorageError> {
        let path = self.readers.path().to_owned();
        Ok(tokio::task::spawn_blocking(move || file::empty_log(&path)).await.map_err(SqliteError::from)??)
    }

    /// After something was deleted that must be gone: nothing of it stays in the log, unless somebody is in the way for
    /// long. Then the log is overwritten later, as it always is.
    pub(crate) async fn empty_log(&self) -> Result<(), StorageError> {
        if !self.settle().await? {
            tracing::warn!(
                "the log of the database could not be emptied: what was deleted is in it for some time yet"
            );
        }
        Ok(())
    }

    /// A look-up of a few rows by their keys.
    pub(crate) fn point<T>(
        &self,
        look: impl FnOnce(&Work<'_>) -> Result<T, SqliteError>,
    ) -> Result<T, StorageError> {
        Ok(self.readers.point(look)?)
    }

    /// A look-up that may read much.
    pub(crate) async fn read<T, F>(&self, look: F) -> Result<T, StorageError>
    where
        T: Send + 'static,
        F: FnOnce(&Work<'_>) -> Result<T, SqliteError> + Send + 'static,
    {
        Ok(self.readers.run(look).await?)
    }
}

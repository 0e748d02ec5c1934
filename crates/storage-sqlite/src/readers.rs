//! Connections for look-ups. In WAL mode they neither wait for the writer nor make it wait.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use madoguchi_storage::{Clock, SignInLimits};

use crate::error::SqliteError;
use crate::file;
use crate::work::{Work, seconds};

pub(crate) struct Readers {
    path: PathBuf,
    clock: Arc<dyn Clock>,
    limits: SignInLimits,
    idle: Arc<Mutex<Vec<Connection>>>,
    places: Arc<Semaphore>,
}

impl Readers {
    pub(crate) fn new(path: PathBuf, clock: Arc<dyn Clock>, limits: SignInLimits) -> Self {
        Self { path, clock, limits, idle: Arc::default(), places: Arc::new(Semaphore::new(MOST_READERS)) }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Runs a look-up. It sees whatever was committed before it began.
    pub(crate) async fn run<T, F>(&self, look: F) -> Result<T, SqliteError>
    where
        T: Send + 'static,
        F: FnOnce(&Work<'_>) -> Result<T, SqliteError> + Send + 'static,
    {
        // Held by the task on the blocking thread: a caller that went away frees no connection that is still used.
        // Unwrap safety: the semaphore is never closed.
        let place = Arc::clone(&self.places).acquire_owned().await.expect("an open semaphore");
        let (path, clock, limits) = (self.path.clone(), Arc::clone(&self.clock), self.limits);
        let idle = Arc::clone(&self.idle);
        tokio::task::spawn_blocking(move || {
            let _place = place;
            let kept = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let connection = kept.map_or_else(|| file::open_for_reading(&path), Ok)?;
            let result = look(&Work { connection: &connection, now: seconds(clock.now()), limits });
            idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            result
        })
        .await?
    }
}

/// Enough for a small machine; SQLite reads are short.
const MOST_READERS: usize = 4;

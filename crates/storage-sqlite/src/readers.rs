//! Connections for look-ups. In WAL mode they neither wait for the writer nor make it wait.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use madoguchi_storage::{Clock, SignInLimits};

use crate::error::SqliteError;
use crate::file;
use crate::place::Place;
use crate::work::{Work, seconds};

pub(crate) struct Readers {
    source: Arc<Source>,
    places: Arc<Semaphore>,
}

impl Readers {
    pub(crate) fn new(place: Place, clock: Arc<dyn Clock>, limits: SignInLimits) -> Self {
        let source = Arc::new(Source { place, clock, limits, idle: Mutex::default() });
        Self { source, places: Arc::new(Semaphore::new(MOST_READERS)) }
    }

    pub(crate) fn path(&self) -> &Path {
        self.source.place.path()
    }

    /// Runs a look-up of a few rows by their keys, at once: it takes less than waking another thread would. It sees whatever
    /// was committed before it began.
    pub(crate) fn point<T>(
        &self,
        look: impl FnOnce(&Work<'_>) -> Result<T, SqliteError>,
    ) -> Result<T, SqliteError> {
        self.source.run(look)
    }

    /// Runs a look-up that may read much, on a thread for that. It sees whatever was committed before it began.
    pub(crate) async fn run<T, F>(&self, look: F) -> Result<T, SqliteError>
    where
        T: Send + 'static,
        F: FnOnce(&Work<'_>) -> Result<T, SqliteError> + Send + 'static,
    {
        // Held by the task on the blocking thread: a caller that went away frees no connection that is still used.
        // Unwrap safety: the semaphore is never closed.
        let place = Arc::clone(&self.places).acquire_owned().await.expect("an open semaphore");
        let source = Arc::clone(&self.source);
        tokio::task::spawn_blocking(move || {
            let _place = place;
            source.run(look)
        })
        .await?
    }
}

/// Connections, and what every look-up is given.
struct Source {
    place: Place,
    clock: Arc<dyn Clock>,
    limits: SignInLimits,
    idle: Mutex<Vec<Connection>>,
}

impl Source {
    fn run<T>(&self, look: impl FnOnce(&Work<'_>) -> Result<T, SqliteError>) -> Result<T, SqliteError> {
        let kept = self.idle().pop();
        let connection = kept.map_or_else(|| file::open_for_reading(self.place.path()), Ok)?;
        self.place.require_in_use(&connection)?;
        let now = seconds(self.clock.now());
        let result = look(&Work { connection: &connection, now, limits: self.limits });
        self.idle().push(connection);
        result
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Look-ups on threads of their own: enough for a small machine.
const MOST_READERS: usize = 4;

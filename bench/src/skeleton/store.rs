//! A SQLite file whose every answered write is durable: one thread writes, and takes what waits as one transaction.

use std::path::Path;
use std::sync::Mutex;

use rusqlite::{Connection, OptionalExtension as _, Params, Row};
use tokio::sync::{mpsc, oneshot};

/// The store.
pub(crate) struct Store {
    jobs: mpsc::Sender<Job>,
    reader: Mutex<Connection>,
}

/// Does its work, and is then asked to answer.
type Job = Box<dyn FnOnce(&Connection) -> Box<dyn FnOnce() + Send> + Send>;

impl Store {
    pub(crate) fn open(path: &Path) -> rusqlite::Result<Self> {
        let writer = Connection::open(path)?;
        writer.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
        writer.pragma_update(None, "synchronous", "full")?;
        writer.execute_batch(TABLES)?;
        writer.set_prepared_statement_cache_capacity(64);
        let reader = Mutex::new(Connection::open(path)?);
        let (jobs, waiting) = mpsc::channel(1024);
        std::thread::spawn(move || write(&writer, waiting));
        Ok(Self { jobs, reader })
    }

    /// Answers when it is durable.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            let result = work(connection).ok();
            Box::new(move || drop(reply.send(result)))
        });
        self.jobs.send(job).await.ok()?;
        answer.await.ok()?
    }

    /// The first row.
    pub(crate) fn read<T>(
        &self,
        sql: &str,
        params: impl Params,
        row: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Option<T> {
        let reader = self.reader.lock().ok()?;
        reader.prepare_cached(sql).ok()?.query_row(params, row).optional().ok()?
    }
}

fn write(connection: &Connection, mut waiting: mpsc::Receiver<Job>) {
    while let Some(first) = waiting.blocking_recv() {
        connection.execute_batch("BEGIN IMMEDIATE").expect("a transaction");
        let mut answers = vec![first(connection)];
        while answers.len() < 256
            && let Ok(job) = waiting.try_recv()
        {
            answers.push(job(connection));
        }
        connection.execute_batch("COMMIT").expect("durable");
        answers.into_iter().for_each(|answer| answer());
    }
}

const TABLES: &str = "
    CREATE TABLE sign_ins (
        id BLOB PRIMARY KEY, ticket BLOB UNIQUE NOT NULL, browser BLOB NOT NULL, nonce BLOB NOT NULL,
        request TEXT NOT NULL, return_verifier BLOB, claim_secret BLOB, proof BLOB, session BLOB, answered INTEGER
    ) STRICT;
    CREATE TABLE codes (
        hash BLOB PRIMARY KEY, request TEXT NOT NULL, account BLOB NOT NULL, auth_time INTEGER NOT NULL, token BLOB
    ) STRICT;
    CREATE TABLE pushed (hash BLOB PRIMARY KEY, request TEXT NOT NULL) STRICT;
    CREATE TABLE used (hash BLOB PRIMARY KEY, until INTEGER NOT NULL) STRICT;
";

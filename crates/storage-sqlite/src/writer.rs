//! The one thread that writes.
//!
//! It takes what waits, at most [`MOST_JOBS`], as one transaction: each job in a savepoint, so that a failing one
//! rolls back alone, then one commit, and only then the answers.

use std::collections::VecDeque;
use std::sync::Arc;
use std::thread::JoinHandle;

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

use madoguchi_storage::{Clock, SignInLimits};

use crate::error::SqliteError;
use crate::work::{Work, seconds};

pub(crate) struct Writer {
    /// `None` once dropped, which ends the thread.
    jobs: Option<mpsc::Sender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(crate) fn start(
        connection: Connection,
        clock: Arc<dyn Clock>,
        limits: SignInLimits,
    ) -> Result<Self, std::io::Error> {
        let (sender, jobs) = mpsc::channel(QUEUE);
        let thread = std::thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn(move || Thread { connection, clock, limits }.run(jobs))?;
        Ok(Self { jobs: Some(sender), thread: Some(thread) })
    }

    /// Runs `work` in a transaction of the writer; answers when it is durable.
    pub(crate) async fn run<T, F>(&self, work: F) -> Result<T, SqliteError>
    where
        T: Send + 'static,
        F: FnOnce(&Work<'_>) -> Result<T, SqliteError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = Pending { work: Some(work), result: None, reply };
        let jobs = self.jobs.as_ref().ok_or(SqliteError::WriterStopped)?;
        jobs.send(Box::new(job)).await.map_err(|_| SqliteError::WriterStopped)?;
        answer.await.map_err(|_| SqliteError::WriterStopped)?
    }

    /// How many jobs wait in the queue.
    #[cfg(test)]
    fn waiting(&self) -> usize {
        self.jobs.as_ref().map_or(0, |jobs| jobs.max_capacity() - jobs.capacity())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // The thread does what was already asked for, and ends.
        self.jobs = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the SQLite writer had panicked");
        }
    }
}

struct Thread {
    connection: Connection,
    clock: Arc<dyn Clock>,
    limits: SignInLimits,
}

impl Thread {
    fn run(mut self, mut jobs: mpsc::Receiver<Box<dyn Job>>) {
        while let Some(first) = jobs.blocking_recv() {
            let mut waiting = VecDeque::from([first]);
            while waiting.len() < MOST_JOBS
                && let Ok(job) = jobs.try_recv()
            {
                waiting.push_back(job);
            }
            while !waiting.is_empty() {
                self.transact(&mut waiting);
            }
        }
    }

    /// Runs jobs from the front in one transaction and answers them. All of them, unless SQLite gave the transaction
    /// up on the way.
    fn transact(&mut self, waiting: &mut VecDeque<Box<dyn Job>>) {
        let mut done = Vec::with_capacity(waiting.len());
        let committed = self.try_transact(waiting, &mut done);
        if let Err(error) = &committed {
            tracing::error!(%error, jobs = done.len(), "a transaction was not committed");
            // Nothing ran at all: the first still has to be answered, or it would wait for ever.
            if done.is_empty() {
                done.extend(waiting.pop_front());
            }
        }
        let committed = committed.map_err(Arc::new);
        for job in done {
            job.answer(committed.clone());
        }
    }

    fn try_transact(
        &mut self,
        waiting: &mut VecDeque<Box<dyn Job>>,
        done: &mut Vec<Box<dyn Job>>,
    ) -> Result<(), rusqlite::Error> {
        let mut transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        while let Some(mut job) = waiting.pop_front() {
            let now = seconds(self.clock.now());
            let ran = in_savepoint(&mut transaction, |connection| {
                job.run(&Work { connection, now, limits: self.limits })
            });
            done.push(job);
            ran?;
            // A full disk, among others, makes SQLite roll the whole transaction back by itself.
            if transaction.is_autocommit() {
                break;
            }
        }
        transaction.commit()
    }
}

/// Keeps what `run` wrote when it answers true.
fn in_savepoint(
    transaction: &mut Transaction<'_>,
    run: impl FnOnce(&Connection) -> bool,
) -> Result<(), rusqlite::Error> {
    let savepoint = transaction.savepoint()?;
    if run(&savepoint) { savepoint.commit() } else { savepoint.finish() }
}

trait Job: Send {
    /// Does the work and keeps its result; false asks to roll it back.
    fn run(&mut self, work: &Work<'_>) -> bool;

    /// Hands the result over, now that the outcome of the commit is known.
    fn answer(self: Box<Self>, committed: Result<(), Arc<rusqlite::Error>>);
}

struct Pending<T, F> {
    work: Option<F>,
    result: Option<Result<T, SqliteError>>,
    reply: oneshot::Sender<Result<T, SqliteError>>,
}

impl<T, F> Job for Pending<T, F>
where
    T: Send,
    F: FnOnce(&Work<'_>) -> Result<T, SqliteError> + Send,
{
    fn run(&mut self, work: &Work<'_>) -> bool {
        self.result = self.work.take().map(|run| run(work));
        matches!(self.result, Some(Ok(_)))
    }

    fn answer(self: Box<Self>, committed: Result<(), Arc<rusqlite::Error>>) {
        let result = match (self.result, committed) {
            (Some(Ok(value)), Ok(())) => Ok(value),
            (Some(Err(error)), _) => Err(error),
            (_, Err(error)) => Err(SqliteError::Commit(error)),
            (None, Ok(())) => Err(SqliteError::WriterStopped),
        };
        // Whoever asked may have gone; what was written stays written.
        let _ = self.reply.send(result);
    }
}

/// Most jobs in one transaction: a crowd waits for a few syncs, nobody for an endless one.
const MOST_JOBS: usize = 256;
/// Jobs that may wait; whoever comes then waits before the queue.
const QUEUE: usize = 1024;

#[cfg(test)]
mod tests;

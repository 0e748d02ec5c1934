//! The one thread that writes.
//!
//! It takes what waits, at most [`MOST_JOBS`], as one transaction: then one commit, and only then the answers. A job that
//! fails rolls back alone. That hardly ever happens, so the jobs of a transaction run without savepoints, which would copy
//! every page that a job changes; when one fails, all of them run again, each in a savepoint.

use std::collections::VecDeque;
use std::sync::Arc;
use std::thread::JoinHandle;

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

use madoguchi_storage::{Clock, SignInLimits};

use crate::error::SqliteError;
use crate::place::Place;
use crate::work::{Work, seconds};

pub(crate) struct Writer {
    /// `None` once dropped, which ends the thread.
    jobs: Option<mpsc::Sender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(crate) fn start(
        connection: Connection,
        place: Place,
        clock: Arc<dyn Clock>,
        limits: SignInLimits,
    ) -> Result<Self, std::io::Error> {
        let (sender, jobs) = mpsc::channel(QUEUE);
        let thread = std::thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn(move || Thread { connection, place, clock, limits }.run(jobs))?;
        Ok(Self { jobs: Some(sender), thread: Some(thread) })
    }

    /// Runs `work` in a transaction of the writer; answers when it is durable. It may run twice, the first time for
    /// nothing, so it does nothing but read and write the database.
    pub(crate) async fn run<T, F>(&self, work: F) -> Result<T, SqliteError>
    where
        T: Send + 'static,
        F: Fn(&Work<'_>) -> Result<T, SqliteError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = Pending { work, result: None, reply };
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
    place: Place,
    clock: Arc<dyn Clock>,
    limits: SignInLimits,
}

impl Thread {
    fn run(mut self, jobs: mpsc::Receiver<Box<dyn Job>>) {
        let mut line = Line { jobs, waiting: VecDeque::new() };
        while line.wait() {
            self.transact(&mut line);
        }
    }

    /// Runs jobs from the front in one transaction and answers them. All of them, and what comes meanwhile, unless one
    /// failed or SQLite gave the transaction up on the way.
    fn transact(&mut self, line: &mut Line) {
        let mut ran = 0;
        let outcome = match self.together(line, &mut ran) {
            Ok(Together::OneFailed) if ran > 1 => {
                ran = 0;
                self.one_by_one(line, &mut ran)
            }
            outcome => outcome.map(drop),
        };
        if let Err(error) = &outcome {
            tracing::error!(%error, jobs = ran, "a transaction was not committed");
        }
        let outcome = outcome.map_err(Arc::new);
        // Where nothing ran at all the first still has to be answered, or it would wait for ever.
        for job in line.waiting.drain(..ran.max(1)) {
            job.answer(outcome.clone());
        }
    }

    /// Stops at the first job that fails. `ran` counts up to it; when it is the only one, nothing but it was rolled back.
    fn together(&mut self, line: &mut Line, ran: &mut usize) -> Result<Together, SqliteError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        self.place.require_in_use(&transaction)?;
        while let Some(job) = line.job(*ran) {
            let now = seconds(self.clock.now());
            let kept = job.run(&Work { connection: &transaction, now, limits: self.limits });
            *ran += 1;
            // A full disk, among others, makes SQLite roll the whole transaction back by itself.
            if transaction.is_autocommit() {
                break;
            }
            if !kept {
                transaction.rollback()?;
                return Ok(Together::OneFailed);
            }
        }
        self.place.commit(transaction)?;
        Ok(Together::Committed)
    }

    /// Each job in a savepoint of the transaction.
    fn one_by_one(&mut self, line: &mut Line, ran: &mut usize) -> Result<(), SqliteError> {
        let mut transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        self.place.require_in_use(&transaction)?;
        while let Some(job) = line.job(*ran) {
            let now = seconds(self.clock.now());
            *ran += 1;
            in_savepoint(&mut transaction, |connection| {
                job.run(&Work { connection, now, limits: self.limits })
            })?;
            if transaction.is_autocommit() {
                break;
            }
        }
        self.place.commit(transaction)
    }
}

/// The jobs that came, in their order.
struct Line {
    jobs: mpsc::Receiver<Box<dyn Job>>,
    /// Taken from the queue, and not answered yet.
    waiting: VecDeque<Box<dyn Job>>,
}

impl Line {
    /// Waits until there is a job; false when none will come any more.
    fn wait(&mut self) -> bool {
        if self.waiting.is_empty() {
            self.waiting.extend(self.jobs.blocking_recv());
        }
        !self.waiting.is_empty()
    }

    /// The job at this place of a transaction, if one is there by now.
    fn job(&mut self, place: usize) -> Option<&mut Box<dyn Job>> {
        if place == self.waiting.len() && place < MOST_JOBS {
            self.waiting.extend(self.jobs.try_recv());
        }
        self.waiting.get_mut(place)
    }
}

/// What became of jobs without savepoints.
enum Together {
    Committed,
    OneFailed,
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
    /// Does the work and keeps its result, the newest; false asks to roll it back.
    fn run(&mut self, work: &Work<'_>) -> bool;

    /// Hands the result over, now that the outcome of the commit is known.
    fn answer(self: Box<Self>, committed: Result<(), Arc<SqliteError>>);
}

struct Pending<T, F> {
    work: F,
    result: Option<Result<T, SqliteError>>,
    reply: oneshot::Sender<Result<T, SqliteError>>,
}

impl<T, F> Job for Pending<T, F>
where
    T: Send,
    F: Fn(&Work<'_>) -> Result<T, SqliteError> + Send,
{
    fn run(&mut self, work: &Work<'_>) -> bool {
        let result = (self.work)(work);
        let kept = result.is_ok();
        self.result = Some(result);
        kept
    }

    fn answer(self: Box<Self>, committed: Result<(), Arc<SqliteError>>) {
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

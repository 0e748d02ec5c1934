//! Transactions: begun, ended, and repeated where that is safe.

use std::fmt::Write as _;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use sqlx::AssertSqlSafe;
use tokio::time::Instant;

use crate::connection;
use crate::error::PostgresError;
use crate::locks::Lock;
use crate::store::PostgresStore;
use crate::work::{Work, seconds};

/// Runs `$run` between `$begin` and `$end`, again from its beginning where [`Tries::again`] says that this may help.
macro_rules! attempt {
    ($tries:expr, $store:expr, $begin:expr, $end:path, |$work:ident| $run:expr) => {{
        let mut tries = $tries;
        loop {
            let ended = match $begin.await {
                Ok(mut transaction) => {
                    transaction.unsure = tries.unsure;
                    let ran = {
                        let $work = &mut transaction;
                        $crate::transaction::in_time($store, $run).await
                    };
                    $end(transaction, ran).await
                }
                Err(error) => Err(error),
            };
            match ended {
                Ok(answer) => break Ok(answer),
                Err(error) if tries.again(&error) => {}
                Err(error) => break Err(madoguchi_storage::StorageError::from(error)),
            }
        }
    }};
}
pub(crate) use attempt;

/// Runs `$run` (`|work| f(work, …)`) as one transaction that begins with these locks. What it answers is durable.
macro_rules! transact {
    ($store:expr, $locks:expr, |$work:ident| $run:expr) => {
        $crate::transaction::attempt!(
            $crate::transaction::Tries::default(),
            $store,
            $crate::transaction::begin($store, $locks),
            $crate::transaction::end,
            |$work| $run
        )
    };
}
pub(crate) use transact;

/// The same for what may be done once and would not be answered the same again: where the outcome of a COMMIT is unknown
/// it runs again, with [`Work::unsure`] set. It then finds by what only this call brought (the hash of a fresh secret)
/// whether its own earlier try was committed, and answers as that one would have. It holds a row while it looks: that
/// waits for a try that is still under way, and its own COMMIT comes after the earlier one on the standbys too.
macro_rules! settle {
    ($store:expr, $locks:expr, |$work:ident| $run:expr) => {
        $crate::transaction::attempt!(
            $crate::transaction::Tries::settling(),
            $store,
            $crate::transaction::begin($store, $locks),
            $crate::transaction::end,
            |$work| $run
        )
    };
}
pub(crate) use settle;

/// Runs the look-up `$run`, which is one statement, or needs no two that agree.
macro_rules! look {
    ($store:expr, |$work:ident| $run:expr) => {
        $crate::transaction::attempt!(
            $crate::transaction::Tries::default(),
            $store,
            $crate::transaction::begin_to_look($store),
            $crate::transaction::end_of_look,
            |$work| $run
        )
    };
}
pub(crate) use look;

/// How often a transaction was tried.
#[derive(Default)]
pub(crate) struct Tries {
    count: u32,
    settling: bool,
    /// One of them may have been committed.
    pub(crate) unsure: bool,
}

impl Tries {
    pub(crate) fn settling() -> Self {
        Self { settling: true, ..Self::default() }
    }

    /// Where [`PostgresError::may_be_repeated`] says so, and a few times at most.
    pub(crate) fn again(&mut self, error: &PostgresError) -> bool {
        self.count += 1;
        // A server that is silent would be silent again.
        let unsure =
            self.settling && matches!(error, PostgresError::CommitUnknown(_)) && error.is_connection_lost();
        self.unsure |= unsure;
        let again = self.count < MOST_TRIES && (unsure || error.may_be_repeated());
        if again {
            tracing::debug!(%error, tries = self.count, "a transaction is repeated");
        }
        again
    }
}

pub(crate) async fn begin(store: &PostgresStore, locks: &[Lock]) -> Result<Work, PostgresError> {
    let mut sql = connection::begin(store.options());
    let mut locks = locks.to_vec();
    locks.sort_unstable();
    for lock in locks {
        // Writing into a string does not fail.
        let _ = write!(sql, "; SELECT pg_advisory_xact_lock({})", lock.number());
    }
    begin_with(store, Some(sql)).await
}

/// A statement by itself is a transaction already, but to a pooler.
pub(crate) async fn begin_to_look(store: &PostgresStore) -> Result<Work, PostgresError> {
    let pooler = store.options().pooler;
    begin_with(store, pooler.then(|| connection::begin(store.options()))).await
}

async fn begin_with(store: &PostgresStore, sql: Option<String>) -> Result<Work, PostgresError> {
    let leased = store.pool.acquire().await?;
    let (limits, most_beside) = (store.limits, store.most_beside);
    let mut work = Work { leased, now: 0, limits, unsure: false, most_beside };
    if let Some(sql) = sql {
        let begun = async { Ok(sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *work.leased).await?) };
        if let Err(error) = in_time(store, begun).await {
            return give_up(work, error).await;
        }
    }
    // After the locks: nobody who was served before has a later time.
    work.now = seconds(store.clock.now());
    Ok(work)
}

/// A server that is silent is not waited for.
pub(crate) async fn in_time<T>(
    store: &PostgresStore,
    run: impl Future<Output = Result<T, PostgresError>>,
) -> Result<T, PostgresError> {
    let limit = store.options().transaction_timeout;
    tokio::time::timeout(limit, run).await.unwrap_or(Err(PostgresError::TimedOut(limit)))
}

pub(crate) async fn end<T>(work: Work, ran: Result<T, PostgresError>) -> Result<T, PostgresError> {
    let answer = match ran {
        Ok(answer) => answer,
        Err(error) => return give_up(work, error).await,
    };
    let limit = work.leased.pool().options().transaction_timeout;
    // By itself: it goes on when whoever waits for it goes away.
    match tokio::time::timeout(limit, tokio::spawn(commit(work))).await {
        Ok(Ok(committed)) => committed.map(|()| answer),
        Ok(Err(_)) => Err(unknown(sqlx::Error::WorkerCrashed.into())),
        Err(_) => Err(unknown(PostgresError::TimedOut(limit))),
    }
}

/// A server that waits for a standby goes on waiting, whatever becomes of the connection; and told to stop that, it says
/// that it has committed. So the connection and its place in the pool are kept until the server has answered or its
/// process has ended: more of them would come until nobody else got in.
async fn commit(mut work: Work) -> Result<(), PostgresError> {
    let (pool, process) = (Arc::clone(work.leased.pool()), work.leased.process());
    let limit = pool.options().transaction_timeout;
    let committed = {
        let began = Instant::now();
        let mut commit = pin!(sqlx::raw_sql("COMMIT").execute(&mut *work.leased));
        let mut unanswered = None;
        loop {
            if let Ok(committed) = tokio::time::timeout(limit, commit.as_mut()).await {
                break committed;
            }
            unanswered.get_or_insert_with(|| pool.unanswered());
            let ended = match process {
                Some(process) => pool.has_ended(process).await,
                None => began.elapsed() > LONGEST_BEHIND_A_POOLER,
            };
            if ended {
                return Err(unknown(PostgresError::TimedOut(began.elapsed())));
            }
        }
    };
    match committed {
        Ok(_) => {
            work.leased.give_back();
            Ok(())
        }
        // The server says that it did not: nothing was written. But at its own end it may have written and not said so.
        Err(error) if error.as_database_error().is_some() => {
            let error = PostgresError::from(error);
            let error = if error.is_connection_lost() { unknown(error) } else { error };
            give_up(work, error).await
        }
        Err(error) => give_up(work, unknown(error.into())).await,
    }
}

pub(crate) async fn end_of_look<T>(work: Work, ran: Result<T, PostgresError>) -> Result<T, PostgresError> {
    if ran.is_err() || work.leased.pool().options().pooler {
        return end(work, ran).await;
    }
    work.leased.give_back();
    ran
}

fn unknown(error: PostgresError) -> PostgresError {
    PostgresError::CommitUnknown(Box::new(error))
}

/// Rolls back, if the server can be asked to. Otherwise the connection is closed, which comes to the same.
async fn give_up<T>(mut work: Work, error: PostgresError) -> Result<T, PostgresError> {
    if error.is_connection_lost() {
        work.leased.pool().forget_all();
    } else if !matches!(error, PostgresError::CommitUnknown(_) | PostgresError::TimedOut(_)) {
        let limit = work.leased.pool().options().transaction_timeout;
        let rolled_back =
            tokio::time::timeout(limit, sqlx::raw_sql("ROLLBACK").execute(&mut *work.leased)).await;
        if matches!(rolled_back, Ok(Ok(_))) {
            work.leased.give_back();
        }
    }
    Err(error)
}

const MOST_TRIES: u32 = 5;
/// Nobody but the pooler knows whom it asked.
const LONGEST_BEHIND_A_POOLER: Duration = Duration::from_mins(15);

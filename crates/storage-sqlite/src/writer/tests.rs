use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc as std_mpsc;

use madoguchi_storage::ManualClock;
use tempfile::TempDir;

use super::*;

/// A writer over two small tables, one with a rule that only the commit checks.
fn writer() -> (TempDir, PathBuf, Writer) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("w.sqlite3");
    let connection = Connection::open(&path).expect("a database");
    connection
        .execute_batch(
            "PRAGMA journal_mode = wal; PRAGMA foreign_keys = on;
             CREATE TABLE parent (id INTEGER PRIMARY KEY) STRICT;
             CREATE TABLE child (parent INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED) STRICT;",
        )
        .expect("tables");
    let clock = Arc::new(ManualClock::new(0));
    let place = Place::of(&path).expect("the file");
    let writer = Writer::start(connection, place, clock, SignInLimits::default()).expect("a thread");
    (folder, path, writer)
}

fn parents(connection: &Connection) -> u64 {
    connection.query_row("SELECT count(*) FROM parent", (), |row| row.get(0)).expect("a count")
}

fn insert(id: i64) -> impl Fn(&Work<'_>) -> Result<(), SqliteError> + Send {
    move |work| work.execute("INSERT INTO parent VALUES (?1)", (id,)).map(drop)
}

/// Holds the writer in a transaction until the returned sender is dropped: what comes meanwhile is in the same one.
async fn hold(
    writer: &Arc<Writer>,
) -> (std_mpsc::Sender<()>, tokio::task::JoinHandle<Result<(), SqliteError>>) {
    let (release, released) = std_mpsc::channel::<()>();
    let (running, mut runs) = mpsc::unbounded_channel();
    let held = Arc::clone(writer);
    let holder = tokio::spawn(async move {
        held.run(move |_| {
            let _ = running.send(());
            released.recv().expect_err("a release");
            Ok(())
        })
        .await
    });
    runs.recv().await.expect("the holder runs");
    (release, holder)
}

/// Queues a job, in order, while the writer is held.
async fn queue<F>(writer: &Arc<Writer>, work: F) -> tokio::task::JoinHandle<Result<(), SqliteError>>
where
    F: Fn(&Work<'_>) -> Result<(), SqliteError> + Send + 'static,
{
    let before = writer.waiting();
    let queued = Arc::clone(writer);
    let job = tokio::spawn(async move { queued.run(work).await });
    while writer.waiting() == before {
        tokio::task::yield_now().await;
    }
    job
}

#[tokio::test]
async fn what_waits_is_one_transaction_and_a_failing_job_rolls_back_alone() {
    let (_folder, path, writer) = writer();
    let writer = Arc::new(writer);
    let (release, holder) = hold(&writer).await;
    let first = queue(&writer, insert(1)).await;
    let failing = queue(&writer, |work| {
        insert(2)(work)?;
        insert(1)(work)
    })
    .await;
    let seen_outside = path.clone();
    let last = queue(&writer, move |work| {
        insert(3)(work)?;
        assert_eq!(parents(work.connection), 2, "1 and 3, without the failed job's 2");
        let outside = Connection::open(&seen_outside)?;
        assert_eq!(parents(&outside), 0, "nothing is committed before all have run");
        Ok(())
    })
    .await;
    drop(release);
    holder.await.expect("a task").expect("done");
    first.await.expect("a task").expect("stored");
    failing.await.expect("a task").expect_err("the id is taken");
    last.await.expect("a task").expect("stored");
    assert_eq!(parents(&Connection::open(path).expect("a database")), 2);
}

/// Savepoints cost a copy of every page that is changed: only a failure is worth them.
#[tokio::test]
async fn jobs_run_once_unless_one_of_them_fails() {
    let (_folder, _path, writer) = writer();
    let writer = Arc::new(writer);
    for (second, runs) in [(3, 1), (2, 2)] {
        let (release, holder) = hold(&writer).await;
        let ran = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&ran);
        let first = queue(&writer, move |work| {
            counted.fetch_add(1, Ordering::Relaxed);
            work.execute("INSERT OR IGNORE INTO parent VALUES (2)", ()).map(drop)
        })
        .await;
        let second = queue(&writer, insert(second)).await;
        drop(release);
        holder.await.expect("a task").expect("done");
        first.await.expect("a task").expect("stored");
        assert_eq!(second.await.expect("a task").is_err(), runs == 2);
        assert_eq!(ran.load(Ordering::Relaxed), runs);
    }
}

#[tokio::test]
async fn no_job_is_answered_as_done_when_the_commit_fails() {
    let (_folder, path, writer) = writer();
    let writer = Arc::new(writer);
    let (release, holder) = hold(&writer).await;
    let innocent = queue(&writer, insert(1)).await;
    let breaking = queue(&writer, |work| work.execute("INSERT INTO child VALUES (99)", ()).map(drop)).await;
    drop(release);
    for job in [holder, innocent, breaking] {
        let outcome = job.await.expect("a task");
        assert!(matches!(outcome, Err(SqliteError::Commit(_))), "{outcome:?}");
    }
    let outside = Connection::open(path).expect("a database");
    assert_eq!(parents(&outside), 0);
    writer.run(insert(1)).await.expect("the writer goes on");
    assert_eq!(parents(&outside), 1);
}

#[tokio::test]
async fn a_transaction_that_sqlite_gave_up_is_told_to_all_in_it() {
    let (_folder, path, writer) = writer();
    let writer = Arc::new(writer);
    let (release, holder) = hold(&writer).await;
    let before = queue(&writer, insert(1)).await;
    // What a full disk does: the whole transaction is gone in the middle.
    let breaking = queue(&writer, |work| Ok(work.connection.execute_batch("ROLLBACK")?)).await;
    let after = queue(&writer, insert(3)).await;
    drop(release);
    for job in [holder, before, breaking] {
        let outcome = job.await.expect("a task");
        assert!(matches!(outcome, Err(SqliteError::Commit(_))), "{outcome:?}");
    }
    after.await.expect("a task").expect("it ran in a transaction of its own");
    assert_eq!(parents(&Connection::open(path).expect("a database")), 1);
}

#[tokio::test]
async fn dropping_the_writer_does_what_was_asked_for() {
    let (_folder, path, writer) = writer();
    let mut answers = Vec::new();
    for id in 0..100 {
        let (reply, answer) = oneshot::channel();
        let job = Pending { work: insert(id), result: None, reply };
        let jobs = writer.jobs.as_ref().expect("a queue");
        assert!(jobs.try_send(Box::new(job)).is_ok());
        answers.push(answer);
    }
    drop(writer);
    for answer in answers {
        answer.await.expect("an answer").expect("stored");
    }
    assert_eq!(parents(&Connection::open(path).expect("a database")), 100);
}

/// As on a full disk: what is refused is told, what came before stays, and once there is room again the same writer goes on.
#[tokio::test]
async fn a_full_disk_is_told_and_survived() {
    let (_folder, path, writer) = writer();
    writer.run(insert(1)).await.expect("room");
    let grow = |work: &Work<'_>| {
        work.connection.execute_batch("CREATE TABLE IF NOT EXISTS big (x BLOB) STRICT")?;
        work.execute("INSERT INTO big VALUES (zeroblob(1000000))", ()).map(drop)
    };
    let pragma = |text: &'static str| move |work: &Work<'_>| Ok(work.connection.execute_batch(text)?);
    writer.run(pragma("PRAGMA max_page_count = 1")).await.expect("a bound");
    let told = writer.run(grow).await.expect_err("full").to_string();
    assert!(told.contains("full") && told.contains("free some space"), "{told}");
    writer.run(pragma("PRAGMA max_page_count = 100000")).await.expect("no bound");
    writer.run(grow).await.expect("room again");
    writer.run(insert(2)).await.expect("as before");
    assert_eq!(parents(&Connection::open(path).expect("the database")), 2);
}

/// It was written to a file that is not at the path any more.
#[tokio::test]
async fn what_is_committed_to_a_file_that_was_moved_meanwhile_is_not_answered() {
    let (_folder, path, writer) = writer();
    let writer = Arc::new(writer);
    let (release, holder) = hold(&writer).await;
    std::fs::rename(&path, path.with_extension("old")).expect("moved");
    drop(release);
    let outcome = holder.await.expect("an answer");
    assert!(
        matches!(&outcome, Err(SqliteError::Commit(cause)) if matches!(**cause, SqliteError::Replaced(_))),
        "{outcome:?}"
    );
}

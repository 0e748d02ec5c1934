//! Backup, restore and the checks of the file.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rusqlite::Connection;
use tempfile::TempDir;

use madoguchi_protocol::Octets;
use madoguchi_storage::{
    Audit as _, AuditKind, ManualClock, ReplayKind, Replays as _, SealedSecret, SecretPurpose, Secrets as _,
    SignInLimits, StorageError,
};
use madoguchi_storage_sqlite::{SqliteStore, backup, check_fully, check_quickly, restore};

fn open(path: &Path) -> SqliteStore {
    SqliteStore::open(path, Arc::new(ManualClock::new(1)), SignInLimits::default()).expect("a store")
}

/// A folder with a database that has a secret in it, and a place for a backup.
async fn database() -> (TempDir, PathBuf, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, out) = (folder.path().join("m.sqlite3"), folder.path().join("backup.sqlite3"));
    let secret = SealedSecret(b"one".to_vec());
    open(&path).secret_or_insert("midori", SecretPurpose::FlowSeal, secret).await.expect("a secret");
    (folder, path, out)
}

fn restored(from: &Path, to: &Path) -> Result<u64, StorageError> {
    restore(from, to, &ManualClock::new(1))
}

/// What is there beside the database that it began with.
fn names(folder: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(folder.path()).expect("a folder");
    let name = |entry: std::io::Result<fs::DirEntry>| entry.expect("an entry").file_name();
    let mut names: Vec<_> = entries.map(|entry| name(entry).into_string().expect("a plain name")).collect();
    names.retain(|name| !name.starts_with("m.sqlite3"));
    names.sort();
    names
}

#[tokio::test]
async fn a_backup_is_whole_private_and_restores() {
    let (folder, path, out) = database().await;
    let octets = backup(&path, &out).expect("a backup");
    assert_eq!(fs::metadata(&out).expect("the file").len(), octets);
    assert_eq!(fs::metadata(&out).expect("the file").permissions().mode() & 0o777, 0o600);
    assert_eq!(names(&folder), ["backup.sqlite3"], "one file and nothing beside it");
    assert_eq!(check_fully(&out).expect("a check"), Vec::<String>::new());
    let again = folder.path().join("again.sqlite3");
    assert_eq!(restored(&out, &again).expect("restored"), 0);
    let kept = open(&again).secret("midori", SecretPurpose::FlowSeal).await.expect("a look");
    assert_eq!(kept, Some(SealedSecret(b"one".to_vec())));
}

/// Whatever was answered before the backup began is in it, and every backup is one moment: numbers without a gap.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_beside_a_writer_is_one_moment() {
    let (folder, path, _) = database().await;
    let store = Arc::new(open(&path));
    let stop = Arc::new(AtomicBool::new(false));
    let (writer, ended) = (Arc::clone(&store), Arc::clone(&stop));
    let writing = tokio::spawn(async move {
        let mut written = 0_u64;
        while !ended.load(Ordering::SeqCst) {
            let mut key = [0; 32];
            key[..8].copy_from_slice(&written.to_be_bytes());
            let once = writer.use_once("midori", ReplayKind::ClientAssertion, Octets(key), 1_000);
            assert!(once.await.expect("an answer"));
            written += 1;
        }
        written
    });
    for round in 0..5 {
        let answered = count(&path);
        let out = folder.path().join(format!("{round}.sqlite3"));
        let from = path.clone();
        let made = out.clone();
        tokio::task::spawn_blocking(move || backup(&from, &made)).await.expect("a thread").expect("a backup");
        let last: Option<Vec<u8>> = Connection::open(&out)
            .expect("the backup")
            .query_row("SELECT max(key) FROM replays", (), |row| row.get(0))
            .expect("a row");
        let there = count(&out);
        let newest = last.map_or(0, |key| u64::from_be_bytes(key[..8].try_into().expect("8")) + 1);
        assert_eq!(there, newest, "a gap");
        assert!(there >= answered, "{there} of {answered}");
    }
    stop.store(true, Ordering::SeqCst);
    assert!(writing.await.expect("the writer") > 5, "it wrote meanwhile");
}

fn count(path: &Path) -> u64 {
    let connection = Connection::open(path).expect("a database");
    connection.query_row("SELECT count(*) FROM replays", (), |row| row.get(0)).expect("a count")
}

#[tokio::test]
async fn nothing_is_overwritten() {
    let (folder, path, out) = database().await;
    fs::write(&out, "mine").expect("a file");
    let told = backup(&path, &out).expect_err("it is there").to_string();
    assert!(told.contains("backup.sqlite3: there is such a file already"), "{told}");
    assert_eq!(fs::read(&out).expect("the file"), b"mine");
    fs::remove_file(&out).expect("gone");
    backup(&path, &out).expect("a backup");
    let told = restored(&out, &path).expect_err("a database is there").to_string();
    assert!(told.contains("there is such a file already"), "{told}");
    for end in ["-wal", "-shm"] {
        let _ = fs::remove_file(folder.path().join(format!("m.sqlite3{end}")));
    }
    // The log of a database that was moved away would be read into the one that is put there.
    fs::remove_file(&path).expect("gone");
    fs::write(folder.path().join("m.sqlite3-wal"), "old").expect("a file");
    let told = restored(&out, &path).expect_err("a log is there").to_string();
    assert!(told.contains("m.sqlite3-wal"), "{told}");
    // Another backup to the same name is under way, or died.
    fs::write(folder.path().join("new.sqlite3.partial"), "half").expect("a file");
    let told = backup(&out, &folder.path().join("new.sqlite3")).expect_err("half").to_string();
    assert!(told.contains("new.sqlite3.partial"), "{told}");
    assert!(folder.path().join("new.sqlite3.partial").exists());
}

#[tokio::test]
async fn what_is_no_backup_leaves_nothing() {
    let (folder, _, out) = database().await;
    let to = folder.path().join("to.sqlite3");
    fs::write(&out, "buy a card reader\n".repeat(1000)).expect("a file");
    let told = restored(&out, &to).expect_err("no database").to_string();
    assert!(told.contains("backup.sqlite3: this file is not an SQLite database"), "{told}");
    let newer = folder.path().join("newer.sqlite3");
    drop(open(&newer));
    Connection::open(&newer)
        .expect("a database")
        .pragma_update(None, "user_version", 7_000)
        .expect("a version");
    assert!(matches!(restored(&newer, &to), Err(StorageError::SchemaTooNew { found: 7_000, .. })));
    assert!(restored(&folder.path().join("none"), &to).is_err());
    let left: Vec<_> = names(&folder).into_iter().filter(|name| name.starts_with("to.")).collect();
    assert_eq!(left, ["to.sqlite3.lock"]);
}

/// Somebody may have signed out since.
#[tokio::test]
async fn sessions_end_with_a_restore() {
    let (folder, path, out) = database().await;
    let outside = Connection::open(&path).expect("a database");
    outside
        .execute_batch(
            "INSERT INTO accounts (municipality, lookup, id, created_at)
                 VALUES ('midori', x'01', x'00112233445566778899aabbccddeeff', 1);
             INSERT INTO sessions (municipality, sid, id_hash, sign_in, client_id, account, auth_time, counter,
                                   holder_sealed, revocation_source, revocation_checked_at, browser, expires_at)
                 VALUES ('midori', zeroblob(16), zeroblob(32), zeroblob(16), 'kosodate',
                         x'00112233445566778899aabbccddeeff', 1, 0, x'00', 'crl', 1, zeroblob(16), 1000);
             INSERT INTO session_clients VALUES ('midori', zeroblob(16), 'kosodate', 1, 1);",
        )
        .expect("a session");
    backup(&path, &out).expect("a backup");
    let to = folder.path().join("to.sqlite3");
    assert_eq!(restored(&out, &to).expect("restored"), 1);
    let records = open(&to).audit_records("midori", 0, 10).await.expect("records");
    let ended: Vec<_> = records.iter().filter(|record| record.kind == AuditKind::SessionEnded).collect();
    assert_eq!(ended.len(), 1);
    assert!(ended[0].evidence.as_ref().is_some_and(|evidence| evidence.contains("restore")), "{ended:?}");
    let sessions: u64 = Connection::open(&to)
        .expect("the database")
        .query_row("SELECT count(*) FROM sessions", (), |row| row.get(0))
        .expect("a count");
    assert_eq!(sessions, 0);
}

/// Octets in the middle of the file are overwritten, one page after the other.
#[tokio::test]
async fn damage_is_found_before_serving() {
    let (_folder, path, out) = database().await;
    assert!(check_quickly(&path, Duration::from_mins(1)).expect("whole"), "all of it was read");
    let whole = fs::read(&path).expect("the file");
    let mut found = 0;
    for page in whole.chunks(4096).enumerate().skip(1).map(|(number, _)| number) {
        let mut damaged = whole.clone();
        damaged[page * 4096..page * 4096 + 64].fill(0xa5);
        fs::write(&path, damaged).expect("written");
        match check_quickly(&path, Duration::from_mins(1)) {
            Ok(_) => {}
            Err(error) => {
                let told = error.to_string();
                assert!(told.contains("m.sqlite3: the database is damaged"), "{told}");
                assert!(backup(&path, &out).is_err() && !out.exists(), "no backup of page {page}");
                found += 1;
            }
        }
    }
    let pages = whole.len() / 4096 - 1;
    assert!(found == pages, "{found} of {pages}");
    fs::write(&path, &whole[..whole.len() / 2]).expect("cut");
    assert!(check_quickly(&path, Duration::from_mins(1)).is_err(), "half of it is gone");
}

#[tokio::test]
async fn a_row_that_refers_to_nothing_is_found_by_the_full_check() {
    let (_folder, path, out) = database().await;
    let outside = Connection::open(&path).expect("a database");
    outside.pragma_update(None, "foreign_keys", false).expect("a setting");
    outside
        .execute_batch(
            "INSERT INTO access_tokens (municipality, hash, code, expires_at) VALUES ('m', x'01', x'02', 9)",
        )
        .expect("a row");
    let problems = check_fully(&path).expect("a check");
    assert_eq!(problems, ["a row of access_tokens refers to a row of codes that is not there"]);
    backup(&path, &out).expect_err("a backup is whole, or it is none");
    assert!(!out.exists());
}

#[test]
fn a_file_that_is_not_there_is_nothing_to_check() {
    let folder = tempfile::tempdir().expect("a folder");
    assert!(check_quickly(&folder.path().join("m.sqlite3"), Duration::ZERO).expect("nothing"));
    assert!(check_fully(&folder.path().join("m.sqlite3")).is_err());
}

/// A large file is not read for ever: what was read in time is whole.
#[tokio::test]
async fn a_quick_check_ends_in_time() {
    let (_folder, path, _) = database().await;
    let outside = Connection::open(&path).expect("a database");
    outside
        .execute_batch(
            "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 60000)
             INSERT INTO replays (municipality, kind, key, until)
                 SELECT 'midori', 'k', randomblob(200), 1 FROM n",
        )
        .expect("rows");
    assert!(!check_quickly(&path, Duration::ZERO).expect("nothing wrong was seen"));
    assert!(check_quickly(&path, Duration::from_mins(1)).expect("whole"));
}

#[tokio::test]
async fn a_probe_leaves_nothing() {
    let (_folder, path, _) = database().await;
    let store = open(&path);
    store.probe().await.expect("it can be written");
    assert_eq!(count(&path), 0);
    let reader = SqliteStore::open_to_read(&path, Arc::new(ManualClock::new(1)), SignInLimits::default());
    reader.expect("the store").probe().await.expect_err("it only reads");
}

/// Two gateways, or a gateway and a command, may start on a new machine at the same moment.
#[test]
fn a_new_file_may_be_made_by_several_at_once() {
    for _ in 0..20 {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("m.sqlite3");
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| drop(open(&path)));
            }
        });
    }
}

//! A gateway that runs while its file is replaced or left answers nothing that would be lost.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;
use tempfile::TempDir;

use madoguchi_storage::{ManualClock, SealedSecret, SecretPurpose, Secrets as _, SignInLimits, StorageError};
use madoguchi_storage_sqlite::{SqliteSource, SqliteStore, backup, restore};

fn opened(path: &Path) -> Result<SqliteStore, StorageError> {
    SqliteStore::open(path, Arc::new(ManualClock::new(1)), SignInLimits::default())
}

/// A store that runs, its file, and a backup of it.
fn running() -> (TempDir, SqliteStore, PathBuf, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, copy) = (folder.path().join("m.sqlite3"), folder.path().join("copy.sqlite3"));
    let store = opened(&path).expect("a store");
    backup(&path, &copy).expect("a backup");
    (folder, store, path, copy)
}

async fn write(store: &SqliteStore, purpose: SecretPurpose) -> Result<(), String> {
    let secret = SealedSecret(b"one".to_vec());
    store.secret_or_insert("midori", purpose, secret).await.map(drop).map_err(|error| error.to_string())
}

async fn look(store: &SqliteStore) -> Result<bool, String> {
    let found = store.secret("midori", SecretPurpose::FlowSeal).await;
    found.map(|secret| secret.is_some()).map_err(|error| error.to_string())
}

/// The file with those beside it, as an operator moves them.
fn put_away(path: &Path) {
    for end in ["", "-wal", "-shm"] {
        fs::rename(format!("{}{end}", path.display()), format!("{}{end}.old", path.display()))
            .expect("moved");
    }
}

#[tokio::test]
async fn a_store_whose_file_was_moved_away_or_replaced_answers_nothing() {
    let (_folder, store, path, copy) = running();
    write(&store, SecretPurpose::FlowSeal).await.expect("stored");
    assert_eq!(look(&store).await, Ok(true));
    put_away(&path);
    for replaced in [false, true] {
        if replaced {
            fs::copy(&copy, &path).expect("another file");
        }
        let told = write(&store, SecretPurpose::SubjectSalt).await.expect_err("it is not there");
        assert!(told.contains("m.sqlite3: the database that was opened was moved away"), "{told}");
        look(&store).await.expect_err("nor is what it would read");
        store.probe().await.expect_err("and health says so");
    }
    drop(store);
    let secrets = |path: &Path| -> u64 {
        let connection = Connection::open(path).expect("a database");
        connection.query_row("SELECT count(*) FROM secrets", (), |row| row.get(0)).expect("a count")
    };
    assert_eq!(secrets(&path), 0);
    for end in ["", "-wal", "-shm"] {
        // Those of the last handle are deleted by it.
        let _ = fs::remove_file(format!("{}{end}", path.display()));
        let _ = fs::rename(format!("{}{end}.old", path.display()), format!("{}{end}", path.display()));
    }
    assert_eq!(secrets(&path), 1, "what was answered, and no more");
}

#[test]
fn nothing_is_restored_while_a_store_is_open() {
    let (_folder, store, path, copy) = running();
    put_away(&path);
    let clock = ManualClock::new(1);
    let told = restore(&copy, &path, &clock).expect_err("it is open").to_string();
    assert!(told.contains("m.sqlite3: a gateway or another command has this database open"), "{told}");
    assert!(!path.exists());
    drop(store);
    for end in ["-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{end}", path.display()));
    }
    restore(&copy, &path, &clock).expect("restored");
    opened(&path).expect("it opens");
}

#[test]
fn a_file_is_left_by_who_has_it_alone() {
    let (_folder, store, path, _) = running();
    let other = opened(&path).expect("a command beside it");
    drop(store);
    let told = SqliteSource::open(&path).err().expect("it is open").to_string();
    assert!(told.contains("m.sqlite3: a gateway or another command has this database open"), "{told}");
    drop(other);
    let source = SqliteSource::open(&path).expect("nobody has it open");
    let told = opened(&path).err().expect("it is being moved").to_string();
    assert!(told.contains("m.sqlite3: this database is being restored or moved"), "{told}");
    drop(source);
    drop(opened(&path).expect("it was not left"));
    SqliteSource::open(&path).expect("nobody has it open").leave().expect("left");
    let told = opened(&path).err().expect("it is left").to_string();
    assert!(told.contains("everything in it was moved to another database"), "{told}");
}

/// Whatever became of the lock beside the file.
#[tokio::test]
async fn a_store_whose_file_is_left_answers_nothing() {
    let (_folder, store, path, _) = running();
    write(&store, SecretPurpose::FlowSeal).await.expect("stored");
    assert_eq!(look(&store).await, Ok(true));
    fs::remove_file(format!("{}.lock", path.display())).expect("the lock");
    SqliteSource::open(&path).expect("no lock is in the way").leave().expect("left");
    let told = write(&store, SecretPurpose::SubjectSalt).await.expect_err("it is left");
    assert!(told.contains("everything in it was moved to another database"), "{told}");
    look(&store).await.expect_err("it is left");
    store.probe().await.expect_err("and health says so");
}

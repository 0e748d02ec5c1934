//! The file: who may read it, what is refused, and what stays in it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;
use tempfile::TempDir;

use madoguchi_oidc::jose::JwsAlg;
use madoguchi_oidc::{Client, ClientAuthentication, Profile};
use madoguchi_protocol::LocalText;
use madoguchi_storage::{
    Audit as _, ClientWrite, Clients as _, KeyChange, ManualClock, NewSigningKey, Registration, SealedSecret,
    SecretPurpose, Secrets as _, SignInLimits, SigningKeys as _, StorageError,
};
use madoguchi_storage_sqlite::SqliteStore;

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn open(path: &Path) -> Result<SqliteStore, StorageError> {
    SqliteStore::open(path, Arc::new(ManualClock::new(1)), SignInLimits::default())
}

/// Opening fails; the whole message, with causes.
#[track_caller]
fn refusal(path: &Path) -> String {
    match open(path) {
        Ok(_) => panic!("opened"),
        Err(error) => error.to_string(),
    }
}

async fn secret(store: &SqliteStore, offer: &str) -> Result<SealedSecret, StorageError> {
    store.secret_or_insert("midori", SecretPurpose::FlowSeal, SealedSecret(offer.as_bytes().to_vec())).await
}

#[tokio::test]
async fn file_and_log_are_the_owners_alone() {
    let folder = folder();
    let path = folder.path().join("m.sqlite3");
    let store = open(&path).expect("a store");
    secret(&store, "one").await.expect("a secret");
    let mut files = 0;
    for entry in fs::read_dir(folder.path()).expect("a folder") {
        let entry = entry.expect("an entry");
        let mode = entry.metadata().expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{:?}", entry.file_name());
        files += 1;
    }
    assert_eq!(files, 4, "database, log, index of the log, lock");
}

#[test]
fn a_mode_that_lets_others_in_is_narrowed() {
    let folder = folder();
    let path = folder.path().join("m.sqlite3");
    drop(open(&path).expect("a store"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("a mode");
    drop(open(&path).expect("a store"));
    assert_eq!(fs::metadata(&path).expect("a file").permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn what_was_stored_is_there_after_opening_again() {
    let folder = folder();
    let path = folder.path().join("m.sqlite3");
    let store = open(&path).expect("a store");
    let first = secret(&store, "one").await.expect("a secret");
    drop(store);
    let store = open(&path).expect("the store");
    assert_eq!(secret(&store, "two").await.expect("a secret"), first);
}

/// Operators copy one file.
#[tokio::test]
async fn a_closed_store_has_nothing_in_its_log() {
    let folder = folder();
    let path = folder.path().join("m.sqlite3");
    let store = open(&path).expect("a store");
    let first = secret(&store, "one").await.expect("a secret");
    // By a connection that only reads, of each kind.
    assert_eq!(store.secret("midori", SecretPurpose::FlowSeal).await.expect("a look"), Some(first));
    assert!(store.audit_records("midori", 0, 10).await.expect("a look").is_empty());
    assert!(path.with_extension("sqlite3-wal").exists());
    drop(store);
    assert!(!path.with_extension("sqlite3-wal").exists() && !path.with_extension("sqlite3-shm").exists());
}

#[tokio::test]
async fn two_processes_may_have_it_open() {
    let folder = folder();
    let path = folder.path().join("m.sqlite3");
    let (one, two) = (open(&path).expect("a store"), open(&path).expect("the same"));
    let first = secret(&one, "one").await.expect("a secret");
    assert_eq!(secret(&two, "two").await.expect("a secret"), first);
}

fn open_to_read(path: &Path) -> Result<SqliteStore, StorageError> {
    SqliteStore::open_to_read(path, Arc::new(ManualClock::new(1)), SignInLimits::default())
}

/// An operator's command looks into the file of a gateway that runs, or that was killed, and changes nothing.
#[tokio::test]
async fn a_store_opened_to_read_reads_beside_the_writer_and_writes_nothing() {
    let folder = folder();
    let path = folder.path().join("m.sqlite3");
    let writer = open(&path).expect("a store");
    let first = secret(&writer, "one").await.expect("a secret");
    let reader = open_to_read(&path).expect("the same");
    let look = || reader.secret("midori", SecretPurpose::FlowSeal);
    assert_eq!(look().await.expect("a look"), Some(first.clone()));
    let second = SealedSecret(b"two".to_vec());
    let purpose = SecretPurpose::SubjectSalt;
    writer.secret_or_insert("midori", purpose, second.clone()).await.expect("a secret");
    assert_eq!(reader.secret("midori", purpose).await.expect("a look"), Some(second), "written since");
    secret(&reader, "three").await.expect_err("it only reads");
    // As after kill -9: the log is there, nobody has the file open, and it stays as it is.
    let killed = folder.path().join("killed.sqlite3");
    for end in ["", "-wal"] {
        fs::copy(format!("{}{end}", path.display()), format!("{}{end}", killed.display())).expect("a copy");
    }
    let octets = || {
        [
            fs::read(&killed).expect("the file"),
            fs::read(folder.path().join("killed.sqlite3-wal")).expect("the log"),
        ]
    };
    let before = octets();
    let reader = open_to_read(&killed).expect("the copy");
    assert_eq!(reader.secret("midori", SecretPurpose::FlowSeal).await.expect("a look"), Some(first));
    drop(reader);
    assert!(octets() == before, "file or log changed");
}

#[test]
fn what_cannot_be_read_as_it_is_is_refused_and_not_made() {
    let folder = folder();
    let absent = folder.path().join("absent.sqlite3");
    let message = open_to_read(&absent).err().expect("refused").to_string();
    assert!(message.contains("absent.sqlite3"), "{message}");
    assert!(!absent.exists());
    let path = folder.path().join("m.sqlite3");
    drop(open(&path).expect("a store"));
    let outside = Connection::open(&path).expect("a database");
    outside.pragma_update(None, "user_version", 1).expect("a version");
    match open_to_read(&path) {
        Err(StorageError::SchemaTooOld { found: 1, known }) => assert!(known > 1),
        other => panic!("{:?}", other.err()),
    }
    outside.pragma_update(None, "user_version", 7_000).expect("a version");
    assert!(matches!(open_to_read(&path), Err(StorageError::SchemaTooNew { found: 7_000, .. })));
    let notes = folder.path().join("notes.txt");
    fs::write(&notes, "buy a card reader\n".repeat(100)).expect("a file");
    let message = open_to_read(&notes).err().expect("refused").to_string();
    assert!(message.contains("notes.txt") && message.contains("not an SQLite database"), "{message}");
}

#[test]
fn a_newer_schema_is_refused_and_left_alone() {
    let folder = folder();
    let path = folder.path().join("m.sqlite3");
    drop(open(&path).expect("a store"));
    let outside = Connection::open(&path).expect("a database");
    outside.pragma_update(None, "user_version", 7_000).expect("a version");
    match open(&path) {
        Err(StorageError::SchemaTooNew { found: 7_000, known }) => assert!(known < 7_000),
        other => panic!("{:?}", other.err()),
    }
    let version: u32 = outside.pragma_query_value(None, "user_version", |row| row.get(0)).expect("a version");
    assert_eq!(version, 7_000);
}

#[test]
fn a_file_that_is_no_database_is_refused_by_name() {
    let folder = folder();
    let path = folder.path().join("notes.txt");
    let notes = "buy a card reader\n".repeat(100);
    fs::write(&path, &notes).expect("a file");
    let message = refusal(&path);
    assert!(message.contains("notes.txt") && message.contains("not an SQLite database"), "{message}");
    assert_eq!(fs::read_to_string(&path).expect("the file"), notes);
}

#[test]
fn another_programs_database_is_refused_and_left_alone() {
    let folder = folder();
    let path = folder.path().join("photos.sqlite3");
    Connection::open(&path).expect("a database").execute_batch("CREATE TABLE photo (x)").expect("a table");
    let before = fs::read(&path).expect("the file");
    let message = refusal(&path);
    assert!(message.contains("photos.sqlite3") && message.contains("another program"), "{message}");
    assert_eq!(fs::read(&path).expect("the file"), before);
}

#[test]
fn a_missing_folder_is_named() {
    let folder = folder();
    let message = refusal(&folder.path().join("missing").join("m.sqlite3"));
    assert!(message.contains("missing") && message.contains("the folder does not exist"), "{message}");
}

#[test]
fn a_folder_in_its_place_is_refused() {
    let folder = folder();
    let message = refusal(folder.path());
    assert!(message.contains("directory"), "{message}");
}

#[tokio::test]
async fn a_damaged_value_is_told_without_the_value() {
    let folder = folder();
    let path = folder.path().join("m.sqlite3");
    let store = open(&path).expect("a store");
    let outside = Connection::open(&path).expect("a database");
    let insert = "INSERT INTO audit (at, municipality, kind) VALUES (1, 'midori', 'confidential')";
    outside.execute(insert, ()).expect("a row");
    let error = store.audit_records("midori", 0, 10).await.expect_err("the kind is unknown");
    assert!(matches!(error, StorageError::Damaged { table: "audit", .. }), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("confidential"));
}

/// The registration of one client cannot be read: its municipality's others go on.
#[tokio::test]
async fn a_damaged_client_leaves_the_others() {
    let folder = folder();
    let path = folder.path().join("m.sqlite3");
    let store = open(&path).expect("a store");
    for id in ["a", "b", "c"] {
        let name = LocalText { ja: "試験".to_owned(), ja_x_plain: None, en: None };
        let uris = vec![format!("https://{id}.example/callback")];
        let client = Client::new(Profile::Standard, id, uris, ClientAuthentication::None);
        let registration = Registration { client, name: name.clone(), purpose: name };
        let added = store.add_client("midori", registration, "a test").await.expect("an outcome");
        assert_eq!(added, ClientWrite::Done);
    }
    let outside = Connection::open(&path).expect("a database");
    outside.execute("UPDATE clients SET registration = '{\"client\":1}' WHERE id = 'b'", ()).expect("a row");
    let list = store.clients("midori").await.expect("a list");
    let ids: Vec<_> = list.clients.iter().map(|record| record.registration.client.id.as_str()).collect();
    assert_eq!((ids, list.damaged), (vec!["a", "c"], vec!["b".to_owned()]));
    assert!(store.client("midori", "b").await.is_err(), "whoever asks for it is told");
}

/// keys.md: the private part of a revoked key is deleted. Nothing of it is left in the files.
#[tokio::test]
async fn a_revoked_key_is_in_no_file() {
    let folder = folder();
    let path = folder.path().join("m.sqlite3");
    let store = open(&path).expect("a store");
    let sealed: Vec<u8> = (0..150_u8).map(|octet| octet.wrapping_mul(167)).collect();
    let key =
        NewSigningKey { kid: "kid".to_owned(), alg: JwsAlg::Es256, sealed: SealedSecret(sealed.clone()) };
    store.signing_key_or_insert("midori", key).await.expect("a key").expect("a key");
    let found = || {
        let files =
            fs::read_dir(folder.path()).expect("a folder").map(|entry| entry.expect("an entry").path());
        let holds =
            |path: &Path| fs::read(path).expect("a file").windows(sealed.len()).any(|part| part == sealed);
        files.filter(|path| holds(path)).count()
    };
    assert!(found() > 0, "the test sees what is there");
    let revoked = store.revoke_signing_key("midori", "kid", None, "a test").await.expect("an outcome");
    assert_eq!(revoked, KeyChange::Done);
    assert_eq!(found(), 0);
}

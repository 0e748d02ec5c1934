//! What the program left in each version of the schema is what today's program goes on with.

use std::sync::Arc;

use madoguchi_gateway::{AccountLookups, Sealer};
use madoguchi_protocol::Octets;
use madoguchi_storage::{
    Accounts as _, Audit as _, AuditKind, Codes as _, ManualClock, Redemption, Sessions as _, SignInLimits,
};
use madoguchi_storage_sqlite::{SqliteStore, check_fully};
use rusqlite::Connection;

use super::world::{NEWEST, World, make};

/// A row of the state, as the file had it before today's program opened it.
fn octets<const N: usize>(connection: &Connection, sql: &str) -> Octets<N> {
    let octets: Vec<u8> = connection.query_row(sql, (), |row| row.get(0)).expect("a row");
    Octets(octets.try_into().expect("a length"))
}

#[tokio::test]
async fn every_version_s_state_is_gone_on_with() {
    for version in 1..=NEWEST {
        let world = World::of(version);
        let before = Connection::open(world.database()).expect("the state");
        let issued: u64 =
            before.query_row("SELECT created_at FROM sign_ins", (), |row| row.get(0)).expect("the sign-in");
        let code = octets::<32>(&before, "SELECT hash FROM codes");
        let token = octets::<32>(&before, "SELECT hash FROM access_tokens");
        let sign_in = octets::<16>(&before, "SELECT id FROM sign_ins");
        // Sessions of before version 7 end: they knew neither their services nor their evidence.
        let session: Option<Vec<u8>> =
            before.query_row("SELECT id_hash FROM sessions", (), |row| row.get(0)).ok();
        drop(before);

        let clock = Arc::new(ManualClock::new(issued + 30));
        let store = SqliteStore::open(&world.database(), clock, SignInLimits::default());
        let store = store.unwrap_or_else(|error| panic!("version {version}: {error}"));
        assert_eq!(store.count_accounts("midori").await.expect("a count"), 1, "version {version}");
        assert!(store.find_code("midori", code).await.expect("a look").is_some(), "version {version}");
        let trace = store.trace("midori", sign_in).await.expect("a trace");
        assert!(trace.sign_in.is_some(), "version {version}");
        let completed = |kind: AuditKind| kind == AuditKind::SignInCompleted;
        assert!(trace.records.iter().any(|record| completed(record.kind)), "version {version}: {trace:?}");
        let lives = version >= 7;
        let found = store.find_access_token("midori", token).await.expect("a look");
        assert_eq!(found.is_some(), lives, "version {version}: its token");
        if let (Some(session), true) = (session, lives) {
            let id = Octets(session.try_into().expect("32"));
            assert!(store.find_session("midori", id).await.expect("a look").is_some(), "version {version}");
        }
        // A code that was used stays used.
        let again = store.redeem_code("midori", code, None).await.expect("an answer");
        assert_eq!(again, Redemption::UsedBefore, "version {version}");
        // What was sealed then opens with the key of then.
        let kek = std::fs::read_to_string(world.path("kek")).expect("the key");
        let lookups = AccountLookups::read(&store, &sealer(kek.trim()), "midori").await;
        assert!(lookups.unwrap_or_else(|error| panic!("version {version}: {error}")).is_some());
        drop(store);
        assert_eq!(
            check_fully(&world.database()).expect("a check"),
            Vec::<String>::new(),
            "version {version}"
        );
    }
}

fn sealer(kek: &str) -> Sealer {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    Sealer::new(&URL_SAFE_NO_PAD.decode(kek).expect("base64url").try_into().expect("32 octets"))
}

/// The next version is kept here before this program's schema becomes an old one.
#[test]
fn a_restored_backup_of_each_version_serves_its_operators() {
    for version in 1..=NEWEST {
        let world = World::new(version);
        make(&world.path("old.sqlite3"), version);
        let old = std::fs::read(world.path("old.sqlite3")).expect("the backup");
        let restored = world.json(&["restore", "--from", "old.sqlite3"]);
        assert!(restored["restored"].as_str().is_some_and(|path| path.ends_with("m.sqlite3")), "{restored}");
        assert!(std::fs::read(world.path("old.sqlite3")).expect("the backup") == old, "it stays as it is");
        let checked = world.json(&["database", "check"]);
        assert_eq!(checked["whole"], true, "version {version}: {checked}");
        world.json(&["keys", "list"]);
    }
}

//! Whoever can write to the file changes its audit log: every octet of every record, records and checkpoints as a whole, the
//! beginning and the end. Each is found, and told where it is.

use std::path::PathBuf;
use std::sync::Arc;

use ring::rand::SystemRandom;
use rusqlite::Connection;
use rusqlite::types::Value;
use tempfile::TempDir;

use madoguchi_oidc::SigningKey;
use madoguchi_oidc::jose::JwsAlg;
use madoguchi_protocol::{ErrorCode, Octets, Secret, sha256};
use madoguchi_storage::{
    AuditChain as _, AuditCheckpoint, AuditContent, ChainEnd, ChainReport, CheckpointKind, Clock as _,
    Damage, ManualClock, NewChainStart, SignInLimits, StoredCheckpoint, UnsealedRecord, sign_checkpoint,
    verify_chain,
};
use madoguchi_storage_sqlite::SqliteStore;

const TOWN: &str = "midori";
const OTHER: &str = "aoi";
const RECORDS: u64 = 6;

/// A log of six sealed records with checkpoints at the third and the last.
struct Log {
    folder: TempDir,
    clock: Arc<ManualClock>,
    key: SigningKey,
}

impl Log {
    async fn new() -> Self {
        let pkcs8 = SigningKey::generate(JwsAlg::Es256, &random()).expect("a key");
        let key = SigningKey::from_pkcs8(JwsAlg::Es256, &pkcs8, &random()).expect("a key");
        let log = Self {
            folder: tempfile::tempdir().expect("a folder"),
            clock: Arc::new(ManualClock::new(1_800_000_000)),
            key,
        };
        let store = log.store();
        for town in [TOWN, OTHER] {
            for number in 1..=RECORDS {
                log.insert(town, number);
            }
            store.seal_audit(town, seed(town), 100).await.expect("sealed");
        }
        log.checkpoint(3).await;
        log.checkpoint(RECORDS).await;
        assert_eq!(log.verify(&[]).await.damage, None);
        log
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("m.sqlite3")
    }

    fn store(&self) -> SqliteStore {
        SqliteStore::open(&self.path(), self.clock.clone(), SignInLimits::default()).expect("a store")
    }

    fn database(&self) -> Connection {
        Connection::open(self.path()).expect("the file")
    }

    fn execute(&self, sql: &str) {
        assert!(self.database().execute(sql, ()).expect(sql) > 0, "{sql}");
    }

    /// With every field that a record has.
    fn insert(&self, town: &str, number: u64) {
        let sign_in = sha256(format!("{town} {number}").as_bytes()).0;
        self.database()
            .execute(
                "INSERT INTO audit (at, municipality, kind, sign_in, client_id, code, evidence, network)
                 VALUES (?1, ?2, 'sign_in_burned', ?3, 'kosodate', ?4, '{\"source\":\"crl\"}', '192.0.2.7')",
                (
                    1_800_000_000 + i64::try_from(number).expect("small"),
                    town,
                    &sign_in[..16],
                    ErrorCode::PossiblePhishing.as_str(),
                ),
            )
            .expect("a record");
    }

    /// An order to erase, by hand.
    fn insert_order(&self, evidence: &str) {
        self.database()
            .execute(
                "INSERT INTO audit (at, municipality, kind, evidence) VALUES (1, ?1, 'audit_erased', ?2)",
                (TOWN, evidence),
            )
            .expect("a record");
    }

    async fn end(&self, position: u64) -> ChainEnd {
        let page = self.store().chained_audit(TOWN, position - 1, 1).await.expect("a page");
        let hash = page[0].hash.clone().try_into().expect("a hash");
        ChainEnd { position, hash: Octets(hash) }
    }

    async fn statement(&self, position: u64) -> AuditCheckpoint {
        AuditCheckpoint::new(TOWN, self.end(position).await, self.clock.now())
    }

    async fn checkpoint(&self, position: u64) {
        let statement = self.statement(position).await;
        let signed = sign_checkpoint(&self.key, CheckpointKind::Checkpoint, &statement, &random());
        let checkpoint = StoredCheckpoint { position, at: self.clock.now(), signed: signed.expect("signed") };
        assert!(self.store().add_audit_checkpoint(TOWN, checkpoint).await.expect("an outcome"));
    }

    async fn verify(&self, kept: &[AuditCheckpoint]) -> ChainReport {
        self.verify_of(TOWN, kept).await
    }

    async fn verify_of(&self, town: &str, kept: &[AuditCheckpoint]) -> ChainReport {
        verify_chain(&self.store(), town, self.key.public(), kept, None).await.expect("a report")
    }

    /// An order to erase a record, as evidence.
    async fn order(&self, position: u64) -> String {
        self.order_of(CheckpointKind::Erasure, &self.statement(position).await)
    }

    fn order_of(&self, kind: CheckpointKind, statement: &AuditCheckpoint) -> String {
        let signed = sign_checkpoint(&self.key, kind, statement, &random()).expect("signed");
        format!(r#"{{"position":{},"signed":"{signed}"}}"#, statement.position)
    }

    /// The first damage: position, and its name.
    async fn damage(&self) -> Option<(u64, &'static str)> {
        self.verify(&[]).await.damage.map(|damage| (damage.position, damage.damage.as_str()))
    }

    /// The chain from `position` on as somebody computes it who knows the formula and whatever stands in the file.
    fn recompute(&self, position: u64, before: ChainEnd) {
        let connection = self.database();
        let mut end = before;
        for position in position..=RECORDS {
            let record = connection.query_row(
                "SELECT number, at, kind, sign_in, client_id, code, evidence, network FROM audit
                 WHERE municipality = ?1 AND position = ?2",
                (TOWN, i64::try_from(position).expect("small")),
                |row| {
                    let text =
                        |index| row.get::<_, Option<String>>(index).map(|text| text.map(String::into_bytes));
                    let content = AuditContent {
                        at: row.get(1)?,
                        kind: row.get::<_, String>(2)?.into_bytes(),
                        sign_in: row.get(3)?,
                        client_id: text(4)?,
                        code: text(5)?,
                        evidence: text(6)?,
                        network_digest: None,
                    };
                    Ok(UnsealedRecord { number: row.get(0)?, content, network: text(7)? })
                },
            );
            let sealed = end.seal(TOWN, &seed("attacker"), record.expect("a record"));
            let (salt, digest) = sealed.network.expect("an address");
            connection
                .execute(
                    "UPDATE audit SET salt = ?1, content_digest = ?2, hash = ?3, network_salt = ?4, network_digest = ?5
                     WHERE number = ?6",
                    (sealed.salt.0, sealed.content_digest.0, sealed.hash.0, salt.0, digest.0, sealed.number),
                )
                .expect("written");
        }
        connection
            .execute("UPDATE audit_chains SET hash = ?1 WHERE municipality = ?2", (end.hash.0, TOWN))
            .expect("written");
    }
}

/// One octet, one bit, in any column of any record; and any column of any record set to nothing.
#[tokio::test(flavor = "multi_thread")]
async fn any_changed_octet_of_any_record_is_found_where_it_is() {
    let log = Log::new().await;
    let store = log.store();
    let connection = log.database();
    let columns: Vec<String> = connection
        .prepare("SELECT name FROM pragma_table_info('audit')")
        .expect("columns")
        .query_map((), |row| row.get(0))
        .expect("columns")
        .collect::<Result<_, _>>()
        .expect("columns");
    assert_eq!(columns.len(), 16, "a new column belongs to what is verified: {columns:?}");
    let mut changes = 0;
    for position in 1..=RECORDS {
        let place = i64::try_from(position).expect("small");
        let number: i64 = connection
            .query_row(
                "SELECT number FROM audit WHERE municipality = ?1 AND position = ?2",
                (TOWN, place),
                |row| row.get(0),
            )
            .expect("a number");
        for column in &columns {
            let read = format!("SELECT {column} FROM audit WHERE number = ?1");
            let original: Value = connection.query_row(&read, [number], |row| row.get(0)).expect("a value");
            assert_ne!(original, Value::Null, "every column of these records holds something: {column}");
            for changed in changes_of(&original, column) {
                // Another number is another row: changed and changed back by the place.
                let (write, key) = match column.as_str() {
                    "number" => (
                        "UPDATE audit SET number = ?1 WHERE municipality = 'midori' AND position = ?2"
                            .to_owned(),
                        place,
                    ),
                    _ => (format!("UPDATE audit SET {column} = ?1 WHERE number = ?2"), number),
                };
                let Ok(written) = connection.execute(&write, (&changed, key)) else {
                    // What the schema refuses nobody has written: a place that another record has.
                    assert!(matches!(column.as_str(), "position" | "number"), "{column}");
                    continue;
                };
                assert_eq!(written, 1);
                changes += 1;
                let report = verify_chain(&store, TOWN, log.key.public(), &[], None).await.expect("a report");
                let damage = report.damage.unwrap_or_else(|| panic!("{column} of {position}: {changed:?}"));
                // A record that says that it is elsewhere is missing where it was.
                assert_eq!(damage.position, position, "{column}: {changed:?} {damage:?}");
                let at_the_end = position == RECORDS && damage.damage.as_str() == "truncated";
                let expected = match column.as_str() {
                    "position" | "municipality" if at_the_end => "truncated",
                    "position" | "municipality" => "missing",
                    "number" | "hash" => "link_broken",
                    "network" | "network_salt" => "network_changed",
                    "format" => "unknown_format",
                    "salt" if changed == Value::Null => "erased_holds_content",
                    _ => "content_changed",
                };
                assert_eq!(damage.damage.as_str(), expected, "{column}: {changed:?}");
                assert_eq!(connection.execute(&write, (&original, key)).expect("back"), 1);
            }
        }
    }
    assert_eq!(log.damage().await, None, "everything is as it was");
    assert!(changes > 1500, "{changes}");
}

/// Each octet with one bit changed, one octet more, one less, and nothing.
fn changes_of(original: &Value, column: &str) -> Vec<Value> {
    let octets = |octets: &[u8]| {
        let mut all: Vec<Vec<u8>> = (0..octets.len())
            .map(|index| {
                let mut changed = octets.to_vec();
                changed[index] ^= 1;
                changed
            })
            .collect();
        all.push([octets, b"a"].concat());
        all.push(octets[..octets.len() - 1].to_vec());
        all
    };
    let mut all = match original {
        Value::Integer(value) => {
            let bits = (0..64).map(|bit| Value::Integer(value ^ (1 << bit)));
            // What has no place is not of the chain, and its place is then missing: the last case below.
            if column == "position" { bits.take(63).collect() } else { bits.collect::<Vec<_>>() }
        }
        Value::Text(text) => octets(text.as_bytes())
            .into_iter()
            .map(|octets| Value::Text(String::from_utf8(octets).expect("ASCII")))
            .collect(),
        Value::Blob(blob) => octets(blob).into_iter().map(Value::Blob).collect(),
        Value::Null | Value::Real(_) => Vec::new(),
    };
    // An address may go, together with its salt: that is forgetting. Alone it is damage.
    if !matches!(column, "at" | "kind" | "municipality" | "number") {
        all.push(Value::Null);
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_record_is_found() {
    for position in 1..=RECORDS {
        let log = Log::new().await;
        log.execute(&format!("DELETE FROM audit WHERE municipality = 'midori' AND position = {position}"));
        let found = if position == RECORDS { "truncated" } else { "missing" };
        assert_eq!(log.damage().await, Some((position, found)));
    }
}

/// The records after it moved up, so that no place is empty.
#[tokio::test(flavor = "multi_thread")]
async fn a_closed_gap_is_found() {
    let log = Log::new().await;
    log.execute("DELETE FROM audit WHERE municipality = 'midori' AND position = 2");
    for position in 3..=RECORDS {
        log.execute(&format!(
            "UPDATE audit SET position = {} WHERE municipality = 'midori' AND position = {position}",
            position - 1
        ));
    }
    assert_eq!(log.damage().await, Some((2, "link_broken")));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inserted_record_is_found() {
    let log = Log::new().await;
    let copy = |position: u64| {
        format!(
            "INSERT INTO audit (at, municipality, kind, sign_in, client_id, code, evidence, network, network_salt,
                                network_digest, format, position, salt, content_digest, hash)
             SELECT at, municipality, kind, sign_in, client_id, code, evidence, network, network_salt, network_digest,
                    format, {position}, salt, content_digest, hash FROM audit
             WHERE municipality = 'midori' AND position = 2"
        )
    };
    log.execute(&copy(RECORDS + 1));
    assert_eq!(log.damage().await, Some((RECORDS + 1, "link_broken")));
    let log = Log::new().await;
    log.execute("UPDATE audit SET position = -position WHERE municipality = 'midori' AND position > 3");
    log.execute("UPDATE audit SET position = 1 - position WHERE municipality = 'midori' AND position < 0");
    log.execute(&copy(4));
    assert_eq!(log.damage().await, Some((4, "link_broken")));
}

#[tokio::test(flavor = "multi_thread")]
async fn swapped_records_are_found() {
    let log = Log::new().await;
    for (from, to) in [(2, 99), (4, 2), (99, 4)] {
        log.execute(&format!(
            "UPDATE audit SET position = {to} WHERE municipality = 'midori' AND position = {from}"
        ));
    }
    assert_eq!(log.damage().await, Some((2, "link_broken")));
}

/// Even with salt, digest and hash, a record of another municipality is found: both logs are damaged.
#[tokio::test(flavor = "multi_thread")]
async fn records_of_two_municipalities_that_change_places_are_found() {
    let log = Log::new().await;
    for (from, to) in [(TOWN, "between"), (OTHER, TOWN), ("between", OTHER)] {
        log.execute(&format!(
            "UPDATE audit SET municipality = '{to}' WHERE municipality = '{from}' AND position = 3"
        ));
    }
    for town in [TOWN, OTHER] {
        let damage = log.verify_of(town, &[]).await.damage.expect("found");
        assert_eq!((damage.position, damage.damage), (3, Damage::ContentChanged), "{town}");
    }
    // A whole chain under another name begins otherwise.
    let log = Log::new().await;
    for table in ["audit", "audit_chains", "audit_checkpoints"] {
        for (from, to) in [(TOWN, "between"), (OTHER, TOWN), ("between", OTHER)] {
            let sql = format!("UPDATE {table} SET municipality = '{to}' WHERE municipality = '{from}'");
            log.database().execute(&sql, ()).expect("written");
        }
    }
    for town in [TOWN, OTHER] {
        let damage = log.verify_of(town, &[]).await.damage.expect("found");
        assert_eq!((damage.position, damage.damage), (0, Damage::StartForged), "{town}");
    }
}

/// Who knows the formula computes a whole chain over changed records; not the signatures.
#[tokio::test(flavor = "multi_thread")]
async fn a_chain_that_was_computed_anew_is_found_by_checkpoints() {
    let log = Log::new().await;
    let kept = log.statement(RECORDS).await;
    let before = log.end(1).await;
    log.execute("UPDATE audit SET client_id = 'other' WHERE municipality = 'midori' AND position = 2");
    log.recompute(2, before);
    assert_eq!(log.damage().await, Some((3, "checkpoint_disagrees")));
    // Without the checkpoints of the file nothing in it tells any more; one that was kept elsewhere does.
    log.execute("DELETE FROM audit_checkpoints WHERE municipality = 'midori'");
    assert_eq!(log.damage().await, None);
    let damage = log.verify(&[kept]).await.damage.expect("found");
    assert_eq!((damage.position, damage.damage), (RECORDS, Damage::CheckpointDisagrees));
}

/// The newest records are gone and everything beside them agrees.
#[tokio::test(flavor = "multi_thread")]
async fn a_chain_that_was_cut_is_found_by_checkpoints() {
    let log = Log::new().await;
    let (kept, end) = (log.statement(RECORDS).await, log.end(4).await);
    log.execute("DELETE FROM audit WHERE municipality = 'midori' AND position > 4");
    assert_eq!(log.damage().await, Some((5, "truncated")), "the stored checkpoint");
    log.execute("DELETE FROM audit_checkpoints WHERE municipality = 'midori' AND position > 4");
    assert_eq!(log.damage().await, Some((5, "head_disagrees")), "the kept end");
    let written = log.database().execute(
        "UPDATE audit_chains SET position = 4, hash = ?1 WHERE municipality = 'midori'",
        [end.hash.0],
    );
    assert_eq!(written.expect("written"), 1);
    assert_eq!(log.damage().await, None, "nothing in the file tells any more");
    let damage = log.verify(&[kept]).await.damage.expect("found");
    assert_eq!((damage.position, damage.damage.as_str()), (5, "truncated"));
    // Nor when the whole log is gone.
    for table in ["audit", "audit_chains", "audit_checkpoints"] {
        log.database().execute(&format!("DELETE FROM {table}"), ()).expect("written");
    }
    assert_eq!(log.damage().await, None);
    let kept = AuditCheckpoint::new(TOWN, end, log.clock.now());
    let damage = log.verify(&[kept]).await.damage.expect("found");
    assert_eq!((damage.position, damage.damage.as_str()), (1, "truncated"));
}

#[tokio::test(flavor = "multi_thread")]
async fn changed_checkpoints_are_found() {
    let log = Log::new().await;
    let connection = log.database();
    let signed: String = connection
        .query_row("SELECT signed FROM audit_checkpoints WHERE position = 3", (), |row| row.get(0))
        .expect("a checkpoint");
    for index in (0..signed.len()).step_by(7) {
        let mut changed = signed.clone().into_bytes();
        changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).expect("ASCII");
        connection
            .execute("UPDATE audit_checkpoints SET signed = ?1 WHERE position = 3", [changed])
            .expect("written");
        assert_eq!(log.damage().await, Some((3, "checkpoint_forged")), "{index}");
    }
    connection
        .execute("UPDATE audit_checkpoints SET signed = ?1 WHERE position = 3", [&signed])
        .expect("back");
    assert_eq!(log.damage().await, None);
    log.execute("UPDATE audit_checkpoints SET at = at - 1 WHERE position = 3");
    assert_eq!(log.damage().await, Some((3, "checkpoint_forged")));
    log.execute("UPDATE audit_checkpoints SET at = at + 1, position = 2 WHERE position = 3");
    assert_eq!(log.damage().await, Some((2, "checkpoint_forged")));
    // Another key's, and another municipality's.
    let other = Log::new().await;
    let statement = log.statement(3).await;
    let foreign =
        sign_checkpoint(&other.key, CheckpointKind::Checkpoint, &statement, &random()).expect("signed");
    let elsewhere = AuditCheckpoint { municipality: OTHER.to_owned(), ..statement };
    let elsewhere =
        sign_checkpoint(&log.key, CheckpointKind::Checkpoint, &elsewhere, &random()).expect("signed");
    for signed in [foreign, elsewhere] {
        connection
            .execute("UPDATE audit_checkpoints SET signed = ?1, position = 3 WHERE position < 6", [signed])
            .expect("written");
        assert_eq!(log.damage().await, Some((3, "checkpoint_forged")));
    }
}

/// The oldest records are gone, and the beginning was moved without the key, or by a checkpoint.
#[tokio::test(flavor = "multi_thread")]
async fn a_moved_beginning_is_found() {
    let log = Log::new().await;
    let (end, connection) = (log.end(3).await, log.database());
    log.execute("DELETE FROM audit WHERE municipality = 'midori' AND position <= 3");
    assert_eq!(log.damage().await, Some((1, "missing")));
    connection
        .execute(
            "UPDATE audit_chains SET start_position = 3, start_hash = ?1 WHERE municipality = 'midori'",
            [end.hash.0],
        )
        .expect("written");
    assert_eq!(log.damage().await, Some((3, "start_forged")));
    log.execute(
        "UPDATE audit_chains SET start_signed = (
             SELECT signed FROM audit_checkpoints WHERE municipality = 'midori' AND position = 3)
         WHERE municipality = 'midori'",
    );
    assert_eq!(log.damage().await, Some((3, "start_forged")));
    let signed = sign_checkpoint(
        &log.key,
        CheckpointKind::Start,
        &AuditCheckpoint::new(TOWN, end, log.clock.now()),
        &random(),
    );
    connection
        .execute(
            "UPDATE audit_chains SET start_signed = ?1 WHERE municipality = 'midori'",
            [signed.expect("signed")],
        )
        .expect("written");
    assert_eq!(log.damage().await, None, "with the key it is what `retire` does");
}

/// Content that goes without an order, or comes back.
#[tokio::test(flavor = "multi_thread")]
async fn content_that_is_gone_without_an_order_is_found() {
    let log = Log::new().await;
    log.execute(BLANK_SECOND);
    assert_eq!(log.damage().await, Some((2, "erased_without_order")));
    for change in ["at = 1", "kind = 'x'", "client_id = ''", "evidence = '{}'", "network = ''"] {
        let log = Log::new().await;
        let erased = log.store().erase_audit(TOWN, 2, &log.order(2).await).await.expect("an outcome");
        assert_eq!(erased, madoguchi_storage::AuditErasure::Done);
        log.store().seal_audit(TOWN, seed("more"), 10).await.expect("sealed");
        assert_eq!(log.damage().await, None);
        log.execute(&format!("UPDATE audit SET {change} WHERE municipality = 'midori' AND position = 2"));
        assert_eq!(log.damage().await, Some((2, "erased_holds_content")), "{change}");
    }
}

/// Whoever can write to the file writes an order too, and the sealer seals it: the key has signed none for this record.
#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_the_key_did_not_sign_is_none() {
    let (log, other) = (Log::new().await, Log::new().await);
    let statement = log.statement(2).await;
    let elsewhere = AuditCheckpoint { municipality: OTHER.to_owned(), ..statement.clone() };
    let moved = AuditCheckpoint { position: 2, ..log.statement(3).await };
    let good = log.order(2).await;
    log.execute(BLANK_SECOND);
    for (number, (forged, why)) in [
        (r#"{"position":2}"#.to_owned(), "not signed"),
        (r#"{"position":2,"signed":"e30.e30.e30"}"#.to_owned(), "no statement"),
        (other.order_of(CheckpointKind::Erasure, &statement), "another key's"),
        (log.order_of(CheckpointKind::Checkpoint, &statement), "a checkpoint"),
        (log.order_of(CheckpointKind::Start, &statement), "a beginning"),
        (log.order_of(CheckpointKind::Erasure, &elsewhere), "another municipality's"),
        (log.order_of(CheckpointKind::Erasure, &moved), "another record's hash"),
        (log.order(3).await, "another record's"),
    ]
    .into_iter()
    .enumerate()
    {
        log.insert_order(&forged);
        log.store().seal_audit(TOWN, seed(&number.to_string()), 10).await.expect("sealed");
        assert_eq!(log.damage().await, Some((2, "erased_without_order")), "{why}");
    }
    log.insert_order(&good);
    log.store().seal_audit(TOWN, seed("good"), 10).await.expect("sealed");
    assert_eq!(log.damage().await, None);
}

/// A part of a chain is whole when what is erased in it was erased by order, wherever the order stands.
#[tokio::test(flavor = "multi_thread")]
async fn a_part_needs_the_orders_for_what_is_gone_in_it() {
    let log = Log::new().await;
    let until = async |position| {
        let kept = [log.statement(position).await];
        let key = log.key.public();
        verify_chain(&log.store(), TOWN, key, &kept, Some(position)).await.expect("a report")
    };
    let report = until(3).await;
    assert_eq!((report.damage, report.end.position, report.kept_checkpoints), (None, 3, 1));
    let order = log.order(2).await;
    log.execute(BLANK_SECOND);
    assert_eq!(until(1).await.damage, None, "what comes later is not looked at");
    let damage = until(3).await.damage.expect("found");
    assert_eq!((damage.position, damage.damage), (2, Damage::ErasedWithoutOrder));
    log.insert_order(&order);
    log.store().seal_audit(TOWN, seed("more"), 10).await.expect("sealed");
    let report = until(3).await;
    assert_eq!((report.damage, report.end.position, report.kept_checkpoints), (None, RECORDS + 1, 1));
}

/// What was erased is in no file any more.
#[tokio::test(flavor = "multi_thread")]
async fn erased_content_is_in_no_file() {
    let log = Log::new().await;
    let store = log.store();
    log.execute("INSERT INTO audit (at, municipality, kind, client_id) VALUES (1, 'midori', 'client_added', 'forget-me')");
    store.seal_audit(TOWN, seed("more"), 10).await.expect("sealed");
    let order = r#"{"position":7}"#;
    let erased = store.erase_audit(TOWN, RECORDS + 1, order).await.expect("an outcome");
    assert_eq!(erased, madoguchi_storage::AuditErasure::Done);
    drop(store);
    for entry in std::fs::read_dir(log.folder.path()).expect("a folder") {
        let file = std::fs::read(entry.expect("an entry").path()).expect("a file");
        assert!(!file.windows(9).any(|octets| octets == b"forget-me"));
    }
}

/// A damaged record is retired by nobody who verifies first; `retire_audit` alone asks for the right hash.
#[tokio::test(flavor = "multi_thread")]
async fn a_beginning_needs_its_hash() {
    let log = Log::new().await;
    let end = ChainEnd { hash: sha256(b"other"), ..log.end(3).await };
    let start = NewChainStart { end, signed: String::new() };
    assert!(!log.store().retire_audit(TOWN, start, "{}").await.expect("an outcome"));
}

/// What somebody does who erases a record by hand.
const BLANK_SECOND: &str =
    "UPDATE audit SET at = 0, kind = '', sign_in = NULL, client_id = NULL, code = NULL, evidence = NULL,
         network = NULL, network_salt = NULL, network_digest = NULL, salt = NULL
     WHERE municipality = 'midori' AND position = 2";

fn seed(name: &str) -> Secret<32> {
    Secret::decode(&sha256(name.as_bytes()).encode()).expect("octets")
}

#[expect(clippy::disallowed_methods, reason = "ECDSA wants randomness")]
fn random() -> SystemRandom {
    SystemRandom::new()
}

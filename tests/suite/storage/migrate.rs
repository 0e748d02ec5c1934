//! `madoguchi migrate sqlite-to-postgres`.

use madoguchi_test_postgres::TestServer;
use rusqlite::Connection;

use super::drain::{Running, furnish};
use super::world::{NEWEST, World};

/// A world whose database is of today's schema and has some rows of many sorts, and an empty PostgreSQL database.
fn towns() -> (World, TestServer, String) {
    let world = World::today(NEWEST);
    let added =
        ["municipalities", "add", "--id", "akane", "--origin", "http://localhost:1", "--name", "あかね市"];
    world.json(&added);
    fill(&world, 1, 1_700);
    let server = TestServer::start();
    let database = server.database();
    world.configure(&database.address(), "");
    (world, server, database.name)
}

fn fill(world: &World, from: u32, to: u32) {
    let connection = Connection::open(world.database()).expect("the file");
    let rows = format!(
        "WITH RECURSIVE n(x) AS (SELECT {from} UNION ALL SELECT x + 1 FROM n WHERE x < {to})
         INSERT INTO replays (municipality, kind, key, until)
             SELECT 'midori', 'dpop_proof', CAST(printf('%032d', x) AS BLOB), 4000000000 + x FROM n"
    );
    connection.execute_batch(&rows).expect("rows");
}

const MOVE: [&str; 4] = ["migrate", "sqlite-to-postgres", "--from", "m.sqlite3"];

#[test]
fn everything_moves_and_the_file_is_left() {
    let (world, server, name) = towns();
    let address = world.address();
    world.configure("m.sqlite3", "");
    let municipalities = world.json(&["municipalities", "list"]);
    let keys = world.json(&["keys", "list"]);
    world.configure(&address, "");
    let told = world.json(&MOVE);
    assert_eq!(told["tables"]["replays"], 1_700, "{told}");
    assert_eq!(told["tables"]["accounts"], 1, "{told}");
    assert_eq!(told["rows"], told["copied_now"], "{told}");
    // The same from the other backend.
    assert_eq!(world.json(&["municipalities", "list"]), municipalities);
    assert_eq!(world.json(&["keys", "list"]), keys);
    assert_eq!(world.json(&["database", "check"])["whole"], true);
    // Numbers go on where they were.
    let next = "SELECT nextval(pg_get_serial_sequence('audit', 'number')) > max(number) FROM audit";
    assert_eq!(server.query(&name, next), "t");
    let told = world.refused(&MOVE);
    assert!(told.contains("was moved to another database"), "{told}");
    world.configure("m.sqlite3", "");
    let told = world.refused(&["keys", "list"]);
    assert!(told.contains("everything in it was moved to another database"), "{told}");
}

/// What PostgreSQL cannot keep is named, so that an operator can mend it.
#[test]
fn a_nul_is_named_by_its_place() {
    let (world, _server, _) = towns();
    let file = Connection::open(world.database()).expect("the file");
    file.execute_batch("UPDATE replays SET kind = 'a' || char(0) WHERE rowid = 3").expect("a row");
    let told = world.refused(&MOVE);
    assert!(told.contains("table replays, row 3, column kind: a NUL"), "{told}");
}

/// As after `kill -9` in the middle: the place and the rows of whole batches are there.
#[test]
fn a_move_that_was_interrupted_goes_on() {
    let (world, server, name) = towns();
    let told = world.json(&MOVE);
    let all = told["rows"].as_u64().expect("a count");
    // Back to the middle: half of one table, and the note of the move.
    server
        .query(&name, "CREATE TABLE madoguchi_transfer (table_name text PRIMARY KEY, place bigint NOT NULL)");
    server.query(&name, "DELETE FROM replays WHERE until > 4000000000 + 1000");
    server.query(
        &name,
        "INSERT INTO madoguchi_transfer SELECT tablename, CASE tablename WHEN 'replays' THEN 1000 ELSE 9000 END
             FROM pg_tables WHERE schemaname = current_schema() AND tablename NOT LIKE 'madoguchi%'",
    );
    let told = world.refused(&["keys", "list"]);
    assert!(told.contains("a move to this database is not finished"), "no gateway opens it: {told}");
    let file = Connection::open(world.database()).expect("the file");
    file.pragma_update(None, "application_id", 0x4d61_646f).expect("as before the end");
    let told = world.json(&MOVE);
    assert_eq!((told["copied_now"].as_u64(), told["rows"].as_u64()), (Some(700), Some(all)), "{told}");
}

#[test]
fn a_difference_is_found_and_a_new_start_mends_it() {
    let (world, server, name) = towns();
    world.json(&MOVE);
    let file = Connection::open(world.database()).expect("the file");
    let as_before = || {
        file.pragma_update(None, "application_id", 0x4d61_646f).expect("as before the end");
        server.query(
            &name,
            "CREATE TABLE madoguchi_transfer (table_name text PRIMARY KEY, place bigint NOT NULL)",
        );
        server.query(
            &name,
            "INSERT INTO madoguchi_transfer SELECT tablename, 9000 FROM pg_tables
             WHERE schemaname = current_schema() AND tablename NOT LIKE 'madoguchi%'",
        );
    };
    // One octet of one row is another, one number is another, one row is gone.
    for change in [
        "UPDATE secrets SET sealed = set_byte(sealed, 0, get_byte(sealed, 0) # 1) WHERE purpose = 'account-key'",
        "UPDATE accounts SET created_at = created_at + 1",
        "DELETE FROM codes",
    ] {
        as_before();
        server.query(&name, change);
        let told = world.refused(&MOVE);
        assert!(told.contains("or others; something wrote between two runs"), "{change}: {told}");
        let told = world.json(&[&MOVE[..], &["--start-over"]].concat());
        assert_eq!(told["rows"], told["copied_now"], "{change}: {told}");
    }
}

#[test]
fn a_database_in_use_is_left_alone() {
    let (world, server, name) = towns();
    world.json(&[
        "municipalities",
        "add",
        "--id",
        "aoi",
        "--origin",
        "http://localhost:2",
        "--name",
        "あおい市",
    ]);
    let told = world.refused(&MOVE);
    assert!(told.contains("the database is not empty"), "{told}");
    assert_eq!(server.query(&name, "SELECT id FROM municipalities"), "aoi");
    world.configure("m.sqlite3", "");
    let told = world.refused(&MOVE);
    assert!(told.contains("must name the PostgreSQL database"), "{told}");
}

/// What it would answer meanwhile or afterwards would be lost.
#[test]
fn nothing_is_moved_under_a_gateway() {
    let (world, server, name) = towns();
    let address = world.address();
    furnish(&world);
    world.configure("m.sqlite3", "");
    let running = Running::start(&world);
    world.configure(&address, "");
    let told = world.refused(&MOVE);
    assert!(told.contains("m.sqlite3: a gateway or another command has this database open"), "{told}");
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()";
    assert_eq!(server.query(&name, tables), "0", "nothing was begun");
    running.tell_to_end();
    running.wait();
    world.json(&MOVE);
}

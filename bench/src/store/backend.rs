//! Where a gateway keeps its records, and how the benchmark fills it and looks at it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use madoguchi_protocol::sha256;
use madoguchi_test_postgres::{Stop, TestServer};
use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;

use crate::logins::process::cpu_of_tree;
use crate::logins::service::now;
use crate::sign_ins::town::SQLITE_FILE;
use crate::store::rows::{EXPIRED, Rows};

/// One of the two.
pub(crate) enum Backend {
    Sqlite,
    Postgres(TestServer),
}

/// One store of it.
pub(crate) enum Store {
    Sqlite(PathBuf),
    Postgres(String),
}

impl Backend {
    pub(crate) fn postgres() -> Self {
        // What is written is durable before it is answered: nothing is changed that this rests on.
        let settings = ["shared_buffers = 1GB", "max_wal_size = 2GB", "max_connections = 100"];
        Self::Postgres(TestServer::start_with(&settings))
    }

    /// What a configuration says of a new store.
    pub(crate) fn make(&self) -> String {
        match self {
            Self::Sqlite => SQLITE_FILE.to_owned(),
            Self::Postgres(server) => server.database().address(),
        }
    }

    /// The store of that name, whose gateway has this file or none.
    pub(crate) fn store(&self, name: &str, file: &Path) -> Store {
        match self {
            Self::Sqlite => Store::Sqlite(file.to_owned()),
            Self::Postgres(_) => Store::Postgres(name.rsplit('/').next().unwrap_or_default().to_owned()),
        }
    }

    /// CPU time of the database's own processes.
    pub(crate) fn cpu(&self) -> Duration {
        let Self::Postgres(server) = self else { return Duration::ZERO };
        let pid = fs::read_to_string(server.data().join("postmaster.pid")).unwrap_or_default();
        let pid = pid.lines().next().and_then(|line| line.trim().parse().ok());
        pid.map_or(Duration::ZERO, cpu_of_tree)
    }

    /// Without durability while stores are filled. Every gateway has ended.
    pub(crate) fn begin_to_fill(&self) {
        if let Self::Postgres(server) = self {
            server.configure(&["fsync = off", "full_page_writes = off", "autovacuum = off"]);
            server.configure(&["maintenance_work_mem = 512MB"]);
            server.stop(Stop::Fast);
            server.start_again();
        }
    }

    /// Everything is on the disk, and is from here on before it is answered.
    pub(crate) fn end_filling(&self) -> Result<(), String> {
        if let Self::Postgres(server) = self {
            server.configure(&["fsync = on", "full_page_writes = on", "autovacuum = on"]);
            server.stop(Stop::Fast);
            server.start_again();
            let on =
                server.query("postgres", "SHOW fsync") + &server.query("postgres", "SHOW synchronous_commit");
            if on != "onon" {
                return Err(format!("fsync and synchronous_commit are {on}"));
            }
        }
        let synced = Command::new("sync").status().map_err(|error| error.to_string())?;
        if synced.success() { Ok(()) } else { Err("sync failed".to_owned()) }
    }

    /// Writes so many of these rows.
    pub(crate) fn fill(&self, store: &Store, rows: &[Rows], count: u64, accounts: u64) -> Result<(), String> {
        if count == 0 {
            return Ok(());
        }
        match (self, store) {
            (Self::Postgres(server), Store::Postgres(name)) => {
                server.query(name, OCTETS);
                for rows in rows {
                    let table = rows.table;
                    server.query(name, &model(table));
                    let columns = server.query(
                        name,
                        &format!(
                            "SELECT column_name FROM information_schema.columns
                         WHERE table_schema = 'public' AND table_name = '{table}' AND column_name <> 'number'
                         ORDER BY ordinal_position"
                        ),
                    );
                    let columns: Vec<String> = columns.lines().map(str::to_owned).collect();
                    let series = format!("generate_series(0, {} - 1) AS series (i)", count * rows.each);
                    let insert = rows.insert(&columns, &series, accounts, now());
                    // Its own triggers alone: every reference is there when all rows are.
                    server.query(name, &format!("SET session_replication_role = replica; {insert}"));
                }
                server.query(name, "DROP FUNCTION octets");
                server.query(name, "VACUUM (FREEZE, ANALYZE)");
                server.query(name, "CHECKPOINT");
                Ok(())
            }
            (Self::Sqlite, Store::Sqlite(file)) => {
                fill_file(file, rows, count, accounts).map_err(|error| error.to_string())
            }
            _ => Err("a store of another backend".to_owned()),
        }
    }

    /// Octets on the disk.
    pub(crate) fn size(&self, store: &Store) -> u64 {
        match (self, store) {
            (Self::Postgres(server), Store::Postgres(name)) => {
                server.query(name, "SELECT pg_database_size(current_database())").parse().unwrap_or(0)
            }
            (_, Store::Sqlite(file)) => {
                let size = |path: PathBuf| fs::metadata(path).map_or(0, |file| file.len());
                size(file.clone()) + size(file.with_extension("sqlite3-wal"))
            }
            _ => 0,
        }
    }

    /// How many rows are in a table.
    pub(crate) fn count(&self, store: &Store, table: &str) -> Result<u64, String> {
        let sql = format!("SELECT count(*) FROM {table}");
        match (self, store) {
            (Self::Postgres(server), Store::Postgres(name)) => {
                server.query(name, &sql).parse().map_err(|_| format!("no count of {table}"))
            }
            (_, Store::Sqlite(file)) => {
                let count =
                    Connection::open(file).and_then(|file| file.query_row(&sql, (), |row| row.get(0)));
                count.map_err(|error| error.to_string())
            }
            _ => Err("a store of another backend".to_owned()),
        }
    }

    /// Those that a sweep counts, by table.
    pub(crate) fn left(&self, store: &Store) -> Result<Vec<(&'static str, u64)>, String> {
        EXPIRED.iter().map(|rows| Ok((rows.table, self.count(store, rows.table)?))).collect()
    }

    /// What measures stand on.
    pub(crate) fn told(&self) -> String {
        match self {
            Self::Sqlite => "SQLite: WAL, synchronous = FULL".to_owned(),
            Self::Postgres(server) => format!(
                "PostgreSQL {}: shared_buffers 1GB, max_wal_size 2GB, fsync and synchronous_commit on, same machine",
                server.query("postgres", "SHOW server_version")
            ),
        }
    }
}

fn fill_file(file: &Path, rows: &[Rows], count: u64, accounts: u64) -> rusqlite::Result<()> {
    let connection = Connection::open(file)?;
    connection.execute_batch(
        "PRAGMA journal_mode = delete; PRAGMA journal_mode = off; PRAGMA synchronous = off;
         PRAGMA foreign_keys = off; PRAGMA cache_size = -3000000; PRAGMA temp_store = memory;",
    )?;
    connection.create_scalar_function(
        "octets",
        3,
        FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_UTF8,
        |context| {
            let (name, number, length): (String, i64, usize) =
                (context.get(0)?, context.get(1)?, context.get(2)?);
            Ok(sha256(format!("{name} {number}").as_bytes()).0[..length.min(32)].to_vec())
        },
    )?;
    for rows in rows {
        connection.execute(&model(rows.table), ())?;
        let mut columns =
            connection.prepare("SELECT name FROM pragma_table_info(?1) WHERE name <> 'number'")?;
        let columns: Vec<String> =
            columns.query_map([rows.table], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        let series = format!(
            "(WITH RECURSIVE series (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM series WHERE i + 1 < {}) \
              SELECT i FROM series)",
            count * rows.each
        );
        connection.execute(&rows.insert(&columns, &series, accounts, now()), ())?;
    }
    connection.execute_batch("PRAGMA journal_mode = wal")
}

/// A first row for what a login of this benchmark leaves none of. Where there are rows it adds none.
fn model(table: &str) -> String {
    let values = match table {
        "pushed_requests" => {
            "(municipality, hash, client_id, request, expires_at, finished)
             SELECT municipality, browser_hash, 'toshokan', request, 0, answered FROM sign_ins
             WHERE state = 'completed' LIMIT 1"
        }
        "replays" => {
            "(municipality, kind, key, until)
             SELECT municipality, 'dpop_proof', browser_hash, 0 FROM sign_ins WHERE state = 'completed' LIMIT 1"
        }
        // There is one, and this writes nothing.
        _ => return format!("DELETE FROM {table} WHERE 1 = 0"),
    };
    format!("INSERT INTO {table} {values}")
}

/// The same octets as the function of that name in SQLite gives.
const OCTETS: &str = "CREATE FUNCTION octets(name text, number bigint, length integer) RETURNS bytea
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN substring(sha256(convert_to(name || ' ' || number, 'UTF8')) FROM 1 FOR length)";

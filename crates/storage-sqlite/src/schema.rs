//! The schema and its versions. `user_version` counts the migrations that were applied; `application_id` says whose
//! file it is.

use std::cmp::Ordering;
use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use crate::error::SqliteError;

/// Every migration in order. One that was released is never edited: a change is a new one at the end.
const MIGRATIONS: &[&str] = &[
    include_str!("../migrations/0001.sql"),
    include_str!("../migrations/0002.sql"),
    include_str!("../migrations/0003.sql"),
    include_str!("../migrations/0004.sql"),
    include_str!("../migrations/0005.sql"),
    include_str!("../migrations/0006.sql"),
    include_str!("../migrations/0007.sql"),
    include_str!("../migrations/0008.sql"),
    include_str!("../migrations/0009.sql"),
    include_str!("../migrations/0010.sql"),
    include_str!("../migrations/0011.sql"),
    include_str!("../migrations/0012.sql"),
    include_str!("../migrations/0013.sql"),
];

/// "Mado", so that `file` and we can tell the database from another program's.
const APPLICATION_ID: i32 = 0x4d61_646f;
/// "Madx": everything in it was moved to another database.
const LEFT_ID: i32 = 0x4d61_6478;

/// Refuses a database with another program's tables in it.
pub(crate) fn check_program(connection: &Connection, path: &Path) -> Result<(), SqliteError> {
    // One moment: somebody else may be making the tables of a new file just now.
    let look = connection.unchecked_transaction()?;
    let id: i32 = look.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: u64 = look.query_row("SELECT count(*) FROM sqlite_schema", (), |row| row.get(0))?;
    look.finish()?;
    if id == LEFT_ID {
        return Err(SqliteError::Left(path.to_owned()));
    }
    if id == APPLICATION_ID || (id == 0 && tables == 0) {
        Ok(())
    } else {
        Err(SqliteError::OtherProgram(path.to_owned()))
    }
}

/// Whether everything in it was moved to another database, as the transaction of this connection sees it.
pub(crate) fn is_left(connection: &Connection) -> Result<bool, rusqlite::Error> {
    let id: i32 = connection.prepare_cached("PRAGMA application_id")?.query_row((), |row| row.get(0))?;
    Ok(id == LEFT_ID)
}

/// Nothing that goes on from this file is what residents were answered.
pub(crate) fn mark_left(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection.pragma_update(None, "application_id", LEFT_ID)
}

/// Applies what is missing, all or nothing.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), SqliteError> {
    apply(connection, MIGRATIONS)
}

/// Refuses a schema of any other version than this program's.
pub(crate) fn check_version(connection: &Connection) -> Result<(), SqliteError> {
    let found: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let known = u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX);
    match found.cmp(&known) {
        Ordering::Less => Err(SqliteError::SchemaTooOld { found, known }),
        Ordering::Equal => Ok(()),
        Ordering::Greater => Err(SqliteError::SchemaTooNew { found, known }),
    }
}

fn apply(connection: &mut Connection, migrations: &[&str]) -> Result<(), SqliteError> {
    // Immediate: of two programs that start at once, one migrates and the other sees it done.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found: u32 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let known = u32::try_from(migrations.len()).unwrap_or(u32::MAX);
    if found > known {
        return Err(SqliteError::SchemaTooNew { found, known });
    }
    if found < known {
        for migration in migrations.iter().skip(usize::try_from(found).unwrap_or(usize::MAX)) {
            transaction.execute_batch(migration)?;
        }
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", known)?;
    }
    Ok(transaction.commit()?)
}

/// How SQLite would run a statement.
#[cfg(test)]
pub(crate) fn plan(connection: &Connection, sql: &str) -> String {
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect("a statement");
    let lines = statement.raw_query().mapped(|row| row.get::<_, String>("detail"));
    lines.collect::<Result<Vec<_>, _>>().expect("a plan").join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrations_are_applied_once_and_in_order() {
        let mut connection = Connection::open_in_memory().expect("a database");
        let first = ["CREATE TABLE a (x)"];
        apply(&mut connection, &first).expect("the first");
        apply(&mut connection, &first).expect("nothing to do");
        let both = [first[0], "ALTER TABLE a ADD COLUMN y"];
        apply(&mut connection, &both).expect("the second alone");
        connection.execute("INSERT INTO a (x, y) VALUES (1, 2)", ()).expect("both columns");
    }

    #[test]
    fn a_migration_that_fails_leaves_nothing_behind() {
        let mut connection = Connection::open_in_memory().expect("a database");
        apply(&mut connection, &["CREATE TABLE a (x)", "no SQL"]).expect_err("the second fails");
        let tables: u64 = connection
            .query_row("SELECT count(*) FROM sqlite_schema", (), |row| row.get(0))
            .expect("a count");
        assert_eq!(tables, 0);
    }

    /// What the first version stored is there after the newest one opened it.
    #[test]
    fn a_database_of_the_first_version_goes_on() {
        let mut connection = Connection::open_in_memory().expect("a database");
        apply(&mut connection, &MIGRATIONS[..1]).expect("the first version");
        connection
            .execute("INSERT INTO secrets (municipality, purpose, sealed) VALUES ('midori', 'a', x'01')", ())
            .expect("a row");
        assert!(matches!(check_version(&connection), Err(SqliteError::SchemaTooOld { found: 1, .. })));
        migrate(&mut connection).expect("the newest version");
        check_version(&connection).expect("the newest version");
        let count = |table: &str| -> u64 {
            connection
                .query_row(&format!("SELECT count(*) FROM {table}"), (), |row| row.get(0))
                .expect("a count")
        };
        assert_eq!((count("secrets"), count("kept_revocations")), (1, 0));
    }

    /// A table that is made anew for another primary key loses nothing.
    #[test]
    fn what_was_kept_in_the_second_version_is_kept() {
        let mut connection = Connection::open_in_memory().expect("a database");
        apply(&mut connection, &MIGRATIONS[..2]).expect("the second version");
        connection
            .execute(
                "INSERT INTO kept_revocations
                 VALUES ('midori', x'01', 'ocsp', x'02', 'keyCompromise', 1, 2, NULL, 3, 4, 5)",
                (),
            )
            .expect("a row");
        migrate(&mut connection).expect("the newest version");
        let found: String = connection
            .query_row(
                "SELECT concat_ws(' ', municipality, hex(certificate), source, hex(signer_key), reason, revoked_at,
                                  this_update, next_update, produced_at, kept_at, not_after, sign_in)
                 FROM kept_revocations",
                (),
                |row| row.get(0),
            )
            .expect("the row");
        assert_eq!(found, "midori 01 ocsp 02 keyCompromise 1 2 3 4 5");
    }

    #[test]
    fn every_table_is_strict() {
        let mut connection = Connection::open_in_memory().expect("a database");
        migrate(&mut connection).expect("the schema");
        let loose: u64 = connection
            .query_row(
                "SELECT count(*) FROM pragma_table_list
                 WHERE schema = 'main' AND type = 'table' AND strict = 0 AND name NOT LIKE 'sqlite_%'",
                (),
                |row| row.get(0),
            )
            .expect("a count");
        assert_eq!(loose, 0);
    }
}

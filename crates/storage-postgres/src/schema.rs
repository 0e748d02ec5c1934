//! The schema and its versions. One row says whose database it is and how many migrations were applied.

use std::cmp::Ordering;

use sqlx::{AssertSqlSafe, PgConnection, Row as _};

use crate::error::PostgresError;
use crate::locks::Lock;

/// Every migration in order. One that was released is never edited: a change is a new one at the end.
const MIGRATIONS: &[&str] = &[include_str!("../migrations/0001.sql")];

/// Applies what is missing, all or nothing. Of nodes that start at once, one does it and the others see it done.
pub(crate) async fn migrate(connection: &mut PgConnection) -> Result<(), PostgresError> {
    apply(connection, MIGRATIONS).await
}

/// Makes the schema in an empty database, in the transaction of whoever calls.
pub(crate) async fn make(connection: &mut PgConnection) -> Result<(), PostgresError> {
    apply_missing(connection, MIGRATIONS).await
}

/// Refuses a schema of any other version than this program's.
pub(crate) async fn check(connection: &mut PgConnection) -> Result<(), PostgresError> {
    let found = version(connection).await?;
    let known = count(MIGRATIONS);
    match found.cmp(&known) {
        Ordering::Less => Err(PostgresError::SchemaTooOld { found, known }),
        Ordering::Equal => Ok(()),
        Ordering::Greater => Err(PostgresError::SchemaTooNew { found, known }),
    }
}

async fn apply(connection: &mut PgConnection, migrations: &[&'static str]) -> Result<(), PostgresError> {
    // A migration takes the time it needs, and whoever waits for it waits.
    let begin = format!(
        "BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; SELECT pg_advisory_xact_lock({})",
        Lock::schema().number()
    );
    sqlx::raw_sql(AssertSqlSafe(begin)).execute(&mut *connection).await?;
    let applied = apply_missing(connection, migrations).await;
    let end = if applied.is_ok() { "COMMIT" } else { "ROLLBACK" };
    sqlx::raw_sql(end).execute(&mut *connection).await?;
    applied
}

async fn apply_missing(
    connection: &mut PgConnection,
    migrations: &[&'static str],
) -> Result<(), PostgresError> {
    let (found, known) = (version(connection).await?, count(migrations));
    if found > known {
        return Err(PostgresError::SchemaTooNew { found, known });
    }
    if found == 0 {
        sqlx::raw_sql(VERSION_TABLE).execute(&mut *connection).await?;
    }
    for migration in migrations.iter().skip(usize::try_from(found).unwrap_or(usize::MAX)) {
        sqlx::raw_sql(*migration).execute(&mut *connection).await?;
    }
    if found < known {
        let counted = format!("UPDATE madoguchi_schema SET version = {known}");
        sqlx::raw_sql(AssertSqlSafe(counted)).execute(&mut *connection).await?;
    }
    Ok(())
}

/// How many migrations the database has. Another program's tables are left alone.
async fn version(connection: &mut PgConnection) -> Result<u32, PostgresError> {
    let tables = sqlx::raw_sql(
        "SELECT count(*), count(*) FILTER (WHERE tablename = 'madoguchi_schema'),
                count(*) FILTER (WHERE tablename = 'madoguchi_transfer') FROM pg_tables
         WHERE schemaname = current_schema()",
    )
    .fetch_one(&mut *connection)
    .await?;
    let (all, ours): (i64, i64) = (tables.try_get(0)?, tables.try_get(1)?);
    if tables.try_get::<i64, _>(2)? > 0 {
        return Err(PostgresError::TransferUnfinished);
    }
    match (all, ours) {
        (0, _) => Ok(0),
        (_, 0) => Err(PostgresError::OtherProgram),
        _ => {
            let row =
                sqlx::raw_sql("SELECT version FROM madoguchi_schema").fetch_one(&mut *connection).await?;
            Ok(u32::try_from(row.try_get::<i32, _>(0)?).unwrap_or(u32::MAX))
        }
    }
}

fn count(migrations: &[&str]) -> u32 {
    u32::try_from(migrations.len()).unwrap_or(u32::MAX)
}

const VERSION_TABLE: &str = "
    CREATE TABLE madoguchi_schema (
        only_row integer PRIMARY KEY CHECK (only_row = 1),
        version  integer NOT NULL
    );
    INSERT INTO madoguchi_schema (only_row, version) VALUES (1, 0)";

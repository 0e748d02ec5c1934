//! `madoguchi migrate`: the day a town outgrows one machine.

use std::io::Write;

use serde_json::json;

use madoguchi_storage_postgres::PostgresTarget;
use madoguchi_storage_sqlite::SqliteSource;

use crate::Config;
use crate::backend::{options, require_owner};
use crate::config::DatabaseConfig;
use crate::database::arguments::{MigrateCommand, SqliteToPostgresArguments};
use crate::database::error::{DatabaseError, end};
use crate::registry::{CommandEdge, write_json};

/// `madoguchi migrate …`. Answers the exit code; what went wrong is told on `errors`.
pub async fn migrate(command: &MigrateCommand, mut edge: CommandEdge<'_>, errors: &mut dyn Write) -> u8 {
    let MigrateCommand::SqliteToPostgres(arguments) = command;
    end(sqlite_to_postgres(arguments, &mut edge).await, "migrate", errors)
}

async fn sqlite_to_postgres(
    arguments: &SqliteToPostgresArguments,
    edge: &mut CommandEdge<'_>,
) -> Result<(), DatabaseError> {
    let config = Config::read(&arguments.common.config)?;
    let DatabaseConfig::Postgres(url) = &config.database else {
        return Err(DatabaseError::NotPostgres { database: config.database.to_string() });
    };
    require_owner(&arguments.from, rustix::process::geteuid().as_raw())?;
    // Its lock is held to the end: what is copied is what is compared.
    let source = SqliteSource::open(&arguments.from)?;
    let tables = source.tables()?;
    let options = options(url, &config.postgresql)?;
    let mut target = PostgresTarget::begin(&options, arguments.start_over).await?;
    target.require_same(&tables)?;
    let mut copied = 0;
    for table in &tables {
        let columns = target.columns(table)?;
        let mut place = target.place(&table.name).await?;
        loop {
            let rows = source.rows(&table.name, &columns, place, BATCH)?;
            target.insert(&table.name, &rows, place).await?;
            copied += rows.len();
            match rows.last() {
                Some((last, _)) => place = *last,
                None => break,
            }
        }
    }
    let mut compared = Vec::with_capacity(tables.len());
    for table in &tables {
        let columns = target.columns(table)?;
        let (there, here) = (source.digest(table, &columns)?, target.digest(table).await?);
        if there != here {
            return Err(DatabaseError::Differs {
                table: table.name.clone(),
                there: there.rows,
                here: here.rows,
            });
        }
        compared.push((table.name.as_str(), here.rows));
    }
    target.finish(&tables).await?;
    source.leave()?;
    let rows: u64 = compared.iter().map(|(_, rows)| rows).sum();
    if arguments.common.json {
        let tables: serde_json::Map<_, _> =
            compared.into_iter().map(|(name, rows)| (name.to_owned(), json!(rows))).collect();
        return Ok(write_json(
            edge.output,
            &json!({ "rows": rows, "copied_now": copied, "tables": tables }),
        )?);
    }
    for (name, rows) in compared.iter().filter(|(_, rows)| *rows > 0) {
        writeln!(edge.output, "{name}: {rows} rows, the same on both sides")?;
    }
    writeln!(
        edge.output,
        "{rows} rows are in {}; {} is not used any more",
        config.database,
        arguments.from.display()
    )?;
    Ok(())
}

/// Rows in one transaction. A statement has room for 65535 values.
const BATCH: u32 = 500;

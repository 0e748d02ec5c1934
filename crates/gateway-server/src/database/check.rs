//! `madoguchi database check`.

use std::io::Write;

use serde_json::json;

use madoguchi_storage_sqlite::check_fully;

use crate::Config;
use crate::backend::{Backend, require_owner};
use crate::config::DatabaseConfig;
use crate::database::arguments::{CheckArguments, DatabaseCommand};
use crate::database::error::{DatabaseError, end};
use crate::health::DatabaseState;
use crate::registry::{CommandEdge, write_json};

/// `madoguchi database …`. Answers the exit code; what went wrong is told on `errors`.
pub async fn database(command: &DatabaseCommand, mut edge: CommandEdge<'_>, errors: &mut dyn Write) -> u8 {
    let DatabaseCommand::Check(arguments) = command;
    end(check(arguments, &mut edge).await, "database check", errors)
}

async fn check(arguments: &CheckArguments, edge: &mut CommandEdge<'_>) -> Result<(), DatabaseError> {
    let config = Config::read(&arguments.common.config)?;
    let database = config.database.to_string();
    let absent = || DatabaseError::NoDatabase { database: database.clone() };
    let (problems, whole) = match &config.database {
        DatabaseConfig::Sqlite(path) => {
            require_owner(path, rustix::process::geteuid().as_raw())?;
            if path.try_exists().is_ok_and(|there| !there) {
                return Err(absent());
            }
            let problems = check_fully(path)?;
            let whole = problems.is_empty();
            (problems, whole)
        }
        // Whether its files are whole is for the server's own tools (pg_amcheck, checksums).
        DatabaseConfig::Postgres(_) => {
            let backend = Backend::open_to_read(&config, edge.clock.clone()).await?.ok_or_else(absent)?;
            let health = backend.health().await;
            (health.problems, health.state != DatabaseState::Failing)
        }
    };
    if arguments.common.json {
        write_json(edge.output, &json!({ "database": database, "whole": whole, "problems": problems }))?;
    } else if problems.is_empty() {
        writeln!(edge.output, "{database}: nothing is wrong")?;
    } else {
        problems.iter().try_for_each(|problem| writeln!(edge.output, "{problem}"))?;
    }
    if whole { Ok(()) } else { Err(DatabaseError::Damaged { database, problems: problems.len() }) }
}

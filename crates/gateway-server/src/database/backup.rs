//! `madoguchi backup` and `madoguchi restore`.

use std::fs;
use std::io::Write;
use std::path::Path;

use serde_json::json;

use madoguchi_gateway::{AccountLookups, KeyError};
use madoguchi_storage_sqlite as sqlite;

use crate::backend::require_owner;
use crate::config::DatabaseConfig;
use crate::database::arguments::{BackupArguments, RestoreArguments};
use crate::database::error::{DatabaseError, end};
use crate::kek::read_kek;
use crate::registry::{CommandEdge, known, write_json};
use crate::{Config, beside};

/// `madoguchi backup`. Answers the exit code; what went wrong is told on `errors`.
pub async fn backup(arguments: &BackupArguments, mut edge: CommandEdge<'_>, errors: &mut dyn Write) -> u8 {
    end(make(arguments, &mut edge), "backup", errors)
}

/// `madoguchi restore`. Answers the exit code; what went wrong is told on `errors`.
pub async fn restore(arguments: &RestoreArguments, mut edge: CommandEdge<'_>, errors: &mut dyn Write) -> u8 {
    end(bring_back(arguments, &mut edge).await, "restore", errors)
}

fn make(arguments: &BackupArguments, edge: &mut CommandEdge<'_>) -> Result<(), DatabaseError> {
    let config = Config::read(&arguments.common.config)?;
    let path = file(
        &config,
        "PostgreSQL has its own tools: pg_dump for a copy of one moment, pg_basebackup with \
                              archived WAL for every moment (docs/storage.md)",
    )?;
    let octets = sqlite::backup(path, &arguments.out)?;
    let (out, kek) = (arguments.out.display(), config.kek_file.display());
    if arguments.common.json {
        let told = json!({ "backup": out.to_string(), "octets": octets, "kek_file": kek.to_string() });
        return Ok(write_json(edge.output, &told)?);
    }
    writeln!(edge.output, "{out}: {octets} octets, whole")?;
    writeln!(
        edge.output,
        "note: without {kek}, which is not in it, it is useless: keep a copy of that, elsewhere"
    )?;
    Ok(())
}

async fn bring_back(arguments: &RestoreArguments, edge: &mut CommandEdge<'_>) -> Result<(), DatabaseError> {
    let config = Config::read(&arguments.common.config)?;
    let path = file(
        &config,
        "PostgreSQL has its own tools: pg_restore, or a base backup with archived WAL \
                              (docs/storage.md)",
    )?;
    // Before anything is there.
    let kek = read_kek(&config.kek_file)?;
    let ended = sqlite::restore(&arguments.from, path, &*edge.clock)?;
    if let Err(error) = opens(&config, &kek, edge).await {
        delete(path);
        return Err(match error {
            Opening::Kek(source) => DatabaseError::OtherKek {
                backup: arguments.from.clone(),
                kek_file: config.kek_file.clone(),
                source,
            },
            Opening::Other(error) => error,
        });
    }
    if arguments.common.json {
        let told = json!({ "restored": path.display().to_string(), "sessions_ended": ended });
        return Ok(write_json(edge.output, &told)?);
    }
    writeln!(
        edge.output,
        "{}: restored; {ended} sessions of the time of the backup were ended",
        path.display()
    )?;
    writeln!(edge.output, "{FORGOTTEN}")?;
    Ok(())
}

/// A backup cannot know what was ordered after it.
const FORGOTTEN: &str = "note: before the gateway starts, give the orders again that were given since the backup, or they are \
                         undone: a key revoked since signs again (`madoguchi keys list`, `keys revoke`), a secret \
                         replaced since is valid again and a client disabled since is open (`madoguchi clients list`)";

/// Why what was restored is not what this gateway can work with.
enum Opening {
    Kek(KeyError),
    Other(DatabaseError),
}

/// A database of another key would be found out by the first resident.
async fn opens(
    config: &Config,
    kek: &madoguchi_gateway::Sealer,
    edge: &CommandEdge<'_>,
) -> Result<(), Opening> {
    let other = |error: DatabaseError| Opening::Other(error);
    let store = beside::to_write(config, edge.clock.clone()).await.map_err(|error| other(error.into()))?;
    let known = known(config, Some(&*store)).await.map_err(|error| other(error.into()))?;
    for municipality in known {
        AccountLookups::read(&*store, kek, &municipality.id).await.map_err(Opening::Kek)?;
    }
    Ok(())
}

fn delete(path: &Path) {
    for end in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(end);
        if let Err(error) = fs::remove_file(&name)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::error!(%error, path = %path.display(), "it was not deleted");
        }
    }
}

fn file<'a>(config: &'a Config, instead: &'static str) -> Result<&'a Path, DatabaseError> {
    match &config.database {
        DatabaseConfig::Sqlite(path) => {
            require_owner(path, rustix::process::geteuid().as_raw())?;
            Ok(path)
        }
        DatabaseConfig::Postgres(_) => Err(DatabaseError::OtherTool(instead)),
    }
}

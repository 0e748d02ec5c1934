//! The choice of the backend: the one place that knows both.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use madoguchi_storage::{Clock, Storage, StorageError};
use madoguchi_storage_postgres::{DatabaseClock, Password, PostgresOptions, PostgresStore, Tls};
use madoguchi_storage_sqlite::{SqliteStore, check_quickly};

use crate::config::{DatabaseConfig, PostgresConfig, PostgresUrl};
use crate::https::certificates;
use crate::kek::{file_error, require_private};
use crate::regular_file::{MOST_KEY_OCTETS, read_regular_text};
use crate::{Config, ServerError};

/// An open database.
#[derive(Clone)]
pub(crate) enum Backend {
    Postgres { store: Arc<PostgresStore>, clock: Arc<DatabaseClock> },
    Sqlite { store: Arc<SqliteStore>, clock: Arc<dyn Clock> },
}

impl Backend {
    /// For a gateway that will serve: a file that is damaged is refused.
    pub(crate) async fn open_to_serve(config: &Config, clock: Arc<dyn Clock>) -> Result<Self, ServerError> {
        if let DatabaseConfig::Sqlite(path) = &config.database
            && !check_quickly(path, QUICK)?
        {
            tracing::info!(
                database = %path.display(),
                "what could be read in {QUICK:?} is whole; `madoguchi database check` reads everything"
            );
        }
        Self::open(config, clock).await
    }

    /// To write. A file that is not there is made, and a schema of an older version is brought up to date.
    pub(crate) async fn open(config: &Config, clock: Arc<dyn Clock>) -> Result<Self, ServerError> {
        match &config.database {
            DatabaseConfig::Sqlite(path) => {
                require_owner(path, rustix::process::geteuid().as_raw())?;
                let store = Arc::new(SqliteStore::open(path, Arc::clone(&clock), config.sign_in)?);
                Ok(Self::Sqlite { store, clock })
            }
            DatabaseConfig::Postgres(url) => {
                let options = Arc::new(options(url, &config.postgresql)?);
                let clock = DatabaseClock::connect(Arc::clone(&options), clock).await?;
                let shared = Arc::clone(&clock) as Arc<dyn Clock>;
                let store = Arc::new(PostgresStore::connect(options, shared, config.sign_in).await?);
                Ok(Self::Postgres { store, clock })
            }
        }
    }

    /// To look. `None` when there is no database yet.
    pub(crate) async fn open_to_read(
        config: &Config,
        clock: Arc<dyn Clock>,
    ) -> Result<Option<Self>, ServerError> {
        match &config.database {
            DatabaseConfig::Sqlite(path) => {
                require_owner(path, rustix::process::geteuid().as_raw())?;
                if path.try_exists().is_ok_and(|there| !there) {
                    return Ok(None);
                }
                let store = SqliteStore::open_to_read(path, Arc::clone(&clock), config.sign_in)?;
                Ok(Some(Self::Sqlite { store: Arc::new(store), clock }))
            }
            DatabaseConfig::Postgres(url) => {
                let options = Arc::new(options(url, &config.postgresql)?);
                let clock = DatabaseClock::connect(Arc::clone(&options), clock).await?;
                let shared = Arc::clone(&clock) as Arc<dyn Clock>;
                match PostgresStore::connect_as_is(options, shared, config.sign_in).await {
                    Ok(store) => Ok(Some(Self::Postgres { store: Arc::new(store), clock })),
                    // Of all versions the one of a database that nobody has used yet.
                    Err(StorageError::SchemaTooOld { found: 0, .. }) => Ok(None),
                    Err(error) => Err(error.into()),
                }
            }
        }
    }

    /// What every part of the gateway works with.
    pub(crate) fn storage(&self) -> Arc<dyn Storage> {
        match self {
            Self::Postgres { store, .. } => Arc::clone(store) as Arc<dyn Storage>,
            Self::Sqlite { store, .. } => Arc::clone(store) as Arc<dyn Storage>,
        }
    }

    /// At the end of a gateway: a SQLite file is then the whole database, whatever still stands beside it.
    pub(crate) async fn settle(&self) {
        let Self::Sqlite { store, .. } = self else { return };
        match store.settle().await {
            Ok(true) => {}
            Ok(false) => tracing::warn!(
                "what is in `-wal` beside the database belongs to it: another program has it open"
            ),
            Err(error) => tracing::error!(%error, "what is in `-wal` beside the database belongs to it"),
        }
    }

    /// The clock that every node agrees on.
    pub(crate) fn clock(&self) -> Arc<dyn Clock> {
        match self {
            Self::Postgres { clock, .. } => Arc::clone(clock) as Arc<dyn Clock>,
            Self::Sqlite { clock, .. } => Arc::clone(clock),
        }
    }
}

/// How the server is reached and used, with the password from its file.
pub(crate) fn options(url: &PostgresUrl, config: &PostgresConfig) -> Result<PostgresOptions, ServerError> {
    let mut options = url.options().map_err(|error| ServerError::value("database", error.to_string()))?;
    options.password = config.password_file.as_deref().map(read_password).transpose()?;
    if let Some(ca) = &config.ca {
        options.tls = Tls::VerifyFull { authorities: Some(ca.clone()) };
    }
    // What TLS would not find is told now.
    if let Tls::VerifyFull { authorities: Some(ca) } = &options.tls {
        let key = if config.ca.is_some() { "postgresql.ca" } else { "database" };
        certificates(key, ca)?;
    }
    options.pooler = config.pooler;
    options.connections = config.connections;
    options.connect_timeout = Duration::from_secs(config.connect_seconds);
    options.acquire_timeout = Duration::from_secs(config.acquire_seconds);
    options.statement_timeout = Duration::from_secs(config.statement_seconds);
    options.lock_timeout = Duration::from_secs(config.lock_seconds);
    options.transaction_timeout = Duration::from_secs(config.transaction_seconds);
    Ok(options)
}

fn read_password(path: &Path) -> Result<Password, ServerError> {
    require_private(path)?;
    let text = read_regular_text(path, MOST_KEY_OCTETS).map_err(|source| file_error(path, source))?;
    let password = text.trim_end_matches(['\r', '\n']);
    if password.is_empty() || password.contains(['\r', '\n']) {
        let message = format!("{}: one line with the password and nothing else", path.display());
        return Err(ServerError::value("postgresql.password_file", message));
    }
    Ok(Password::new(password.to_owned()))
}

/// Even whoever only reads makes files beside a database, and those of another user its gateway cannot open.
pub(crate) fn require_owner(database: &Path, user: u32) -> Result<(), ServerError> {
    match fs::metadata(database) {
        Ok(metadata) if metadata.uid() != user => {
            Err(ServerError::DatabaseOfOther { path: database.to_owned(), owner: metadata.uid() })
        }
        // What is not there is told by whoever opens it.
        _ => Ok(()),
    }
}

/// Longest look at a file before a gateway serves it.
const QUICK: Duration = Duration::from_secs(3);

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_database_of_another_user_is_left_alone() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let user = rustix::process::geteuid().as_raw();
        assert!(require_owner(file.path(), user).is_ok());
        let told = require_owner(file.path(), user + 1).expect_err("of another user").to_string();
        assert!(told.ends_with(&format!("sudo -u '#{user}' madoguchi …")), "{told}");
    }

    #[test]
    fn a_password_is_one_line_of_a_private_file() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let read = |text: &str, mode| {
            fs::write(file.path(), text).expect("written");
            fs::set_permissions(file.path(), fs::Permissions::from_mode(mode)).expect("a mode");
            read_password(file.path()).map(drop).map_err(|error| error.to_string())
        };
        assert_eq!(read("hush7\n", 0o600), Ok(()));
        assert!(read("hush7\n", 0o640).expect_err("others read it").contains("chmod 600"));
        for text in ["", "\n", "hush7\nhush8\n"] {
            let told = read(text, 0o600).expect_err("not one line");
            assert!(told.starts_with("postgresql.password_file: ") && !told.contains("hush"), "{told}");
        }
    }
}

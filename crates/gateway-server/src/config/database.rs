//! Where records are kept: one line, a file's path or the address of a PostgreSQL server.

use std::fmt;
use std::path::{Path, PathBuf};

use madoguchi_storage_postgres::{OptionsError, PostgresOptions};
use serde::Deserialize;

use crate::ServerError;

/// `database`.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(from = "String")]
pub enum DatabaseConfig {
    /// A PostgreSQL server.
    Postgres(PostgresUrl),
    /// An SQLite file.
    Sqlite(PathBuf),
}

/// `postgresql://USER@HOST:PORT/DATABASE?PARAMETERS`, without a password. [`Config::read`](crate::Config::read) refuses
/// one that has one, and no message shows what was written.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresUrl(String);

/// `[postgresql]`: how the server is used.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PostgresConfig {
    /// A file with the password and nothing else, mode 0600.
    pub password_file: Option<PathBuf>,
    /// PEM file with the CA certificates that the server must have its from.
    pub ca: Option<PathBuf>,
    /// A pooler that gives a connection for one transaction alone stands between.
    pub pooler: bool,
    /// Connections of one gateway.
    pub connections: u32,
    /// Longest wait for a connection to be made.
    pub connect_seconds: u64,
    /// Longest wait for a free connection.
    pub acquire_seconds: u64,
    /// Longest statement.
    pub statement_seconds: u64,
    /// Longest wait for a lock.
    pub lock_seconds: u64,
    /// Longest transaction.
    pub transaction_seconds: u64,
}

impl Default for PostgresConfig {
    fn default() -> Self {
        Self {
            password_file: None,
            ca: None,
            pooler: false,
            connections: 16,
            connect_seconds: 3,
            acquire_seconds: 5,
            statement_seconds: 5,
            lock_seconds: 3,
            transaction_seconds: 10,
        }
    }
}

// A wrong address is told by `check`, and not here: the reader of the file would quote the line, password and all.
impl From<String> for DatabaseConfig {
    fn from(text: String) -> Self {
        if SCHEMES.iter().any(|scheme| text.starts_with(scheme)) {
            Self::Postgres(PostgresUrl(text))
        } else {
            Self::Sqlite(PathBuf::from(text))
        }
    }
}

impl DatabaseConfig {
    /// The file of SQLite.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::Postgres(_) => None,
            Self::Sqlite(path) => Some(path),
        }
    }

    pub(super) fn resolve(&mut self, base: &Path) {
        if let Self::Sqlite(path) = self {
            *path = base.join(&*path);
        }
    }

    pub(super) fn check(&self) -> Result<(), ServerError> {
        let message = match self {
            Self::Sqlite(path) if path.as_os_str().is_empty() || path.to_string_lossy().contains("://") => {
                "a file, or an address that begins with postgresql://".to_owned()
            }
            Self::Sqlite(_) => return Ok(()),
            Self::Postgres(url) => match url.options() {
                Ok(_) => return Ok(()),
                Err(OptionsError::Password) => {
                    "no password in the address: write it into a file of mode 0600 and name that: \
                     [postgresql] password_file = \"…\""
                        .to_owned()
                }
                Err(error) => error.to_string(),
            },
        };
        Err(ServerError::value("database", message))
    }
}

impl PostgresUrl {
    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn options(&self) -> Result<PostgresOptions, OptionsError> {
        PostgresOptions::from_address(&self.0)
    }
}

impl PostgresConfig {
    pub(super) fn resolve(&mut self, base: &Path) {
        let resolve = |path: &mut PathBuf| *path = base.join(&*path);
        self.password_file.iter_mut().for_each(resolve);
        self.ca.iter_mut().for_each(resolve);
    }

    pub(super) fn check(&self) -> Result<(), ServerError> {
        for (key, value, most) in [
            ("connections", u64::from(self.connections), 1000),
            ("connect_seconds", self.connect_seconds, 60),
            ("acquire_seconds", self.acquire_seconds, 60),
            ("statement_seconds", self.statement_seconds, 60),
            ("lock_seconds", self.lock_seconds, 60),
            ("transaction_seconds", self.transaction_seconds, 300),
        ] {
            if value == 0 || value > most {
                return Err(ServerError::value(format!("postgresql.{key}"), format!("1 to {most}")));
            }
        }
        Ok(())
    }
}

/// For an operator: where it is, and nothing secret even when somebody wrote it there.
impl fmt::Display for DatabaseConfig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Postgres(url) => url.fmt(formatter),
            Self::Sqlite(path) => path.display().fmt(formatter),
        }
    }
}

impl fmt::Display for PostgresUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ok(options) = self.options() else { return formatter.write_str("postgresql://…") };
        let servers: Vec<_> = options.servers.iter().map(ToString::to_string).collect();
        write!(formatter, "postgresql://{}/{}", servers.join(","), options.database)
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

const SCHEMES: [&str; 2] = ["postgresql://", "postgres://"];

#[cfg(test)]
mod tests {
    use super::*;

    fn database(text: &str) -> DatabaseConfig {
        DatabaseConfig::from(text.to_owned())
    }

    #[test]
    fn one_line_chooses_the_backend() {
        assert_eq!(database("state/m.sqlite3").file(), Some(Path::new("state/m.sqlite3")));
        for address in [
            "postgresql://madoguchi@db.example:5433/madoguchi",
            "postgres://madoguchi@db.example/madoguchi?sslmode=verify-full",
            "postgresql://madoguchi@%2Frun%2Fpostgresql/madoguchi",
            "postgresql://madoguchi@db1.example,db2.example/madoguchi",
        ] {
            let found = database(address);
            assert!(matches!(&found, DatabaseConfig::Postgres(url) if url.as_str() == address), "{address}");
            found.check().expect(address);
        }
        assert!(database("/var/lib/madoguchi/m.sqlite3").check().is_ok());
    }

    #[test]
    fn a_password_is_refused_and_told_nowhere() {
        for address in [
            "postgresql://madoguchi:hush7@db.example/madoguchi",
            "postgresql://madoguchi@db.example/madoguchi?password=hush7",
            "postgresql://madoguchi:hush7/x@db.example/madoguchi",
            "postgresql://madoguchi%3Ahush7@db.example/madoguchi",
        ] {
            let found = database(address);
            let told = found.check().expect_err(address).to_string();
            for text in [told.clone(), found.to_string(), format!("{found:?}")] {
                assert!(!text.contains("hush7"), "{text}");
            }
            assert!(told.starts_with("database: "), "{told}");
        }
        let told = database("postgresql://a:hush7@b/c").check().expect_err("refused").to_string();
        assert!(told.contains("password_file"), "{told}");
    }

    #[test]
    fn what_is_neither_file_nor_server_is_refused() {
        for text in
            ["", "mysql://madoguchi@db.example/madoguchi", "postgresql://db.example", "postgresql://db/"]
        {
            assert!(database(text).check().is_err(), "{text}");
        }
    }

    #[test]
    fn an_address_is_shown_without_its_user() {
        for (address, shown) in [
            (
                "postgresql://madoguchi@db.example:5433/madoguchi?sslmode=verify-full",
                "postgresql://db.example:5433/madoguchi",
            ),
            ("postgresql://madoguchi@%2Frun%2Fpostgresql/m", "postgresql:///run/postgresql:5432/m"),
        ] {
            assert_eq!(database(address).to_string(), shown);
        }
    }

    #[test]
    fn times_and_counts_have_bounds() {
        for text in ["connections = 0", "statement_seconds = 61", "lock_seconds = 0", "connections = 1001"] {
            let config: PostgresConfig = toml::from_str(text).expect("a table");
            assert!(config.check().is_err(), "{text}");
        }
        PostgresConfig::default().check().expect("the defaults");
    }
}

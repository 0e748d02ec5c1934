//! Why the program does not start, in words for an operator.

use std::path::PathBuf;

use madoguchi_gateway::{KeyError, RegistryError};
use madoguchi_storage::StorageError;

/// An error of configuration or start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// A file cannot be read.
    #[error("{path} cannot be read")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// The configuration is not well formed; the message has line and column.
    #[error("{path}: {message}")]
    Config {
        /// The file.
        path: PathBuf,
        /// What is wrong and where.
        message: String,
    },
    /// A value of the configuration cannot be used.
    #[error("{key}: {message}")]
    Value {
        /// The key, as a path.
        key: String,
        /// What is wrong and what to write instead.
        message: String,
    },
    /// A file with a secret can be read by others.
    #[error("{path}: others can read or write it (mode {mode:o}); run: chmod 600 {path}")]
    FileMode {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The keys of a municipality are not there.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Municipalities and clients of the database cannot be used.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The store does not open.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: std::net::SocketAddr,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// The database is another user's: whoever opens it may leave files beside it that its gateway cannot use.
    #[error("{path} belongs to uid {owner}; run it as the gateway's user: sudo -u '#{owner}' madoguchi …")]
    DatabaseOfOther {
        /// The database.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
    },
    /// The threads that serve cannot be started.
    #[error("the runtime does not start")]
    Runtime(#[source] std::io::Error),
    /// Certificate or key of the listener cannot be used.
    #[error("tls: {0}")]
    Tls(String),
}

/// An error with its causes, each on a line, for a person. A cause that the line before has told already is left out.
pub fn told(error: &dyn std::error::Error) -> String {
    let mut lines = vec![error.to_string()];
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_told = cause.to_string();
        if lines.last().is_none_or(|line| !line.contains(&cause_told)) {
            lines.push(format!("  because: {cause_told}"));
        }
        source = cause.source();
    }
    lines.join("\n")
}

impl ServerError {
    pub(crate) fn value(key: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Value { key: key.into(), message: message.into() }
    }
}

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

/// A text in lines of a terminal, broken between words. A line that begins with spaces is one to copy, and stays whole.
pub(crate) fn wrapped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        let mut column = 0;
        for (index, word) in line.split(' ').enumerate() {
            let width = word.chars().map(|character| if character.is_ascii() { 1 } else { 2 }).sum::<usize>();
            if index > 0 {
                let fits = line.starts_with("  ") || column + 1 + width <= COLUMNS;
                out.push_str(if fits { " " } else { "\n  " });
                column = if fits { column + 1 } else { 2 };
            }
            out.push_str(word);
            column += width;
        }
        out.push('\n');
    }
    out.truncate(out.trim_end().len());
    out
}

const COLUMNS: usize = 80;

impl ServerError {
    pub(crate) fn value(key: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Value { key: key.into(), message: message.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fit_a_terminal_and_commands_stay_whole() {
        let command = format!("  madoguchi {}", "long ".repeat(30).trim());
        let text = wrapped(&format!("{}\n{command}", "word ".repeat(40).trim()));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 4);
        assert!(lines[..3].iter().all(|line| line.len() <= 80), "{text}");
        assert_eq!(text.split_whitespace().filter(|word| *word == "word").count(), 40);
        assert_eq!(lines[3], command);
        assert_eq!(wrapped("あああ ".repeat(12).trim()).lines().count(), 2, "each takes two columns");
    }
}

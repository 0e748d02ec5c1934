//! Why the agent does not start, or stops. What goes wrong with one sign-in is a
//! [`madoguchi_protocol::ErrorCode`].

use std::path::PathBuf;

/// Why the agent does not run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AgentError {
    /// `--pin-stdin` without its guards: a developer's real card must never meet a test PIN.
    #[error("--pin-stdin needs at least one --test-anchor FILE, and every --gateway on loopback")]
    AutomationUnguarded,
    /// The program was told to stop while a sign-in or a card reader gave no answer.
    #[error("the running sign-in did not end in time and the card may still be held: take it off the reader")]
    CardNotLeft,
    /// The listener failed.
    #[error("the loopback listener failed")]
    Listener(#[source] std::io::Error),
    /// Every port of the list is taken.
    #[error("no free port among {ports:?} on 127.0.0.1")]
    NoFreePort {
        /// What was tried.
        ports: Vec<u16>,
    },
    /// There is no terminal to ask in.
    #[error("there is no terminal to ask the resident in")]
    NoTerminal(#[source] std::io::Error),
    /// A file that was named in an option cannot be used.
    #[error("{}: {reason}", file.display())]
    UnusableFile {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

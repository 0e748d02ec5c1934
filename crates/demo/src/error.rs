//! Why the demo cannot start or go on.

use std::io;
use std::path::PathBuf;

use crate::{BrowserError, ServiceError};

/// Why a part could not be started, or did not do what it should.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DemoError {
    /// A program ended although it should run; the end of its log says why.
    #[error("{name} ended ({status}); the end of its log:\n{log}")]
    Ended {
        /// Which program.
        name: String,
        /// Its exit status.
        status: String,
        /// The last lines of its log.
        log: String,
    },
    /// A program ran for a moment and failed.
    #[error("{name} failed ({status}):\n{log}")]
    Failed {
        /// Which program.
        name: String,
        /// Its exit status.
        status: String,
        /// What it wrote.
        log: String,
    },
    /// A file or folder of the demo could not be used.
    #[error("{}: {source}", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The private PC/SC service did not come up.
    #[error(
        "the private PC/SC service does not run; it needs user namespaces, which a container or a setting may forbid. The end of its log:\n{log}"
    )]
    NoReaderService {
        /// The last lines of its log.
        log: String,
    },
    /// A program of the workspace is not built.
    #[error("{name} is not built (looked for {}); run script/demo, or cargo build", path.display())]
    NotBuilt {
        /// Which program.
        name: String,
        /// Where it should be.
        path: PathBuf,
    },
    /// A program did not say that it is ready in time.
    #[error("{name} did not become ready; the end of its log:\n{log}")]
    NotReady {
        /// Which program.
        name: String,
        /// The last lines of its log.
        log: String,
    },
    /// The port base leaves no room for the ports.
    #[error("--port-base {base}: choose one from 1024 to {}", u16::MAX - 7)]
    PortBase {
        /// What was asked for.
        base: u16,
    },
    /// Another program listens on a port that the demo needs.
    #[error("port {port} is taken ({source}); use --port-base to move all ports")]
    PortTaken {
        /// Which port.
        port: u16,
        /// Why it cannot be used.
        source: io::Error,
    },
    /// The operating system gave no randomness.
    #[error("no randomness from the operating system")]
    NoRandomness,
    /// The line for the agent is no PIN.
    #[error("the PIN is one line of four digits on standard input")]
    NotAPin,
    /// A program could not be started at all.
    #[error("{name} cannot be started: {source}")]
    Start {
        /// Which program.
        name: String,
        /// Why.
        source: io::Error,
    },
    /// The scripted browser got stuck.
    #[error(transparent)]
    Browser(#[from] BrowserError),
    /// The sample service could not be started.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

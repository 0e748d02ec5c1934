//! Why the service cannot start.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Why the service cannot start or go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceError {
    /// The issuer is no URL.
    #[error("the issuer {issuer} is not a URL")]
    Issuer {
        /// What was given.
        issuer: String,
    },
    /// The port is taken, or the address is not ours.
    #[error("cannot listen on {listen}: {source}")]
    Listen {
        /// The address.
        listen: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The sample is for this computer only.
    #[error("{listen} is not a loopback address; the sample service never serves a network")]
    NotLoopback {
        /// The address.
        listen: SocketAddr,
    },
    /// The client secret cannot be read.
    #[error("{}: {source}", path.display())]
    SecretFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The listener failed.
    #[error("cannot go on serving: {source}")]
    Serve {
        /// Why.
        source: io::Error,
    },
}

//! Why there is no mock card. What the card itself refuses is a status word.

use std::{io, net::SocketAddr, path::PathBuf};

use thiserror::Error;

/// Why a mock card cannot be made, or cannot go on.
#[non_exhaustive]
#[derive(Debug, Error)]
pub enum MockCardError {
    /// The test PKI's folder has no such card, or not in the form that it writes.
    #[error(transparent)]
    CardFiles(#[from] madoguchi_test_pki::Error),
    /// A private key is not an RSA-2048 key in PKCS#8 or PKCS#1 form.
    #[error("the {key} key is not RSA-2048 in PKCS#8 or PKCS#1: {reason}")]
    Key {
        /// Which of the two.
        key: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A scenario file is not TOML of the documented form.
    #[error("{path} is not a scenario")]
    Scenario {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<toml::de::Error>,
    },
    /// A file cannot be read.
    #[error("cannot read {path}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Standard output is closed: nobody steers this card.
    #[error("cannot answer on standard output")]
    Unsteered {
        /// Why.
        source: io::Error,
    },
    /// Nothing that speaks vpcd's protocol answers at the address.
    #[error("no virtual reader (vpcd) at {address}: is pcscd running with libifdvpcd?")]
    VpcdAbsent {
        /// Where it should be.
        address: SocketAddr,
        /// What connecting to it said last.
        source: io::Error,
    },
    /// The virtual reader closed the connection: pcscd ended, or it took another card.
    #[error("the virtual reader (vpcd) at {address} is gone")]
    VpcdGone {
        /// Where it was.
        address: SocketAddr,
    },
}

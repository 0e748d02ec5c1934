//! What can be wrong with a revocation list's file.

use std::path::PathBuf;

use madoguchi_cert_verify::CrlNumber;

/// Why a file's list is not on the shelf.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file or folder cannot be read.
    #[error("cannot be read: {0}")]
    Io(#[from] std::io::Error),
    /// The list is refused.
    #[error("{0} ({code})", code = .0.code())]
    Refused(#[from] madoguchi_cert_verify::Error),
    /// A newer list of the same partition is on the shelf.
    #[error("list number {found} is older than {shelved}, which stays")]
    Older {
        /// The number in the file.
        found: CrlNumber,
        /// The number on the shelf.
        shelved: CrlNumber,
    },
    /// The file is larger than the configured cap.
    #[error("larger than the {limit} octets allowed")]
    TooLarge {
        /// The cap.
        limit: u64,
    },
}

/// A file with its error.
#[derive(Debug)]
pub struct Problem {
    /// The file or folder.
    pub path: PathBuf,
    /// What is wrong.
    pub error: Error,
}

//! What can be wrong with a revocation list, or with what keeps it.

use std::io;
use std::path::{Path, PathBuf};

use madoguchi_cert_verify::CrlNumber;
use madoguchi_cert_verify::der::DerError;
use rustls_pki_types::UnixTime;
use serde::{Deserialize, Serialize};

use crate::printable::printable;
use crate::{FetchError, IndexError};

/// Why a list is not on the shelf.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A delta came before the complete list that it changes (RFC 5280 section 5.2.4).
    #[error("a delta list, and the complete list that it changes is not there")]
    DeltaWithoutBase,
    /// The file has no octet.
    #[error("the file is empty")]
    Empty,
    /// The download failed.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The drop folder is not there or cannot be read.
    #[error("the drop folder cannot be read, and the lists in use stay in use: {0}")]
    FolderUnreadable(io::Error),
    /// The file or folder cannot be read or written.
    #[error("cannot be read or written: {0}")]
    Io(#[from] io::Error),
    /// There is no index of the list.
    #[error(transparent)]
    Index(IndexError),
    /// Another process of ours writes the state folder.
    #[error("{path} is in use by another process")]
    StateBusy {
        /// The state folder.
        path: PathBuf,
    },
    /// The folder has nothing of a state folder.
    #[error("{path} is not a folder made by madoguchi crl index, crl watch or a gateway")]
    NotAState {
        /// The folder.
        path: PathBuf,
    },
    /// The state folder is another user's.
    #[error("{path} belongs to uid {owner}, and this program runs as another user")]
    StateOfOther {
        /// The state folder, or what lies in it.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
    },
    /// The state folder may be read or written by others.
    #[error("{path} {what}")]
    StateNotPrivate {
        /// The state folder, or what lies in it.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        what: &'static str,
    },
    /// An address brought a list of another partition than before. It is taken.
    #[error(
        "the list is of another partition than those that this address brought before; it is in use, and that partition \
         gets none from here"
    )]
    OtherPartition,
    /// Neither DER nor PEM, or PEM that does not read.
    #[error("PEM that does not read: {0}")]
    Pem(&'static str),
    /// PEM without its end.
    #[error("PEM without its last line")]
    PemTruncated,
    /// A named pipe, a folder, a device.
    #[error("not a regular file")]
    NotRegular,
    /// A newer list of the same partition is on the shelf, or was.
    #[error("list number {found} is older than {shelved}, which stays")]
    Older {
        /// The number in the file.
        found: CrlNumber,
        /// The number on the shelf, hexadecimal.
        shelved: String,
    },
    /// thisUpdate is still to come: the clock of its issuer, or of this machine, is wrong, or somebody was early.
    #[error("its thisUpdate, {} in seconds since 1970, is still to come; the list in use stays", .this_update.as_secs())]
    NotYetValid {
        /// thisUpdate.
        this_update: UnixTime,
    },
    /// The list is refused.
    #[error("{0}")]
    Refused(#[from] madoguchi_cert_verify::Error),
    /// Another list with the number and time of the one on the shelf.
    #[error("another list with the number {number}, which stays")]
    SameNumber {
        /// The number of both.
        number: CrlNumber,
    },
    /// The file is larger than the configured cap.
    #[error("larger than the {limit} octets allowed")]
    TooLarge {
        /// The cap.
        limit: u64,
    },
}

impl Error {
    /// The stable name of the error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::DeltaWithoutBase => "crl_delta_without_base",
            Self::Empty => "file_empty",
            Self::Fetch(error) => error.code(),
            Self::FolderUnreadable(_) => "folder_unreadable",
            Self::Io(_) => "file_unreadable",
            Self::Index(error) => error.code(),
            Self::NotAState { .. } => "not_a_state_folder",
            Self::NotRegular => "file_not_regular",
            Self::NotYetValid { .. } => "crl_not_yet_valid",
            Self::Older { .. } => "crl_older",
            Self::OtherPartition => "crl_other_partition",
            Self::Pem(_) => "not_der_or_pem",
            Self::PemTruncated => "pem_truncated",
            Self::Refused(error) => error.code(),
            Self::SameNumber { .. } => "crl_same_number",
            Self::StateBusy { .. } => "state_busy",
            Self::StateNotPrivate { .. } => "state_not_private",
            Self::StateOfOther { .. } => "state_of_other_user",
            Self::TooLarge { .. } => "file_too_large",
        }
    }

    /// Whether this is what a file looks like while somebody writes it, or before what it needs has come.
    pub(crate) fn may_still_come(&self) -> bool {
        match self {
            Self::DeltaWithoutBase | Self::Empty | Self::PemTruncated => true,
            Self::Refused(error) => {
                matches!(error, madoguchi_cert_verify::Error::Malformed { rule: DerError::Truncated, .. })
            }
            _ => false,
        }
    }

    /// Whether the fault is this machine's and not the file's: the same file may be good the next time.
    pub(crate) fn is_ours(&self) -> bool {
        matches!(
            self,
            Self::Io(_)
                | Self::Index(IndexError::File(_) | IndexError::Io(_))
                | Self::StateBusy { .. }
                | Self::NotAState { .. }
                | Self::StateNotPrivate { .. }
                | Self::StateOfOther { .. }
        )
    }
}

impl From<IndexError> for Error {
    fn from(error: IndexError) -> Self {
        match error {
            IndexError::Refused(error) => Self::Refused(error),
            error => Self::Index(error),
        }
    }
}

/// What cannot be used, in words for an operator, without control characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The file, folder or address.
    pub place: String,
    /// The stable name of what is wrong.
    pub code: String,
    /// What is wrong.
    pub message: String,
}

impl Problem {
    pub(crate) fn new(place: &impl ToString, error: &Error) -> Self {
        let (place, message) = (printable(&place.to_string()), printable(&error.to_string()));
        Self { place, code: error.code().to_owned(), message }
    }

    /// What is wrong with a file.
    pub fn of_path(path: &Path, error: &Error) -> Self {
        Self::new(&path.display(), error)
    }
}

//! Why there is no index of a list, or no answer of one.

use std::io;

/// Why a list is not indexed, or its index not opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IndexError {
    /// A file cannot be written, or a thread not be started.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The list's or the index's file cannot be mapped.
    #[error(transparent)]
    File(#[from] madoguchi_mapped_file::Error),
    /// The list is refused.
    #[error("{0}")]
    Refused(#[from] madoguchi_cert_verify::Error),
    /// The list is longer than an index can point to (4 GiB).
    #[error("a list of {octets} octets is too long for an index")]
    TooLong {
        /// Its length.
        octets: usize,
    },
    /// Too many serial numbers fall together, by each of several keys: this is no accident.
    #[error("too many serial numbers of the list fall together")]
    Crowded,
    /// The index file is of another list, or the list was changed.
    #[error("the index is of another list")]
    OtherList,
    /// The index file is not one, not of this version, cut or changed.
    #[error("the index file is damaged, or not one of this version")]
    NotAnIndex,
}

impl IndexError {
    /// The stable name of the error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Crowded => "index_crowded",
            Self::File(madoguchi_mapped_file::Error::TooLarge { .. }) | Self::TooLong { .. } => {
                "crl_too_long"
            }
            Self::File(_) => "file_unusable",
            Self::Io(_) => "file_unreadable",
            Self::NotAnIndex => "index_damaged",
            Self::OtherList => "index_of_other_list",
            Self::Refused(error) => error.code(),
        }
    }
}

/// What an index points to is not an entry: memory or disk have changed under it. It says nothing about the serial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the index does not point to an entry of its list")]
pub struct Damaged;

//! What happens while lists are read, for logs and for whoever watches.

use std::path::{Path, PathBuf};

use madoguchi_cert_verify::{CrlNumber, Partition};

use crate::Problem;

/// One thing that happened.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum CrlEvent<'a> {
    /// A list is being verified and indexed.
    Building {
        /// Where it comes from.
        place: &'a str,
        /// How many octets are done.
        done: u64,
        /// Of how many.
        octets: u64,
    },
    /// The drop folder can be read again.
    FolderBack {
        /// The folder.
        path: &'a Path,
    },
    /// The drop folder cannot be read. Told once, and not for each file that lay there.
    FolderLost {
        /// The folder.
        path: &'a Path,
        /// Why.
        problem: &'a Problem,
    },
    /// What is in the state folder is no longer used.
    Gone {
        /// Its file.
        path: PathBuf,
        /// Why.
        why: &'static str,
    },
    /// A list cannot be used.
    Refused {
        /// Why.
        problem: &'a Problem,
        /// Where the file lies now, when it was moved aside.
        moved_to: Option<&'a Path>,
    },
    /// A list is in use.
    Taken(&'a Taken),
    /// A list is the one in use.
    Unchanged {
        /// Where it comes from.
        place: &'a str,
    },
}

/// A list that came into use.
#[derive(Clone, Debug)]
pub struct Taken {
    /// Where it comes from.
    pub place: String,
    /// Its partition.
    pub partition: Partition,
    /// Whether it is a delta.
    pub is_delta: bool,
    /// Its number.
    pub number: CrlNumber,
    /// How many entries it has.
    pub entries: u64,
    /// How long verifying and indexing took, in milliseconds.
    pub milliseconds: u64,
}

/// Who is told. It is called between steps of work and must not take long.
pub trait CrlObserver: Sync {
    /// Something happened.
    fn event(&self, event: &CrlEvent<'_>);
}

/// Nobody is told.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unobserved;

impl CrlObserver for Unobserved {
    fn event(&self, _: &CrlEvent<'_>) {}
}

//! Where lists come from.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::HttpUrl;

/// Files that somebody else puts in place: a folder whose `*.crl` are read, single files, or both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CrlFiles {
    /// The drop folder. What is refused is moved into its folder `rejected`.
    pub directory: Option<PathBuf>,
    /// Single files, of any name. They are never moved.
    pub files: Vec<PathBuf>,
}

/// An address that a list is fetched from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrlUrl {
    /// The address.
    pub url: HttpUrl,
    /// How often.
    pub every: Duration,
}

impl CrlFiles {
    /// The same files as they are now, each by its name: none of them is moved.
    pub fn by_name(&self) -> io::Result<Self> {
        let mut files = self.files.clone();
        if let Some(directory) = &self.directory {
            files.extend(Self::list(directory)?);
        }
        Ok(Self { directory: None, files })
    }

    /// The folder's lists, in the order of their names.
    pub(crate) fn list(directory: &Path) -> io::Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(directory)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "crl") {
                found.push(path);
            }
        }
        found.sort();
        Ok(found)
    }
}

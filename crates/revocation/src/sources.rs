//! The files that lists are read from.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::Error;

/// Where revocation lists are put: a folder whose `*.crl` files are read, single files, or both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrlFiles {
    /// The folder.
    pub directory: Option<PathBuf>,
    /// Single files, of any name.
    pub files: Vec<PathBuf>,
    /// Largest file that is read, in octets: memory is not to be had for the asking by an unverified file.
    pub max_octets: u64,
}

impl CrlFiles {
    /// The octets of one file, never more than the cap.
    pub(crate) fn read(&self, path: &Path) -> Result<Vec<u8>, Error> {
        let mut octets = Vec::new();
        // One octet more than the cap tells a file that is too large from one that just fits.
        File::open(path)?.take(self.max_octets.saturating_add(1)).read_to_end(&mut octets)?;
        if u64::try_from(octets.len()).is_ok_and(|length| length <= self.max_octets) {
            Ok(octets)
        } else {
            Err(Error::TooLarge { limit: self.max_octets })
        }
    }

    /// The folder's lists.
    pub(crate) fn list(directory: &Path) -> Result<Vec<PathBuf>, Error> {
        let mut found = Vec::new();
        for entry in fs::read_dir(directory)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "crl") {
                found.push(path);
            }
        }
        Ok(found)
    }
}

//! The files that lists are read from.

use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::Error;

/// One file as it was.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stamp {
    path: PathBuf,
    state: Option<(u64, u64, i64, i64)>,
}

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
        // A named pipe would keep the reader waiting for a writer, and with it every later list.
        if !fs::metadata(path)?.is_file() {
            return Err(Error::Io(std::io::Error::other("not a regular file")));
        }
        let mut octets = Vec::new();
        // One octet more than the cap tells a file that is too large from one that just fits.
        File::open(path)?.take(self.max_octets.saturating_add(1)).read_to_end(&mut octets)?;
        if u64::try_from(octets.len()).is_ok_and(|length| length <= self.max_octets) {
            Ok(octets)
        } else {
            Err(Error::TooLarge { limit: self.max_octets })
        }
    }

    /// What tells one state of the files from another without reading them: where each is, which file it is, how long
    /// and how old.
    pub(crate) fn stamps(&self) -> Vec<Stamp> {
        let listed = self.directory.as_deref().map(Self::list).and_then(Result::ok).unwrap_or_default();
        let mut stamps: Vec<Stamp> = listed
            .into_iter()
            .chain(self.files.iter().cloned())
            .map(|path| {
                let state = fs::metadata(&path)
                    .map(|metadata| (metadata.ino(), metadata.len(), metadata.mtime(), metadata.mtime_nsec()))
                    .ok();
                Stamp { path, state }
            })
            .collect();
        stamps.sort();
        stamps
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

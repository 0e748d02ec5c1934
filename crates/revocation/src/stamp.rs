//! What tells one state of a file from another without reading it.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::time::Duration;

use rustls_pki_types::UnixTime;
use serde::{Deserialize, Serialize};

/// Which file it is, how long, and when it was written. The time of the last change of the inode is the system's:
/// whoever puts a file's date back changes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stamp {
    device: u64,
    inode: u64,
    octets: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            octets: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    /// How long nothing was written to the file; nothing when that lies in the future.
    pub(crate) fn quiet_for(&self, now: UnixTime) -> Duration {
        let changed = u64::try_from(self.changed.0).unwrap_or(0);
        Duration::from_secs(now.as_secs().saturating_sub(changed))
    }

    /// Whether it is the same file with the same octets, wherever it was moved.
    pub(crate) fn is_file_of(&self, other: Self) -> bool {
        Self { changed: other.changed, ..*self } == other
    }
}

//! A read-only mapping of a private file: a file of hundreds of megabytes as a slice, without a copy of it in memory.
//!
//! This crate has the only `unsafe` of the project, and it is small so that it can be read whole. A mapping is a
//! `&[u8]`, and Rust takes what is behind one not to change and not to go away. A file changes when anybody writes to
//! it, and its pages go away (`SIGBUS`) when anybody cuts it. So nothing is mapped that anybody else could write to,
//! and nobody of us writes to a file that may be mapped:
//!
//! - The file is a regular one, it belongs to the user of this process, and nobody else has any right to it (mode
//!   `0600` or less). This is asked of the open descriptor, not of the path, so that nothing can be put in its place in
//!   between; a symbolic link is not followed.
//! - It has one name. Another hard link would let it be written to under a name that we do not know.
//! - Whoever in this project makes such a file writes it under another name, syncs it, and renames it into its place.
//!   From then on it is replaced by renaming or removed, which leave the octets under a mapping as they are; it is
//!   never opened for writing again.
//!
//! What is left: the same user and root, who can do anything to the process anyway, and a disk that fails to read a page
//! back, which ends the process with `SIGBUS` and no wrong answer.

use std::fmt;
use std::io;
use std::ops::Deref;
use std::path::Path;

use memmap2::{Mmap, MmapOptions};
use rustix::fs::{FileType, Mode, OFlags, fstat};
use rustix::process::geteuid;

/// A private file, mapped. It derefs to the octets.
pub struct MappedFile {
    /// Absent for an empty file, which cannot be mapped.
    octets: Option<Mmap>,
}

/// Why a file is not mapped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file cannot be opened or mapped.
    #[error("cannot be read: {0}")]
    Io(#[from] io::Error),
    /// A folder, a device, a pipe. A symbolic link ends in [`Error::Io`].
    #[error("not a regular file")]
    NotRegular,
    /// The file belongs to another user.
    #[error("belongs to another user")]
    OtherOwner,
    /// Group or others may read or write it.
    #[error("others have rights to it (mode {mode:o}, 600 is right)")]
    NotPrivate {
        /// The permission bits.
        mode: u32,
    },
    /// The file has another name, under which somebody could write to it.
    #[error("has another hard link")]
    Linked,
    /// The file is larger than asked for; nothing of it was read.
    #[error("{octets} octets, at most {limit} are read")]
    TooLarge {
        /// Its length.
        octets: u64,
        /// The most that the caller takes.
        limit: u64,
    },
}

impl MappedFile {
    /// Maps a private file of at most `limit` octets.
    pub fn open(path: &Path, limit: u64) -> Result<Self, Error> {
        // NONBLOCK: opening a named pipe would wait for its writer.
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let file = rustix::fs::open(path, flags, Mode::empty()).map_err(io::Error::from)?;
        let stat = fstat(&file).map_err(io::Error::from)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(Error::NotRegular);
        }
        if stat.st_uid != geteuid().as_raw() {
            return Err(Error::OtherOwner);
        }
        let mode = stat.st_mode & 0o7777;
        if mode & 0o077 != 0 {
            return Err(Error::NotPrivate { mode });
        }
        // None: removed since it was opened, and out of everybody's reach.
        if stat.st_nlink > 1 {
            return Err(Error::Linked);
        }
        let octets = u64::try_from(stat.st_size).unwrap_or(u64::MAX);
        if octets > limit {
            return Err(Error::TooLarge { octets, limit });
        }
        let Some(length) = usize::try_from(octets).ok().filter(|length| *length > 0) else {
            return Ok(Self { octets: None });
        };
        #[expect(unsafe_code, reason = "mapping a file is unsafe; what makes this one sound is above")]
        // SAFETY: nobody else can write to or cut the file: it is a regular file of this user's, private, with one
        // name, as its descriptor said just now. No code of this project writes to such a file once it has its name
        // (see the crate's documentation), and the mapping holds the file itself, whatever becomes of its name.
        let mapped = unsafe { MmapOptions::new().len(length).map(&file)? };
        Ok(Self { octets: Some(mapped) })
    }
}

impl Deref for MappedFile {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.octets.as_deref().unwrap_or_default()
    }
}

impl fmt::Debug for MappedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MappedFile").field("octets", &self.len()).finish()
    }
}

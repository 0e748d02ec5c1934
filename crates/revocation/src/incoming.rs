//! A copy of a list that nobody else can change: what is judged is what is used.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::Error;
use crate::pem::copy_der;
use crate::stamp::Stamp;
use crate::state_dir::{StateDir, private_file};

/// A private copy, in DER, that waits to be judged. It goes with this value.
#[derive(Debug)]
pub(crate) struct Incoming {
    path: PathBuf,
}

impl Incoming {
    /// An empty one, to be written to.
    pub(crate) fn create(state: &StateDir, name: &str) -> Result<(Self, File), Error> {
        let path = state.incoming().join(format!("{name}.crl"));
        let file = private_file(&path)?;
        Ok((Self { path }, file))
    }

    /// Copies a file, whoever writes it; also tells how the file was before.
    pub(crate) fn copy(state: &StateDir, name: &str, path: &Path, max_octets: u64) -> Result<Self, Error> {
        // A named pipe would keep the reader waiting for a writer, and with it every later list.
        let flags = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).map_err(io::Error::other)?;
        let source = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
        let metadata = source.metadata()?;
        if !metadata.is_file() {
            return Err(Error::NotRegular);
        }
        // PEM has four characters for three octets, and ends of lines.
        if metadata.len() / 2 > max_octets {
            return Err(Error::TooLarge { limit: max_octets });
        }
        let (incoming, mut target) = Self::create(state, name)?;
        copy_der(source, &mut target, max_octets)?;
        Ok(incoming)
    }

    pub(crate) fn list(&self) -> &Path {
        &self.path
    }

    pub(crate) fn index(&self) -> PathBuf {
        self.path.with_extension("idx")
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        // Whatever was put in place has another name by now; what is left is cleared at the next start at the latest.
        let _ = fs::remove_file(&self.path);
        let _ = fs::remove_file(self.index());
    }
}

/// The state of a file that somebody else may be writing.
pub(crate) fn stamp(path: &Path) -> Result<Stamp, Error> {
    let metadata = fs::metadata(path)?;
    if metadata.is_file() { Ok(Stamp::of(&metadata)) } else { Err(Error::NotRegular) }
}

//! A state folder for whoever only looks at it, beside the program that writes it.

use std::fs;
use std::io;
use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use madoguchi_cert_verify::Anchor;

use crate::index::{IndexError, replace_private};
use crate::kept_lists::KeptLists;
use crate::seen::Seen;
use crate::state_dir::StateDir;
use crate::{CrlShelf, Error, Problem};

impl StateDir {
    /// Who may sign lists, as the program was told that wrote the folder last.
    pub fn anchors(&self) -> Result<Vec<Anchor>, Error> {
        let texts: Vec<String> =
            serde_json::from_slice(&fs::read(self.anchors_path())?).map_err(io::Error::from)?;
        texts.iter().map(|text| Ok(Anchor::new(&STANDARD.decode(text).map_err(io::Error::other)?)?)).collect()
    }

    /// The files that were refused and could not be moved aside, as the program that writes the folder noted them.
    pub fn problems(&self) -> Vec<Problem> {
        Seen::noted(self).refusals().collect()
    }

    pub(crate) fn save_anchors(&self, anchors: &[Anchor]) -> Result<(), Error> {
        let encoded = anchors.iter().map(|anchor| STANDARD.encode(anchor.certificate().der()));
        let json = serde_json::to_vec(&encoded.collect::<Vec<_>>()).map_err(io::Error::from)?;
        Ok(replace_private(&self.anchors_path(), |file| file.write_all(&json))?)
    }
}

impl CrlShelf {
    /// The lists of a state folder, which another process may be writing: of each partition the old list or the new one,
    /// whole. Nothing is verified but the checksums.
    pub fn read(state: &StateDir, anchors: &[Anchor]) -> Result<Self, Error> {
        let mut tries = 0;
        loop {
            match KeptLists::read(state, anchors) {
                // Replaced between the look at the folder and the opening: the next look finds the new one.
                Err(error) if is_gone(&error) && tries < MAX_TRIES => tries += 1,
                read => return read.map(|lists| lists.shelf()),
            }
        }
    }
}

fn is_gone(error: &Error) -> bool {
    match error {
        Error::Index(IndexError::File(madoguchi_mapped_file::Error::Io(error)) | IndexError::Io(error)) => {
            error.kind() == io::ErrorKind::NotFound
        }
        _ => false,
    }
}

/// A writer that replaces a list each time anybody looks is none of ours.
const MAX_TRIES: u32 = 100;

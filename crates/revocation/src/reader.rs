//! A state folder for whoever only looks at it, beside the program that writes it.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::io::Write as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use madoguchi_cert_verify::{Anchor, UnverifiedCrl};
use madoguchi_mapped_file::MappedFile;

use crate::index::{IndexError, replace_private};
use crate::kept_lists::KeptLists;
use crate::seen::Seen;
use crate::state_dir::{Kept, StateDir};
use crate::{CrlShelf, DownloadHealth, Error, Problem};

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

    /// How each address answered that lists are fetched from, as the program that writes the folder noted it.
    pub fn downloads(&self) -> BTreeMap<String, DownloadHealth> {
        Seen::noted(self).into_downloads()
    }

    pub(crate) fn save_anchors(&self, anchors: &[Anchor]) -> Result<(), Error> {
        let encoded = anchors.iter().map(|anchor| STANDARD.encode(anchor.certificate().der()));
        let json = serde_json::to_vec(&encoded.collect::<Vec<_>>()).map_err(io::Error::from)?;
        Ok(replace_private(&self.anchors_path(), |file| file.write_all(&json))?)
    }
}

impl CrlShelf {
    /// The lists of a state folder, which another process may be writing: of each partition the old list or the new one,
    /// whole. Nothing is verified but the checksums. Beside them are the files that cannot be used: what they cover has
    /// no list here, and whoever answers has to say so.
    pub fn read(state: &StateDir, anchors: &[Anchor]) -> Result<(Self, Vec<Problem>), Error> {
        let mut tries = 0;
        loop {
            let (lists, unread) = KeptLists::read(state, anchors)?;
            // Replaced between the look at the folder and the opening: the next look finds the new one.
            if tries < MAX_TRIES && unread.iter().any(|(_, error)| is_gone(error)) {
                tries += 1;
                continue;
            }
            let problem = |(kept, error): &_| problem(state, kept, error, anchors);
            let problems = lists.problems(state).chain(unread.iter().map(problem));
            return Ok((lists.shelf(), problems.collect()));
        }
    }
}

/// Which file of a pair is at fault, and what helps.
fn problem(state: &StateDir, kept: &Kept, error: &IndexError, anchors: &[Anchor]) -> Problem {
    let (list, index) = (state.list_path(&kept.stem), state.index_path(&kept.stem));
    let (path, message) = match error {
        IndexError::NotAnIndex => (index, format!("{error}; {INDEX_AGAIN}")),
        IndexError::OtherList if is_whole(&list, anchors) => (index, format!("{error}; {INDEX_AGAIN}")),
        IndexError::OtherList => {
            let message = format!("the private copy of the list is damaged; {LIST_AGAIN}");
            return Problem { place: list.display().to_string(), code: "list_damaged".to_owned(), message };
        }
        IndexError::File(_) | IndexError::Io(_) if MappedFile::open(&list, u64::MAX).is_ok() => {
            (index, format!("{error}; {INDEX_AGAIN}"))
        }
        _ => (list, error.to_string()),
    };
    Problem { place: path.display().to_string(), code: error.code().to_owned(), message }
}

/// Whether a list is the one that was signed.
fn is_whole(list: &Path, anchors: &[Anchor]) -> bool {
    MappedFile::open(list, u64::from(u32::MAX)).is_ok_and(|der| {
        UnverifiedCrl::read(&der).and_then(|crl| crl.verify_signature(anchors).map(drop)).is_ok()
    })
}

fn is_gone(error: &IndexError) -> bool {
    match error {
        IndexError::File(madoguchi_mapped_file::Error::Io(error)) | IndexError::Io(error) => {
            error.kind() == io::ErrorKind::NotFound
        }
        _ => false,
    }
}

/// A writer that replaces a list each time anybody looks is none of ours.
const MAX_TRIES: u32 = 100;
const INDEX_AGAIN: &str = "run madoguchi crl index again on this folder, or restart its gateway";
const LIST_AGAIN: &str = "run madoguchi crl index again with the list, or restart the gateway, which reads it again from \
                          where it came";

//! Which files and addresses were read before: what nobody changed is not read again, not even after a restart.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::fetch::Validators;
use crate::index::replace_private;
use crate::stamp::Stamp;
use crate::state_dir::StateDir;
use crate::stem::Stem;
use crate::{DownloadHealth, Error, Problem};

/// What is remembered. It spares work and decides nothing: a folder without it reads everything again.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Seen {
    /// Under which anchors and limits the files were judged. Others judge otherwise.
    judged_under: String,
    files: BTreeMap<String, SeenFile>,
    validators: BTreeMap<String, Validators>,
    /// The lists that were in use, by the names of their files. Other rules do not change that they were there.
    #[serde(default)]
    lists: BTreeSet<String>,
    /// How each address answered, for whoever looks beside us.
    #[serde(default)]
    downloads: BTreeMap<String, DownloadHealth>,
    #[serde(skip)]
    changed: bool,
}

/// One file that was judged.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct SeenFile {
    stamp: Stamp,
    /// Why it is refused, if it is: code and words.
    refused: Option<(String, String)>,
}

impl Seen {
    /// What the state folder remembers, if it was judged under the same rules.
    pub(crate) fn load(state: &StateDir, judged_under: String) -> Self {
        match Self::noted(state) {
            seen if seen.judged_under == judged_under => seen,
            Self { downloads, lists, .. } => {
                Self { judged_under, downloads, lists, changed: true, ..Self::default() }
            }
        }
    }

    /// What the state folder remembers, under whatever rules; nothing when it cannot be read.
    pub(crate) fn noted(state: &StateDir) -> Self {
        let json = fs::read(state.seen_path()).ok();
        json.and_then(|json| serde_json::from_slice(&json).ok()).unwrap_or_default()
    }

    /// Every file that is refused.
    pub(crate) fn refusals(&self) -> impl Iterator<Item = Problem> {
        self.files.keys().filter_map(|path| self.refusal(Path::new(path)))
    }

    /// Forgets everything, so that everything is read again.
    pub(crate) fn clear(&mut self) {
        self.files.clear();
        self.validators.clear();
        self.changed = true;
    }

    /// The lists that were in use when this was written.
    pub(crate) fn lists(&self) -> impl Iterator<Item = Stem> {
        self.lists.iter().filter_map(|name| name.parse().ok())
    }

    /// Notes the lists that are in use.
    pub(crate) fn note_lists<'a>(&mut self, lists: impl Iterator<Item = &'a Stem>) {
        let lists = lists.map(ToString::to_string).collect();
        if self.lists != lists {
            self.lists = lists;
            self.changed = true;
        }
    }

    /// Writes what changed.
    pub(crate) fn save(&mut self, state: &StateDir) -> Result<(), Error> {
        if !self.changed {
            return Ok(());
        }
        let json = serde_json::to_vec(self).map_err(std::io::Error::from)?;
        replace_private(&state.seen_path(), |file| file.write_all(&json))?;
        self.changed = false;
        Ok(())
    }

    /// Whether the file in this state was judged before.
    pub(crate) fn knows(&self, path: &Path, stamp: Stamp) -> bool {
        self.files.get(&key(path)).is_some_and(|seen| seen.stamp == stamp)
    }

    /// Why the file is refused that [`Self::knows`], if it is.
    pub(crate) fn refusal(&self, path: &Path) -> Option<Problem> {
        let (code, message) = self.files.get(&key(path))?.refused.clone()?;
        Some(Problem { place: key(path), code, message })
    }

    /// Notes a file that was judged.
    pub(crate) fn note(&mut self, path: &Path, stamp: Stamp, refused: Option<&Problem>) {
        let refused = refused.map(|problem| (problem.code.clone(), problem.message.clone()));
        self.files.insert(key(path), SeenFile { stamp, refused });
        self.changed = true;
    }

    /// Forgets the files that are no longer there.
    pub(crate) fn retain(&mut self, is_there: impl Fn(&Path) -> bool) {
        let before = self.files.len();
        self.files.retain(|path, _| is_there(Path::new(path)));
        self.changed |= self.files.len() != before;
    }

    /// What to ask a server with.
    pub(crate) fn validators(&self, url: &str) -> Validators {
        self.validators.get(url).cloned().unwrap_or_default()
    }

    pub(crate) fn into_downloads(self) -> BTreeMap<String, DownloadHealth> {
        self.downloads
    }

    /// How an address answered the last times.
    pub(crate) fn download(&self, url: &str) -> Option<&DownloadHealth> {
        self.downloads.get(url)
    }

    /// Notes how each address answered; others are forgotten.
    pub(crate) fn note_downloads(&mut self, downloads: BTreeMap<String, DownloadHealth>) {
        if self.downloads != downloads {
            self.downloads = downloads;
            self.changed = true;
        }
    }

    /// Notes what a server said about a list that was taken.
    pub(crate) fn note_validators(&mut self, url: &str, validators: Validators) {
        self.validators.insert(url.to_owned(), validators);
        self.changed = true;
    }
}

fn key(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

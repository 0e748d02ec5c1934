//! Which files and addresses were read before: what nobody changed is not read again, not even after a restart.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::fetch::Validators;
use crate::index::replace_private;
use crate::printable::printable;
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
    /// Of which partition the list of each address is.
    #[serde(default)]
    partitions: BTreeMap<String, String>,
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
            Self { downloads, lists, partitions, .. } => {
                Self { judged_under, downloads, lists, partitions, changed: true, ..Self::default() }
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
        self.files.iter().filter_map(|(key, seen)| seen.refusal(key))
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
        let key = key(path);
        self.files.get(&key)?.refusal(&key)
    }

    /// Notes a file that was judged.
    pub(crate) fn note(&mut self, path: &Path, stamp: Stamp, refused: Option<&Problem>) {
        let refused = refused.map(|problem| (problem.code.clone(), problem.message.clone()));
        self.files.insert(key(path), SeenFile { stamp, refused });
        self.changed = true;
    }

    /// Forgets the files that are no longer there.
    pub(crate) fn retain(&mut self, there: &HashSet<&Path>) {
        let before = self.files.len();
        let there: HashSet<String> = there.iter().map(|path| key(path)).collect();
        self.files.retain(|path, _| there.contains(path));
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

    /// Of which partition the list of an address was.
    pub(crate) fn partition(&self, url: &str) -> Option<&str> {
        self.partitions.get(url).map(String::as_str)
    }

    /// Notes of which partition the list of an address is.
    pub(crate) fn note_partition(&mut self, url: &str, partition: String) {
        self.changed |= self.partitions.get(url) != Some(&partition);
        self.partitions.insert(url.to_owned(), partition);
    }

    /// Notes what a server said about a list that was taken.
    pub(crate) fn note_validators(&mut self, url: &str, validators: Validators) {
        self.validators.insert(url.to_owned(), validators);
        self.changed = true;
    }
}

impl SeenFile {
    fn refusal(&self, key: &str) -> Option<Problem> {
        let (code, message) = self.refused.clone()?;
        Some(Problem { place: printable(key.trim_start_matches(NO_TEXT)), code, message })
    }
}

/// One text for each path: one that is no UTF-8 has its octets written out.
fn key(path: &Path) -> String {
    match path.to_str() {
        Some(text) => text.to_owned(),
        None => format!("{NO_TEXT}{}", path.as_os_str().as_bytes().escape_ascii()),
    }
}

/// No path has it.
const NO_TEXT: char = '\0';

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::path::PathBuf;

    use super::*;

    fn stamp() -> Stamp {
        let file = tempfile::tempfile().expect("a file");
        Stamp::of(&file.metadata().expect("a state"))
    }

    /// With a search through all paths for each of them this would take hours.
    #[test]
    fn a_folder_of_a_hundred_thousand_files_is_compared_at_once() {
        let (mut seen, stamp) = (Seen::default(), stamp());
        let paths: Vec<PathBuf> = (0..100_000).map(|number| format!("drop/{number}.crl").into()).collect();
        for path in &paths {
            seen.note(path, stamp, None);
        }
        let there: HashSet<&Path> = paths.iter().skip(10).map(PathBuf::as_path).collect();
        seen.retain(&there);
        assert!(!seen.knows(&paths[9], stamp) && seen.knows(&paths[10], stamp));
    }

    #[test]
    fn names_that_are_no_text_are_told_apart() {
        let paths = [&b"\xff.crl"[..], b"\xfe.crl", b"\xef\xbf\xbd.crl", b"\\xff.crl"];
        let paths = paths.map(|name| Path::new(OsStr::from_bytes(name)));
        let (mut seen, stamp) = (Seen::default(), stamp());
        for (index, path) in paths.iter().enumerate() {
            assert!(!seen.knows(path, stamp), "{index}");
            let problem = Problem { place: String::new(), code: index.to_string(), message: String::new() };
            seen.note(path, stamp, Some(&problem));
        }
        seen.retain(&paths[..2].iter().copied().collect());
        let known = paths.map(|path| seen.refusal(path).map(|problem| (problem.place, problem.code)));
        let told = |code: &str| {
            Some((if code == "0" { r"\xff.crl" } else { r"\xfe.crl" }.to_owned(), code.to_owned()))
        };
        assert_eq!(known, [told("0"), told("1"), None, None]);
    }
}

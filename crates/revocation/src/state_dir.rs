//! The state folder: private copies of lists with their index files, which nobody but this program writes.
//!
//! ```text
//! lock                         held by the process that writes
//! anchors.json                 who may sign lists, for whoever looks at them beside us
//! seen.json                    which files were read, and the validators of downloads
//! incoming/                    copies that nobody has judged yet; emptied at each start
//! lists/STEM.crl, STEM.idx     a verified list and its index; see `Stem`
//! lists/STEM.gone              a list that was here: nothing older is taken again
//! ```
//!
//! A pair has a name of its own, put in place with the index first, and is never written again: whoever looks sees the
//! old pair, the new one, or both, and takes the newer.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::Error;
use crate::index::IndexedCrl;
use crate::stem::Stem;

/// A state folder, for one writer or any number of readers.
#[derive(Debug)]
pub struct StateDir {
    path: PathBuf,
    /// Held while the folder is written. The system lets go of it with the process.
    _lock: Option<File>,
}

/// What is kept of one list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Kept {
    pub(crate) stem: Stem,
    pub(crate) has_list: bool,
    pub(crate) has_index: bool,
}

impl StateDir {
    /// Opens the folder to write; makes it when it is absent. A second writer is refused.
    pub fn open(path: &Path) -> Result<Self, Error> {
        make_private(path, Part::State)?;
        let lock =
            OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path.join(LOCK))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Error::StateBusy { path: path.to_owned() }),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        let state = Self { path: path.to_owned(), _lock: Some(lock) };
        make_private(&state.lists(), Part::Inside)?;
        make_private(&state.incoming(), Part::Inside)?;
        for entry in fs::read_dir(state.incoming())? {
            let entry = entry?;
            // Copies are files; what else somebody put there is in nobody's way.
            if !entry.file_type()?.is_dir() {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(state)
    }

    /// Whether `open` would take the folder for its own, or could make it. Nothing is made.
    pub fn check_to_write(path: &Path) -> Result<(), Error> {
        let state = Self { path: path.to_owned(), _lock: None };
        // An empty folder is made ours; see `make_private`.
        let part = if is_empty(path) { Part::Inside } else { Part::State };
        for (folder, part) in
            [(path.to_owned(), part), (state.lists(), Part::Inside), (state.incoming(), Part::Inside)]
        {
            match require_private(&folder, part, user()) {
                Err(Error::Io(error)) if error.kind() == io::ErrorKind::NotFound => {}
                checked => checked?,
            }
        }
        Ok(())
    }

    /// Opens the folder to read, beside whoever writes it.
    pub fn open_to_read(path: &Path) -> Result<Self, Error> {
        let state = Self { path: path.to_owned(), _lock: None };
        require_private(path, Part::State, user())?;
        require_private(&state.lists(), Part::Inside, user())?;
        Ok(state)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where copies wait to be judged.
    pub(crate) fn incoming(&self) -> PathBuf {
        self.path.join("incoming")
    }

    pub(crate) fn list_path(&self, stem: &Stem) -> PathBuf {
        self.lists().join(format!("{stem}.crl"))
    }

    pub(crate) fn index_path(&self, stem: &Stem) -> PathBuf {
        self.lists().join(format!("{stem}.idx"))
    }

    pub(crate) fn seen_path(&self) -> PathBuf {
        self.path.join("seen.json")
    }

    pub(crate) fn anchors_path(&self) -> PathBuf {
        self.path.join("anchors.json")
    }

    /// What is in the folder, the newest of each partition first. Names that are not ours are left alone.
    pub(crate) fn kept(&self) -> Result<Vec<Kept>, Error> {
        let mut kept: Vec<Kept> = Vec::new();
        for entry in fs::read_dir(self.lists())? {
            let name = entry?.file_name();
            let Some((stem, kind)) = name.to_str().and_then(|name| name.rsplit_once('.')) else { continue };
            let Ok(stem) = stem.parse::<Stem>() else { continue };
            let place = kept.iter().position(|kept| kept.stem == stem).unwrap_or_else(|| {
                kept.push(Kept { stem, has_list: false, has_index: false });
                kept.len() - 1
            });
            if let Some(kept) = kept.get_mut(place) {
                kept.has_list |= kind == "crl";
                kept.has_index |= kind == "idx";
            }
        }
        kept.sort_by(|a, b| b.stem.cmp(&a.stem));
        Ok(kept)
    }

    /// Puts a verified list and its index in place, index first: a list that is there has been verified.
    pub(crate) fn place(&self, list: &Path, crl: &IndexedCrl, stem: &Stem) -> Result<(), Error> {
        File::open(list)?.sync_all()?;
        crl.save(&self.index_path(stem))?;
        fs::rename(list, self.list_path(stem))?;
        File::open(self.lists())?.sync_all()?;
        Ok(())
    }

    /// Takes an index away that has no list.
    pub(crate) fn remove_index(&self, stem: &Stem) -> Result<(), Error> {
        Ok(fs::remove_file(self.index_path(stem))?)
    }

    /// Takes a list away for good, after it was replaced.
    pub(crate) fn remove(&self, stem: &Stem) -> Result<(), Error> {
        // The list first: an index alone is nothing.
        let paths = [self.list_path(stem), self.index_path(stem), self.gone_path(stem)];
        paths.iter().try_for_each(|path| remove(path))
    }

    /// A list that was gone has come back.
    pub(crate) fn is_back(&self, stem: &Stem) -> Result<(), Error> {
        remove(&self.gone_path(stem))
    }

    /// Takes a list away that nothing replaces yet; its number is remembered.
    pub(crate) fn forget(&self, stem: &Stem) -> Result<(), Error> {
        private_file(&self.gone_path(stem))?.sync_all()?;
        [self.list_path(stem), self.index_path(stem)].iter().try_for_each(|path| remove(path))?;
        File::open(self.lists())?.sync_all()?;
        Ok(())
    }

    /// Takes the lists of a partition away that its issuer gave up; their numbers are remembered, so that nothing older is
    /// taken. The partition is named as in health. Answers how many lists there were.
    pub fn forget_partition(&self, partition: &str) -> Result<usize, Error> {
        let kept = self.kept()?.into_iter();
        let of_partition = kept.filter(|kept| kept.has_list && kept.stem.partition() == partition);
        let mut forgotten = 0;
        for kept in of_partition {
            self.forget(&kept.stem)?;
            forgotten += 1;
        }
        Ok(forgotten)
    }

    fn lists(&self) -> PathBuf {
        self.path.join("lists")
    }

    fn gone_path(&self, stem: &Stem) -> PathBuf {
        self.lists().join(format!("{stem}.gone"))
    }
}

/// Removes a file that may be gone already.
fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// A new file, or an emptied one, that nobody else reads.
pub(crate) fn private_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(true).mode(0o600).open(path)
}

/// Which folder is looked at: only what this program made is a folder that its mode may be told to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// The state folder itself.
    State,
    /// A folder in it.
    Inside,
}

fn make_private(path: &Path, part: Part) -> Result<(), Error> {
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => require_private(path, Part::Inside, user()),
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error.into()),
        // Left by an end before anything was in it.
        Err(_) if is_empty(path) && require_private(path, Part::Inside, user()).is_ok() => Ok(()),
        Err(_) => require_private(path, part, user()),
    }
}

/// Whoever else could write here could exchange a list after it was verified; and what another user may write, nobody
/// maps.
fn require_private(path: &Path, part: Part, user: u32) -> Result<(), Error> {
    let metadata = fs::symlink_metadata(path)?;
    let refused = |what| Err(Error::StateNotPrivate { path: path.to_owned(), what });
    if !metadata.is_dir() {
        refused("is not a folder")
    } else if part == Part::State && !may_be_ours(path) {
        Err(Error::NotAState { path: path.to_owned() })
    } else if metadata.uid() != user {
        Err(Error::StateOfOther { path: path.to_owned(), owner: metadata.uid() })
    } else if metadata.mode() & 0o077 != 0 {
        refused("can be read or written by others; run: chmod 700 on it")
    } else {
        Ok(())
    }
}

/// Whether the folder has what every state folder has, as far as this user may see.
fn may_be_ours(path: &Path) -> bool {
    let missing = |name| {
        let found = fs::symlink_metadata(path.join(name));
        found.is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
    };
    !missing(LOCK)
}

fn is_empty(path: &Path) -> bool {
    fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none())
}

fn user() -> u32 {
    rustix::process::geteuid().as_raw()
}

const LOCK: &str = "lock";

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn code<T>(result: Result<T, Error>) -> &'static str {
        result.err().map_or("ok", |error| error.code())
    }

    #[test]
    fn one_writer_and_many_readers() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("state");
        let writer = StateDir::open(&path).expect("made");
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o700);
        assert_eq!(code(StateDir::open(&path)), "state_busy");
        assert_eq!(code(StateDir::open_to_read(&path)), "ok");
        drop(writer);
        assert_eq!(code(StateDir::open(&path)), "ok");
    }

    #[test]
    fn a_folder_that_others_may_write_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("state");
        drop(StateDir::open(&path).expect("made"));
        for (place, mode) in [(path.clone(), 0o770), (path.clone(), 0o701), (path.join("lists"), 0o707)] {
            fs::set_permissions(&place, fs::Permissions::from_mode(mode)).expect("a mode");
            assert_eq!(code(StateDir::open(&path)), "state_not_private", "{mode:o}");
            assert_eq!(code(StateDir::open_to_read(&path)), "state_not_private", "{mode:o}");
            fs::set_permissions(&place, fs::Permissions::from_mode(0o700)).expect("a mode");
        }
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&path, &link).expect("a link");
        assert_eq!(code(StateDir::open(&link)), "state_not_private");
        assert_eq!(code(StateDir::open_to_read(&folder.path().join("absent"))), "file_unreadable");
    }

    #[test]
    fn a_folder_that_is_none_of_ours_is_not_told_to_change() {
        let folder = tempfile::tempdir().expect("a folder");
        let drop_folder = folder.path().join("drop");
        fs::create_dir(&drop_folder).expect("a folder");
        for mode in [0o755, 0o700] {
            fs::set_permissions(&drop_folder, fs::Permissions::from_mode(mode)).expect("a mode");
            fs::write(drop_folder.join("a.crl"), b"a list").expect("written");
            for refused in [StateDir::open(&drop_folder), StateDir::open_to_read(&drop_folder)] {
                let error = refused.expect_err("no state folder");
                assert_eq!(error.code(), "not_a_state_folder", "{mode:o}");
                assert!(!error.to_string().contains("chmod"), "{error}");
            }
        }
        let found: Vec<_> = fs::read_dir(&drop_folder).expect("there").collect();
        assert_eq!(found.len(), 1, "nothing is written there");
        let empty = folder.path().join("empty");
        DirBuilder::new().mode(0o700).create(&empty).expect("a folder");
        assert_eq!(code(StateDir::open_to_read(&empty)), "not_a_state_folder");
        assert_eq!(code(StateDir::open(&empty)), "ok", "left by an end before anything was in it");
    }

    #[test]
    fn a_folder_of_another_user_is_refused_by_its_owner() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("state");
        drop(StateDir::open(&path).expect("made"));
        let refused = require_private(&path, Part::State, user() + 1).expect_err("of another user");
        assert_eq!(refused.code(), "state_of_other_user");
        assert!(matches!(refused, Error::StateOfOther { owner, .. } if owner == user()));
    }

    #[test]
    fn a_check_refuses_what_a_writer_refuses_and_makes_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("state");
        assert_eq!(code(StateDir::check_to_write(&path)), "ok");
        assert!(!path.exists());
        drop(StateDir::open(&path).expect("made"));
        for place in [path.clone(), path.join("lists"), path.join("incoming")] {
            assert_eq!(code(StateDir::check_to_write(&path)), "ok");
            fs::set_permissions(&place, fs::Permissions::from_mode(0o750)).expect("a mode");
            assert_eq!(code(StateDir::check_to_write(&path)), "state_not_private", "{}", place.display());
            fs::set_permissions(&place, fs::Permissions::from_mode(0o700)).expect("a mode");
        }
    }

    #[test]
    fn what_was_left_half_way_is_cleared() {
        let folder = tempfile::tempdir().expect("a folder");
        let state = StateDir::open(folder.path().join("state").as_path()).expect("made");
        let left = state.incoming().join("1.crl");
        fs::write(&left, b"half").expect("written");
        let path = state.path().to_owned();
        drop(state);
        drop(StateDir::open(&path).expect("opened"));
        assert!(!left.exists());
    }
}

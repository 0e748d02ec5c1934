//! What is refused is moved out of the way, with the reason beside it; nothing is deleted.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{
    AtFlags, Mode, OFlags, RenameFlags, linkat, mkdirat, open, openat, renameat, renameat_with, statat,
    unlinkat,
};
use rustix::io::Errno;
use serde::Serialize;

use crate::stamp::Stamp;
use crate::{CrlFiles, Problem};

/// Moves a file of the drop folder into `rejected`, with a `.reason` beside it. `None` when the file is no longer the
/// one that was judged.
///
/// Whoever may write to the drop folder may put links there, and may exchange whole folders meanwhile. So both folders
/// are opened once, `rejected` only when it is a folder, and everything is done in what was opened: no link is followed
/// and nothing that is there is written over.
pub(crate) fn move_aside(path: &Path, judged: Stamp, problem: &Problem) -> io::Result<Option<PathBuf>> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::Error::other("not a name that can be moved"));
    };
    let from = open(folder, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    match mkdirat(&from, FOLDER, Mode::from_raw_mode(0o755)) {
        Err(Errno::EXIST) | Ok(()) => {}
        Err(error) => return Err(error.into()),
    }
    let to = openat(&from, FOLDER, OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?;
    let (target, reason, mut file) = free_name(&to, name)?;
    let there = stamp_in(&from, name).ok();
    if there != Some(judged) {
        unlinkat(&to, &reason, AtFlags::empty())?;
        return Ok(None);
    }
    if let Err(error) = rename(&from, name, &to, &target) {
        unlinkat(&to, &reason, AtFlags::empty())?;
        return Err(error.into());
    }
    // Whoever renames a new list into place may have done so just now: that one goes back.
    let is_judged = stamp_in(&to, &target).is_ok_and(|now| now.is_file_of(judged));
    if !is_judged && linkat(&to, &target, &from, name, AtFlags::empty()).is_ok() {
        unlinkat(&to, &target, AtFlags::empty())?;
        unlinkat(&to, &reason, AtFlags::empty())?;
        return Ok(None);
    }
    writeln!(file, "{}\n{}", problem.code, problem.message)?;
    Ok(Some(folder.join(FOLDER).join(target)))
}

/// The name of a file that neither a file nor a reason has, with the reason's, which is made: so it is taken.
fn free_name(rejected: &OwnedFd, name: &OsStr) -> io::Result<(OsString, OsString, File)> {
    for number in 1..MAX_SAME_NAME {
        let mut target = OsString::from(if number == 1 { String::new() } else { format!("{number}-") });
        target.push(name);
        let mut reason = target.clone();
        reason.push(".");
        reason.push(REASON);
        if statat(rejected, &target, AtFlags::SYMLINK_NOFOLLOW).is_ok() {
            continue;
        }
        let new = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        match openat(rejected, &reason, new, Mode::from_raw_mode(0o644)) {
            Ok(file) => return Ok((target, reason, File::from(file))),
            Err(Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(io::Error::other("too many files of this name were rejected"))
}

/// Nothing is written over, where the file system can promise that; network file systems cannot, and there the name was
/// free a moment ago.
fn rename(from: &OwnedFd, name: &OsStr, to: &OwnedFd, target: &OsStr) -> Result<(), Errno> {
    match renameat_with(from, name, to, target, RenameFlags::NOREPLACE) {
        Err(Errno::INVAL | Errno::NOSYS) => renameat(from, name, to, target),
        done => done,
    }
}

/// The stamp of a regular file, and of nothing that a link leads to.
fn stamp_in(folder: &OwnedFd, name: &OsStr) -> io::Result<Stamp> {
    let file = openat(folder, name, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?;
    let metadata = File::from(file).metadata()?;
    if metadata.is_file() { Ok(Stamp::of(&metadata)) } else { Err(io::Error::other("not a regular file")) }
}

/// A file that was moved aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RejectedFile {
    /// Where it lies now.
    pub path: PathBuf,
    /// When it was moved there, in seconds since 1970.
    pub at: u64,
    /// The stable name of what is wrong with it; empty when the reason is gone.
    pub code: String,
    /// What is wrong.
    pub message: String,
}

impl CrlFiles {
    /// What was moved out of the drop folder and still lies beside it, the newest first; no more than `most` of it. Nothing
    /// when there is no such folder.
    pub fn rejected(&self, most: usize) -> io::Result<Vec<RejectedFile>> {
        let Some(directory) = &self.directory else { return Ok(Vec::new()) };
        let entries = match fs::read_dir(directory.join(FOLDER)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut found = Vec::new();
        for entry in entries {
            let path = entry?.path();
            if path.extension().is_some_and(|kind| kind == REASON) {
                continue;
            }
            // Taken away by somebody meanwhile.
            let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
            found.push((u64::try_from(metadata.ctime()).unwrap_or(0), path));
        }
        found.sort_by(|one, other| other.cmp(one));
        Ok(found.into_iter().take(most).map(|(at, path)| RejectedFile::read(path, at)).collect())
    }
}

impl RejectedFile {
    fn read(path: PathBuf, at: u64) -> Self {
        let mut reason = path.clone().into_os_string();
        reason.push(".");
        reason.push(REASON);
        let mut text = String::new();
        // Anybody who may write to the drop folder may have put something else in its place.
        let plain = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        if let Ok(file) = open(&reason, plain, Mode::empty()).map(File::from)
            && file.metadata().is_ok_and(|metadata| metadata.is_file())
            && file.take(MOST_REASON).read_to_string(&mut text).is_err()
        {
            text.clear();
        }
        let (code, message) = text.trim_end().split_once('\n').unwrap_or_default();
        Self { path, at, code: code.to_owned(), message: message.to_owned() }
    }
}

/// How many files lie in `rejected`.
pub(crate) fn count(directory: &Path) -> usize {
    let Ok(entries) = fs::read_dir(directory.join(FOLDER)) else { return 0 };
    entries.flatten().filter(|entry| entry.path().extension().is_none_or(|kind| kind != REASON)).count()
}

const FOLDER: &str = "rejected";
const REASON: &str = "reason";
const MOST_REASON: u64 = 4096;
const MAX_SAME_NAME: u32 = 10_000;

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::incoming::stamp;

    fn problem() -> Problem {
        Problem { place: String::new(), code: "code".to_owned(), message: "words".to_owned() }
    }

    /// Whoever writes the drop folder has no say over any other folder of the gateway's user.
    #[test]
    fn no_link_is_followed_and_nothing_is_written_over() {
        let folder = tempfile::tempdir().expect("a folder");
        let (drop, other) = (folder.path().join("drop"), folder.path().join("other"));
        fs::create_dir_all(drop.join(FOLDER)).expect("folders");
        fs::create_dir(&other).expect("a folder");
        fs::write(other.join("victim"), b"all that counts").expect("written");
        let path = drop.join("a.crl");
        let put = || {
            fs::write(&path, b"bad").expect("written");
            stamp(&path).expect("a file")
        };

        for (number, at) in [other.join("victim"), other.join("dangling")].iter().enumerate() {
            let name = if number == 0 { "a.crl".to_owned() } else { format!("{}-a.crl", number + 1) };
            symlink(at, drop.join(FOLDER).join(format!("{name}.{REASON}"))).expect("a link");
        }
        symlink(other.join("victim"), drop.join(FOLDER).join("3-a.crl")).expect("a link");
        let moved = move_aside(&path, put(), &problem()).expect("moved").expect("moved");
        assert_eq!(moved, drop.join(FOLDER).join("4-a.crl"));
        assert_eq!(fs::read(other.join("victim")).expect("there"), b"all that counts");
        assert!(!other.join("dangling").exists());

        fs::remove_dir_all(drop.join(FOLDER)).expect("removed");
        symlink(&other, drop.join(FOLDER)).expect("a link");
        let judged = put();
        assert!(move_aside(&path, judged, &problem()).is_err());
        assert_eq!(fs::read_dir(&other).expect("a folder").count(), 1);
        assert_eq!(fs::read(&path).expect("there"), b"bad", "it stays where it is");

        fs::remove_file(drop.join(FOLDER)).expect("removed");
        fs::remove_file(&path).expect("removed");
        symlink(other.join("victim"), &path).expect("a link");
        let judged = stamp(&path).expect("what the link leads to");
        assert_eq!(move_aside(&path, judged, &problem()).expect("nothing moved"), None);
        assert!(other.join("victim").exists() && path.is_symlink());
        assert_eq!(count(&drop), 0, "no reason without a file");
    }

    #[test]
    fn what_was_replaced_since_it_was_judged_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.crl");
        fs::write(&path, b"bad").expect("written");
        let judged = stamp(&path).expect("a file");
        let problem = Problem { place: String::new(), code: "code".to_owned(), message: "words".to_owned() };
        fs::write(folder.path().join("b"), b"good").expect("written");
        fs::rename(folder.path().join("b"), &path).expect("renamed");
        assert_eq!(move_aside(&path, judged, &problem).expect("nothing moved"), None);
        assert_eq!(fs::read(&path).expect("there"), b"good");
        assert_eq!(count(folder.path()), 0);
        let judged = stamp(&path).expect("a file");
        let moved = move_aside(&path, judged, &problem).expect("moved").expect("moved");
        assert_eq!((fs::read(&moved).expect("there").as_slice(), count(folder.path())), (&b"good"[..], 1));
    }

    #[test]
    fn what_was_moved_aside_is_listed_with_its_reason() {
        let folder = tempfile::tempdir().expect("a folder");
        let files = CrlFiles { directory: Some(folder.path().to_owned()), files: Vec::new() };
        assert_eq!(files.rejected(10).expect("none"), []);
        for name in ["a.crl", "b.crl"] {
            let path = folder.path().join(name);
            fs::write(&path, b"bad").expect("written");
            let problem =
                Problem { place: String::new(), code: "code".to_owned(), message: "two\nlines".to_owned() };
            move_aside(&path, stamp(&path).expect("a file"), &problem).expect("moved");
        }
        let found = files.rejected(10).expect("a list");
        assert_eq!(found.len(), 2);
        for file in &found {
            assert_eq!((file.code.as_str(), file.message.as_str()), ("code", "two\nlines"));
            assert!(file.at > 0 && file.path.starts_with(folder.path().join(FOLDER)), "{file:?}");
        }
        assert_eq!(files.rejected(1).expect("a list"), found[..1]);
        fs::remove_file(folder.path().join(FOLDER).join("a.crl.reason")).expect("removed");
        let without = files.rejected(10).expect("a list");
        assert!(without.iter().any(|file| file.code.is_empty() && file.message.is_empty()), "{without:?}");
    }
}

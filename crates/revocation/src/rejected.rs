//! What is refused is moved out of the way, with the reason beside it; nothing is deleted.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::Problem;
use crate::incoming::stamp;
use crate::stamp::Stamp;

/// Moves a file of the drop folder into `rejected`, with a `.reason` beside it. `None` when the file is no longer the
/// one that was judged.
pub(crate) fn move_aside(path: &Path, judged: Stamp, problem: &Problem) -> io::Result<Option<PathBuf>> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str())) else {
        return Err(io::Error::other("not a name that can be moved"));
    };
    let rejected = folder.join(FOLDER);
    match fs::create_dir(&rejected) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let (target, reason) = free_name(&rejected, name)?;
    if stamp(path).ok() != Some(judged) {
        return Ok(None);
    }
    fs::rename(path, &target)?;
    // Whoever renames a new list into place may have done so just now: that one goes back.
    if !stamp(&target).is_ok_and(|now| now.is_file_of(judged)) && fs::hard_link(&target, path).is_ok() {
        fs::remove_file(&target)?;
        return Ok(None);
    }
    let mut file = fs::File::create(reason)?;
    writeln!(file, "{}\n{}", problem.code, problem.message)?;
    Ok(Some(target))
}

/// How many files lie in `rejected`.
pub(crate) fn count(directory: &Path) -> usize {
    let Ok(entries) = fs::read_dir(directory.join(FOLDER)) else { return 0 };
    entries.flatten().filter(|entry| entry.path().extension().is_none_or(|kind| kind != REASON)).count()
}

/// A name that neither a file nor a reason has.
fn free_name(folder: &Path, name: &str) -> io::Result<(PathBuf, PathBuf)> {
    for number in 1..MAX_SAME_NAME {
        let name = if number == 1 { name.to_owned() } else { format!("{number}-{name}") };
        let (target, reason) = (folder.join(&name), folder.join(format!("{name}.{REASON}")));
        if !target.exists() && !reason.exists() {
            return Ok((target, reason));
        }
    }
    Err(io::Error::other("too many files of this name were rejected"))
}

const FOLDER: &str = "rejected";
const REASON: &str = "reason";
const MAX_SAME_NAME: u32 = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

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
}

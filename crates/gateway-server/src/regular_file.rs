//! Files that an operator names: regular ones, of a length that what is in them can have. A pipe that nobody writes to, or a
//! device without end, would else keep a command, or take all memory.

use std::fs::OpenOptions;
use std::io::{Error, ErrorKind, Read as _, Result};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::OFlags;
use zeroize::Zeroizing;

/// The octets of a regular file of at most `most` octets. They are zeroized: some of these files hold secrets.
pub(crate) fn read_regular(path: &Path, most: u64) -> Result<Zeroizing<Vec<u8>>> {
    // Opening a pipe would wait for whoever writes to it.
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).map_err(Error::other)?;
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(Error::new(ErrorKind::InvalidInput, "this is no regular file"));
    }
    let too_large = || Error::new(ErrorKind::FileTooLarge, format!("more than {most} octets"));
    if metadata.len() > most {
        return Err(too_large());
    }
    // At once: a vector that grows leaves its octets behind.
    let capacity = usize::try_from(metadata.len()).map_err(|_| too_large())?.saturating_add(1);
    let mut octets = Zeroizing::new(Vec::with_capacity(capacity));
    // It may grow meanwhile, and some of /proc say that they are empty.
    file.take(most.saturating_add(1)).read_to_end(&mut octets)?;
    if u64::try_from(octets.len()).map_or(true, |length| length > most) {
        Err(too_large())
    } else {
        Ok(octets)
    }
}

/// The same as text.
pub(crate) fn read_regular_text(path: &Path, most: u64) -> Result<Zeroizing<String>> {
    let octets = read_regular(path, most)?;
    let text =
        str::from_utf8(&octets).map_err(|_| Error::new(ErrorKind::InvalidData, "this is no UTF-8 text"))?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// Keys, key sets, certificates and chains of them.
pub(crate) const MOST_KEY_OCTETS: u64 = 64 * 1024;
/// The configuration, with all its clients and their keys.
pub(crate) const MOST_CONFIG_OCTETS: u64 = 16 * 1024 * 1024;
/// Every authority that a system trusts.
pub(crate) const MOST_BUNDLE_OCTETS: u64 = 4 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use std::fs;

    use rustix::fs::{CWD, Mode, mkfifoat};

    use super::*;

    fn refused(path: &Path, most: u64) -> ErrorKind {
        read_regular(path, most).expect_err("refused").kind()
    }

    /// Were it opened as usual, this test would never end.
    #[test]
    fn what_is_no_file_is_refused_at_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let pipe = folder.path().join("pipe");
        mkfifoat(CWD, &pipe, Mode::RUSR | Mode::WUSR).expect("a pipe");
        for path in [&pipe, Path::new("/dev/zero"), folder.path()] {
            assert_eq!(refused(path, 10), ErrorKind::InvalidInput, "{}", path.display());
        }
        assert_eq!(refused(&folder.path().join("none"), 10), ErrorKind::NotFound);
    }

    #[test]
    fn a_file_is_read_up_to_its_bound() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("file");
        for (text, most, good) in [("", 0, true), ("four", 4, true), ("four", 3, false), ("four", 0, false)] {
            fs::write(&file, text).expect("written");
            let read = read_regular_text(&file, most).map(|text| text.to_string());
            match read {
                Ok(read) => assert!(good && read == text, "{text} {most}"),
                Err(error) => {
                    assert!(!good && error.kind() == ErrorKind::FileTooLarge, "{text} {most}: {error}");
                }
            }
        }
        fs::write(&file, b"\xff").expect("written");
        assert_eq!(read_regular_text(&file, 4).expect_err("no text").kind(), ErrorKind::InvalidData);
        // Of length 0 by what the system says of it, and longer than the bound.
        assert_eq!(refused(Path::new("/proc/self/status"), 10), ErrorKind::FileTooLarge);
    }
}

//! Which files are mapped, and that a mapping outlives the name of its file.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use madoguchi_mapped_file::{Error, MappedFile};
use tempfile::TempDir;

const LIMIT: u64 = 100;

fn file(folder: &TempDir, mode: u32, octets: &[u8]) -> PathBuf {
    let path = folder.path().join("file");
    fs::write(&path, octets).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    path
}

fn refused(path: &Path) -> Error {
    MappedFile::open(path, LIMIT).expect_err("refused")
}

#[test]
fn a_private_file_is_its_octets() {
    let folder = TempDir::new().unwrap();
    for octets in [&b""[..], b"a list", &[7; 100]] {
        for mode in [0o600, 0o400, 0o700] {
            let path = file(&folder, mode, octets);
            assert_eq!(&*MappedFile::open(&path, LIMIT).unwrap(), octets);
            fs::remove_file(path).unwrap();
        }
    }
}

#[test]
fn what_others_have_any_right_to_is_refused() {
    let folder = TempDir::new().unwrap();
    for mode in [0o604, 0o602, 0o601, 0o640, 0o620, 0o610] {
        let path = file(&folder, mode, b"a list");
        assert!(matches!(refused(&path), Error::NotPrivate { mode: found } if found == mode));
    }
}

#[test]
fn another_name_of_any_kind_is_refused() {
    let folder = TempDir::new().unwrap();
    let path = file(&folder, 0o600, b"a list");
    let link = folder.path().join("link");
    symlink(&path, &link).unwrap();
    assert!(matches!(refused(&link), Error::Io(_)));
    let hard = folder.path().join("hard");
    fs::hard_link(&path, &hard).unwrap();
    assert!(matches!(refused(&path), Error::Linked));
}

#[test]
fn only_a_regular_file_is_mapped_and_a_pipe_keeps_nobody_waiting() {
    let folder = TempDir::new().unwrap();
    assert!(matches!(refused(folder.path()), Error::NotRegular));
    let pipe = folder.path().join("pipe");
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    assert!(matches!(refused(&pipe), Error::NotRegular));
    assert!(matches!(refused(Path::new("/dev/zero")), Error::NotRegular));
    assert!(matches!(refused(&folder.path().join("none")), Error::Io(_)));
}

#[test]
fn the_limit_is_the_last_length_that_is_read() {
    let folder = TempDir::new().unwrap();
    let path = file(&folder, 0o600, &[0; 101]);
    assert!(matches!(refused(&path), Error::TooLarge { octets: 101, limit: LIMIT }));
}

#[test]
fn a_file_of_somebody_else_is_refused() {
    // Every file of root's that only root may read cannot even be opened by others; as root, one of nobody's is tried.
    let folder = TempDir::new().unwrap();
    let path = file(&folder, 0o600, b"a list");
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(&path, Some(65_534), None).unwrap();
        assert!(matches!(refused(&path), Error::OtherOwner));
    } else {
        let of_root = Path::new("/etc/passwd");
        assert!(matches!(refused(of_root), Error::OtherOwner));
    }
}

#[test]
fn a_mapping_outlives_rename_and_removal() {
    let folder = TempDir::new().unwrap();
    let path = file(&folder, 0o600, b"first");
    let first = MappedFile::open(&path, LIMIT).unwrap();
    let other = folder.path().join("other");
    fs::rename(&path, &other).unwrap();
    assert_eq!(&*first, b"first");
    file(&folder, 0o600, b"second");
    fs::rename(&path, &other).unwrap();
    assert_eq!((&*first, &*MappedFile::open(&other, LIMIT).unwrap()), (&b"first"[..], &b"second"[..]));
    fs::remove_file(&other).unwrap();
    assert_eq!(&*first, b"first");
    drop(File::create(&path).unwrap());
}

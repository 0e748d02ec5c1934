//! A list and its index on disk: whole, of each other, and of an anchor that is trusted, or not opened.

use std::fs::{self, OpenOptions, Permissions};
use std::os::unix::fs::{FileExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use madoguchi_cert_verify::Anchor;
use madoguchi_revocation::{Damaged, IndexKey, IndexedCrl};

use crate::world::{LIMIT, Spec, World, code, entry};

/// A list of a few entries and its index.
struct Pair {
    world: World,
    list: PathBuf,
    index: PathBuf,
}

fn serial(number: u8) -> Vec<u8> {
    vec![1, 2, 3, 4, number]
}

fn entries(count: u8) -> Vec<u8> {
    (0..count).flat_map(|number| entry(&serial(number), number, Some(4))).collect()
}

impl Pair {
    fn new() -> Self {
        let world = World::new();
        let list = world.put("list.crl", &world.list(&Spec::complete(entries(COUNT))));
        let index = world.folder.path().join("list.idx");
        world.build(&list).unwrap().save(&index).unwrap();
        Self { world, list, index }
    }

    fn open(&self) -> Result<IndexedCrl, madoguchi_revocation::IndexError> {
        IndexedCrl::open(&self.list, &self.index, &self.world.anchors())
    }

    #[track_caller]
    fn is_whole(&self) {
        let crl = self.open().unwrap();
        for number in 0..=u8::MAX {
            assert_eq!(crl.find(&serial(number)).unwrap().is_some(), number < COUNT);
        }
    }
}

/// Writes a private file anew: one that is mapped is never written to.
fn rewrite(path: &Path, octets: &[u8]) {
    fs::remove_file(path).unwrap();
    fs::write(path, octets).unwrap();
    fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn every_bit_counts() {
    let pair = Pair::new();
    pair.is_whole();
    for path in [&pair.list, &pair.index] {
        let right = fs::read(path).unwrap();
        for bit in 0..right.len() * 8 {
            let mut wrong = right.clone();
            wrong[bit / 8] ^= 1 << (bit % 8);
            rewrite(path, &wrong);
            let code = code(pair.open());
            assert!(["index_damaged", "index_of_other_list"].contains(&code.as_str()), "bit {bit}: {code}");
        }
        rewrite(path, &right);
    }
    pair.is_whole();
}

#[test]
fn every_length_counts() {
    let pair = Pair::new();
    for path in [&pair.list, &pair.index] {
        let right = fs::read(path).unwrap();
        for length in 0..right.len() {
            rewrite(path, &right[..length]);
            assert!(pair.open().is_err(), "{length} octets");
        }
        rewrite(path, &[&right[..], &[0]].concat());
        assert!(pair.open().is_err(), "one more");
        rewrite(path, &[&right[..], &[0; 64]].concat());
        assert!(pair.open().is_err(), "a bucket more");
        rewrite(path, &right);
    }
    pair.is_whole();
}

#[test]
fn an_index_of_another_list_is_refused() {
    let pair = Pair::new();
    // As long, as many entries, one octet of one serial number differs.
    let mut other = entries(COUNT);
    other[8] ^= 0x40;
    let list = pair.world.put("other.crl", &pair.world.list(&Spec::complete(other)));
    let index = pair.world.folder.path().join("other.idx");
    pair.world.build(&list).unwrap().save(&index).unwrap();
    let anchors = pair.world.anchors();
    assert!(IndexedCrl::open(&list, &index, &anchors).is_ok());
    assert_eq!(code(IndexedCrl::open(&pair.list, &index, &anchors)), "index_of_other_list");
    assert_eq!(code(IndexedCrl::open(&list, &pair.index, &anchors)), "index_of_other_list");
    assert_eq!(code(IndexedCrl::open(&list, &list, &anchors)), "index_damaged");
    assert_eq!(code(IndexedCrl::open(&index, &index, &anchors)), "index_of_other_list");
}

#[test]
fn an_anchor_that_is_gone_takes_its_lists_along() {
    let pair = Pair::new();
    let stranger = World::new();
    for anchors in [Vec::new(), stranger.anchors()] {
        assert!(IndexedCrl::open(&pair.list, &pair.index, &anchors).is_err());
        assert!(pair.open().unwrap().reverify(&anchors).is_err());
        let key = IndexKey::new([1; 8]);
        assert!(IndexedCrl::build(&pair.list, &anchors, key, LIMIT, &|_, _| {}).is_err());
    }
    // The anchor is there, and may no longer use its algorithm.
    let none = Anchor::with_algorithms(pair.world.pki.auth_ca(), Vec::new()).unwrap();
    assert_eq!(code(IndexedCrl::open(&pair.list, &pair.index, &[none])), "algorithm_not_allowed");
    let both = [stranger.anchors(), pair.world.anchors()].concat();
    let crl = IndexedCrl::open(&pair.list, &pair.index, &both).unwrap();
    assert_eq!(crl.head().issuer_key_hash(), pair.world.anchors()[0].key_hash());
    crl.reverify(&both).unwrap();
}

#[test]
fn a_file_that_others_may_read_is_not_taken() {
    let pair = Pair::new();
    for path in [&pair.list, &pair.index] {
        fs::set_permissions(path, Permissions::from_mode(0o644)).unwrap();
        assert_eq!(code(pair.open()), "file_unusable");
        fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
    }
    fs::set_permissions(&pair.list, Permissions::from_mode(0o640)).unwrap();
    assert_eq!(code(pair.world.build(&pair.list)), "file_unusable");
    let mode = fs::metadata(&pair.index).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o600, "the index is private");
}

#[test]
fn saving_again_replaces_in_one_step_and_leaves_what_is_open() {
    let pair = Pair::new();
    let first = pair.open().unwrap();
    let longer = pair.world.put("longer.crl", &pair.world.list(&Spec::complete(entries(40))));
    // What a process left that died while it saved.
    let left = pair.world.put("list.idx.new", b"half a file");
    pair.world.build(&longer).unwrap().save(&pair.index).unwrap();
    assert!(!left.exists());
    fs::rename(&longer, &pair.list).unwrap();
    assert!(first.find(&serial(30)).unwrap().is_none() && first.find(&serial(3)).unwrap().is_some());
    first.reverify(&pair.world.anchors()).unwrap();
    assert!(pair.open().unwrap().find(&serial(30)).unwrap().is_some());
    // An index that was opened saves the same file again.
    let octets = fs::read(&pair.index).unwrap();
    let again = pair.world.folder.path().join("again.idx");
    pair.open().unwrap().save(&again).unwrap();
    assert_eq!(fs::read(again).unwrap(), octets);
}

#[test]
fn a_folder_that_is_not_there_is_an_error() {
    let pair = Pair::new();
    let nowhere = pair.world.folder.path().join("none").join("list.idx");
    assert_eq!(code(pair.open().unwrap().save(&nowhere)), "file_unreadable");
}

#[test]
fn what_changes_under_an_open_index_is_damage_and_never_silence() {
    let pair = Pair::new();
    let crl = pair.open().unwrap();
    let place = entry_of(&fs::read(&pair.list).unwrap(), &serial(5));
    // The same user can do this, and nobody else: the tag of the entry is no SEQUENCE any more.
    let file = OpenOptions::new().write(true).open(&pair.list).unwrap();
    file.write_all_at(&[0x31], place).unwrap();
    assert_eq!(crl.find(&serial(5)), Err(Damaged));
    assert!(crl.find(&serial(6)).unwrap().is_some());
    assert!(crl.reverify(&pair.world.anchors()).is_err());
    // Another reason: the entry reads, and only the signature tells.
    file.write_all_at(&[0x30], place).unwrap();
    crl.reverify(&pair.world.anchors()).unwrap();
    file.write_all_at(&[6], place + 37).unwrap();
    assert!(crl.find(&serial(5)).is_ok());
    assert_eq!(code(crl.reverify(&pair.world.anchors())), "crl_signature_invalid");
}

/// Where the entry of a serial number of five octets begins.
fn entry_of(list: &[u8], serial: &[u8]) -> u64 {
    let serial = list.windows(5).position(|octets| octets == serial).unwrap();
    u64::try_from(serial - 4).unwrap()
}

/// So few that every bit is soon changed.
const COUNT: u8 = 8;

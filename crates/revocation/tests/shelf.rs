//! The shelf: what is on it, what replaces what, what a bad file does.

#![expect(clippy::disallowed_methods, reason = "a test is the edge that makes randomness")]
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use madoguchi_cert_verify::{
    Anchor, Certificate, CrlAbsence, CrlAnswer, PathPolicy, RequiredPolicies, RevocationReason, VerifiedPath,
    verify_path,
};
use madoguchi_revocation::{CrlFiles, CrlShelf, Error};
use madoguchi_test_pki::{
    AUTH_POLICY, CardFiles, CardOptions, CrlFault, KeyKind, MUNICIPALITIES, Options, TestPki,
};
use ring::rand::SystemRandom;
use rustls_pki_types::UnixTime;
use tempfile::TempDir;

const NOW: u64 = 1_795_305_600;
const DAY: Duration = Duration::from_hours(24);

fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

struct World {
    pki: TestPki,
    random: SystemRandom,
    folder: TempDir,
}

impl World {
    fn new() -> Self {
        let random = SystemRandom::new();
        let options = Options { authority_key: KeyKind::P256, ..Options::default() };
        let pki = TestPki::create(&options, at(NOW), &random).unwrap();
        Self { pki, random, folder: TempDir::new().unwrap() }
    }

    fn card(&mut self, municipality: usize) -> CardFiles {
        let municipality = MUNICIPALITIES[municipality].code.to_owned();
        let options = CardOptions { key: KeyKind::P256, municipality, ..CardOptions::default() };
        self.pki.issue_card(&options, at(NOW), &self.random).unwrap()
    }

    fn path(&self, card: &CardFiles) -> VerifiedPath {
        let policies = RequiredPolicies::any_of(vec![AUTH_POLICY.parse().unwrap()]).unwrap();
        let certificate = Certificate::parse(&card.auth_certificate).unwrap();
        verify_path(&certificate, &self.anchors(), &PathPolicy { policies }, at(NOW)).unwrap()
    }

    fn anchors(&self) -> Vec<Anchor> {
        vec![Anchor::new(self.pki.auth_ca()).unwrap()]
    }

    fn lists(&mut self, seconds: u64) -> Vec<Vec<u8>> {
        let lists = self.pki.crls(at(seconds), DAY, &self.random).unwrap();
        lists.into_iter().map(|(_, der)| der).collect()
    }

    fn put(&self, name: &str, octets: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, octets).unwrap();
        path
    }

    fn files(&self) -> CrlFiles {
        CrlFiles { directory: Some(self.folder.path().to_owned()), files: Vec::new(), max_octets: 1 << 20 }
    }

    fn shelf(&self) -> CrlShelf {
        CrlShelf::load(self.files(), self.anchors())
    }
}

fn answer(shelf: &CrlShelf, path: &VerifiedPath) -> CrlAnswer {
    shelf.evidence(path, at(NOW), Some(DAY)).answer()
}

fn is_good(answer: CrlAnswer) -> bool {
    matches!(answer, CrlAnswer::Good(_))
}

const MISSING: CrlAnswer = CrlAnswer::None(CrlAbsence::MissingPartition);

#[test]
fn each_certificate_is_looked_up_in_its_own_partition() {
    let mut world = World::new();
    let (midori, hinata, revoked) = (world.card(0), world.card(1), world.card(1));
    world.pki.revoke(revoked.auth_serial, madoguchi_test_pki::RevocationReason::Superseded, at(NOW)).unwrap();
    let lists = world.lists(NOW);
    world.put("a.crl", &lists[0]);
    let shelf = world.shelf();
    assert!(is_good(answer(&shelf, &world.path(&midori))));
    assert_eq!(answer(&shelf, &world.path(&hinata)), MISSING);
    assert_eq!(answer(&shelf, &world.path(&revoked)), MISSING);
    world.put("b.crl", &lists[1]);
    assert_eq!(answer(&shelf, &world.path(&hinata)), MISSING, "a shelf never changes");
    let shelf = shelf.reload();
    assert!(is_good(answer(&shelf, &world.path(&hinata))));
    let CrlAnswer::Revoked(revocation) = answer(&shelf, &world.path(&revoked)) else { panic!("revoked") };
    assert_eq!(revocation.reason, RevocationReason::Superseded);
    // A session asks with what it keeps.
    let path = world.path(&revoked);
    let listed = shelf.find(&path.issuer_key_hash().0, path.serial()).unwrap();
    assert_eq!((listed.reason, listed.revoked_at), (RevocationReason::Superseded, at(NOW)));
    assert_eq!(shelf.find(&[0; 32], path.serial()), None);
    assert_eq!(shelf.find(&path.issuer_key_hash().0, world.path(&hinata).serial()), None);
    assert!(shelf.problems().is_empty());
}

#[test]
fn pem_and_single_files_are_read() {
    let mut world = World::new();
    let card = world.card(0);
    let list = world.lists(NOW).remove(0);
    let pem = world.put("a.pem", pem(&list).as_bytes());
    let path = world.path(&card);
    assert_eq!(answer(&world.shelf(), &path), MISSING, "not a *.crl of the folder");
    let files = CrlFiles { directory: None, files: vec![pem], max_octets: 1 << 20 };
    assert!(is_good(answer(&CrlShelf::load(files, world.anchors()), &path)));
}

fn pem(der: &[u8]) -> String {
    use std::fmt::Write as _;
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::from("-----BEGIN X509 CRL-----");
    for (index, three) in der.chunks(3).enumerate() {
        if index % 16 == 0 {
            text.push('\n');
        }
        let bits =
            three.iter().chain(&[0, 0]).take(3).fold(0_usize, |bits, octet| bits << 8 | usize::from(*octet));
        for place in 0..4 {
            let letter = ALPHABET[bits >> (18 - 6 * place) & 63];
            let _ = write!(text, "{}", if place > three.len() { '=' } else { char::from(letter) });
        }
    }
    text.push_str("\n-----END X509 CRL-----\n");
    text
}

#[test]
fn a_bad_file_is_named_and_disturbs_no_other() {
    let mut world = World::new();
    let card = world.card(0);
    let lists = world.lists(NOW);
    world.put("good.crl", &lists[0]);
    let garbage = world.put("garbage.crl", b"not a list");
    let cut = world.put("cut.crl", &lists[1][..lists[1].len() - 1]);
    let tampered = world.pki.faulty_crls(at(NOW), DAY, CrlFault::TamperedSignature, &world.random).unwrap();
    let tampered = world.put("tampered.crl", &tampered[1].1);
    let large = world.put("large.crl", &vec![0x30; (1 << 20) + 1]);
    let shelf = world.shelf();
    assert!(is_good(answer(&shelf, &world.path(&card))));
    let named: Vec<(&Path, String)> =
        shelf.problems().iter().map(|problem| (problem.path.as_path(), code(&problem.error))).collect();
    let expected = [
        (cut.as_path(), "der_truncated".to_owned()),
        (garbage.as_path(), "not_der_or_pem".to_owned()),
        (large.as_path(), "too_large".to_owned()),
        (tampered.as_path(), "crl_signature_invalid".to_owned()),
    ];
    assert_eq!(named, expected);
}

fn code(error: &Error) -> String {
    match error {
        Error::Io(error) => error.kind().to_string(),
        Error::Refused(error) => error.code().to_owned(),
        Error::Older { .. } => "older".to_owned(),
        Error::TooLarge { .. } => "too_large".to_owned(),
        other => other.to_string(),
    }
}

#[test]
fn the_newest_list_of_a_partition_stays() {
    let mut world = World::new();
    let card = world.card(0);
    let old = world.lists(NOW - 60).remove(0);
    world.pki.revoke(card.auth_serial, madoguchi_test_pki::RevocationReason::Superseded, at(NOW)).unwrap();
    let new = world.lists(NOW - 30).remove(0);
    let path = world.path(&card);
    // Whatever the order of the names.
    for (first, second) in [(&old, &new), (&new, &old)] {
        world.put("1.crl", first);
        world.put("2.crl", second);
        let shelf = world.shelf();
        assert!(matches!(answer(&shelf, &path), CrlAnswer::Revoked(_)));
        assert_eq!(shelf.status(at(NOW)).len(), 1);
    }
    // An older list in the place of a newer one does not take it off the shelf.
    fs::remove_file(world.put("2.crl", &old)).unwrap();
    world.put("1.crl", &new);
    let shelf = world.shelf();
    world.put("1.crl", &old);
    let reloaded = shelf.reload();
    assert!(matches!(answer(&reloaded, &path), CrlAnswer::Revoked(_)));
    assert_eq!(code(&reloaded.problems()[0].error), "older");
    assert!(is_good(answer(&world.shelf(), &path)), "only a fresh start takes the older list");
}

#[test]
fn removed_files_and_broken_ones() {
    let mut world = World::new();
    let card = world.card(0);
    let list = world.lists(NOW).remove(0);
    let path = world.path(&card);
    let file = world.put("a.crl", &list);
    let shelf = world.shelf();
    // Half written: the list that was read before stays, and the file is named.
    world.put("a.crl", &list[..100]);
    let broken = shelf.reload();
    assert!(is_good(answer(&broken, &path)));
    assert_eq!(code(&broken.problems()[0].error), "der_truncated");
    assert!(is_good(answer(&broken.reload(), &path)));
    // Removed: gone.
    fs::remove_file(&file).unwrap();
    assert_eq!(answer(&broken.reload(), &path), MISSING);
    // A single file that is configured and gone is gone as well, and named.
    let file = world.put("b.crl", &list);
    let files = CrlFiles { directory: None, files: vec![file.clone()], max_octets: 1 << 20 };
    let shelf = CrlShelf::load(files, world.anchors());
    assert!(is_good(answer(&shelf, &path)));
    fs::remove_file(&file).unwrap();
    let shelf = shelf.reload();
    assert_eq!(answer(&shelf, &path), MISSING);
    assert_eq!(shelf.problems()[0].path, file);
}

/// A named pipe would keep the reader waiting for ever, and every later list with it.
#[test]
fn what_is_no_file_is_named_and_not_read() {
    let mut world = World::new();
    let card = world.card(0);
    for (index, der) in world.lists(NOW).iter().enumerate() {
        world.put(&format!("{index}.crl"), der);
    }
    let pipe = world.folder.path().join("pipe.crl");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo of coreutils");
    assert!(made.success());
    let shelf = CrlShelf::load(world.files(), world.anchors());
    assert_eq!(shelf.problems().iter().map(|problem| &problem.path).collect::<Vec<_>>(), [&pipe]);
    assert!(is_good(answer(&shelf, &world.path(&card))));
}

#[test]
fn a_shelf_knows_when_its_files_changed() {
    let mut world = World::new();
    let lists = world.lists(NOW);
    let path = world.put("a.crl", &lists[0]);
    let shelf = CrlShelf::load(world.files(), world.anchors());
    assert!(shelf.is_current());
    world.put("b.crl", &lists[1]);
    assert!(!shelf.is_current());
    let shelf = shelf.reload();
    assert!(shelf.is_current());
    fs::remove_file(path).unwrap();
    assert!(!shelf.is_current());
}

#[test]
fn a_missing_folder_is_named() {
    let world = World::new();
    let directory = world.folder.path().join("absent");
    let files = CrlFiles { directory: Some(directory.clone()), files: Vec::new(), max_octets: 1 };
    let shelf = CrlShelf::load(files, world.anchors());
    assert_eq!(shelf.problems()[0].path, directory);
}

#[test]
fn status_tells_age_and_size_of_each_partition() {
    let mut world = World::new();
    let card = world.card(0);
    world.pki.revoke(card.auth_serial, madoguchi_test_pki::RevocationReason::Superseded, at(NOW)).unwrap();
    for (index, list) in world.lists(NOW).iter().enumerate() {
        world.put(&format!("{index}.crl"), list);
    }
    let shelf = world.shelf();
    let status = shelf.status(at(NOW + 7));
    let entries: usize = status.iter().map(|partition| partition.entries).sum();
    assert_eq!((status.len(), entries), (2, 1));
    for partition in &status {
        assert_eq!((partition.this_update, partition.age), (at(NOW), Duration::from_secs(7)));
        assert_eq!((partition.next_update, partition.expired), (at(NOW + 86_400), false));
        assert_eq!(partition.number.to_string(), "01");
    }
    assert!(status.iter().any(|status| status.partition.to_string().contains("Midori-shi")), "{status:?}");
    assert!(shelf.status(at(NOW + 86_401)).iter().all(|partition| partition.expired));
    assert_eq!(shelf.status(at(NOW - 7))[0].age, Duration::ZERO);
}

#[test]
fn a_stale_list_says_so() {
    let mut world = World::new();
    let card = world.card(0);
    let list = world.lists(NOW).remove(0);
    world.put("a.crl", &list);
    let path = world.path(&card);
    let late = world.shelf().evidence(&path, at(NOW + 86_401), None).answer();
    assert_eq!(late, CrlAnswer::None(CrlAbsence::Expired));
    let old = world.shelf().evidence(&path, at(NOW + 61), Some(Duration::from_mins(1))).answer();
    assert_eq!(old, CrlAnswer::None(CrlAbsence::TooOld));
}

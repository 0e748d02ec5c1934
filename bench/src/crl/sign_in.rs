//! What asking the list adds to a sign-in: the certificate is read and its path verified, as the gateway has it then;
//! where its serial number would stand, index and list are in no cache.

use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use madoguchi_cert_verify::{Anchor, Certificate, CrlEvidence, VerifiedPath, verify_path};
use madoguchi_revocation::IndexedCrl;
use madoguchi_test_pki::{BulkSerial, KeyKind, PrivateKey, TestPki};
use ring::rand::SystemRandom;

use crate::crl::build::indexed;
use crate::crl::lists::{Shape, anchors, make_one, pki};
use crate::crl::lookup::{chain, empty_measurement};
use crate::crl::serials::{Dice, hits};
use crate::crl::timing::{Histogram, tell};
use crate::world::{World, now};

/// Part `sign-in`.
pub(crate) fn run(folder: &Path, entries: u64, shape: Shape) {
    let anchors = anchors(folder);
    let crl = indexed(&anchors, &shape.list(folder));
    let small_path = folder.join("small.crl");
    make_one(folder, 0, shape, 3, &small_path);
    let small = indexed(&anchors, &small_path);
    let mut dice = Dice::new(3);
    let empty = empty_measurement();
    for (name, first) in [("hit", 0), ("miss", entries)] {
        let paths: Vec<VerifiedPath> =
            paths(folder, shape, (0..PATHS).map(|_| first + dice.below(entries)).collect());
        let mut times = Histogram::new();
        for _ in 0..ROUNDS {
            // Other people's lookups push these out of the cache.
            for _ in 0..OTHERS {
                chain(&crl, &hits(shape.serials(), entries, &mut dice), true);
            }
            for path in &paths {
                // As it has just been verified: the path is near, the list is not.
                black_box(ask(&small, path));
                let start = Instant::now();
                black_box(ask(&crl, black_box(path)));
                times.add(start.elapsed().saturating_sub(empty));
            }
        }
        tell(name, times.within(0.5));
        tell(&format!("{name}-p99"), times.within(0.99));
    }
}

fn ask(crl: &IndexedCrl, path: &VerifiedPath) -> CrlEvidence {
    crl.evidence(path, now(), None).expect("sound")
}

/// Verified paths of certificates with these numbers.
pub(crate) fn paths(folder: &Path, shape: Shape, indices: Vec<u64>) -> Vec<VerifiedPath> {
    let (pki, anchors) = (pki(folder), anchors(folder));
    let key = PrivateKey::generate(KeyKind::P256, &SystemRandom::new()).expect("a key");
    let path = |index| path_in(&pki, &anchors, "99201", shape.serials().at(index), &key);
    indices.into_iter().map(path).collect()
}

/// The verified path of a certificate of this municipality and number.
pub(crate) fn path_in(
    pki: &TestPki,
    anchors: &[Anchor],
    municipality: &str,
    serial: BulkSerial,
    key: &PrivateKey,
) -> VerifiedPath {
    let serial = serial.serial().expect("short");
    let random = SystemRandom::new();
    let der = pki.auth_certificate_of(serial, municipality, key, now(), &random).expect("a certificate");
    let certificate = Certificate::parse(&der).expect("read");
    verify_path(&certificate, anchors, &World::policy(), now()).expect("a path")
}

const PATHS: usize = 2_000;
const ROUNDS: usize = 20;
const OTHERS: usize = 1_000;

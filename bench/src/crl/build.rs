//! From a file to an index that answers, beside `ring` that only verifies the signature.

use std::fs;
use std::hint::black_box;
use std::path::Path;

use madoguchi_cert_verify::Anchor;
use madoguchi_cert_verify::der::Reader;
use madoguchi_revocation::{IndexKey, IndexedCrl};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

use crate::crl::child::run_part;
use crate::crl::lists::{Shape, anchors, pki};
use crate::crl::memory::{anonymous, peak_anonymous};
use crate::crl::timing::{cpu, median, tell, timed};

/// Part `build`.
pub(crate) fn run(folder: &Path, entries: u64, shape: Shape) {
    let path = shape.list(folder);
    let (pki, anchors) = (pki(folder), anchors(folder));
    let key = pki.auth_ca_key().public_key();
    let index = indexed(&anchors, &path);
    assert_eq!(u64::try_from(index.entry_count()).expect("a count"), entries);
    drop(index);
    let file = fs::metadata(shape.saved(folder).1).expect("saved").len();
    tell("index-file", file as f64 / entries as f64);

    let der = fs::read(&path).expect("a list");
    let (mut ring, mut build) = (Vec::new(), Vec::new());
    let (mut ring_cpu, mut cpus) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let before = cpu();
        ring.push(timed(|| verify_alone(key, &der)).0);
        ring_cpu.push(cpu() - before);
        let before = cpu();
        build.push(timed(|| black_box(indexed(&anchors, &path))).0);
        cpus.push(cpu() - before);
    }
    for (name, times) in [("ring", ring), ("build", build)] {
        tell(&format!("{name}-best"), times.iter().min().expect("rounds").as_secs_f64());
        tell(name, median(times));
    }
    tell("ring-cpu", median(ring_cpu));
    tell("build-cpu", median(cpus));
    // Memory in a process that has done nothing else.
    let memory = run_part("build-memory", folder, entries, shape).expect("memory");
    for name in ["peak-anonymous", "index"] {
        tell(name, memory.get(name));
    }
}

/// Part `build-memory`.
pub(crate) fn run_for_memory(folder: &Path, entries: u64, shape: Shape) {
    let path = shape.list(folder);
    let anchors = anchors(folder);
    let before = anonymous();
    let (peak, index) = peak_anonymous(|| indexed(&anchors, &path));
    let after = anonymous();
    tell("peak-anonymous", (peak - before) as f64 / entries as f64);
    tell("index", (after - before) as f64 / entries as f64);
    drop(index);
}

pub(crate) fn indexed(anchors: &[Anchor], path: &Path) -> IndexedCrl {
    IndexedCrl::build(path, anchors, IndexKey::new(KEY), u64::MAX, &|_, _| {}).expect("an index")
}

/// `ring` and nothing else, over a list that is in memory.
pub(crate) fn verify_alone(key: &[u8], der: &[u8]) {
    let mut list = Reader::new(der).sequence().expect("a list");
    let tbs = list.read().expect("what is signed").whole;
    list.read().expect("an algorithm");
    let signature = list.bit_string_of_octets().expect("a signature");
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key);
    key.verify(tbs, signature).expect("a right signature");
}

/// Random in a deployment; here every run has the same, so that runs compare.
const KEY: [u8; 8] = *b"measured";
const ROUNDS: usize = 9;

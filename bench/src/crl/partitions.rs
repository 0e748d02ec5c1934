//! A list for each of Japan's 1,741 municipalities, all replaced on one day.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use madoguchi_cert_verify::Anchor;
use madoguchi_protocol::Octets;
use madoguchi_test_pki::{KeyKind, Municipality, PrivateKey, divided};
use ring::rand::SystemRandom;
use rustls_pki_types::UnixTime;

use crate::crl::asking::{Asked, Calm, nicely};
use crate::crl::build::verify_alone;
use crate::crl::child::run_part;
use crate::crl::lists::{Shape, anchors, pki};
use crate::crl::sign_in::path_in;
use crate::crl::timing::{cpu, tell, timed};
use crate::shelf::refreshed;
use crate::world::now;

/// Part `make-partitions`: the lists of four days.
pub(crate) fn make(folder: &Path, entries: u64) {
    let random = SystemRandom::new();
    let pki = pki(folder);
    for number in 1..=4 {
        let at = day(folder, number);
        fs::create_dir(&at).expect("a folder");
        for (municipality, revoked) in divided(0..entries, COUNT) {
            let bulk = Shape::Jp.bulk(revoked);
            let validity = Duration::from_hours(48);
            let list = pki
                .large_crl(Some(municipality.code), bulk, (number, None), now(), validity)
                .expect("a list");
            let path = at.join(format!("{}.crl", municipality.code));
            list.save(pki.auth_ca_key(), &random, &path).expect("written");
        }
    }
}

/// Part `partitions`.
pub(crate) fn run(folder: &Path, entries: u64) {
    run_part("make-partitions", folder, entries, Shape::Jp).expect("lists");
    let drop = folder.join("drop");
    fs::rename(day(folder, 1), &drop).expect("moved");
    let anchors = anchors(folder);
    let (shared, mut refresher) = refreshed(&folder.join("partitions"), Some(drop.clone()), &anchors);
    // Long after the files were written, so that nobody waits for more of them.
    let later = UnixTime::since_unix_epoch(Duration::from_secs(UnixTime::now().as_secs() + 3600));
    refresher.look(later);
    assert_eq!(shared.shelf().len(), COUNT);

    // The second day is for the refresh alone.
    put(folder, 2, &drop);
    let before = cpu();
    let (wall, ()) = timed(|| refresher.look(later));
    tell("cpu", (cpu() - before).as_secs_f64());
    tell("wall", wall.as_secs_f64());

    // And two more for lookups during it: as the gateway does it, and as if it did not give way.
    let asked = Asked { serials: Shape::Jp.serials(), lists: points(folder, &anchors, entries) };
    let mut calm = Calm::new();
    for _ in 0..ROUNDS {
        asked.alone_and_loaded(&shared, &mut calm);
    }
    put(folder, 3, &drop);
    let (time, busy) = asked.during(&shared, || nicely(|| refresher.look(later)));
    tell("asked", time.as_secs_f64());
    put(folder, 4, &drop);
    let (_, rude) = asked.during(&shared, || refresher.look(later));
    calm.tell(&busy, &rude);
    assert!(shared.report().problems.is_empty(), "{:?}", shared.report().problems);

    let pki = pki(folder);
    let der: Vec<Vec<u8>> = Municipality::all()
        .map(|municipality| fs::read(drop.join(format!("{}.crl", municipality.code))).expect("a list"))
        .collect();
    let verify = || der.iter().for_each(|der| verify_alone(pki.auth_ca_key().public_key(), der));
    tell("ring", timed(verify).0.as_secs_f64());
}

/// Puts the lists of a day in place by renaming, as whoever fills such a folder should.
fn put(folder: &Path, number: u64, drop: &Path) {
    for list in fs::read_dir(day(folder, number)).expect("a folder") {
        let list = list.expect("a list");
        fs::rename(list.path(), drop.join(list.file_name())).expect("moved");
    }
}

fn day(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("day-{number}"))
}

fn points(folder: &Path, anchors: &[Anchor], entries: u64) -> Vec<(Octets<32>, Range<u64>)> {
    let key = PrivateKey::generate(KeyKind::P256, &SystemRandom::new()).expect("a key");
    let pki = pki(folder);
    divided(0..entries, COUNT)
        .into_iter()
        .map(|(municipality, indices)| {
            let path = path_in(&pki, anchors, municipality.code, Shape::Jp.serials().at(indices.start), &key);
            (path.crl_points().map(|point| point.id()).next().expect("a point"), indices)
        })
        .collect()
}

const COUNT: usize = 1_741;
const ROUNDS: usize = 3;

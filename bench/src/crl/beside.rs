//! Where it goes: lookups beside each piece of work that replacing a list is made of, and what would make them quicker.
//! All take turns in many rounds, so that all meet the same weather.

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use ring::digest::{SHA256, digest};
use rustix::thread::{CpuSet, sched_setaffinity};

use crate::crl::asking::{Asked, be_nice, spin};
use crate::crl::build::{indexed, verify_alone};
use crate::crl::lists::{Shape, anchors, make_one, pki};
use crate::crl::sign_in::paths;
use crate::crl::timing::{Histogram, tell, timed};
use crate::shelf::refreshed;
use crate::world::now;

/// The pieces, in the order in which the table has them.
pub(crate) const PIECES: [&str; 12] = [
    "nothing",
    "pauses on the other core",
    "computes in its nearest cache",
    "verifies the signature alone",
    "copies the list's file",
    "writes the index to the disk",
    "builds",
    "builds, on one core",
    "builds, nice",
    "replaces",
    "replaces, on one core",
    "replaces, nice",
];

/// Part `beside`.
pub(crate) fn run(folder: &Path, entries: u64, shape: Shape) {
    let anchors = anchors(folder);
    let pki = pki(folder);
    let key = pki.auth_ca_key().public_key();
    let (shared, mut refresher) = refreshed(&folder.join("beside"), None, &anchors);
    let list = shape.list(folder);
    refresher.take(&list, now()).expect("taken");
    let der = fs::read(&list).expect("a list");
    let index = indexed(&anchors, &list);
    let path = paths(folder, shape, vec![0]).remove(0);
    let point = path.crl_points().map(|point| point.id()).last().expect("a point");
    let asked = Asked { serials: shape.serials(), lists: vec![(point, 0..entries)] };
    let (copy, saved, next) = (folder.join("copy"), folder.join("beside.idx"), folder.join("next.crl"));
    let mut rounds: Vec<Vec<(Histogram, f64)>> = PIECES.iter().map(|_| Vec::new()).collect();
    let mut number = 1;
    for _ in 0..ROUNDS {
        for (piece, times) in PIECES.into_iter().zip(&mut rounds) {
            let (what, how) = piece.split_once(", ").unwrap_or((piece, ""));
            if what == "replaces" {
                number += 1;
                make_one(folder, entries, shape, number, &next);
            }
            let work = || match what {
                "nothing" => once(|| thread::sleep(LONG)),
                "pauses on the other core" => once(|| spin(LONG)),
                "computes in its nearest cache" => again(|| {
                    black_box(digest(&SHA256, &[7; 4096]));
                }),
                "verifies the signature alone" => again(|| verify_alone(key, &der)),
                "copies the list's file" => again(|| {
                    fs::copy(&list, &copy).expect("copied");
                }),
                "writes the index to the disk" => again(|| index.save(&saved).expect("saved")),
                "builds" => again(|| drop(black_box(indexed(&anchors, &list)))),
                _ => once(|| refresher.take(&next, now()).expect("taken")),
            };
            let work = || thread::scope(|scope| scope.spawn(|| in_this_way(how, work)).join().expect("done"));
            let mut took = 0.0;
            let (_, histogram) = asked.during(&shared, || took = work());
            times.push((histogram, took));
        }
    }
    let idle: Vec<f64> = rounds[0].iter().map(|(times, _)| times.within(0.99)).collect();
    for (place, times) in rounds.iter().enumerate() {
        let mut all = Histogram::new();
        times.iter().for_each(|(times, _)| all.merge(times));
        for (what, share) in [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999)] {
            tell(&format!("{place}-{what}"), all.within(share));
        }
        let ratios = times.iter().zip(&idle).map(|((times, _), idle)| times.within(0.99) / idle);
        tell(&format!("{place}-ratio"), middle(ratios));
        tell(&format!("{place}-took"), middle(times.iter().map(|(_, took)| *took)));
    }
}

fn middle(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The thread and those that it starts.
fn in_this_way(how: &str, work: impl FnOnce() -> f64) -> f64 {
    if how.contains("one core") {
        let mut first = CpuSet::new();
        first.set(0);
        sched_setaffinity(None, &first).expect("a core");
    }
    if how.contains("nice") {
        be_nice();
    }
    work()
}

/// Once; the seconds that it took.
fn once(work: impl FnOnce()) -> f64 {
    timed(work).0.as_secs_f64()
}

/// Again and again; the seconds that one took.
fn again(work: impl Fn()) -> f64 {
    let (start, mut count) = (Instant::now(), 0);
    while start.elapsed() < LONG {
        work();
        count += 1;
    }
    start.elapsed().as_secs_f64() / f64::from(count)
}

const LONG: Duration = Duration::from_millis(700);
const ROUNDS: usize = 7;

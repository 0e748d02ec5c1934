//! From small lists to large ones: what an entry costs, and what a lookup costs.

use std::fmt::Write as _;
use std::path::Path;

use crate::crl::budget::{Budget, Table};
use crate::crl::build::{indexed, verify_alone};
use crate::crl::child::run_part;
use crate::crl::lists::{Shape, anchors, make_one, pki};
use crate::crl::lookup::{Loads, chain};
use crate::crl::plot::{Curve, Plot};
use crate::crl::serials::{BATCH, Dice, hits, misses};
use crate::crl::timing::{cpu_of, median, tell, timed};

/// What was measured at each size.
pub(crate) struct Growth {
    sizes: Vec<Size>,
}

struct Size {
    entries: f64,
    ring: f64,
    build: f64,
    load: f64,
    hit: f64,
    miss: f64,
}

impl Size {
    fn hit_in_loads(&self) -> f64 {
        self.hit / self.load
    }

    fn miss_in_loads(&self) -> f64 {
        self.miss / self.load
    }
}

/// Measures at each size up to five times the entries.
pub(crate) fn run(folder: &Path, entries: u64, table: &mut Table) -> Result<Growth, String> {
    let mut sizes = Vec::new();
    for per_mille in [10, 30, 100, 300, 1_000, 2_500, 5_000] {
        let entries = entries * per_mille / 1_000;
        let values = run_part("growth", folder, entries, Shape::Jp)?;
        sizes.push(Size {
            entries: entries as f64,
            ring: values.get("ring"),
            build: values.get("build"),
            load: values.get("load"),
            hit: values.get("hit"),
            miss: values.get("miss"),
        });
    }
    let growth = Growth { sizes };
    // Against what cannot be avoided at the same size: both are measured at the same moment on the same machine, and a
    // larger table has slower loads, too.
    let (whole, most) = (&growth.sizes[4], &growth.sizes[6]);
    let five_times = (most.build / most.ring) / (whole.build / whole.ring);
    let times = "five times the entries, to one time: build in signature verifications";
    table.add(times.to_owned(), five_times, Budget::most(1.25, "x"));
    for (what, of) in [("hit", Size::hit_in_loads as fn(&Size) -> f64), ("miss", Size::miss_in_loads)] {
        let worst = growth.sizes[4..].iter().map(of).fold(0.0, f64::max);
        table.add(
            format!("{what} in dependent loads, worst from one to five times the entries"),
            worst,
            Budget::most(3.0, "x"),
        );
    }
    Ok(growth)
}

/// Part `growth`: one size.
pub(crate) fn run_one(folder: &Path, entries: u64, shape: Shape) {
    let path = folder.join("growth.crl");
    make_one(folder, entries, shape, 1, &path);
    let der = std::fs::read(&path).expect("a list");
    let (pki, anchors) = (pki(folder), anchors(folder));
    let key = pki.auth_ca_key().public_key();
    let (mut ring, mut build) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ring.push(timed(|| verify_alone(key, &der)).0);
        build.push(timed(|| drop(indexed(&anchors, &path))).0);
    }
    drop(der);
    let crl = indexed(&anchors, &path);
    // The index has less than 8 octets for each entry.
    let mut table = Loads::new(std::fs::metadata(&path).expect("a list").len() + 7 * entries);
    let loads = (0..BATCHES).map(|_| cpu_of(|| table.follow(BATCH)).0);
    tell("load", median(loads.collect()) / BATCH as f64 * 1e9);
    drop(table);
    let mut dice = Dice::new(5);
    let mut look = |name: &str, listed: bool| {
        let times = (0..BATCHES).map(|_| {
            let make = if listed { hits } else { misses };
            let batch = make(shape.serials(), entries, &mut dice);
            cpu_of(|| chain(&crl, &batch, listed)).0
        });
        tell(name, median(times.collect()) / BATCH as f64 * 1e9);
    };
    look("hit", true);
    look("miss", false);
    tell("ring", median(ring));
    tell("build", median(build));
    std::fs::remove_file(&path).expect("removed");
}

impl Growth {
    pub(crate) fn table(&self) -> String {
        let mut text = format!(
            "{:>12} {:>14} {:>14} {:>10} {:>10} {:>10} {:>10}\n",
            "entries", "ring ns/entry", "index ns/entry", "ratio", "load ns", "hit ns", "miss ns"
        );
        for size in &self.sizes {
            let _ = writeln!(
                text,
                "{:>12} {:>14.1} {:>14.1} {:>8.2} x {:>10.0} {:>10.0} {:>10.0}",
                size.entries,
                size.ring / size.entries * 1e9,
                size.build / size.entries * 1e9,
                size.build / size.ring,
                size.load,
                size.hit,
                size.miss
            );
        }
        text
    }

    /// As a drawing.
    pub(crate) fn plot(&self) -> String {
        let curve = |name, value: fn(&Size) -> f64| Curve {
            name,
            points: self.sizes.iter().map(|size| (size.entries, value(size))).collect(),
        };
        Plot {
            title: "A revocation list grows",
            x: "entries",
            y: "nanoseconds",
            curves: vec![
                curve("build, for each entry", |size| size.build / size.entries * 1e9),
                curve("signature alone, for each entry", |size| size.ring / size.entries * 1e9),
                curve("one dependent load", |size| size.load),
                curve("lookup, hit", |size| size.hit),
                curve("lookup, miss", |size| size.miss),
            ],
        }
        .to_svg()
    }
}

const ROUNDS: usize = 5;
const BATCHES: usize = 1_001;

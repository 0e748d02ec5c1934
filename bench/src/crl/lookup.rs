//! Lookups in an index that is larger than any cache, beside the one memory access that nobody can do without.

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use madoguchi_revocation::IndexedCrl;
use madoguchi_test_pki::BulkSerial;

use crate::crl::lists::{Shape, anchors};
use crate::crl::serials::{BATCH, Dice, hits, misses};
use crate::crl::timing::{Histogram, cpu_of, median, tell};

/// Part `lookup`.
pub(crate) fn run(folder: &Path, entries: u64, shape: Shape) {
    let (path, index) = shape.saved(folder);
    let octets = [&path, &index].map(|path| std::fs::metadata(path).expect("a file").len());
    let crl = IndexedCrl::open(&path, &index, &anchors(folder)).expect("an index");
    let mut table = Loads::new(octets.iter().sum());
    let mut dice = Dice::new(1);
    let (mut load, mut hit, mut miss) = (Vec::new(), Vec::new(), Vec::new());
    let (mut hit_alone, mut miss_alone) = (Histogram::new(), Histogram::new());
    let empty = empty_measurement();
    for _ in 0..ROUNDS {
        load.push(cpu_of(|| table.follow(BATCH * BATCHES)).0 / STEPS);
        let mut sum = Duration::ZERO;
        for _ in 0..BATCHES {
            let batch = hits(shape.serials(), entries, &mut dice);
            sum += cpu_of(|| chain(&crl, &batch, true)).0;
            let batch = hits(shape.serials(), entries, &mut dice);
            alone(&crl, &batch, empty, &mut hit_alone);
        }
        hit.push(sum / STEPS);
        sum = Duration::ZERO;
        for _ in 0..BATCHES {
            let batch = misses(shape.serials(), entries, &mut dice);
            sum += cpu_of(|| chain(&crl, &batch, false)).0;
            let batch = misses(shape.serials(), entries, &mut dice);
            alone(&crl, &batch, empty, &mut miss_alone);
        }
        miss.push(sum / STEPS);
    }
    for (name, times) in [("load", load), ("hit", hit), ("miss", miss)] {
        tell(name, median(times) * 1e9);
    }
    for (name, histogram) in [("hit", hit_alone), ("miss", miss_alone)] {
        tell(&format!("{name}-p50"), histogram.within(0.5));
        tell(&format!("{name}-p99"), histogram.within(0.99));
    }
}

/// Each lookup after the one before: which serial number comes next depends on the answer, so that the processor cannot
/// start the next one early. (It still guesses that the answer is the expected one.)
pub(crate) fn chain(crl: &IndexedCrl, batch: &[BulkSerial], listed: bool) {
    let nothing = black_box(0_u64);
    let mut shift = 0_u64;
    for position in 0..batch.len() {
        let position = position + usize::try_from(shift).unwrap_or(0);
        let found = crl.find(batch[position].octets()).expect("sound");
        assert_eq!(found.is_some(), listed);
        shift = found.map_or(1, |entry| entry.revoked_at.as_secs()) & nothing;
    }
}

/// Each lookup timed alone; what reading the clock takes is subtracted.
fn alone(crl: &IndexedCrl, batch: &[BulkSerial], empty: Duration, times: &mut Histogram) {
    for serial in batch {
        let start = Instant::now();
        black_box(crl.find(black_box(serial.octets())).expect("sound"));
        times.add(start.elapsed().saturating_sub(empty));
    }
}

/// What measuring nothing takes.
pub(crate) fn empty_measurement() -> Duration {
    let mut times: Vec<Duration> = (0..10_001).map(|_| Instant::now().elapsed()).collect();
    times.sort_unstable();
    times[times.len() / 2]
}

/// A table of random numbers in anonymous memory. Each access depends on the one before.
pub(crate) struct Loads {
    table: Vec<u64>,
    at: usize,
    step: u64,
}

impl Loads {
    pub(crate) fn new(octets: u64) -> Self {
        let length = usize::try_from(octets / 8).expect("memory");
        let mut dice = Dice::new(2);
        Self { table: (0..length).map(|_| dice.below(u64::MAX)).collect(), at: 0, step: 0 }
    }

    pub(crate) fn follow(&mut self, steps: usize) {
        let length = self.table.len() as u128;
        for _ in 0..steps {
            // The step is mixed in, or the walk would soon go in a circle.
            self.step = self.step.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let next = u128::from(self.table[self.at].wrapping_add(self.step)) * length;
            self.at = (next >> 64) as usize;
        }
        black_box(self.at);
    }
}

const BATCHES: usize = 200;
const STEPS: u32 = (BATCH * BATCHES) as u32;
const ROUNDS: usize = 11;

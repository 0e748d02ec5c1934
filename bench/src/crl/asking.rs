//! Lookups by one thread while something else happens.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use madoguchi_protocol::Octets;
use madoguchi_revocation::SharedCrls;
use madoguchi_test_pki::{BulkSerial, BulkSerials};
use rustix::process::nice;

use crate::crl::serials::{BATCH, Dice};
use crate::crl::timing::{Histogram, tell, timed};

/// Serial numbers with the distribution point to ask about each, and whether it is listed.
pub(crate) struct Asked {
    pub(crate) serials: BulkSerials,
    /// For each list: its point, and the indices of its entries.
    pub(crate) lists: Vec<(Octets<32>, std::ops::Range<u64>)>,
}

impl Asked {
    /// So many questions, as many hits as misses; a larger list is asked about more often.
    fn batch(&self, dice: &mut Dice) -> Vec<(Octets<32>, BulkSerial, bool)> {
        let all = self.lists.last().map_or(0, |(_, indices)| indices.end);
        (0..BATCH)
            .map(|number| {
                let index = dice.below(all);
                let list = self.lists.partition_point(|(_, indices)| indices.end <= index);
                let listed = number % 2 == 0;
                // An index beyond all lists is no entry of any.
                (self.lists[list].0, self.serials.at(if listed { index } else { all + index }), listed)
            })
            .collect()
    }

    /// How long some work takes, and lookups all the while by another thread.
    pub(crate) fn during(&self, shared: &SharedCrls, work: impl FnOnce()) -> (Duration, Histogram) {
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            let asker = scope.spawn(|| {
                let (mut times, mut dice) = (Histogram::new(), Dice::new(4));
                while !done.load(Ordering::Relaxed) {
                    for (point, serial, listed) in self.batch(&mut dice) {
                        let start = Instant::now();
                        let found =
                            shared.shelf().find_at([point], serial.octets()).expect("sound").is_some();
                        times.add(start.elapsed());
                        assert_eq!(found, listed);
                    }
                }
                times
            });
            let (time, ()) = timed(work);
            done.store(true, Ordering::Relaxed);
            (time, asker.join().expect("right answers"))
        })
    }

    /// Lookups beside nothing, and beside a thread that computes and touches no memory: what a busy neighbour costs by
    /// itself.
    pub(crate) fn alone_and_loaded(&self, shared: &SharedCrls, calm: &mut Calm) {
        calm.idle.merge(&self.during(shared, || thread::sleep(ALONE)).1);
        calm.loaded.merge(&self.during(shared, || spin(ALONE)).1);
    }
}

/// This thread and those that it starts give way to others, as the thread of the gateway's that refreshes lists.
pub(crate) fn be_nice() {
    nice(10).expect("nobody is refused less");
}

/// The same for some work.
pub(crate) fn nicely(work: impl FnOnce() + Send) {
    thread::scope(|scope| {
        scope.spawn(|| {
            be_nice();
            work();
        });
    });
}

/// Lookups while nothing is replaced.
pub(crate) struct Calm {
    idle: Histogram,
    loaded: Histogram,
}

impl Calm {
    pub(crate) fn new() -> Self {
        Self { idle: Histogram::new(), loaded: Histogram::new() }
    }

    /// Prints these beside what was measured while lists were replaced, nicely and not.
    pub(crate) fn tell(&self, busy: &Histogram, rude: &Histogram) {
        for (name, times) in [("idle", &self.idle), ("loaded", &self.loaded), ("busy", busy), ("rude", rude)]
        {
            for (what, share) in [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999)] {
                tell(&format!("{name}-{what}"), times.within(share));
            }
        }
    }
}

pub(crate) fn spin(time: Duration) {
    let start = Instant::now();
    while start.elapsed() < time {
        std::hint::spin_loop();
    }
}

const ALONE: Duration = Duration::from_millis(700);

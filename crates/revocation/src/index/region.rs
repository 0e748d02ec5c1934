//! One region of the table while it is filled.

use crate::index::scatter::Placed;
use crate::index::table::{Bucket, SLOTS, bucket_of};

/// Of two entries with one hash: which of them stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Twin {
    /// Two serial numbers.
    Different,
    /// One serial number, and the entry that came first stays.
    First,
    /// One serial number, and the entry that came later outweighs the first.
    Later,
}

/// More serial numbers fall together than chance allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Crowded;

/// The slots of one region, with 32 bits of each hash, so that entries are compared only when they are nearly certain
/// to be the same. It is reused for the next region.
#[derive(Debug)]
pub(super) struct Region {
    slots: Vec<[Placed; SLOTS]>,
    overflowed: Vec<bool>,
}

impl Region {
    pub(super) fn new(buckets: usize) -> Self {
        Self { slots: vec![[Placed::default(); SLOTS]; buckets], overflowed: vec![false; buckets] }
    }

    /// The region's part of the table with these entries, and how many serial numbers there are.
    pub(super) fn fill(
        &mut self,
        entries: impl Iterator<Item = Placed>,
        twin: impl Fn(u32, u32) -> Twin,
    ) -> Result<(Vec<Bucket>, usize), Crowded> {
        self.slots.fill([Placed::default(); SLOTS]);
        self.overflowed.fill(false);
        let mut serials = 0;
        for entry in entries {
            serials += usize::from(self.insert(entry, &twin)?);
        }
        let buckets = self.slots.iter().zip(&self.overflowed);
        Ok((buckets.map(|(slots, overflowed)| Bucket::new(slots, *overflowed)).collect(), serials))
    }

    /// Whether the serial number is new.
    fn insert(&mut self, entry: Placed, twin: impl Fn(u32, u32) -> Twin) -> Result<bool, Crowded> {
        let buckets = self.slots.len();
        let first = bucket_of(entry.rest, buckets);
        for probe in 0..buckets.min(MAX_PROBES) {
            let place = (first + probe) % buckets;
            let Some(slots) = self.slots.get_mut(place) else { break };
            for slot in slots {
                if slot.offset == 0 {
                    *slot = entry;
                    return Ok(true);
                }
                if slot.rest == entry.rest {
                    match twin(slot.offset, entry.offset) {
                        Twin::Different => {}
                        Twin::First => return Ok(false),
                        Twin::Later => {
                            *slot = entry;
                            return Ok(false);
                        }
                    }
                }
            }
            if let Some(overflowed) = self.overflowed.get_mut(place) {
                *overflowed = true;
            }
        }
        Err(Crowded)
    }
}

/// By chance a serial number is a few buckets from its own at most; the bound keeps what is no chance from taking
/// time that grows with the square of its number.
pub(super) const MAX_PROBES: usize = 64;

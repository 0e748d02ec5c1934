//! One region of the table while it is filled.

use crate::index::scatter::Placed;
use crate::index::table::{Bucket, SLOTS, after, bucket_of};

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

/// The buckets of one region while they are filled. It is reused for the next region.
#[derive(Debug)]
pub(super) struct Region {
    buckets: Vec<Filling>,
}

/// A bucket with 32 bits of each hash, so that two entries are compared only when they are nearly certain to be twins.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Filling {
    pub(super) rests: [u32; SLOTS],
    pub(super) offsets: [u32; SLOTS],
    /// How many slots are taken, from the first.
    pub(super) taken: usize,
    /// A serial number found no place here.
    pub(super) overflowed: bool,
}

impl Region {
    pub(super) fn new(buckets: usize) -> Self {
        Self { buckets: vec![Filling::default(); buckets] }
    }

    /// The region's part of the table with these entries, and how many serial numbers there are.
    pub(super) fn fill(
        &mut self,
        entries: impl Iterator<Item = Placed>,
        twin: impl Fn(u32, u32) -> Twin,
    ) -> Result<(Vec<Bucket>, usize), Crowded> {
        self.buckets.fill(Filling::default());
        let mut serials = 0;
        for entry in entries {
            serials += usize::from(self.insert(entry, &twin)?);
        }
        Ok((self.buckets.iter().map(Bucket::new).collect(), serials))
    }

    /// Whether the serial number is new.
    fn insert(&mut self, entry: Placed, twin: impl Fn(u32, u32) -> Twin) -> Result<bool, Crowded> {
        let mut place = bucket_of(entry.rest, self.buckets.len());
        for _ in 0..self.buckets.len().min(MAX_PROBES) {
            let Some(bucket) = self.buckets.get_mut(place) else { break };
            if let Some(new) = bucket.insert(entry, &twin) {
                return Ok(new);
            }
            place = after(place, self.buckets.len());
        }
        Err(Crowded)
    }
}

impl Filling {
    /// Whether the serial number is new, or nothing when there is no place for it here.
    fn insert(&mut self, entry: Placed, twin: impl Fn(u32, u32) -> Twin) -> Option<bool> {
        // All at once, and nearly always none.
        if self.rests.iter().map(|rest| u32::from(*rest == entry.rest)).sum::<u32>() > 0 {
            let taken = self.rests.iter().zip(&mut self.offsets).take(self.taken);
            for (_, offset) in taken.filter(|(rest, _)| **rest == entry.rest) {
                match twin(*offset, entry.offset) {
                    Twin::Different => {}
                    Twin::First => return Some(false),
                    Twin::Later => {
                        *offset = entry.offset;
                        return Some(false);
                    }
                }
            }
        }
        let (Some(rest), Some(offset)) = (self.rests.get_mut(self.taken), self.offsets.get_mut(self.taken))
        else {
            self.overflowed = true;
            return None;
        };
        (*rest, *offset) = (entry.rest, entry.offset);
        self.taken += 1;
        Some(true)
    }
}

/// By chance a serial number is a few buckets from its own at most; the bound keeps what is no chance from taking
/// time that grows with the square of its number.
pub(super) const MAX_PROBES: usize = 64;

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn placed(rest: u32, offset: u32) -> Placed {
        Placed { rest, offset }
    }

    /// Fills a region of so many buckets; how many serial numbers it found, and how often it compared two entries.
    fn fill(
        buckets: usize,
        entries: impl Iterator<Item = Placed>,
        twin: Twin,
    ) -> (Result<usize, Crowded>, usize) {
        let compared = Cell::new(0);
        let count = |_, _| {
            compared.set(compared.get() + 1);
            twin
        };
        let filled = Region::new(buckets).fill(entries, count).map(|(_, serials)| serials);
        (filled, compared.get())
    }

    #[test]
    fn one_serial_number_takes_one_slot_and_one_comparison_each_time() {
        for twin in [Twin::First, Twin::Later] {
            let entries = (1..=100_000).map(|offset| placed(7, offset));
            assert_eq!(fill(10_000, entries, twin), (Ok(1), 99_999));
        }
    }

    #[test]
    fn the_later_entry_takes_the_slot_of_the_first_when_it_outweighs_it() {
        let slots = |twin| {
            let mut region = Region::new(1);
            region.fill([placed(7, 1), placed(7, 2)].into_iter(), |_, _| twin).unwrap();
            region.buckets[0].offsets[..3].to_vec()
        };
        assert_eq!(slots(Twin::First), [1, 0, 0]);
        assert_eq!(slots(Twin::Later), [2, 0, 0]);
        assert_eq!(slots(Twin::Different), [1, 2, 0]);
    }

    #[test]
    fn serial_numbers_that_fall_together_are_not_compared_without_end() {
        // All have one bucket and differ: as many as the probes hold are taken, and no more.
        let most = u32::try_from(MAX_PROBES * SLOTS).unwrap();
        let same_bucket = |count| (0..count).map(|number| placed(number, number + 1));
        assert_eq!(fill(1 << 12, same_bucket(most), Twin::Different), (Ok(MAX_PROBES * SLOTS), 0));
        assert_eq!(fill(1 << 12, same_bucket(1_000_000), Twin::Different), (Err(Crowded), 0));
        let (filled, compared) =
            fill(1 << 12, (1..=1_000_000).map(|offset| placed(7, offset)), Twin::Different);
        assert_eq!(filled, Err(Crowded));
        assert!(compared <= MAX_PROBES * SLOTS * MAX_PROBES * SLOTS);
    }

    #[test]
    fn a_full_region_is_crowded_and_never_goes_round_for_ever() {
        let entries = |count: u32| (0..count).map(|number| placed(number << 24, number + 1));
        assert_eq!(fill(2, entries(24), Twin::Different), (Ok(24), 0));
        assert_eq!(fill(2, entries(25), Twin::Different).0, Err(Crowded));
    }
}

//! Serial numbers to look up, made in small batches before they are asked for: the batch stays in the nearest cache, the
//! index does not.

use madoguchi_test_pki::{BulkSerial, BulkSerials};

/// Random numbers, the same in every run.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Below a bound.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        let wide = u128::from(self.0 ^ (self.0 >> 33)) * u128::from(bound);
        u64::try_from(wide >> 64).unwrap_or(0)
    }
}

/// Serial numbers of entries.
pub(crate) fn hits(serials: BulkSerials, entries: u64, dice: &mut Dice) -> Vec<BulkSerial> {
    (0..BATCH).map(|_| serials.at(dice.below(entries))).collect()
}

/// Serial numbers that no entry has.
pub(crate) fn misses(serials: BulkSerials, entries: u64, dice: &mut Dice) -> Vec<BulkSerial> {
    (0..BATCH).map(|_| serials.at(entries + dice.below(entries))).collect()
}

pub(crate) const BATCH: usize = 512;

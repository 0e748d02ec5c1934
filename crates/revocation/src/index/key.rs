//! The hash of serial numbers.

use std::fmt;

use twox_hash::XxHash3_64;

/// The random key of one index. The CA that signs the serial numbers does not know it, so that it cannot choose them to
/// fall together.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct IndexKey([u8; 8]);

impl IndexKey {
    /// A key of random octets.
    pub fn new(random: [u8; 8]) -> Self {
        Self(random)
    }

    pub(super) fn octets(self) -> [u8; 8] {
        self.0
    }

    /// Another key, for a list whose serial numbers fall together by this one.
    pub(super) fn next(self) -> Self {
        Self(XxHash3_64::oneshot_with_seed(u64::from_le_bytes(self.0), b"next").to_le_bytes())
    }

    pub(super) fn hash(self, serial: &[u8]) -> SerialHash {
        SerialHash(XxHash3_64::oneshot_with_seed(u64::from_le_bytes(self.0), serial))
    }
}

impl fmt::Debug for IndexKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IndexKey(..)")
    }
}

/// The hash of a serial number, in two parts that do not overlap.
#[derive(Clone, Copy, Debug)]
pub(super) struct SerialHash(u64);

impl SerialHash {
    /// The first bits: which region of the table.
    pub(super) fn region(self, region_bits: u32) -> usize {
        let region = self.0.checked_shr(u64::BITS.saturating_sub(region_bits)).unwrap_or(0);
        usize::try_from(region).unwrap_or(usize::MAX)
    }

    /// 32 bits after the longest region number: where in the region, and the tag.
    pub(super) fn rest(self) -> u32 {
        u32::try_from(self.0 >> (u32::BITS - MAX_REGION_BITS) & u64::from(u32::MAX)).unwrap_or(0)
    }
}

/// Most bits of a region's number.
pub(super) const MAX_REGION_BITS: u32 = 11;

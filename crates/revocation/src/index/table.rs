//! The table: where the entry of each serial number stands, found by one access to memory.
//!
//! A bucket is a cache line: twelve slots, each with 8 bits of the hash and the offset of an entry. A serial number is in
//! the bucket that its hash names, or in one of those after it when that one is full.

use std::io;

use madoguchi_mapped_file::MappedFile;

use crate::index::indexed::Counts;
use crate::index::key::{IndexKey, SerialHash};
use crate::index::region::{Filling, MAX_PROBES};

/// A cache line of the table.
#[derive(Clone, Debug)]
#[repr(align(64))]
pub(super) struct Bucket(pub(super) [u8; BUCKET_OCTETS]);

impl Bucket {
    /// Octets 0 to 11: tags. 12: how many slots are taken. 13: whether a serial number found no place here. 16 to 63:
    /// offsets, little-endian.
    pub(super) fn new(filling: &Filling) -> Self {
        let mut octets = [0; BUCKET_OCTETS];
        let (head, offsets) = octets.split_at_mut(OFFSETS_START);
        for (tag, rest) in head.iter_mut().zip(filling.rests) {
            *tag = tag_of(rest);
        }
        for (octets, offset) in offsets.as_chunks_mut().0.iter_mut().zip(filling.offsets) {
            *octets = offset.to_le_bytes();
        }
        if let [.., taken, overflowed, _, _] = head {
            *taken = u8::try_from(filling.taken).unwrap_or(0);
            *overflowed = u8::from(filling.overflowed);
        }
        Self(octets)
    }
}

/// A table as it was built.
#[derive(Debug)]
pub(super) struct BuiltTable {
    pub(super) key: IndexKey,
    pub(super) shape: Shape,
    pub(super) counts: Counts,
    pub(super) regions: Vec<Vec<Bucket>>,
}

/// Where the buckets of a table are.
#[derive(Debug)]
pub(super) enum Buckets {
    /// In memory, region by region.
    Built(Vec<Vec<Bucket>>),
    /// In a file, after its header.
    Mapped { file: MappedFile, start: usize },
}

impl Buckets {
    #[inline]
    fn bucket(&self, shape: Shape, region: usize, place: usize) -> Option<&[u8; BUCKET_OCTETS]> {
        match self {
            Self::Built(regions) => Some(&regions.get(region)?.get(place)?.0),
            Self::Mapped { file, start } => {
                let number = region.checked_mul(shape.buckets_of_region)?.checked_add(place)?;
                let start = number.checked_mul(BUCKET_OCTETS)?.checked_add(*start)?;
                file.get(start..)?.first_chunk()
            }
        }
    }

    /// Offsets of the entries whose serial number may be the one with this hash: nearly always none or one.
    pub(super) fn candidates(&self, shape: Shape, hash: SerialHash) -> impl Iterator<Item = u32> {
        let (region, rest) = (hash.region(shape.region_bits), hash.rest());
        let buckets = shape.buckets_of_region;
        let (tag, mut place, mut overflowed) = (tag_of(rest), bucket_of(rest, buckets), true);
        let probes = (0..buckets.min(MAX_PROBES)).map_while(move |_| {
            if !overflowed {
                return None;
            }
            let bucket = self.bucket(shape, region, place)?;
            overflowed = bucket.get(SLOTS + 1) != Some(&0);
            place = after(place, buckets);
            Some(bucket)
        });
        probes.flat_map(move |bucket| matching(bucket, tag))
    }
}

impl Buckets {
    /// All of them in order.
    pub(super) fn write(&self, to: &mut impl io::Write) -> io::Result<()> {
        match self {
            Self::Built(regions) => regions.iter().flatten().try_for_each(|bucket| to.write_all(&bucket.0)),
            Self::Mapped { file, start } => to.write_all(file.get(*start..).unwrap_or_default()),
        }
    }
}

/// How a table is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) region_bits: u32,
    pub(super) buckets_of_region: usize,
}

/// Offsets in the slots with this tag.
#[inline]
fn matching(bucket: &[u8; BUCKET_OCTETS], tag: u8) -> impl Iterator<Item = u32> {
    let (head, offsets) = bucket.split_at(OFFSETS_START);
    let taken = head.get(SLOTS).map_or(0, |taken| usize::from(*taken));
    let slots = head.iter().zip(offsets.as_chunks().0).take(taken);
    slots.filter(move |(found, _)| **found == tag).map(|(_, offset)| u32::from_le_bytes(*offset))
}

/// How many buckets a region has, for this many entries in this many regions: four of five slots are taken. In small
/// regions chance needs more room: six standard deviations.
pub(super) fn buckets_for(entries: usize, regions: usize) -> usize {
    let usual = entries.saturating_mul(5).div_ceil(regions.saturating_mul(4 * SLOTS));
    let mean = entries.div_ceil(regions.max(1));
    let by_chance = if regions > 1 { mean.saturating_add(6 * mean.isqrt()).div_ceil(SLOTS) } else { 0 };
    usual.max(by_chance).max(1)
}

/// The bucket that a hash names among these: its high bits.
#[inline]
pub(super) fn bucket_of(rest: u32, buckets: usize) -> usize {
    // No region has more than four thousand million buckets: there are not so many octets in a list.
    let place = u64::from(rest) * u64::from(u32::try_from(buckets).unwrap_or(u32::MAX));
    usize::try_from(place >> u32::BITS).unwrap_or(0)
}

/// The bucket to go on with when one is full.
#[inline]
pub(super) fn after(place: usize, buckets: usize) -> usize {
    if place + 1 < buckets { place + 1 } else { 0 }
}

/// The low bits.
fn tag_of(rest: u32) -> u8 {
    let [tag, ..] = rest.to_le_bytes();
    tag
}

pub(super) const SLOTS: usize = 12;
pub(super) const BUCKET_OCTETS: usize = 64;
const OFFSETS_START: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    /// A list of few and large entries has as many regions as one of many.
    #[test]
    fn small_regions_have_room_for_chance() {
        let slots = |entries, regions| buckets_for(entries, regions) * SLOTS;
        assert_eq!(slots(0, 1), SLOTS);
        assert!(slots(256, 16) >= 16 + 6 * 4);
        assert!(slots(2048, 32) >= 64 + 6 * 8);
        assert_eq!(buckets_for(12_000_000, 256), (12_000_000_usize * 5).div_ceil(256 * 4 * SLOTS));
    }
}

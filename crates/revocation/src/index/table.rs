//! The table: where the entry of each serial number stands, found by one access to memory.
//!
//! A bucket is a cache line: twelve slots, each with 8 bits of the hash and the offset of an entry. A serial number is in
//! the bucket that its hash names, or in one of those after it when that one is full.

use std::io;

use madoguchi_mapped_file::MappedFile;

use crate::index::indexed::Counts;
use crate::index::key::{IndexKey, SerialHash};
use crate::index::region::MAX_PROBES;
use crate::index::scatter::Placed;

/// A cache line of the table.
#[derive(Clone, Debug)]
#[repr(align(64))]
pub(super) struct Bucket(pub(super) [u8; BUCKET_OCTETS]);

impl Bucket {
    /// Octets 0 to 11: tags. 12: how many slots are taken. 13: whether a serial number found no place here. 16 to 63:
    /// offsets, little-endian.
    pub(super) fn new(slots: &[Placed; SLOTS], overflowed: bool) -> Self {
        let mut octets = [0; BUCKET_OCTETS];
        let (head, offsets) = octets.split_at_mut(OFFSETS_START);
        let mut count = 0;
        let taken = slots.iter().take_while(|slot| slot.offset != 0);
        for ((slot, tag), offset) in taken.zip(head.iter_mut()).zip(offsets.chunks_exact_mut(4)) {
            *tag = tag_of(slot.rest);
            offset.copy_from_slice(&slot.offset.to_le_bytes());
            count += 1;
        }
        if let Some([taken, overflow]) = head.get_mut(SLOTS..SLOTS + 2) {
            *taken = count;
            *overflow = u8::from(overflowed);
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
        let (first, tag) = (bucket_of(rest, buckets), tag_of(rest));
        let mut overflowed = true;
        let probes = (0..buckets.min(MAX_PROBES)).map_while(move |probe| {
            if !overflowed {
                return None;
            }
            let bucket = self.bucket(shape, region, (first + probe) % buckets)?;
            overflowed = bucket.get(SLOTS + 1) != Some(&0);
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

fn matching(bucket: &[u8; BUCKET_OCTETS], tag: u8) -> impl Iterator<Item = u32> {
    let (tags, offsets) = bucket.split_at(OFFSETS_START);
    let taken = tags.get(SLOTS).copied().unwrap_or(0);
    let tags = tags.iter().zip(offsets.chunks_exact(4)).take(usize::from(taken));
    tags.filter(move |(found, _)| **found == tag)
        .filter_map(|(_, offset)| offset.try_into().ok().map(u32::from_le_bytes))
}

/// How many buckets a region has, for this many entries in this many regions: four of five slots are taken.
pub(super) fn buckets_for(entries: usize, regions: usize) -> usize {
    entries.saturating_mul(5).div_ceil(regions.saturating_mul(4 * SLOTS)).max(1)
}

/// The bucket that a hash names among these: its high bits.
pub(super) fn bucket_of(rest: u32, buckets: usize) -> usize {
    let place = u128::from(rest) * u128::try_from(buckets).unwrap_or(0) >> u32::BITS;
    usize::try_from(place).unwrap_or(0)
}

/// The low bits.
fn tag_of(rest: u32) -> u8 {
    let [tag, ..] = rest.to_le_bytes();
    tag
}

pub(super) const SLOTS: usize = 12;
pub(super) const BUCKET_OCTETS: usize = 64;
const OFFSETS_START: usize = 16;

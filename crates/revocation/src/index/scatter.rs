//! Where the entries stand, put into heaps by region while the list is walked: ten million writes that go to a few
//! hundred open places instead of anywhere in memory.

use crate::index::key::{MAX_REGION_BITS, SerialHash};

/// An entry: the 32 bits of its hash that the region's number leaves, and its offset in the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Placed {
    pub(super) rest: u32,
    /// Never 0, where the list begins.
    pub(super) offset: u32,
}

/// All entries of a list by region, in the list's order within each.
#[derive(Debug)]
pub(super) struct Scattered {
    region_bits: u32,
    heaps: Vec<Heap>,
    /// Full blocks of all heaps as they came.
    blocks: Vec<Placed>,
    count: usize,
}

/// The entries of one region.
#[derive(Debug)]
struct Heap {
    /// Numbers of its full blocks.
    full: Vec<u32>,
    open: [Placed; BLOCK],
    open_count: usize,
}

impl Scattered {
    /// For a list of this many octets. Address space is taken for as many entries as it can have; memory comes with use.
    pub(super) fn for_list_of(octets: usize) -> Self {
        let region_bits = region_bits(octets);
        let heap = || Heap { full: Vec::new(), open: [Placed::default(); BLOCK], open_count: 0 };
        Self {
            region_bits,
            heaps: (0..1_usize << region_bits).map(|_| heap()).collect(),
            blocks: Vec::with_capacity(octets / SHORTEST_ENTRY),
            count: 0,
        }
    }

    pub(super) fn push(&mut self, hash: SerialHash, offset: u32) {
        let Some(heap) = self.heaps.get_mut(hash.region(self.region_bits)) else { return };
        let placed = Placed { rest: hash.rest(), offset };
        if let Some(slot) = heap.open.get_mut(heap.open_count) {
            *slot = placed;
        }
        heap.open_count += 1;
        self.count += 1;
        if heap.open_count == BLOCK {
            heap.full.push(u32::try_from(self.blocks.len() / BLOCK).unwrap_or(u32::MAX));
            self.blocks.extend_from_slice(&heap.open);
            heap.open_count = 0;
        }
    }

    pub(super) fn region_bits(&self) -> u32 {
        self.region_bits
    }

    /// How many entries there are.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// The entries of one region.
    pub(super) fn region(&self, region: usize) -> impl Iterator<Item = Placed> {
        let heap = self.heaps.get(region);
        let full = heap.into_iter().flat_map(|heap| &heap.full).flat_map(|block| {
            let start = usize::try_from(*block).unwrap_or(usize::MAX).saturating_mul(BLOCK);
            self.blocks.get(start..start.saturating_add(BLOCK)).unwrap_or_default()
        });
        let open = heap.into_iter().flat_map(|heap| heap.open.iter().take(heap.open_count));
        full.chain(open).copied()
    }
}

/// So many regions that one of them, while it is filled, fits a core's second cache.
fn region_bits(octets: usize) -> u32 {
    (octets / OCTETS_OF_REGION).checked_ilog2().map_or(0, |bits| (bits + 1).min(MAX_REGION_BITS))
}

/// Entries of a block.
const BLOCK: usize = 64;
/// `SEQUENCE { INTEGER of one octet, UTCTime }`.
const SHORTEST_ENTRY: usize = 20;
const OCTETS_OF_REGION: usize = 2 * 1024 * 1024;

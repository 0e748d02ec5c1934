//! A checksum of hundreds of megabytes in tens of milliseconds: XXH3 of 128 bits, in pieces that several cores share.

use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use twox_hash::XxHash3_128;

/// XXH3 over the checksums of all pieces, and the length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Checksum(pub(super) [u8; 16]);

impl Checksum {
    /// By this thread alone.
    pub(super) fn alone(octets: &[u8]) -> Self {
        let pieces = octets.chunks(PIECE).map(XxHash3_128::oneshot);
        Self::of_pieces(pieces, octets.len())
    }

    /// Of small octets that are no file.
    pub(super) fn of_header(octets: &[u8]) -> Self {
        Self(XxHash3_128::oneshot(octets).to_le_bytes())
    }

    /// Of several at once, on two cores where that is of use.
    pub(super) fn of_each<const N: usize>(all: [&[u8]; N]) -> [Self; N] {
        let pieces: Vec<&[u8]> = all.iter().flat_map(|octets| octets.chunks(PIECE)).collect();
        let sums = if pieces.len() > MANY { on_two_cores(&pieces) } else { in_order(&pieces) };
        let mut sums = sums.into_iter();
        all.map(|octets| Self::of_pieces(sums.by_ref().take(octets.len().div_ceil(PIECE)), octets.len()))
    }

    fn of_pieces(sums: impl Iterator<Item = u128>, length: usize) -> Self {
        let mut all = XxHash3_128::new();
        sums.for_each(|sum| all.write(&sum.to_le_bytes()));
        all.write(&length.to_le_bytes());
        Self(all.finish_128().to_le_bytes())
    }
}

/// The checksum of octets that come one after another.
pub(super) struct Summing {
    piece: XxHash3_128,
    of_piece: usize,
    sums: Vec<u128>,
    length: usize,
}

impl Summing {
    pub(super) fn new() -> Self {
        Self { piece: XxHash3_128::new(), of_piece: 0, sums: Vec::new(), length: 0 }
    }

    pub(super) fn finish(mut self) -> Checksum {
        if self.of_piece > 0 {
            self.sums.push(self.piece.finish_128());
        }
        Checksum::of_pieces(self.sums.into_iter(), self.length)
    }
}

impl Write for Summing {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let (now, _) = octets.split_at(octets.len().min(PIECE - self.of_piece));
        self.piece.write(now);
        self.of_piece += now.len();
        self.length += now.len();
        if self.of_piece == PIECE {
            self.sums.push(std::mem::take(&mut self.piece).finish_128());
            self.of_piece = 0;
        }
        Ok(now.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn in_order(pieces: &[&[u8]]) -> Vec<u128> {
    pieces.iter().map(|piece| XxHash3_128::oneshot(piece)).collect()
}

fn on_two_cores(pieces: &[&[u8]]) -> Vec<u128> {
    let (next, sums) = (AtomicUsize::new(0), Mutex::new(vec![0; pieces.len()]));
    let work = || {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(piece) = pieces.get(number) else { return };
            let sum = XxHash3_128::oneshot(piece);
            let mut sums = sums.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(place) = sums.get_mut(number) {
                *place = sum;
            }
        }
    };
    thread::scope(|scope| {
        // Where no thread is to be had, this one does it alone.
        drop(thread::Builder::new().name("crl-checksum".to_owned()).spawn_scoped(scope, work));
        work();
    });
    sums.into_inner().unwrap_or_else(PoisonError::into_inner)
}

const PIECE: usize = 1024 * 1024;
/// So many pieces are worth a thread.
const MANY: usize = 8;

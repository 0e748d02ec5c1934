//! From a list to its table: one thread verifies the signature over all octets while another reads every entry and puts
//! it in its heap; two fill the table.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use madoguchi_cert_verify::{Anchor, CrlHead, UnverifiedCrl};

use crate::index::IndexError;
use crate::index::checksum::Checksum;
use crate::index::indexed::Counts;
use crate::index::key::IndexKey;
use crate::index::region::{Crowded, Region, Twin};
use crate::index::scatter::Scattered;
use crate::index::table::{Bucket, BuiltTable, Shape, buckets_for};

/// What a list becomes.
#[derive(Debug)]
pub(super) struct Built {
    pub(super) head: CrlHead,
    pub(super) checksum: Checksum,
    pub(super) table: BuiltTable,
}

/// Verifies, reads and indexes a list. `progress` is told how many octets of how many are read.
pub(super) fn build(
    der: &[u8],
    anchors: &[Anchor],
    key: IndexKey,
    progress: &dyn Fn(u64, u64),
) -> Result<Built, IndexError> {
    if u32::try_from(der.len()).is_err() {
        return Err(IndexError::TooLong { octets: der.len() });
    }
    let list = UnverifiedCrl::read(der)?;
    let refused = AtomicBool::new(false);
    let verify = || {
        let head = list.verify_signature(anchors);
        refused.store(head.is_err(), Ordering::Relaxed);
        Ok((head?, Checksum::alone(der)))
    };
    thread::scope(|scope| {
        let verifier = thread::Builder::new().name("crl-signature".to_owned()).spawn_scoped(scope, verify)?;
        let table = Entries { list: &list, der, refused: &refused, progress }.index(key);
        let verified: Result<_, IndexError> =
            verifier.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        // What is wrong with the entries of a list counts only when the list is the issuer's.
        let (head, checksum) = verified?;
        Ok(Built { head, checksum, table: table? })
    })
}

/// The entries of a list, and what reading them needs.
struct Entries<'a> {
    list: &'a UnverifiedCrl<'a>,
    der: &'a [u8],
    /// The signature does not hold: nothing that is read here is of use.
    refused: &'a AtomicBool,
    progress: &'a dyn Fn(u64, u64),
}

impl Entries<'_> {
    fn index(&self, mut key: IndexKey) -> Result<BuiltTable, IndexError> {
        for _ in 0..KEYS {
            let scattered = self.scatter(key)?;
            match fill(&scattered, self.list) {
                Ok((shape, regions, serials)) => {
                    let counts = Counts { entries: scattered.count(), serials };
                    return Ok(BuiltTable { key, shape, counts, regions });
                }
                Err(Crowded) => key = key.next(),
            }
        }
        Err(IndexError::Crowded)
    }

    /// Reads every entry, strictly.
    fn scatter(&self, key: IndexKey) -> Result<Scattered, IndexError> {
        let mut scattered = Scattered::for_list_of(self.der.len());
        let mut told = 0;
        for entry in self.list.walk() {
            let entry = entry?;
            let offset = u32::try_from(entry.offset).unwrap_or(u32::MAX);
            scattered.push(key.hash(entry.serial), offset);
            if entry.offset.wrapping_sub(told) >= STEP {
                told = entry.offset;
                if self.refused.load(Ordering::Relaxed) {
                    break;
                }
                self.tell(told);
            }
        }
        self.tell(self.der.len());
        Ok(scattered)
    }

    fn tell(&self, octets: usize) {
        let of = |octets| u64::try_from(octets).unwrap_or(u64::MAX);
        (self.progress)(of(octets), of(self.der.len()));
    }
}

/// Fills every region, with a second thread where the list is long enough for one.
fn fill(
    scattered: &Scattered,
    list: &UnverifiedCrl<'_>,
) -> Result<(Shape, Vec<Vec<Bucket>>, usize), Crowded> {
    let region_bits = scattered.region_bits();
    let count = 1_usize << region_bits;
    let buckets_of_region = buckets_for(scattered.count(), count);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut region = Region::new(buckets_of_region);
        let mut filled = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                return Ok(filled);
            }
            let (table, serials) =
                region.fill(scattered.region(number), |first, later| twin(list, first, later))?;
            filled.push((number, table, serials));
        }
    };
    let (mine, others) = thread::scope(|scope| {
        let helper = (count > 1)
            .then(|| thread::Builder::new().name("crl-index".to_owned()).spawn_scoped(scope, work).ok());
        let mine = work();
        let join = |helper: thread::ScopedJoinHandle<'_, _>| {
            helper.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        (mine, helper.flatten().map_or(Ok(Vec::new()), join))
    });
    let mut filled = mine?;
    filled.extend(others?);
    filled.sort_unstable_by_key(|(number, ..)| *number);
    let serials = filled.iter().map(|(.., serials)| serials).sum();
    let regions = filled.into_iter().map(|(_, table, _)| table).collect();
    Ok((Shape { region_bits, buckets_of_region }, regions, serials))
}

/// Compares two entries of which 32 bits of the hash and the region are equal.
fn twin(list: &UnverifiedCrl<'_>, first: u32, later: u32) -> Twin {
    let entry = |offset: u32| list.entry_at(usize::try_from(offset).unwrap_or(usize::MAX));
    match (entry(first), entry(later)) {
        (Ok(first), Ok(later)) if first.serial == later.serial => {
            if later.entry().outweighs(&first.entry()) {
                Twin::Later
            } else {
                Twin::First
            }
        }
        // Both were read a moment ago: what does not read is no entry, and no twin of one.
        _ => Twin::Different,
    }
}

/// How many keys are tried on a list whose serial numbers fall together.
const KEYS: usize = 3;
/// Progress is told each so many octets.
const STEP: usize = 1024 * 1024;

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test is the edge that makes randomness")]
mod tests {
    use std::time::Duration;

    use madoguchi_test_pki::{CardOptions, KeyKind, Options, RevocationReason, TestPki};
    use ring::rand::SystemRandom;
    use rustls_pki_types::UnixTime;

    use super::*;

    /// 2026-11-22T00:00:00Z
    const NOW: u64 = 1_795_305_600;

    /// Nobody can make two serial numbers with one hash, so that this is asked here.
    #[test]
    fn entries_are_twins_by_their_serial_number_and_not_by_their_hash() {
        let (random, now) = (SystemRandom::new(), UnixTime::since_unix_epoch(Duration::from_secs(NOW)));
        let options = Options { authority_key: KeyKind::P256, ..Options::default() };
        let mut pki = TestPki::create(&options, now, &random).expect("a PKI");
        for reason in [RevocationReason::CertificateHold, RevocationReason::Superseded] {
            let card = CardOptions { key: KeyKind::P256, ..CardOptions::default() };
            let card = pki.issue_card(&card, now, &random).expect("a card");
            pki.revoke(card.auth_serial, reason, now).expect("revoked");
        }
        let der = pki.crls(now, Duration::from_hours(24), &random).expect("lists").remove(0).1;
        let list = UnverifiedCrl::read(&der).expect("a list");
        let offsets: Vec<u32> = list
            .walk()
            .map(|entry| u32::try_from(entry.expect("an entry").offset).expect("a short list"))
            .collect();
        let [first, second] = *offsets else { panic!("two entries") };
        assert_eq!(
            (twin(&list, first, second), twin(&list, second, first)),
            (Twin::Different, Twin::Different)
        );
        assert_eq!((twin(&list, first, first), twin(&list, second, second)), (Twin::First, Twin::First));
    }
}

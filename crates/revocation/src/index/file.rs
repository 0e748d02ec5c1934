//! An index in a file, beside its list.
//!
//! | octets | what |
//! |---|---|
//! | 0–7 | `MADOCRLX` |
//! | 8–11 | version of this format |
//! | 12–15 | bits of a region's number |
//! | 16–23 | buckets of a region |
//! | 24–31 | entries of the list |
//! | 32–39 | serial numbers of the list |
//! | 40–47 | key of the hash |
//! | 48–79 | SHA-256 of the key that signed the list |
//! | 80–95 | checksum of the list |
//! | 96–111 | checksum of the buckets |
//! | 112–175 | zero |
//! | 176–191 | checksum of octets 0 to 175 |
//! | 192– | the buckets |
//!
//! Numbers are little-endian. Whoever opens it compares all three checksums, the one of the list too, so that nothing
//! is answered from a list or an index that is not octet by octet the one that was verified and built.

use std::io::{BufWriter, Write as _};
use std::path::Path;

use madoguchi_cert_verify::{Anchor, CrlHead, UnverifiedCrl};
use madoguchi_mapped_file::MappedFile;
use madoguchi_protocol::Octets;

use crate::index::IndexError;
use crate::index::checksum::{Checksum, Summing};
use crate::index::indexed::{Counts, IndexedCrl};
use crate::index::key::{IndexKey, MAX_REGION_BITS};
use crate::index::replace::replace_private;
use crate::index::table::{BUCKET_OCTETS, Buckets, Shape};

/// What the header says.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Header {
    shape: Shape,
    counts: Counts,
    key: IndexKey,
    signer: Octets<32>,
    list: Checksum,
    buckets: Checksum,
}

pub(super) fn save(crl: &IndexedCrl, path: &Path) -> Result<(), IndexError> {
    let mut summing = Summing::new();
    crl.buckets.write(&mut summing)?;
    let header = Header {
        shape: crl.shape,
        counts: crl.counts,
        key: crl.key,
        signer: crl.head.issuer_key_hash(),
        list: crl.checksum,
        buckets: summing.finish(),
    };
    replace_private(path, |file| {
        let mut writer = BufWriter::with_capacity(WRITE_OCTETS, file);
        writer.write_all(&header.octets())?;
        crl.buckets.write(&mut writer)?;
        writer.flush()
    })?;
    Ok(())
}

pub(super) fn open(list: &Path, index: &Path, anchors: &[Anchor]) -> Result<IndexedCrl, IndexError> {
    let (der, file) = (MappedFile::open(list, u64::from(u32::MAX))?, MappedFile::open(index, u64::MAX)?);
    let header = Header::read(&file).ok_or(IndexError::NotAnIndex)?;
    let buckets = file.get(HEADER_OCTETS..).unwrap_or_default();
    let [list_sum, buckets_sum] = Checksum::of_each([&*der, buckets]);
    if buckets_sum != header.buckets {
        return Err(IndexError::NotAnIndex);
    }
    if list_sum != header.list {
        return Err(IndexError::OtherList);
    }
    let head: CrlHead = UnverifiedCrl::read(&der)?.verified_before(anchors, header.signer)?;
    Ok(IndexedCrl {
        head,
        der,
        checksum: header.list,
        key: header.key,
        shape: header.shape,
        counts: header.counts,
        buckets: Buckets::Mapped { file, start: HEADER_OCTETS },
    })
}

impl Header {
    fn octets(&self) -> [u8; HEADER_OCTETS] {
        let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX).to_le_bytes();
        let fields: [&[u8]; 11] = [
            MAGIC,
            &VERSION.to_le_bytes(),
            &self.shape.region_bits.to_le_bytes(),
            &number(self.shape.buckets_of_region),
            &number(self.counts.entries),
            &number(self.counts.serials),
            &self.key.octets(),
            &self.signer.0,
            &self.list.0,
            &self.buckets.0,
            &[0; 64],
        ];
        let mut octets = fields.concat();
        octets.extend(Checksum::of_header(&octets).0);
        // Unwrap safety: the fields above have these lengths.
        octets.try_into().expect("the header's length")
    }

    /// A header of this version in a file of the length that it says.
    fn read(file: &[u8]) -> Option<Self> {
        let (octets, buckets) = file.split_first_chunk::<HEADER_OCTETS>()?;
        let (mut fields, checksum) = octets.split_last_chunk::<16>()?;
        if Checksum::of_header(fields).0 != *checksum || take(&mut fields)? != *MAGIC {
            return None;
        }
        let number = |octets| usize::try_from(u64::from_le_bytes(octets)).ok();
        if u32::from_le_bytes(take(&mut fields)?) != VERSION {
            return None;
        }
        let region_bits = u32::from_le_bytes(take(&mut fields)?);
        let buckets_of_region = number(take(&mut fields)?)?;
        let shape = Shape { region_bits, buckets_of_region };
        let counts = Counts { entries: number(take(&mut fields)?)?, serials: number(take(&mut fields)?)? };
        let header = Self {
            shape,
            counts,
            key: IndexKey::new(take(&mut fields)?),
            signer: Octets(take(&mut fields)?),
            list: Checksum(take(&mut fields)?),
            buckets: Checksum(take(&mut fields)?),
        };
        let length = buckets_of_region
            .checked_mul(BUCKET_OCTETS)?
            .checked_mul(1 << region_bits.min(MAX_REGION_BITS))?;
        let sound = region_bits <= MAX_REGION_BITS && buckets_of_region > 0 && fields == [0; 64];
        (sound && buckets.len() == length).then_some(header)
    }
}

fn take<const N: usize>(octets: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = octets.split_first_chunk()?;
    *octets = rest;
    Some(*first)
}

const MAGIC: &[u8; 8] = b"MADOCRLX";
/// Of the file, of the hash and of the table: an index of another version is built anew.
const VERSION: u32 = 1;
const HEADER_OCTETS: usize = 192;
const WRITE_OCTETS: usize = 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        Header {
            shape: Shape { region_bits: 1, buckets_of_region: 2 },
            counts: Counts { entries: 30, serials: 29 },
            key: IndexKey::new([3; 8]),
            signer: Octets([4; 32]),
            list: Checksum([5; 16]),
            buckets: Checksum([6; 16]),
        }
    }

    fn file(header: &Header, buckets: usize) -> Vec<u8> {
        [&header.octets()[..], &vec![0; buckets * BUCKET_OCTETS]].concat()
    }

    #[test]
    fn a_header_is_read_as_it_was_written() {
        let read = Header::read(&file(&header(), 4)).expect("a header");
        assert_eq!(read, header());
    }

    #[test]
    fn a_header_is_of_a_file_of_its_length() {
        for buckets in [0, 3, 5] {
            assert_eq!(Header::read(&file(&header(), buckets)), None);
        }
        for (region_bits, buckets_of_region, buckets) in [(0, 0, 0), (12, 1, 4096), (11, usize::MAX, 0)] {
            let wrong = Header { shape: Shape { region_bits, buckets_of_region }, ..header() };
            assert_eq!(Header::read(&file(&wrong, buckets)), None);
        }
        let widest = Header { shape: Shape { region_bits: 11, buckets_of_region: 1 }, ..header() };
        assert_eq!(Header::read(&file(&widest, 2048)), Some(widest));
    }

    #[test]
    fn an_index_of_another_version_is_not_read() {
        // Each octet of the magic and the version, with a checksum that is right.
        for place in 0..12 {
            let mut octets = file(&header(), 4);
            octets[place] ^= 1;
            let (fields, rest) = octets.split_at_mut(HEADER_OCTETS - 16);
            rest[..16].copy_from_slice(&Checksum::of_header(fields).0);
            assert_eq!(Header::read(&octets), None, "octet {place}");
        }
    }
}

//! Revocation lists of any size in seconds. `CrlBuilder` makes any list that there is; this makes one kind, with
//! millions of entries that a seed decides.

use std::{io, ops::Range, path::Path};

use ring::rand::SecureRandom;
use rustls_pki_types::UnixTime;

use crate::{
    BulkReasons, BulkSerial, BulkSerials, CrlEntry, Error, Extension, Name, PrivateKey, RevocationReason,
    bulk_entry::{EntryForm, revoked_at},
    der, extension, folder,
};

/// A large list before its signature.
#[derive(Clone, Debug)]
pub struct LargeCrl {
    /// issuer.
    pub issuer: Name,
    /// thisUpdate.
    pub this_update: UnixTime,
    /// nextUpdate.
    pub next_update: UnixTime,
    /// crlExtensions, in this order.
    pub extensions: Vec<Extension>,
    /// Entries one by one, before the others.
    pub entries: Vec<CrlEntry>,
    /// The others.
    pub bulk: BulkEntries,
}

/// Entries that a seed decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BulkEntries {
    /// Their serial numbers.
    pub serials: BulkSerials,
    /// The indices of those that are revoked; every other index is a miss.
    pub revoked: Range<u64>,
    /// The indices of those that a delta takes back: removeFromCRL. Empty in a complete list.
    pub removed: Range<u64>,
    /// Reasons of the revoked ones.
    pub reasons: BulkReasons,
    /// Their order.
    pub order: BulkOrder,
}

/// Order of entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum BulkOrder {
    /// By index: serial numbers without any order.
    #[default]
    Random,
    /// By serial number.
    Sorted,
}

impl LargeCrl {
    /// Signs with the issuer's key and writes the `CertificateList`, DER. Memory: the list once, and when sorted
    /// 16 octets for each entry.
    pub fn write(
        &self,
        issuer_key: &PrivateKey,
        random: &dyn SecureRandom,
        out: &mut dyn io::Write,
    ) -> Result<(), Error> {
        let [head, tbs, tail] = self.signed(issuer_key, random)?;
        [head, tbs, tail]
            .iter()
            .try_for_each(|part| out.write_all(part))
            .map_err(|source| Error::Io { path: "a large list".into(), source })
    }

    /// The same into a file, which is there whole or not at all.
    pub fn save(&self, issuer_key: &PrivateKey, random: &dyn SecureRandom, path: &Path) -> Result<(), Error> {
        let parts = self.signed(issuer_key, random)?;
        folder::write_parts(path, &parts)
    }

    /// What is before tbsCertList, tbsCertList, and what is after it.
    fn signed(&self, issuer_key: &PrivateKey, random: &dyn SecureRandom) -> Result<[Vec<u8>; 3], Error> {
        let algorithm = issuer_key.signature_algorithm()?;
        let tbs = self.tbs(&algorithm)?;
        let signature = der::bit_string(&issuer_key.sign(&tbs, random)?);
        let tail = [algorithm, signature].concat();
        Ok([der::header(0x30, tbs.len() + tail.len()), tbs, tail])
    }

    fn tbs(&self, algorithm: &[u8]) -> Result<Vec<u8>, Error> {
        let before = [
            &der::unsigned(&[1]), // version 2
            algorithm,
            self.issuer.as_der(),
            &der::time(self.this_update)?,
            &der::time(self.next_update)?,
        ]
        .concat();
        let extensions = match self.extensions.as_slice() {
            [] => Vec::new(),
            extensions => der::context(0, &extension::extensions(extensions)?),
        };
        let mut single = Vec::new();
        for entry in &self.entries {
            single.extend(entry.to_der()?);
        }
        let form = EntryForm::new(self.bulk.serials, self.bulk.reasons, self.this_update)?;
        let removal = form.for_removal()?;
        let octets = |range: &Range<u64>, form: &EntryForm| {
            usize::try_from(range.end.saturating_sub(range.start))
                .ok()
                .and_then(|count| count.checked_mul(form.length()))
                .ok_or(Error::NotEncodable { what: "so many entries" })
        };
        let entries =
            single.len() + octets(&self.bulk.revoked, &form)? + octets(&self.bulk.removed, &removal)?;
        // Absent rather than empty.
        let entries_head = if entries == 0 { Vec::new() } else { der::header(0x30, entries) };
        let content = before.len() + entries_head.len() + entries + extensions.len();
        let head = der::header(0x30, content);
        let mut tbs = Vec::with_capacity(head.len() + content);
        for part in [head, before, entries_head, single] {
            tbs.extend(part);
        }
        self.bulk.in_order(&self.bulk.revoked).for_each(|index| form.write(index, &mut tbs));
        self.bulk.in_order(&self.bulk.removed).for_each(|index| removal.write_removal(index, &mut tbs));
        tbs.extend(extensions);
        Ok(tbs)
    }
}

impl BulkEntries {
    /// Serial number of the entry at an index.
    pub fn serial(&self, index: u64) -> BulkSerial {
        self.serials.at(index)
    }

    /// Reason and date of the entry at an index in a list of this thisUpdate.
    pub fn revocation(&self, index: u64, this_update: UnixTime) -> (RevocationReason, UnixTime) {
        (self.reasons.at(index), revoked_at(index, this_update))
    }

    fn in_order(&self, range: &Range<u64>) -> Box<dyn Iterator<Item = u64>> {
        match self.order {
            BulkOrder::Random => Box::new(range.clone()),
            BulkOrder::Sorted => {
                let mut all: Vec<(u64, u64)> =
                    range.clone().map(|index| (self.serials.word_at(index), index)).collect();
                all.sort_unstable();
                Box::new(all.into_iter().map(|(_, index)| index))
            }
        }
    }
}

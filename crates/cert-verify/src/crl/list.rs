//! The list around its entries (RFC 5280 section 5.1).

use rustls_pki_types::UnixTime;

use crate::crl::extensions::ListExtensions;
use crate::crl::scope::Scope;
use crate::crl::walk::{Demand, Kind, time};
use crate::crl::{CrlNumber, EntryWalk};
use crate::der::{DerError, Reader, Tlv, check, tag};
use crate::{Error, Name, Oid, Part, SignatureAlgorithm};

/// A list's fields; the entries are not read yet, nothing is verified.
#[derive(Clone, Debug)]
pub(crate) struct List<'a> {
    pub(crate) der: &'a [u8],
    pub(crate) tbs: &'a [u8],
    pub(crate) algorithm: Result<SignatureAlgorithm, Oid>,
    pub(crate) signature: &'a [u8],
    is_version_2: bool,
    pub(crate) issuer: Name,
    pub(crate) this_update: UnixTime,
    pub(crate) next_update: Option<UnixTime>,
    /// Both have the form that RFC 5280 prescribes for their year.
    profiled_times: bool,
    entries: Reader<'a>,
    entries_end: usize,
    extensions: ListExtensions<'a>,
}

impl<'a> List<'a> {
    /// Reads everything but the entries.
    pub(crate) fn read(der: &'a [u8]) -> Result<Self, Error> {
        let outer = Outer::read(der).map_err(malformed)?;
        let mut reader = outer.tbs.content();
        let is_version_2 = version(&mut reader)?;
        let inner = reader.expect(tag::SEQUENCE).map_err(malformed)?;
        if inner.whole != outer.algorithm.whole {
            return Err(Error::AlgorithmMismatch { part: Part::Crl });
        }
        check(inner.whole, MAX_ALGORITHM_OCTETS).map_err(malformed)?;
        let algorithm = SignatureAlgorithm::identify(&mut Reader::new(inner.whole)).map_err(malformed)?;
        let issuer = issuer(&mut reader)?;
        let (this_update, this_profiled) = time(&mut reader).map_err(malformed)?;
        let (next_update, next_profiled) = next_update(&mut reader).map_err(malformed)?;
        let entries = revoked_certificates(&mut reader)?;
        let entries_end = outer.tbs_end.saturating_sub(reader.rest().len());
        let extensions = extensions(&mut reader, is_version_2, &issuer)?;
        reader.finish().map_err(malformed)?;
        Ok(Self {
            der,
            tbs: outer.tbs.whole,
            algorithm,
            signature: outer.signature,
            is_version_2,
            issuer,
            this_update,
            next_update,
            profiled_times: this_profiled && next_profiled,
            entries,
            entries_end,
            extensions,
        })
    }

    /// The issuer of a list that may not read otherwise.
    pub(crate) fn issuer_of(der: &[u8]) -> Option<Name> {
        let mut reader = Outer::read(der).ok()?.tbs.content();
        version(&mut reader).ok()?;
        reader.expect(tag::SEQUENCE).ok()?;
        issuer(&mut reader).ok()
    }

    /// RFC 5280 sections 5.1.2 and 5.2: what a conforming issuer never leaves out or gets wrong.
    pub(crate) fn demand_rfc_5280(&self) -> Result<(), Error> {
        if !self.is_version_2 {
            return Err(Error::CrlNotVersion2);
        }
        if self.next_update.is_none() {
            return Err(Error::CrlWithoutNextUpdate);
        }
        if self.next_update.is_some_and(|next_update| next_update < self.this_update) {
            return Err(Error::CrlTimesReversed);
        }
        if !self.profiled_times {
            return Err(Error::CrlTimeForm);
        }
        if self.extensions.authority_key_id.is_none() {
            return Err(Error::CrlWithoutAuthorityKeyId);
        }
        if self.extensions.number.is_none() {
            return Err(Error::CrlWithoutNumber);
        }
        self.extensions.demand_criticality()
    }

    /// Section 5.2.1.
    pub(crate) fn authority_key_id(&self) -> Option<&'a [u8]> {
        self.extensions.authority_key_id
    }

    /// Section 5.2.3.
    pub(crate) fn number(&self) -> Option<&CrlNumber> {
        self.extensions.number.as_ref()
    }

    /// Section 5.2.4: the number of the list that a delta changes.
    pub(crate) fn base(&self) -> Option<&CrlNumber> {
        self.extensions.base.as_ref()
    }

    /// Section 5.2.4.
    pub(crate) fn is_delta(&self) -> bool {
        self.extensions.base.is_some()
    }

    /// Section 5.2.5.
    pub(crate) fn scope(&self) -> &Scope {
        &self.extensions.scope
    }

    /// The entries.
    pub(crate) fn entries(&self) -> EntryWalk<'a> {
        self.entries_demanding(Demand::AnyIssuer)
    }

    /// The entries, of which [`Self::entries`] has been walked to the end.
    pub(crate) fn entries_again(&self) -> EntryWalk<'a> {
        self.entries_demanding(Demand::WalkedBefore)
    }

    fn entries_demanding(&self, demand: Demand) -> EntryWalk<'a> {
        let kind = Kind {
            extensions: self.is_version_2,
            delta: self.is_delta(),
            indirect: self.extensions.scope.is_indirect(),
            demand,
        };
        EntryWalk::new(self.entries, self.entries_end, kind)
    }
}

struct Outer<'a> {
    tbs: Tlv<'a>,
    /// Where it ends.
    tbs_end: usize,
    algorithm: Tlv<'a>,
    signature: &'a [u8],
}

impl<'a> Outer<'a> {
    /// RFC 5280 section 5.1.1.
    fn read(der: &'a [u8]) -> Result<Self, DerError> {
        let mut reader = Reader::new(der);
        let mut list = reader.sequence()?;
        reader.finish()?;
        let tbs = list.expect(tag::SEQUENCE)?;
        let tbs_end = der.len().saturating_sub(list.rest().len());
        let algorithm = list.expect(tag::SEQUENCE)?;
        let signature = list.bit_string_of_octets()?;
        list.finish()?;
        Ok(Self { tbs, tbs_end, algorithm, signature })
    }
}

/// RFC 5280 section 5.1.2.1: absent, or INTEGER 1 without a tag of its own.
fn version(reader: &mut Reader<'_>) -> Result<bool, Error> {
    match reader.optional(tag::INTEGER).map_err(malformed)? {
        None => Ok(false),
        Some(version) if version.value == [1] => Ok(true),
        Some(_) => Err(Error::CrlNotVersion2),
    }
}

/// RFC 5280 section 5.1.2.3. The walk that checks a certificate as a whole would read the entries twice, so that
/// it is done here for the parts that are not read by type.
fn issuer(reader: &mut Reader<'_>) -> Result<Name, Error> {
    let whole = Reader::new(reader.rest()).read().map_err(malformed)?.whole;
    check(whole, MAX_NAME_OCTETS).map_err(malformed)?;
    let issuer = Name::read(reader).map_err(malformed)?;
    if issuer.is_empty() { Err(Error::IssuerEmpty) } else { Ok(issuer) }
}

/// RFC 5280 section 5.1.2.5.
fn next_update(reader: &mut Reader<'_>) -> Result<(Option<UnixTime>, bool), DerError> {
    match reader.peek() {
        Some(tag::UTC_TIME | tag::GENERALIZED_TIME) => {
            let (next_update, profiled) = time(reader)?;
            Ok((Some(next_update), profiled))
        }
        _ => Ok((None, true)),
    }
}

/// RFC 5280 section 5.1.2.6: absent rather than empty.
fn revoked_certificates<'a>(reader: &mut Reader<'a>) -> Result<Reader<'a>, Error> {
    match reader.optional(tag::SEQUENCE).map_err(malformed)? {
        None => Ok(Reader::new(&[])),
        Some(entries) if entries.value.is_empty() => Err(Error::CrlEntriesEmpty),
        Some(entries) => Ok(entries.content()),
    }
}

/// RFC 5280 section 5.1.2.7: version 2 only, and at least one.
fn extensions<'a>(
    reader: &mut Reader<'a>,
    is_version_2: bool,
    issuer: &Name,
) -> Result<ListExtensions<'a>, Error> {
    match reader.optional(tag::context_constructed(0)).map_err(malformed)? {
        None => Ok(ListExtensions::default()),
        Some(_) if !is_version_2 => Err(Error::CrlExtensionsInVersion1),
        Some(explicit) => ListExtensions::read(explicit, issuer),
    }
}

fn malformed(rule: DerError) -> Error {
    Error::Malformed { part: Part::Crl, rule }
}

const MAX_NAME_OCTETS: usize = 16 * 1024;
const MAX_ALGORITHM_OCTETS: usize = 1024;

//! The list around its entries (RFC 5280 section 5.1).

use rustls_pki_types::UnixTime;

use crate::certificate::time;
use crate::crl::scope::Scope;
use crate::crl::{CrlEntries, CrlNumber};
use crate::der::{DerError, Reader, Tlv, check, tag};
use crate::extension::{Extension, authority_key_id};
use crate::general_name::GeneralName;
use crate::{Error, Name, Part, SignatureAlgorithm, oid};

/// A list's fields; the entries are not read yet, nothing is verified.
pub(crate) struct List<'a> {
    pub(crate) tbs: &'a [u8],
    pub(crate) algorithm: SignatureAlgorithm,
    pub(crate) signature: &'a [u8],
    pub(crate) issuer: Name,
    pub(crate) this_update: UnixTime,
    pub(crate) next_update: UnixTime,
    entries: Reader<'a>,
    pub(crate) authority_key_id: &'a [u8],
    pub(crate) number: CrlNumber,
    pub(crate) scope: Scope,
}

impl<'a> List<'a> {
    /// Reads everything but the entries.
    pub(crate) fn read(der: &'a [u8]) -> Result<Self, Error> {
        let (tbs, algorithm, signature) = outer(der).map_err(malformed)?;
        let mut reader = tbs.content();
        version_2(&mut reader)?;
        let inner = reader.expect(tag::SEQUENCE).map_err(malformed)?;
        if inner.whole != algorithm.whole {
            return Err(Error::AlgorithmMismatch { part: Part::Crl });
        }
        let algorithm = SignatureAlgorithm::read(&mut Reader::new(algorithm.whole), Part::Crl)?;
        let issuer = issuer(&mut reader)?;
        let this_update = time(&mut reader).map_err(malformed)?;
        let next_update = match reader.peek() {
            Some(tag::UTC_TIME | tag::GENERALIZED_TIME) => time(&mut reader).map_err(malformed)?,
            _ => return Err(Error::CrlWithoutNextUpdate),
        };
        let entries = match reader.optional(tag::SEQUENCE).map_err(malformed)? {
            Some(entries) => entries.content(),
            None => Reader::new(&[]),
        };
        let extensions = match reader.optional(tag::context_constructed(0)).map_err(malformed)? {
            Some(explicit) => Extensions::read(explicit, &issuer)?,
            None => Extensions::default(),
        };
        reader.finish().map_err(malformed)?;
        Ok(Self {
            tbs: tbs.whole,
            algorithm,
            signature,
            issuer,
            this_update,
            next_update,
            entries,
            authority_key_id: extensions.authority_key_id.ok_or(Error::CrlWithoutAuthorityKeyId)?,
            number: extensions.number.ok_or(Error::CrlWithoutNumber)?,
            scope: extensions.scope,
        })
    }

    /// The entries.
    pub(crate) fn entries(&self) -> CrlEntries<'a> {
        CrlEntries::new(self.entries)
    }
}

/// The entries of a list that was read before.
pub(crate) fn entries_of(der: &[u8]) -> Result<CrlEntries<'_>, DerError> {
    let mut reader = outer(der)?.0.content();
    reader.expect(tag::INTEGER)?; // version
    reader.expect(tag::SEQUENCE)?; // signature
    reader.expect(tag::SEQUENCE)?; // issuer
    reader.read()?; // thisUpdate
    reader.read()?; // nextUpdate
    let entries = reader.optional(tag::SEQUENCE)?;
    Ok(CrlEntries::new(entries.map_or(Reader::new(&[]), |entries| entries.content())))
}

fn outer(der: &[u8]) -> Result<(Tlv<'_>, Tlv<'_>, &[u8]), DerError> {
    let mut reader = Reader::new(der);
    let mut list = reader.sequence()?;
    reader.finish()?;
    let tbs = list.expect(tag::SEQUENCE)?;
    let algorithm = list.expect(tag::SEQUENCE)?;
    let signature = list.bit_string_of_octets()?;
    list.finish()?;
    Ok((tbs, algorithm, signature))
}

/// RFC 5280 section 5.1.2.1: INTEGER 1, without a tag of its own.
fn version_2(reader: &mut Reader<'_>) -> Result<(), Error> {
    let version = reader.optional(tag::INTEGER).map_err(malformed)?;
    if version.is_some_and(|version| version.value == [1]) { Ok(()) } else { Err(Error::CrlNotVersion2) }
}

/// RFC 5280 section 5.1.2.3. The walk that checks a certificate as a whole would read the entries twice, so that
/// it is done here for the parts that are not read by type.
fn issuer(reader: &mut Reader<'_>) -> Result<Name, Error> {
    let whole = Reader::new(reader.rest()).read().map_err(malformed)?.whole;
    check(whole, MAX_NAME_OCTETS).map_err(malformed)?;
    let issuer = Name::read(reader).map_err(malformed)?;
    if issuer.is_empty() { Err(Error::IssuerEmpty) } else { Ok(issuer) }
}

#[derive(Default)]
struct Extensions<'a> {
    authority_key_id: Option<&'a [u8]>,
    number: Option<CrlNumber>,
    scope: Scope,
}

impl<'a> Extensions<'a> {
    fn read(explicit: Tlv<'a>, issuer: &Name) -> Result<Self, Error> {
        let mut outer = explicit.content();
        let list = outer.sequence().map_err(malformed)?;
        outer.finish().map_err(malformed)?;
        let mut all = Self::default();
        for extension in Extension::all(list, Part::Crl)? {
            if extension.oid == oid::DELTA_CRL_INDICATOR {
                return Err(Error::CrlIsDelta);
            }
            let known = all.take(&extension, issuer).map_err(extension.invalid(Part::Crl))?;
            if !known && extension.critical {
                return Err(extension.unknown_critical(Part::Crl));
            }
        }
        Ok(all)
    }

    fn take(&mut self, extension: &Extension<'a>, issuer: &Name) -> Result<bool, DerError> {
        match extension.oid {
            oid::AUTHORITY_KEY_IDENTIFIER => self.authority_key_id = authority_key_id(extension.value)?,
            oid::CRL_NUMBER => self.number = Some(CrlNumber::from_value(extension.value)?),
            oid::ISSUING_DISTRIBUTION_POINT => self.scope = Scope::from_value(extension.value, issuer)?,
            oid::ISSUER_ALT_NAME => {
                let mut reader = Reader::new(extension.value);
                GeneralName::all(reader.sequence()?)?;
                reader.finish()?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}

fn malformed(rule: DerError) -> Error {
    Error::Malformed { part: Part::Crl, rule }
}

const MAX_NAME_OCTETS: usize = 16 * 1024;

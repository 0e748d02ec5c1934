//! A certificate (RFC 5280 section 4.1), read once and strictly; nothing here is trusted yet.
//!
//! Whatever is well formed reads, with all its extensions. What may not be used (an algorithm, a key, a critical
//! extension that is not known) is remembered with its name, and refused by the rule that needs it.

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use madoguchi_protocol::{MAX_CERTIFICATE_OCTETS, Octets, sha256};
use rustls_pki_types::UnixTime;

use crate::der::{self, DerError, Reader, Tlv, tag};
use crate::extensions::Extensions;
use crate::{Error, Name, Oid, Part, PublicKey, SignatureAlgorithm};

/// Longest serial number (RFC 5280 section 4.1.2.2).
pub const SERIAL_MAX_OCTETS: usize = 20;

/// Longest certificate that is read from anywhere but a card.
pub const MAX_CERTIFICATE_OCTETS_ANYWHERE: usize = 256 * 1024;

/// A well-formed certificate of version 1 or 3. Not verified. A copy shares what it was read from.
#[derive(Clone)]
pub struct Certificate {
    der: Arc<[u8]>,
    /// Made when it is first asked for: many certificates of a pool never are.
    sha256: OnceLock<Octets<32>>,
    places: Places,
    algorithm: Result<SignatureAlgorithm, Oid>,
    issuer: Name,
    subject: Name,
    /// Issuer and subject are one name, once somebody has asked.
    self_issued: OnceLock<bool>,
    not_before: UnixTime,
    not_after: UnixTime,
    public_key: PublicKey,
    /// Both times have the form that RFC 5280 prescribes for their year.
    pub(crate) profiled_times: bool,
    /// Its validity ended before 1970, a moment that `not_after` cannot hold.
    pub(crate) ended_before_1970: bool,
    /// issuerUniqueID or subjectUniqueID is there.
    pub(crate) unique_identifiers: bool,
    pub(crate) extensions: Arc<Extensions>,
}

/// Where in a certificate's octets things stand.
#[derive(Clone, Debug)]
struct Places {
    tbs: Range<usize>,
    serial: Range<usize>,
    signature: Range<usize>,
}

impl Certificate {
    /// Reads one DER certificate of at most 16 KiB: the longest that a card can have.
    pub fn parse(der: &[u8]) -> Result<Self, Error> {
        Self::parse_up_to(der, MAX_CERTIFICATE_OCTETS)
    }

    /// Reads one DER certificate of at most 256 KiB: intermediates and whatever else an operator has.
    pub fn parse_from_anywhere(der: &[u8]) -> Result<Self, Error> {
        Self::parse_up_to(der, MAX_CERTIFICATE_OCTETS_ANYWHERE)
    }

    fn parse_up_to(der: &[u8], limit: usize) -> Result<Self, Error> {
        if der.len() > limit {
            return Err(Error::CertificateTooLong { octets: der.len(), limit });
        }
        der::check(der, limit).map_err(malformed)?;
        let outer = outer(der).map_err(malformed)?;
        let mut tbs = outer.tbs.content();
        let version = version(&mut tbs)?;
        let serial = serial(&mut tbs)?;
        let algorithm = algorithm(&mut tbs, outer.algorithm)?;
        let issuer = Name::read(&mut tbs).map_err(malformed)?;
        let Validity { not_before, not_after, profiled_times, ended_before_1970 } =
            validity(&mut tbs).map_err(malformed)?;
        if not_after < not_before {
            return Err(Error::ValidityReversed);
        }
        let subject = Name::read(&mut tbs).map_err(malformed)?;
        let public_key =
            PublicKey::from_tlv(tbs.expect(tag::SEQUENCE).map_err(malformed)?).map_err(malformed)?;
        let unique_identifiers = unique_identifiers(&mut tbs).map_err(malformed)?;
        let extensions = extensions(&mut tbs, version, &issuer)?;
        tbs.finish().map_err(malformed)?;
        let places = Places {
            tbs: place(der, outer.tbs.whole),
            serial: place(der, serial),
            signature: place(der, outer.signature),
        };
        Ok(Self {
            der: der.into(),
            sha256: OnceLock::new(),
            places,
            algorithm,
            self_issued: OnceLock::new(),
            issuer,
            subject,
            not_before,
            not_after,
            public_key,
            profiled_times,
            ended_before_1970,
            unique_identifiers,
            extensions,
        })
    }

    /// The octets it was read from.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// SHA-256 of those octets.
    pub fn sha256(&self) -> Octets<32> {
        *self.sha256.get_or_init(|| sha256(&self.der))
    }

    /// The content octets of the serial number: minimal, at most 20. The rules of the path judge its sign.
    pub fn serial(&self) -> &[u8] {
        self.at(&self.places.serial)
    }

    /// The issuer's name.
    pub fn issuer(&self) -> &Name {
        &self.issuer
    }

    /// The subject's name.
    pub fn subject(&self) -> &Name {
        &self.subject
    }

    /// The first second of its validity.
    pub fn not_before(&self) -> UnixTime {
        self.not_before
    }

    /// The last second of its validity.
    pub fn not_after(&self) -> UnixTime {
        self.not_after
    }

    /// The subject's public key.
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// The algorithm that the issuer signed with.
    pub fn algorithm(&self) -> Result<SignatureAlgorithm, Error> {
        self.algorithm.clone().map_err(|oid| Error::AlgorithmUnsupported { oid })
    }

    /// RFC 5280 section 3.2: issuer and subject are the same name.
    pub(crate) fn is_self_issued(&self) -> bool {
        *self.self_issued.get_or_init(|| self.issuer == self.subject)
    }

    /// The certificate policies that it names.
    pub fn policies(&self) -> &[Oid] {
        &self.extensions.policies.oids
    }

    /// The signed octets as received, and the signature.
    pub(crate) fn signed(&self) -> (&[u8], &[u8]) {
        (self.at(&self.places.tbs), self.at(&self.places.signature))
    }

    fn at(&self, place: &Range<usize>) -> &[u8] {
        self.der.get(place.clone()).unwrap_or_default()
    }
}

impl PartialEq for Certificate {
    /// The same octets.
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for Certificate {}

impl fmt::Debug for Certificate {
    /// A card's certificate is personal data: nothing of it is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Certificate(..)")
    }
}

/// Where a part that was read from `whole` stands in it.
fn place(whole: &[u8], part: &[u8]) -> Range<usize> {
    let start = part.as_ptr().addr().saturating_sub(whole.as_ptr().addr());
    start..start.saturating_add(part.len())
}

struct Outer<'a> {
    tbs: Tlv<'a>,
    algorithm: Tlv<'a>,
    signature: &'a [u8],
}

/// RFC 5280 section 4.1.1.
fn outer(der: &[u8]) -> Result<Outer<'_>, DerError> {
    let mut reader = Reader::new(der);
    let mut certificate = reader.sequence()?;
    reader.finish()?;
    let tbs = certificate.expect(tag::SEQUENCE)?;
    let algorithm = certificate.expect(tag::SEQUENCE)?;
    let signature = certificate.bit_string_of_octets()?;
    certificate.finish()?;
    Ok(Outer { tbs, algorithm, signature })
}

/// The versions that are read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Version {
    V1,
    V3,
}

/// RFC 5280 section 4.1.2.1: `[0] EXPLICIT INTEGER DEFAULT v1`. Nobody ever used version 2.
fn version(tbs: &mut Reader<'_>) -> Result<Version, Error> {
    let Some(explicit) = tbs.optional(tag::context_constructed(0)).map_err(malformed)? else {
        return Ok(Version::V1);
    };
    let mut reader = explicit.content();
    let version = reader.integer().map_err(malformed)?;
    reader.finish().map_err(malformed)?;
    match version {
        [0] => Err(malformed(DerError::Default)),
        [2] => Ok(Version::V3),
        _ => Err(Error::VersionUnsupported),
    }
}

/// RFC 5280 section 4.1.2.2, as far as it bounds the length.
fn serial<'a>(tbs: &mut Reader<'a>) -> Result<&'a [u8], Error> {
    let serial = tbs.integer().map_err(malformed)?;
    if serial.len() > SERIAL_MAX_OCTETS { Err(Error::SerialTooLong) } else { Ok(serial) }
}

/// RFC 5280 section 4.1.1.2: signatureAlgorithm is the same as `signature` inside; compared by octets.
fn algorithm(tbs: &mut Reader<'_>, outer: Tlv<'_>) -> Result<Result<SignatureAlgorithm, Oid>, Error> {
    if tbs.expect(tag::SEQUENCE).map_err(malformed)?.whole != outer.whole {
        return Err(Error::AlgorithmMismatch { part: Part::Certificate });
    }
    SignatureAlgorithm::identify(&mut Reader::new(outer.whole)).map_err(malformed)
}

struct Validity {
    not_before: UnixTime,
    not_after: UnixTime,
    profiled_times: bool,
    ended_before_1970: bool,
}

/// RFC 5280 section 4.1.2.5: both forms must be readable. And whether each is the one that its year asks for.
fn validity(tbs: &mut Reader<'_>) -> Result<Validity, DerError> {
    let mut reader = tbs.sequence()?;
    let (not_before, first_profiled) = either_time(&mut reader)?;
    let is_1970 = matches!(reader.rest(), [_, _, b'7', b'0', ..] | [_, _, b'1', b'9', b'7', b'0', ..]);
    let (not_after, second_profiled) = either_time(&mut reader)?;
    reader.finish()?;
    Ok(Validity {
        not_before,
        not_after,
        profiled_times: first_profiled && second_profiled,
        // Moments before it read as its first.
        ended_before_1970: not_after.as_secs() == 0 && !is_1970,
    })
}

/// A time, and whether it has the form that its year asks for: UTCTime through 2049, GeneralizedTime from 2050 on.
fn either_time(reader: &mut Reader<'_>) -> Result<(UnixTime, bool), DerError> {
    let tlv = reader.read()?;
    match tlv.tag {
        tag::UTC_TIME => Ok((der::utc_time(tlv.value)?, true)),
        tag::GENERALIZED_TIME => {
            let time = der::generalized_time(tlv.value)?;
            Ok((time, time.as_secs() >= FIRST_SECOND_OF_2050))
        }
        _ => Err(DerError::UnexpectedTag),
    }
}

/// RFC 5280 section 4.1.2.8: issuerUniqueID `[1]` and subjectUniqueID `[2]`. Conforming CAs never make them, and
/// there is nothing to do with them.
fn unique_identifiers(tbs: &mut Reader<'_>) -> Result<bool, DerError> {
    let mut found = false;
    for number in [1, 2] {
        if let Some(identifier) = tbs.optional(tag::context(number))? {
            der::bit_string(identifier.value)?;
            found = true;
        }
    }
    Ok(found)
}

/// RFC 5280 section 4.1.2.9: version 3 only, and at least one.
fn extensions(tbs: &mut Reader<'_>, version: Version, issuer: &Name) -> Result<Arc<Extensions>, Error> {
    let mut extensions = Arc::<Extensions>::default();
    let Some(explicit) = tbs.optional(tag::context_constructed(3)).map_err(malformed)? else {
        return Ok(extensions);
    };
    if version == Version::V1 {
        return Err(Error::ExtensionsInVersion1);
    }
    let mut outer = explicit.content();
    let list = outer.sequence().map_err(malformed)?;
    outer.finish().map_err(malformed)?;
    // Nobody else has it yet, so that nothing is copied.
    Arc::make_mut(&mut extensions).read(list, issuer)?;
    Ok(extensions)
}

fn malformed(rule: DerError) -> Error {
    Error::Malformed { part: Part::Certificate, rule }
}

const FIRST_SECOND_OF_2050: u64 = 2_524_608_000;

//! A certificate (RFC 5280 section 4.1), read once and strictly; nothing here is trusted yet.

use std::fmt;

use madoguchi_protocol::{MAX_CERTIFICATE_OCTETS, Octets, sha256};
use rustls_pki_types::UnixTime;

use crate::der::{self, DerError, Reader, Tlv, tag};
use crate::distribution_point::DistributionPoint;
use crate::extension::{Extension, authority_key_id};
use crate::general_name::GeneralName;
use crate::usage::KeyUsage;
use crate::{Error, Name, Oid, Part, PublicKey, SignatureAlgorithm, oid, second_reader};

/// Longest serial number (RFC 5280 section 4.1.2.2).
pub const SERIAL_MAX_OCTETS: usize = 20;

/// A well-formed version 3 certificate whose every critical extension is known. Not verified.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    sha256: Octets<32>,
    tbs: Vec<u8>,
    signature: Vec<u8>,
    algorithm: SignatureAlgorithm,
    serial: Vec<u8>,
    issuer: Name,
    subject: Name,
    not_before: UnixTime,
    not_after: UnixTime,
    public_key: PublicKey,
    pub(crate) extensions: Extensions,
}

/// What the extensions of a certificate say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extensions {
    pub(crate) authority_key_id: Option<Vec<u8>>,
    pub(crate) subject_key_id: Option<Vec<u8>>,
    pub(crate) key_usage: Option<KeyUsage>,
    pub(crate) ext_key_usage: Vec<Vec<u8>>,
    pub(crate) policies: Vec<Oid>,
    pub(crate) ca: bool,
    pub(crate) distribution_points: Vec<DistributionPoint>,
}

impl Certificate {
    /// Reads one DER certificate of at most 16 KiB.
    pub fn parse(der: &[u8]) -> Result<Self, Error> {
        if der.len() > MAX_CERTIFICATE_OCTETS {
            return Err(Error::CertificateTooLong { octets: der.len(), limit: MAX_CERTIFICATE_OCTETS });
        }
        der::check(der, MAX_CERTIFICATE_OCTETS).map_err(malformed)?;
        let outer = outer(der).map_err(malformed)?;
        let algorithm = outer_algorithm(outer.algorithm, outer.tbs)?;
        let mut tbs = outer.tbs.content();
        version_3(&mut tbs)?;
        let serial = serial(&mut tbs)?;
        tbs.read().map_err(malformed)?; // signature, compared already
        let issuer = Name::read(&mut tbs).map_err(malformed)?;
        if issuer.is_empty() {
            return Err(Error::IssuerEmpty);
        }
        let (not_before, not_after) = validity(&mut tbs).map_err(malformed)?;
        if not_after < not_before {
            return Err(Error::ValidityReversed);
        }
        let subject = Name::read(&mut tbs).map_err(malformed)?;
        let public_key = PublicKey::from_tlv(tbs.expect(tag::SEQUENCE).map_err(malformed)?)?;
        let extensions = match tbs.optional(tag::context_constructed(3)).map_err(malformed)? {
            Some(explicit) => Extensions::read(explicit, &issuer)?,
            None => Extensions::default(),
        };
        // Unique identifiers ([1], [2]) are not allowed (RFC 5280 section 4.1.2.8) and end up here.
        tbs.finish().map_err(malformed)?;
        let certificate = Self {
            der: der.to_vec(),
            sha256: sha256(der),
            tbs: outer.tbs.whole.to_vec(),
            signature: outer.signature.to_vec(),
            algorithm,
            serial: serial.to_vec(),
            issuer,
            subject,
            not_before,
            not_after,
            public_key,
            extensions,
        };
        if second_reader::agrees(&certificate) { Ok(certificate) } else { Err(Error::ReadersDisagree) }
    }

    /// The octets it was read from.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// SHA-256 of those octets.
    pub fn sha256(&self) -> Octets<32> {
        self.sha256
    }

    /// The content octets of the serial number: positive, minimal, at most 20.
    pub fn serial(&self) -> &[u8] {
        &self.serial
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
    pub fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    /// The certificate policies that it names.
    pub fn policies(&self) -> &[Oid] {
        &self.extensions.policies
    }

    /// The signed octets as received, and the signature.
    pub(crate) fn signed(&self) -> (&[u8], &[u8]) {
        (&self.tbs, &self.signature)
    }
}

impl fmt::Debug for Certificate {
    /// A card's certificate is personal data: nothing of it is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Certificate(..)")
    }
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

/// RFC 5280 section 4.1.1.2: signatureAlgorithm is the same as `signature` inside; compared by octets.
fn outer_algorithm(outer: Tlv<'_>, tbs: Tlv<'_>) -> Result<SignatureAlgorithm, Error> {
    let mut reader = tbs.content();
    reader.optional(tag::context_constructed(0)).map_err(malformed)?;
    reader.expect(tag::INTEGER).map_err(malformed)?;
    if reader.expect(tag::SEQUENCE).map_err(malformed)?.whole != outer.whole {
        return Err(Error::AlgorithmMismatch { part: Part::Certificate });
    }
    SignatureAlgorithm::read(&mut Reader::new(outer.whole), Part::Certificate)
}

/// RFC 5280 section 4.1.2.1: `[0] EXPLICIT INTEGER 2`.
fn version_3(tbs: &mut Reader<'_>) -> Result<(), Error> {
    let Some(version) = tbs.optional(tag::context_constructed(0)).map_err(malformed)? else {
        return Err(Error::NotVersion3);
    };
    if version.value == [tag::INTEGER, 1, 2] { Ok(()) } else { Err(Error::NotVersion3) }
}

/// RFC 5280 section 4.1.2.2.
fn serial<'a>(tbs: &mut Reader<'a>) -> Result<&'a [u8], Error> {
    let serial = tbs.integer().map_err(malformed)?;
    match serial {
        [0x80..=0xff, ..] | [0x00] => Err(Error::SerialInvalid),
        _ if serial.len() > SERIAL_MAX_OCTETS => Err(Error::SerialInvalid),
        _ => Ok(serial),
    }
}

/// RFC 5280 section 4.1.2.5.
fn validity(tbs: &mut Reader<'_>) -> Result<(UnixTime, UnixTime), DerError> {
    let mut reader = tbs.sequence()?;
    let validity = (time(&mut reader)?, time(&mut reader)?);
    reader.finish()?;
    Ok(validity)
}

/// UTCTime through 2049, GeneralizedTime from 2050 on (RFC 5280 section 4.1.2.5).
pub(crate) fn time(reader: &mut Reader<'_>) -> Result<UnixTime, DerError> {
    let tlv = reader.read()?;
    match tlv.tag {
        tag::UTC_TIME => der::utc_time(tlv.value),
        tag::GENERALIZED_TIME => match der::generalized_time(tlv.value)? {
            time if time.as_secs() >= FIRST_SECOND_OF_2050 => Ok(time),
            _ => Err(DerError::Time),
        },
        _ => Err(DerError::UnexpectedTag),
    }
}

impl Extensions {
    fn read(explicit: Tlv<'_>, issuer: &Name) -> Result<Self, Error> {
        let mut outer = explicit.content();
        let list = outer.sequence().map_err(malformed)?;
        outer.finish().map_err(malformed)?;
        let mut all = Self::default();
        for extension in Extension::all(list, Part::Certificate)? {
            let known = all.take(&extension, issuer).map_err(extension.invalid(Part::Certificate))?;
            if !known && extension.critical {
                return Err(extension.unknown_critical(Part::Certificate));
            }
        }
        Ok(all)
    }

    /// Reads an extension that is known; false when it is not.
    fn take(&mut self, extension: &Extension<'_>, issuer: &Name) -> Result<bool, DerError> {
        let value = extension.value;
        match extension.oid {
            oid::AUTHORITY_KEY_IDENTIFIER => {
                self.authority_key_id = authority_key_id(value)?.map(<[u8]>::to_vec);
            }
            oid::SUBJECT_KEY_IDENTIFIER => {
                let mut reader = Reader::new(value);
                self.subject_key_id = Some(reader.octet_string()?.to_vec());
                reader.finish()?;
            }
            oid::KEY_USAGE => self.key_usage = Some(KeyUsage::from_value(value)?),
            oid::EXT_KEY_USAGE => self.ext_key_usage = identifiers(value)?,
            oid::CERTIFICATE_POLICIES => self.policies = policies(value)?,
            oid::BASIC_CONSTRAINTS => self.ca = basic_constraints(value)?,
            oid::CRL_DISTRIBUTION_POINTS => {
                self.distribution_points = DistributionPoint::all(value, issuer)?;
            }
            oid::SUBJECT_ALT_NAME | oid::ISSUER_ALT_NAME => {
                let mut reader = Reader::new(value);
                GeneralName::all(reader.sequence()?)?;
                reader.finish()?;
            }
            oid::AUTHORITY_INFO_ACCESS => authority_info_access(value)?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// RFC 5280 section 4.2.1.12.
fn identifiers(value: &[u8]) -> Result<Vec<Vec<u8>>, DerError> {
    let mut outer = Reader::new(value);
    let mut reader = outer.sequence()?;
    outer.finish()?;
    let mut all = vec![reader.object_identifier()?.to_vec()];
    while !reader.is_empty() {
        all.push(reader.object_identifier()?.to_vec());
    }
    Ok(all)
}

/// RFC 5280 section 4.2.1.4: at least one, each at most once; qualifiers are texts for people and are not read.
fn policies(value: &[u8]) -> Result<Vec<Oid>, DerError> {
    let mut outer = Reader::new(value);
    let mut reader = outer.sequence()?;
    outer.finish()?;
    let mut all: Vec<Oid> = Vec::new();
    loop {
        let mut information = reader.sequence()?;
        let oid = Oid::from_octets(information.object_identifier()?);
        if let Some(qualifiers) = information.optional(tag::SEQUENCE)? {
            let mut qualifiers = qualifiers.content();
            loop {
                let mut qualifier = qualifiers.sequence()?;
                qualifier.object_identifier()?;
                qualifier.read()?;
                qualifier.finish()?;
                if qualifiers.is_empty() {
                    break;
                }
            }
        }
        information.finish()?;
        if all.contains(&oid) || all.len() == MAX_POLICIES {
            return Err(DerError::TooLong);
        }
        all.push(oid);
        if reader.is_empty() {
            return Ok(all);
        }
    }
}

/// RFC 5280 section 4.2.1.9; a path length belongs to a CA alone.
fn basic_constraints(value: &[u8]) -> Result<bool, DerError> {
    let mut outer = Reader::new(value);
    let mut reader = outer.sequence()?;
    outer.finish()?;
    let ca = reader.boolean_default_false(tag::BOOLEAN)?;
    if ca && !reader.is_empty() {
        reader.integer()?;
    }
    reader.finish()?;
    Ok(ca)
}

/// RFC 5280 section 4.2.2.1. Where a responder is, configuration says; here it only has to be readable.
fn authority_info_access(value: &[u8]) -> Result<(), DerError> {
    let mut outer = Reader::new(value);
    let mut reader = outer.sequence()?;
    outer.finish()?;
    loop {
        let mut description = reader.sequence()?;
        description.object_identifier()?;
        GeneralName::from_tlv(description.read()?)?;
        description.finish()?;
        if reader.is_empty() {
            return Ok(());
        }
    }
}

fn malformed(rule: DerError) -> Error {
    Error::Malformed { part: Part::Certificate, rule }
}

const FIRST_SECOND_OF_2050: u64 = 2_524_608_000;
/// The most policies that are read (against work that grows with them).
const MAX_POLICIES: usize = 32;

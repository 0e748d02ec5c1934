//! OCSPResponse (RFC 6960 section 4.2): the envelope, read strictly; nothing of it is trusted yet.

use rustls_pki_types::UnixTime;

use crate::der::{self, Reader, Tlv, check, tag};
use crate::extension::Extension;
use crate::ocsp::single::Single;
use crate::ocsp::{OcspError, ResponseStatus, extension};
use crate::{Name, Oid, SignatureAlgorithm};

/// A well-formed response. Not verified.
#[derive(Clone, Debug)]
pub struct OcspResponse<'a> {
    basic: Result<Basic<'a>, ResponseStatus>,
}

/// BasicOCSPResponse.
#[derive(Clone, Debug)]
pub(crate) struct Basic<'a> {
    /// tbsResponseData as received: what was signed.
    pub(crate) tbs: &'a [u8],
    pub(crate) algorithm: Result<SignatureAlgorithm, Oid>,
    pub(crate) signature: &'a [u8],
    /// The certificates that came with it, as received.
    pub(crate) certificates: Vec<&'a [u8]>,
    pub(crate) responder: ResponderId<'a>,
    pub(crate) produced_at: UnixTime,
    pub(crate) singles: Vec<Single<'a>>,
    pub(crate) extensions: Vec<Extension<'a>>,
}

/// ResponderID: who says that they signed.
#[derive(Clone, Debug)]
pub(crate) enum ResponderId<'a> {
    Name(Name),
    /// SHA-1 of the key's bits.
    Key(&'a [u8]),
}

impl<'a> OcspResponse<'a> {
    /// Reads one DER response of at most 128 KiB.
    pub fn parse(response: &'a [u8]) -> Result<Self, OcspError> {
        check(response, MAX_RESPONSE_OCTETS)?;
        let mut outer = Reader::new(response);
        let mut reader = outer.sequence()?;
        outer.finish()?;
        let status = ResponseStatus::from_content(reader.expect(tag::ENUMERATED)?.value)?;
        let bytes = reader.optional(tag::context_constructed(0))?;
        reader.finish()?;
        let basic = match (status, bytes) {
            (Some(error), None) => Err(error),
            // An error says nothing else.
            (Some(_), Some(_)) => return Err(OcspError::ErrorWithResponse),
            (None, Some(bytes)) => Ok(Basic::read(response_bytes(bytes)?)?),
            (None, None) => return Err(OcspError::ResponseMissing),
        };
        Ok(Self { basic })
    }

    /// The response, unless the responder answered with an error.
    pub(crate) fn basic(&self) -> Result<&Basic<'a>, OcspError> {
        self.basic.as_ref().map_err(|status| OcspError::ErrorStatus { status: *status })
    }
}

/// ResponseBytes: id-pkix-ocsp-basic is the one type there is.
fn response_bytes(explicit: Tlv<'_>) -> Result<&[u8], OcspError> {
    let mut outer = explicit.content();
    let mut bytes = outer.sequence()?;
    outer.finish()?;
    let kind = bytes.object_identifier()?;
    let response = bytes.octet_string()?;
    bytes.finish()?;
    if kind == BASIC { Ok(response) } else { Err(OcspError::TypeUnknown { oid: Oid::from_octets(kind) }) }
}

impl<'a> Basic<'a> {
    fn read(response: &'a [u8]) -> Result<Self, OcspError> {
        check(response, MAX_RESPONSE_OCTETS)?;
        let mut outer = Reader::new(response);
        let mut basic = outer.sequence()?;
        outer.finish()?;
        let tbs = basic.expect(tag::SEQUENCE)?;
        let algorithm = SignatureAlgorithm::identify(&mut basic)?;
        let signature = basic.bit_string_of_octets()?;
        let certificates = certificates(basic.optional(tag::context_constructed(0))?)?;
        basic.finish()?;

        let mut data = tbs.content();
        version_1(&mut data)?;
        let responder = ResponderId::read(&mut data)?;
        let produced_at = generalized_time(&mut data)?;
        let singles = singles(data.sequence()?)?;
        let extensions = match data.optional(tag::context_constructed(1))? {
            Some(explicit) => extension::read(explicit)?,
            None => Vec::new(),
        };
        data.finish()?;
        Ok(Self {
            tbs: tbs.whole,
            algorithm,
            signature,
            certificates,
            responder,
            produced_at,
            singles,
            extensions,
        })
    }
}

/// `[0] EXPLICIT INTEGER DEFAULT v1`, which some responders write out.
fn version_1(data: &mut Reader<'_>) -> Result<(), OcspError> {
    let Some(explicit) = data.optional(tag::context_constructed(0))? else { return Ok(()) };
    let mut reader = explicit.content();
    let version = reader.integer()?;
    reader.finish()?;
    if version == [0] { Ok(()) } else { Err(OcspError::VersionUnknown) }
}

impl<'a> ResponderId<'a> {
    /// byName `[1]` or byKey `[2]`, both explicit.
    fn read(data: &mut Reader<'a>) -> Result<Self, OcspError> {
        let explicit = data.read()?;
        let mut reader = explicit.content();
        let id = match explicit.tag {
            BY_NAME => Self::Name(Name::read(&mut reader)?),
            BY_KEY => Self::Key(reader.octet_string()?),
            _ => return Err(der::DerError::UnexpectedTag.into()),
        };
        reader.finish()?;
        Ok(id)
    }
}

fn certificates(explicit: Option<Tlv<'_>>) -> Result<Vec<&[u8]>, OcspError> {
    let mut all = Vec::new();
    let Some(explicit) = explicit else { return Ok(all) };
    let mut outer = explicit.content();
    let mut list = outer.sequence()?;
    outer.finish()?;
    while !list.is_empty() {
        all.push(list.expect(tag::SEQUENCE)?.whole);
    }
    Ok(all)
}

fn singles(mut list: Reader<'_>) -> Result<Vec<Single<'_>>, OcspError> {
    let mut all = Vec::new();
    while !list.is_empty() {
        all.push(Single::read(&mut list)?);
    }
    Ok(all)
}

/// GeneralizedTime; RFC 6960 has no other.
pub(crate) fn generalized_time(reader: &mut Reader<'_>) -> Result<UnixTime, der::DerError> {
    der::generalized_time(reader.expect(tag::GENERALIZED_TIME)?.value)
}

/// The one limit: how many statements and certificates there may be follows from it.
const MAX_RESPONSE_OCTETS: usize = 128 * 1024;
const BY_NAME: u8 = tag::context_constructed(1);
const BY_KEY: u8 = tag::context_constructed(2);
/// id-pkix-ocsp-basic, 1.3.6.1.5.5.7.48.1.1.
const BASIC: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 48, 1, 1];

//! Extensions (RFC 5280 sections 4.2, 5.2): each once, each value one canonical encoding.

use crate::der::{DerError, Reader, check, tag};
use crate::{Error, Oid, Part};

/// One extension as it stands in a certificate or a list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extension<'a> {
    pub(crate) oid: &'a [u8],
    pub(crate) critical: bool,
    pub(crate) value: &'a [u8],
}

impl<'a> Extension<'a> {
    pub(crate) fn read(reader: &mut Reader<'a>) -> Result<Self, DerError> {
        let mut sequence = reader.sequence()?;
        let oid = sequence.object_identifier()?;
        let critical = sequence.boolean_default_false(tag::BOOLEAN)?;
        let value = sequence.octet_string()?;
        sequence.finish()?;
        Ok(Self { oid, critical, value })
    }

    /// All extensions of a SEQUENCE OF Extension: at least one, at most as many as anybody needs.
    pub(crate) fn all(mut reader: Reader<'a>, part: Part) -> Result<Vec<Self>, Error> {
        let malformed = part.malformed();
        let mut all: Vec<Self> = Vec::new();
        loop {
            let extension = Self::read(&mut reader).map_err(&malformed)?;
            if all.iter().any(|earlier| earlier.oid == extension.oid) {
                return Err(Error::ExtensionTwice { part, oid: Oid::from_octets(extension.oid) });
            }
            check(extension.value, MAX_VALUE_OCTETS).map_err(&malformed)?;
            all.push(extension);
            if reader.is_empty() {
                return Ok(all);
            }
            if all.len() == MAX_EXTENSIONS {
                return Err(malformed(DerError::TooLong));
            }
        }
    }

    /// This extension's value is not what its definition says.
    pub(crate) fn invalid<E>(&self, part: Part) -> impl Fn(E) -> Error + use<'a, E> {
        let oid = self.oid;
        move |_| Error::ExtensionInvalid { part, oid: Oid::from_octets(oid) }
    }

    pub(crate) fn unknown_critical(&self, part: Part) -> Error {
        Error::ExtensionUnknownCritical { part, oid: Oid::from_octets(self.oid) }
    }
}

/// keyIdentifier `[0]` of an authorityKeyIdentifier (RFC 5280 section 4.2.1.1); issuer `[1]` and serial `[2]` come
/// together or not at all.
pub(crate) fn authority_key_id(value: &[u8]) -> Result<Option<&[u8]>, DerError> {
    let mut outer = Reader::new(value);
    let mut sequence = outer.sequence()?;
    outer.finish()?;
    let key_id = sequence.optional(tag::context(0))?.map(|tlv| tlv.value);
    let issuer = sequence.optional(tag::context_constructed(1))?;
    if let Some(issuer) = issuer {
        crate::general_name::GeneralName::all(issuer.content())?;
    }
    let serial = sequence.optional(tag::context(2))?;
    if let Some(serial) = serial {
        crate::der::integer(serial.value)?;
    }
    sequence.finish()?;
    if issuer.is_some() == serial.is_some() { Ok(key_id) } else { Err(DerError::Truncated) }
}

/// Longest value of an extension.
const MAX_VALUE_OCTETS: usize = 64 * 1024;
/// The most extensions that are read; JPKI's certificates have eight.
const MAX_EXTENSIONS: usize = 32;

//! Extensions (RFC 5280 sections 4.2, 5.2): each once, each value one canonical encoding.

use crate::certificate::MAX_CERTIFICATE_OCTETS_ANYWHERE;
use crate::der::{DerError, Reader, check, integer, tag};
use crate::general_name::GeneralNames;
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

    /// All extensions: at least one, each once, at most as many as anybody needs. The values are not looked at.
    pub(crate) fn all_opaque(mut reader: Reader<'a>, part: Part) -> Result<Vec<Self>, Error> {
        let malformed = part.malformed();
        let mut all: Vec<Self> = Vec::with_capacity(USUAL_EXTENSIONS);
        loop {
            let extension = Self::read(&mut reader).map_err(&malformed)?;
            if all.iter().any(|earlier| earlier.oid == extension.oid) {
                return Err(Error::ExtensionTwice { part, oid: Oid::from_octets(extension.oid) });
            }
            all.push(extension);
            if reader.is_empty() {
                return Ok(all);
            }
            if all.len() == MAX_EXTENSIONS {
                return Err(malformed(DerError::TooLong));
            }
        }
    }

    /// The value is one canonical encoding.
    pub(crate) fn check_value(&self, part: Part) -> Result<(), Error> {
        check(self.value, MAX_CERTIFICATE_OCTETS_ANYWHERE).map_err(part.malformed())
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

/// authorityKeyIdentifier (RFC 5280 section 4.2.1.1): by which key the issuer signed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct AuthorityKey {
    /// keyIdentifier `[0]`.
    pub(crate) key_id: Option<Vec<u8>>,
    /// authorityCertIssuer `[1]`: empty when absent.
    pub(crate) issuer: GeneralNames,
    /// authorityCertSerialNumber `[2]`.
    pub(crate) serial: Option<Vec<u8>>,
}

impl AuthorityKey {
    pub(crate) fn from_value(value: &[u8]) -> Result<Self, DerError> {
        let mut outer = Reader::new(value);
        let mut sequence = outer.sequence()?;
        outer.finish()?;
        let key_id = sequence.optional(tag::context(0))?.map(|tlv| tlv.value.to_vec());
        let issuer = match sequence.optional(tag::context_constructed(1))? {
            Some(issuer) => GeneralNames::read(issuer.content())?,
            None => GeneralNames::default(),
        };
        let serial = match sequence.optional(tag::context(2))? {
            Some(serial) => Some(integer(serial.value)?.to_vec()),
            None => None,
        };
        sequence.finish()?;
        // Issuer and serial come together or not at all.
        if issuer.is_empty() == serial.is_none() {
            Ok(Self { key_id, issuer, serial })
        } else {
            Err(DerError::Truncated)
        }
    }
}

/// The key identifier of an authorityKeyIdentifier, as it stands.
pub(crate) fn authority_key_id(value: &[u8]) -> Result<Option<&[u8]>, DerError> {
    AuthorityKey::from_value(value)?;
    let mut sequence = Reader::new(value).sequence()?;
    Ok(sequence.optional(tag::context(0))?.map(|tlv| tlv.value))
}

/// Room for the extensions of most certificates.
const USUAL_EXTENSIONS: usize = 12;
/// The most extensions that are read; JPKI's certificates have eight.
const MAX_EXTENSIONS: usize = 256;

//! GeneralName (RFC 5280 section 4.2.1.6). A name that cannot be read refuses the object it stands in.

use crate::Name;
use crate::der::{DerError, Reader, Tlv, object_identifier, tag};

/// A general name, as far as this crate compares them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum GeneralName {
    /// directoryName `[4]`.
    Directory(Name),
    /// Any other form, compared by its octets.
    Other(Vec<u8>),
}

impl GeneralName {
    pub(crate) fn from_tlv(tlv: Tlv<'_>) -> Result<Self, DerError> {
        match tlv.tag {
            // otherName: SEQUENCE { type-id, value [0] EXPLICIT ANY }
            0xa0 => {
                let mut reader = tlv.content();
                reader.object_identifier()?;
                let mut value = reader.expect(tag::context_constructed(0))?.content();
                value.read()?;
                value.finish()?;
                reader.finish()?;
            }
            // rfc822Name, dNSName, uniformResourceIdentifier: IA5String
            0x81 | 0x82 | 0x86 if tlv.value.is_ascii() && !tlv.value.is_empty() => {}
            // x400Address, ediPartyName
            0xa3 | 0xa5 => {}
            0xa4 => {
                let mut reader = tlv.content();
                let name = Name::read(&mut reader)?;
                reader.finish()?;
                return Ok(Self::Directory(name));
            }
            // iPAddress
            0x87 if matches!(tlv.value.len(), 4 | 16) => {}
            0x81 | 0x82 | 0x86 | 0x87 => return Err(DerError::String),
            0x88 => object_identifier(tlv.value).map(drop)?,
            _ => return Err(DerError::UnexpectedTag),
        }
        Ok(Self::Other(tlv.whole.to_vec()))
    }

    /// GeneralNames: at least one.
    pub(crate) fn all(mut reader: Reader<'_>) -> Result<Vec<Self>, DerError> {
        let mut names = vec![Self::from_tlv(reader.read()?)?];
        while !reader.is_empty() {
            names.push(Self::from_tlv(reader.read()?)?);
        }
        Ok(names)
    }
}

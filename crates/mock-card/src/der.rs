//! As much DER as private keys need.

use madoguchi_iso7816::TlvHeader;

/// The value of the TLV at the start, which must have this tag, and what follows it.
pub(crate) fn value(der: &[u8], tag: u8) -> Result<(&[u8], &[u8]), &'static str> {
    let header = TlvHeader::read(der, der.len()).map_err(|_| "not DER")?;
    if header.tag != u16::from(tag) {
        return Err("not a private key structure");
    }
    let whole = der.get(..header.total_octets()).ok_or("it ends too early")?;
    Ok((&whole[header.header_octets..], &der[whole.len()..]))
}

pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const SEQUENCE: u8 = 0x30;

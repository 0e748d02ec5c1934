//! revokedCertificates, one entry after another (RFC 5280 sections 5.1.2.6 and 5.3).

use rustls_pki_types::UnixTime;

use crate::certificate::{SERIAL_MAX_OCTETS, time};
use crate::der::{self, DerError, Reader, check, tag};
use crate::extension::Extension;
use crate::{Error, Oid, Part, RevocationReason, oid};

/// One entry of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CrlEntry<'a> {
    /// The content octets of the serial number, minimal: equal octets are equal numbers.
    pub serial: &'a [u8],
    /// revocationDate.
    pub revoked_at: UnixTime,
    /// reasonCode, or unspecified.
    pub reason: RevocationReason,
}

/// The entries of a list in its order, each read strictly; after an error there is nothing more.
#[derive(Clone, Debug)]
pub struct CrlEntries<'a> {
    reader: Reader<'a>,
}

impl<'a> CrlEntries<'a> {
    pub(crate) fn new(reader: Reader<'a>) -> Self {
        Self { reader }
    }
}

impl<'a> Iterator for CrlEntries<'a> {
    type Item = Result<CrlEntry<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.reader.is_empty() {
            return None;
        }
        let entry = read(&mut self.reader);
        if entry.is_err() {
            self.reader = Reader::new(&[]);
        }
        Some(entry)
    }
}

fn read<'a>(reader: &mut Reader<'a>) -> Result<CrlEntry<'a>, Error> {
    let mut entry = reader.sequence().map_err(malformed)?;
    let serial = entry.integer().map_err(malformed)?;
    if serial.len() > SERIAL_MAX_OCTETS {
        return Err(malformed(DerError::TooLong));
    }
    let revoked_at = time(&mut entry).map_err(malformed)?;
    let reason = match entry.optional(tag::SEQUENCE).map_err(malformed)? {
        Some(extensions) => extensions_reason(extensions.content())?,
        None => RevocationReason::Unspecified,
    };
    entry.finish().map_err(malformed)?;
    Ok(CrlEntry { serial, revoked_at, reason })
}

/// Entry extensions: each once, unknown critical ones refuse the whole list (RFC 5280 section 5.3).
fn extensions_reason(mut reader: Reader<'_>) -> Result<RevocationReason, Error> {
    let (whole, mut count) = (reader, 0_usize);
    let mut reason = RevocationReason::Unspecified;
    loop {
        let extension = Extension::read(&mut reader).map_err(malformed)?;
        refuse_repeated(whole, count, extension.oid)?;
        count += 1;
        if count > MAX_ENTRY_EXTENSIONS {
            return Err(malformed(DerError::TooLong));
        }
        let invalid = extension.invalid(Part::Crl);
        match extension.oid {
            oid::REASON_CODE => reason = RevocationReason::from_value(extension.value).map_err(invalid)?,
            oid::INVALIDITY_DATE => invalidity_date(extension.value).map_err(invalid)?,
            _ if extension.critical => return Err(extension.unknown_critical(Part::Crl)),
            _ => check(extension.value, MAX_ENTRY_EXTENSION_OCTETS).map_err(malformed)?,
        }
        if reason == RevocationReason::RemoveFromCrl {
            return Err(Error::CrlRemoveInComplete);
        }
        if reader.is_empty() {
            return Ok(reason);
        }
    }
}

/// Reads the few extensions before this one again rather than remembering them.
fn refuse_repeated(mut earlier: Reader<'_>, count: usize, oid: &[u8]) -> Result<(), Error> {
    for _ in 0..count {
        if Extension::read(&mut earlier).map_err(malformed)?.oid == oid {
            return Err(Error::ExtensionTwice { part: Part::Crl, oid: Oid::from_octets(oid) });
        }
    }
    Ok(())
}

/// RFC 5280 section 5.3.2: always GeneralizedTime.
fn invalidity_date(value: &[u8]) -> Result<(), DerError> {
    let mut reader = Reader::new(value);
    der::generalized_time(reader.expect(tag::GENERALIZED_TIME)?.value)?;
    reader.finish()
}

fn malformed(rule: DerError) -> Error {
    Error::Malformed { part: Part::Crl, rule }
}

const MAX_ENTRY_EXTENSIONS: usize = 8;
const MAX_ENTRY_EXTENSION_OCTETS: usize = 1024;

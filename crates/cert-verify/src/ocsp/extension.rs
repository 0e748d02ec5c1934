//! Extensions of a response and of a single response (RFC 6960 section 4.4).

use crate::Oid;
use crate::der::{DerError, Tlv};
use crate::extension::Extension;
use crate::ocsp::OcspError;

/// At least one, each at most once. A value is not looked at here: one that nobody reads may be anything.
pub(crate) fn read(explicit: Tlv<'_>) -> Result<Vec<Extension<'_>>, OcspError> {
    let mut outer = explicit.content();
    let mut list = outer.sequence()?;
    outer.finish()?;
    let mut all: Vec<Extension<'_>> = Vec::new();
    loop {
        let extension = Extension::read(&mut list)?;
        if all.iter().any(|earlier| earlier.oid == extension.oid) {
            return Err(OcspError::ExtensionTwice { oid: Oid::from_octets(extension.oid) });
        }
        if all.len() == MAX_EXTENSIONS {
            return Err(DerError::TooLong.into());
        }
        all.push(extension);
        if list.is_empty() {
            return Ok(all);
        }
    }
}

/// A critical extension that is not processed here refuses whatever it stands in.
pub(crate) fn refuse_unknown_critical(
    extensions: &[Extension<'_>],
    processed: &[&[u8]],
) -> Result<(), OcspError> {
    match extensions.iter().find(|extension| extension.critical && !processed.contains(&extension.oid)) {
        Some(unknown) => Err(OcspError::CriticalExtension { oid: Oid::from_octets(unknown.oid) }),
        None => Ok(()),
    }
}

/// The value of one of them.
pub(crate) fn value_of<'a>(extensions: &[Extension<'a>], oid: &[u8]) -> Option<&'a [u8]> {
    extensions.iter().find(|extension| extension.oid == oid).map(|extension| extension.value)
}

/// id-pkix-ocsp-nonce, 1.3.6.1.5.5.7.48.1.2.
pub(crate) const NONCE: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 48, 1, 2];
/// id-pkix-ocsp-archive-cutoff, 1.3.6.1.5.5.7.48.1.6.
pub(crate) const ARCHIVE_CUTOFF: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 48, 1, 6];

const MAX_EXTENSIONS: usize = 16;

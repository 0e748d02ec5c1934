//! SingleResponse (RFC 6960 section 4.2.1): what a response says about one certificate.

use rustls_pki_types::UnixTime;

use crate::RevocationReason;
use crate::der::{DerError, Reader, Tlv, tag};
use crate::extension::Extension;
use crate::ocsp::cert_id::CertId;
use crate::ocsp::response::generalized_time;
use crate::ocsp::{OcspError, extension};

/// One of a response's statements.
#[derive(Clone, Debug)]
pub(crate) struct Single<'a> {
    pub(crate) cert_id: CertId<'a>,
    pub(crate) status: CertStatus,
    pub(crate) this_update: UnixTime,
    pub(crate) next_update: Option<UnixTime>,
    pub(crate) extensions: Vec<Extension<'a>>,
}

/// CertStatus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CertStatus {
    Good,
    Revoked { at: UnixTime, reason: RevocationReason },
    Unknown,
}

impl<'a> Single<'a> {
    pub(crate) fn read(list: &mut Reader<'a>) -> Result<Self, OcspError> {
        let mut reader = list.sequence()?;
        let cert_id = CertId::read(&mut reader)?;
        let status = CertStatus::from_tlv(reader.read()?)?;
        let this_update = generalized_time(&mut reader)?;
        let next_update = match reader.optional(tag::context_constructed(0))? {
            Some(explicit) => {
                let mut time = explicit.content();
                let next_update = generalized_time(&mut time)?;
                time.finish()?;
                Some(next_update)
            }
            None => None,
        };
        let extensions = match reader.optional(tag::context_constructed(1))? {
            Some(explicit) => extension::read(explicit)?,
            None => Vec::new(),
        };
        reader.finish()?;
        Ok(Self { cert_id, status, this_update, next_update, extensions })
    }

    /// archiveCutoff (RFC 6960 section 4.4.4).
    pub(crate) fn archive_cutoff(&self) -> Result<Option<UnixTime>, DerError> {
        let Some(value) = extension::value_of(&self.extensions, extension::ARCHIVE_CUTOFF) else {
            return Ok(None);
        };
        let mut reader = Reader::new(value);
        let cutoff = generalized_time(&mut reader)?;
        reader.finish()?;
        Ok(Some(cutoff))
    }
}

impl CertStatus {
    /// good `[0]` and unknown `[2]` are an implicit NULL, revoked `[1]` an implicit SEQUENCE.
    fn from_tlv(tlv: Tlv<'_>) -> Result<Self, OcspError> {
        match tlv.tag {
            GOOD if tlv.value.is_empty() => Ok(Self::Good),
            UNKNOWN if tlv.value.is_empty() => Ok(Self::Unknown),
            GOOD | UNKNOWN => Err(DerError::Null.into()),
            REVOKED => {
                let mut reader = tlv.content();
                let at = generalized_time(&mut reader)?;
                let reason = match reader.optional(tag::context_constructed(0))? {
                    Some(explicit) => {
                        RevocationReason::from_value(explicit.value).map_err(|_| OcspError::ReasonInvalid)?
                    }
                    None => RevocationReason::Unspecified,
                };
                reader.finish()?;
                // Only delta lists take something back.
                if reason == RevocationReason::RemoveFromCrl {
                    return Err(OcspError::ReasonInvalid);
                }
                Ok(Self::Revoked { at, reason })
            }
            _ => Err(DerError::UnexpectedTag.into()),
        }
    }
}

const GOOD: u8 = tag::context(0);
const REVOKED: u8 = tag::context_constructed(1);
const UNKNOWN: u8 = tag::context(2);

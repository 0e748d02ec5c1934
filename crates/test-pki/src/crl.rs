//! Certificate revocation lists (RFC 5280 section 5.1) from their parts, right or wrong: it signs whatever it is
//! given.

use ring::rand::SecureRandom;
use rustls_pki_types::UnixTime;

use crate::{Error, Extension, Name, PrivateKey, RevocationReason, Serial, der, extension, oid};

/// One revoked certificate.
#[derive(Clone, Debug)]
pub struct CrlEntry {
    /// userCertificate.
    pub serial: Serial,
    /// revocationDate.
    pub revoked_at: UnixTime,
    /// reasonCode; `Unspecified` is left out, as RFC 5280 section 5.3.1 asks.
    pub reason: RevocationReason,
    /// crlEntryExtensions after the reason.
    pub extensions: Vec<Extension>,
}

/// A revocation list before its signature.
#[derive(Clone, Debug)]
pub struct CrlBuilder {
    /// version: 1 is version 2, and none is version 1.
    pub version: Option<u8>,
    /// issuer.
    pub issuer: Name,
    /// thisUpdate.
    pub this_update: UnixTime,
    /// nextUpdate.
    pub next_update: Option<UnixTime>,
    /// revokedCertificates, in this order.
    pub entries: Vec<CrlEntry>,
    /// crlExtensions, in this order; absent when empty.
    pub extensions: Vec<Extension>,
}

impl CrlBuilder {
    /// Signs with the issuer's key and returns the `CertificateList`, DER.
    pub fn sign(&self, issuer_key: &PrivateKey, random: &dyn SecureRandom) -> Result<Vec<u8>, Error> {
        let algorithm = issuer_key.signature_algorithm()?;
        let next_update = self.next_update.map(der::time).transpose()?;
        let extensions = match self.extensions.as_slice() {
            [] => Vec::new(),
            extensions => der::context(0, &extension::extensions(extensions)?),
        };
        let tbs = der::sequence(&[
            &self.version.map(|version| der::unsigned(&[version])).unwrap_or_default(),
            &algorithm,
            self.issuer.as_der(),
            &der::time(self.this_update)?,
            &next_update.unwrap_or_default(),
            &self.revoked_certificates()?,
            &extensions,
        ]);
        let signature = issuer_key.sign(&tbs, random)?;
        Ok(der::sequence(&[&tbs, &algorithm, &der::bit_string(&signature)]))
    }

    /// Nothing at all when no certificate is revoked: the field must then be absent.
    fn revoked_certificates(&self) -> Result<Vec<u8>, Error> {
        if self.entries.is_empty() {
            return Ok(Vec::new());
        }
        let mut list = Vec::new();
        for entry in &self.entries {
            list.extend(entry.to_der()?);
        }
        Ok(der::sequence(&[&list]))
    }
}

impl CrlEntry {
    pub(crate) fn to_der(&self) -> Result<Vec<u8>, Error> {
        let mut list = Vec::new();
        if self.reason != RevocationReason::Unspecified {
            list.push(Extension::new(oid::CRL_REASON, false, der::enumerated(self.reason.code())));
        }
        list.extend_from_slice(&self.extensions);
        let (serial, at) = (self.serial.to_der(), der::time(self.revoked_at)?);
        // The field is absent rather than empty.
        let extensions = if list.is_empty() { Vec::new() } else { extension::extensions(&list)? };
        Ok(der::sequence(&[&serial, &at, &extensions]))
    }
}

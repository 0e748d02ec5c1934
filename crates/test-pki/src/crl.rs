//! Certificate revocation lists (RFC 5280 section 5.1), version 2, from their parts.

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
    /// issuer.
    pub issuer: Name,
    /// thisUpdate.
    pub this_update: UnixTime,
    /// nextUpdate.
    pub next_update: UnixTime,
    /// revokedCertificates, in this order.
    pub entries: Vec<CrlEntry>,
    /// crlExtensions, in this order.
    pub extensions: Vec<Extension>,
}

impl CrlBuilder {
    /// Signs with the issuer's key and returns the `CertificateList`, DER.
    pub fn sign(&self, issuer_key: &PrivateKey, random: &dyn SecureRandom) -> Result<Vec<u8>, Error> {
        let algorithm = issuer_key.signature_algorithm()?;
        let tbs = der::sequence(&[
            &der::unsigned(&[1]), // v2
            &algorithm,
            self.issuer.as_der(),
            &der::time(self.this_update)?,
            &der::time(self.next_update)?,
            &self.revoked_certificates()?,
            &der::context(0, &extension::extensions(&self.extensions)?),
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
    fn to_der(&self) -> Result<Vec<u8>, Error> {
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

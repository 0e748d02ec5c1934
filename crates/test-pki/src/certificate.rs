//! Certificates (RFC 5280 section 4.1) from their parts, right or wrong: it signs whatever it is given.

use ring::rand::SecureRandom;
use rustls_pki_types::UnixTime;

use crate::{Error, Extension, Name, PrivateKey, Serial, der, extension};

/// A certificate before its signature.
#[derive(Clone, Debug)]
pub struct CertificateBuilder {
    /// serialNumber.
    pub serial: Serial,
    /// issuer.
    pub issuer: Name,
    /// notBefore.
    pub not_before: UnixTime,
    /// notAfter.
    pub not_after: UnixTime,
    /// subject.
    pub subject: Name,
    /// subjectPublicKeyInfo, DER.
    pub subject_public_key_info: Vec<u8>,
    /// extensions, in this order.
    pub extensions: Vec<Extension>,
}

impl CertificateBuilder {
    /// Signs with the issuer's key and returns the `Certificate`, DER.
    pub fn sign(&self, issuer_key: &PrivateKey, random: &dyn SecureRandom) -> Result<Vec<u8>, Error> {
        let algorithm = issuer_key.signature_algorithm()?;
        let tbs = der::sequence(&[
            &der::context(0, &der::unsigned(&[2])), // v3
            &self.serial.to_der(),
            &algorithm,
            self.issuer.as_der(),
            &der::sequence(&[&der::time(self.not_before)?, &der::time(self.not_after)?]),
            self.subject.as_der(),
            &self.subject_public_key_info,
            &der::context(3, &extension::extensions(&self.extensions)?),
        ]);
        let signature = issuer_key.sign(&tbs, random)?;
        Ok(der::sequence(&[&tbs, &algorithm, &der::bit_string(&signature)]))
    }
}

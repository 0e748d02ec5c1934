//! Trust anchors: CA certificates that an operator configured, each with the algorithms it may use.

use madoguchi_protocol::Octets;
use rustls_pki_types::UnixTime;

use crate::usage::KeyUsage;
use crate::{Certificate, Error, Name, PublicKey, SignatureAlgorithm, certificate_octets};

/// A trust anchor. Several may share one name: the authority key identifier tells them apart.
#[derive(Clone, Debug)]
pub struct Anchor {
    certificate: Certificate,
    key_id: Vec<u8>,
    algorithms: Vec<SignatureAlgorithm>,
}

impl Anchor {
    /// Reads a CA certificate (DER or PEM) that may use the one algorithm that its key prescribes.
    pub fn new(file: &[u8]) -> Result<Self, Error> {
        let certificate = Certificate::parse(&certificate_octets(file)?)?;
        let algorithm = SignatureAlgorithm::prescribed_by(certificate.public_key().kind());
        Self::from_certificate(certificate, vec![algorithm])
    }

    /// Reads a CA certificate (DER or PEM) that may use these algorithms.
    pub fn with_algorithms(file: &[u8], algorithms: Vec<SignatureAlgorithm>) -> Result<Self, Error> {
        Self::from_certificate(Certificate::parse(&certificate_octets(file)?)?, algorithms)
    }

    fn from_certificate(
        certificate: Certificate,
        algorithms: Vec<SignatureAlgorithm>,
    ) -> Result<Self, Error> {
        let extensions = &certificate.extensions;
        if !extensions.ca || !extensions.key_usage.is_some_and(KeyUsage::may_sign_certificates) {
            return Err(Error::AnchorNotCa);
        }
        let kind = certificate.public_key().kind();
        if let Some(algorithm) = algorithms.iter().find(|algorithm| !algorithm.fits(kind)) {
            return Err(Error::AnchorAlgorithm { algorithm: *algorithm });
        }
        let key_id = extensions.subject_key_id.clone().ok_or(Error::AnchorWithoutKeyId)?;
        Ok(Self { certificate, key_id, algorithms })
    }

    /// The CA's name.
    pub fn name(&self) -> &Name {
        self.certificate.subject()
    }

    /// The CA's public key.
    pub fn public_key(&self) -> &PublicKey {
        self.certificate.public_key()
    }

    /// SHA-256 of its SubjectPublicKeyInfo.
    pub fn key_hash(&self) -> Octets<32> {
        self.public_key().spki_sha256()
    }

    /// The last second of its validity.
    pub fn not_after(&self) -> UnixTime {
        self.certificate.not_after()
    }

    /// The CA certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    pub(crate) fn may_use(&self, algorithm: SignatureAlgorithm) -> bool {
        self.algorithms.contains(&algorithm)
    }

    pub(crate) fn may_sign_lists(&self) -> bool {
        self.certificate.extensions.key_usage.is_some_and(KeyUsage::may_sign_lists)
    }

    pub(crate) fn has_key_id(&self, key_id: &[u8]) -> bool {
        self.key_id == key_id
    }

    /// Whether the anchor itself is valid at `now`.
    pub(crate) fn is_valid_at(&self, now: UnixTime) -> Result<(), Error> {
        let (not_before, not_after) = (self.certificate.not_before(), self.certificate.not_after());
        if now < not_before {
            return Err(Error::AnchorNotYetValid { now, not_before });
        }
        if now > not_after {
            return Err(Error::AnchorExpired { now, not_after });
        }
        Ok(())
    }
}

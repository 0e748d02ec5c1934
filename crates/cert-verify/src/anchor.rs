//! Trust anchors: CA certificates that an operator configured, each with the algorithms it may use.

use madoguchi_protocol::Octets;
use rustls_pki_types::UnixTime;

use crate::usage::KeyUsage;
use crate::{Certificate, Error, Name, PublicKey, SignatureAlgorithm, certificate_octets};

/// A trust anchor. Several may share one name: the authority key identifier tells them apart.
#[derive(Clone, Debug)]
pub struct Anchor {
    certificate: Certificate,
    algorithms: Vec<SignatureAlgorithm>,
}

impl Anchor {
    /// Reads a CA certificate (DER or PEM) that may use the one algorithm that its key prescribes.
    pub fn new(file: &[u8]) -> Result<Self, Error> {
        let certificate = Certificate::parse(&certificate_octets(file)?)?;
        certificate.public_key().is_supported()?;
        let prescribed = SignatureAlgorithm::prescribed_by(certificate.public_key().kind());
        Self::from_certificate(certificate, prescribed.into_iter().collect())
    }

    /// Reads a CA certificate (DER or PEM) that may use these algorithms.
    pub fn with_algorithms(file: &[u8], algorithms: Vec<SignatureAlgorithm>) -> Result<Self, Error> {
        Self::from_certificate(Certificate::parse(&certificate_octets(file)?)?, algorithms)
    }

    /// An anchor that somebody else trusts, with all algorithms that fit its key. What is wrong with it shows
    /// when a path needs it: another anchor beside it may be good.
    pub fn of_others(certificate: Certificate) -> Self {
        let algorithms = SignatureAlgorithm::all_of(certificate.public_key().kind());
        Self { certificate, algorithms }
    }

    fn from_certificate(
        certificate: Certificate,
        algorithms: Vec<SignatureAlgorithm>,
    ) -> Result<Self, Error> {
        let extensions = &certificate.extensions;
        if !extensions.is_ca() || !extensions.key_usage.is_some_and(KeyUsage::may_sign_certificates) {
            return Err(Error::AnchorNotCa);
        }
        certificate.public_key().is_supported()?;
        let kind = certificate.public_key().kind();
        if let Some(algorithm) = algorithms.iter().find(|algorithm| !algorithm.fits(kind)) {
            return Err(Error::AnchorAlgorithm { algorithm: *algorithm });
        }
        if extensions.subject_key_id.is_none() {
            return Err(Error::AnchorWithoutKeyId);
        }
        Ok(Self { certificate, algorithms })
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

    /// The algorithms it may use.
    pub fn algorithms(&self) -> &[SignatureAlgorithm] {
        &self.algorithms
    }

    pub(crate) fn may_use(&self, algorithm: SignatureAlgorithm) -> bool {
        self.algorithms.contains(&algorithm)
    }

    pub(crate) fn may_sign_lists(&self) -> bool {
        self.certificate.extensions.key_usage.is_some_and(KeyUsage::may_sign_lists)
    }

    pub(crate) fn has_key_id(&self, key_id: &[u8]) -> bool {
        self.certificate.extensions.subject_key_id.as_deref() == Some(key_id)
    }
}

//! OCSP responses (RFC 6960 section 4.2) from their parts, right or wrong: it signs whatever it is given.

use ring::{
    digest::{self, Algorithm, SHA1_FOR_LEGACY_USE_ONLY, SHA256},
    rand::SecureRandom,
};
use rustls_pki_types::UnixTime;

use crate::{Error, Extension, Name, PrivateKey, der, extension, oid};

/// A response before its signature.
#[derive(Clone, Debug)]
pub struct OcspResponseBuilder {
    /// responseType in dotted form.
    pub response_type: String,
    /// version, when it is written out.
    pub version: Option<u8>,
    /// responderID.
    pub responder: OcspResponderId,
    /// producedAt.
    pub produced_at: UnixTime,
    /// responses, in this order.
    pub singles: Vec<OcspSingle>,
    /// responseExtensions; absent when empty.
    pub extensions: Vec<Extension>,
    /// signatureAlgorithm, when it is not the signing key's. DER.
    pub algorithm: Option<Vec<u8>>,
    /// certs, in this order, DER; absent when empty.
    pub certificates: Vec<Vec<u8>>,
}

/// responderID.
#[derive(Clone, Debug)]
pub enum OcspResponderId {
    /// byName.
    Name(Name),
    /// byKey: any octets.
    Key(Vec<u8>),
}

/// A SingleResponse.
#[derive(Clone, Debug)]
pub struct OcspSingle {
    /// certID.
    pub cert_id: OcspCertId,
    /// certStatus.
    pub status: OcspStatus,
    /// thisUpdate.
    pub this_update: UnixTime,
    /// nextUpdate.
    pub next_update: Option<UnixTime>,
    /// singleExtensions; absent when empty.
    pub extensions: Vec<Extension>,
}

/// CertID.
#[derive(Clone, Debug)]
pub struct OcspCertId {
    /// hashAlgorithm in dotted form; its parameters are NULL.
    pub hash: String,
    /// issuerNameHash.
    pub issuer_name_hash: Vec<u8>,
    /// issuerKeyHash.
    pub issuer_key_hash: Vec<u8>,
    /// serialNumber, DER.
    pub serial: Vec<u8>,
}

/// CertStatus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OcspStatus {
    /// good.
    Good,
    /// revoked.
    Revoked {
        /// revocationTime.
        at: UnixTime,
        /// revocationReason: any number.
        reason: Option<u8>,
    },
    /// unknown.
    Unknown,
}

impl OcspResponderId {
    /// byKey as RFC 6960 section 4.2.1 says: SHA-1 of the key's bits.
    pub fn of_key(key: &PrivateKey) -> Self {
        Self::Key(hash(&SHA1_FOR_LEGACY_USE_ONLY, key.public_key()))
    }

    fn to_der(&self) -> Vec<u8> {
        match self {
            Self::Name(name) => der::context(1, name.as_der()),
            Self::Key(octets) => der::context(2, &der::octet_string(octets)),
        }
    }
}

impl OcspCertId {
    /// The CertID of a certificate of this number whose issuer has this name (DER) and key, with SHA-1 hashes.
    pub fn sha1(issuer_name: &[u8], issuer_key: &[u8], serial: Vec<u8>) -> Self {
        Self::with(oid::SHA1, &SHA1_FOR_LEGACY_USE_ONLY, issuer_name, issuer_key, serial)
    }

    /// The same with SHA-256 hashes.
    pub fn sha256(issuer_name: &[u8], issuer_key: &[u8], serial: Vec<u8>) -> Self {
        Self::with(oid::SHA256, &SHA256, issuer_name, issuer_key, serial)
    }

    fn with(dotted: &str, algorithm: &'static Algorithm, name: &[u8], key: &[u8], serial: Vec<u8>) -> Self {
        Self {
            hash: dotted.to_owned(),
            issuer_name_hash: hash(algorithm, name),
            issuer_key_hash: hash(algorithm, key),
            serial,
        }
    }

    fn to_der(&self) -> Result<Vec<u8>, Error> {
        let algorithm = der::sequence(&[&der::oid(&self.hash)?, &der::null()]);
        let hashes =
            [der::octet_string(&self.issuer_name_hash), der::octet_string(&self.issuer_key_hash)].concat();
        Ok(der::sequence(&[&algorithm, &hashes, &self.serial]))
    }
}

impl OcspStatus {
    fn to_der(self) -> Result<Vec<u8>, Error> {
        Ok(match self {
            Self::Good => der::context_primitive(0, &[]),
            Self::Unknown => der::context_primitive(2, &[]),
            Self::Revoked { at, reason } => {
                let reason = reason.map(|number| der::context(0, &der::enumerated(number)));
                der::context(1, &[der::generalized_time(at)?, reason.unwrap_or_default()].concat())
            }
        })
    }
}

impl OcspSingle {
    fn to_der(&self) -> Result<Vec<u8>, Error> {
        let next_update = match self.next_update {
            Some(at) => der::context(0, &der::generalized_time(at)?),
            None => Vec::new(),
        };
        Ok(der::sequence(&[
            &self.cert_id.to_der()?,
            &self.status.to_der()?,
            &der::generalized_time(self.this_update)?,
            &next_update,
            &explicit_extensions(&self.extensions)?,
        ]))
    }
}

impl OcspResponseBuilder {
    /// tbsResponseData, DER.
    pub fn to_tbs(&self) -> Result<Vec<u8>, Error> {
        let mut singles = Vec::new();
        for single in &self.singles {
            singles.extend(single.to_der()?);
        }
        let version = self.version.map(|version| der::context(0, &der::unsigned(&[version])));
        Ok(der::sequence(&[
            &version.unwrap_or_default(),
            &self.responder.to_der(),
            &der::generalized_time(self.produced_at)?,
            &der::sequence(&[&singles]),
            &explicit_extensions(&self.extensions)?,
        ]))
    }

    /// Signs and returns the `OCSPResponse`, DER.
    pub fn sign(&self, key: &PrivateKey, random: &dyn SecureRandom) -> Result<Vec<u8>, Error> {
        let tbs = self.to_tbs()?;
        let signature = key.sign(&tbs, random)?;
        self.assemble(&tbs, &key.signature_algorithm()?, &signature)
    }

    /// The `OCSPResponse` of tbsResponseData, algorithm and signature, whatever they are, DER.
    pub fn assemble(&self, tbs: &[u8], algorithm: &[u8], signature: &[u8]) -> Result<Vec<u8>, Error> {
        let algorithm = self.algorithm.as_deref().unwrap_or(algorithm);
        let certificates = self.certificates.concat();
        let certificates = if certificates.is_empty() {
            Vec::new()
        } else {
            der::context(0, &der::sequence(&[&certificates]))
        };
        let basic = der::sequence(&[tbs, algorithm, &der::bit_string(signature), &certificates]);
        let bytes = der::sequence(&[&der::oid(&self.response_type)?, &der::octet_string(&basic)]);
        Ok(der::sequence(&[&der::enumerated(0), &der::context(0, &bytes)]))
    }

    /// A response that is only a responseStatus: why there is no other.
    pub fn error(status: u8) -> Vec<u8> {
        der::sequence(&[&der::enumerated(status)])
    }
}

/// `[1] EXPLICIT Extensions`, absent when there is none.
fn explicit_extensions(list: &[Extension]) -> Result<Vec<u8>, Error> {
    if list.is_empty() { Ok(Vec::new()) } else { Ok(der::context(1, &extension::extensions(list)?)) }
}

fn hash(algorithm: &'static Algorithm, octets: &[u8]) -> Vec<u8> {
    digest::digest(algorithm, octets).as_ref().to_vec()
}

//! CertID (RFC 6960 section 4.1.1): which certificate is asked about.

use std::cell::OnceCell;

use ring::digest;

use crate::der::{DerError, Reader, tag};
use crate::ocsp::{Mismatch, OcspError, spend_steps, writer};
use crate::{Budget, Certificate, PublicKey};

/// The hash that names the issuer. Collisions do not matter here, which is why SHA-1 is still among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertIdHash {
    /// SHA-1, which every responder knows.
    Sha1,
    /// SHA-256.
    Sha256,
}

impl CertIdHash {
    fn hash(self, octets: &[u8]) -> digest::Digest {
        digest::digest(
            match self {
                Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
                Self::Sha256 => &digest::SHA256,
            },
            octets,
        )
    }

    fn identifier(self) -> &'static [u8] {
        match self {
            Self::Sha1 => SHA1,
            Self::Sha256 => SHA256,
        }
    }

    fn of(identifier: &[u8]) -> Option<Self> {
        match identifier {
            SHA1 => Some(Self::Sha1),
            SHA256 => Some(Self::Sha256),
            _ => None,
        }
    }
}

/// The encoding of the CertID of a certificate whose issuer has this key.
pub(crate) fn encode(certificate: &Certificate, issuer_key: &PublicKey, hash: CertIdHash) -> Vec<u8> {
    writer::sequence(&[
        &writer::algorithm(hash.identifier(), true),
        &writer::octet_string(hash.hash(certificate.issuer().der()).as_ref()),
        &writer::octet_string(hash.hash(issuer_key.key()).as_ref()),
        &writer::tlv(tag::INTEGER, certificate.serial()),
    ])
}

/// The CertID of a response.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CertId<'a> {
    /// None when the hash is not one of ours.
    hash: Option<CertIdHash>,
    issuer_name_hash: &'a [u8],
    issuer_key_hash: &'a [u8],
    serial: &'a [u8],
}

impl<'a> CertId<'a> {
    pub(crate) fn read(reader: &mut Reader<'a>) -> Result<Self, DerError> {
        let mut id = reader.sequence()?;
        let mut algorithm = id.sequence()?;
        let hash = CertIdHash::of(algorithm.object_identifier()?);
        if hash.is_some() {
            // Parameters of a hash are NULL or absent (RFC 5754 section 2).
            algorithm.optional(tag::NULL)?;
        } else if !algorithm.is_empty() {
            // Those of another hash are whatever it says, and one encoding (RFC 5280 section 4.1.1.2).
            algorithm.read()?;
        }
        algorithm.finish()?;
        let (issuer_name_hash, issuer_key_hash) = (id.octet_string()?, id.octet_string()?);
        let serial = id.integer()?;
        id.finish()?;
        Ok(Self { hash, issuer_name_hash, issuer_key_hash, serial })
    }

    /// Whether it names this certificate: both hashes are ours, by the response's own algorithm.
    pub(crate) fn names(&self, asked: &Asked<'_>) -> Result<(), Mismatch> {
        let hash = self.hash.ok_or(Mismatch::HashUnknown)?;
        if self.serial != asked.certificate.serial() {
            return Err(Mismatch::Serial);
        }
        let issuer = asked.issuer(hash);
        if self.issuer_name_hash != issuer.name.as_ref() {
            return Err(Mismatch::IssuerName);
        }
        if self.issuer_key_hash == issuer.key.as_ref() { Ok(()) } else { Err(Mismatch::IssuerKey) }
    }
}

/// The certificate that many statements are compared with: its issuer is hashed once.
pub(crate) struct Asked<'a> {
    certificate: &'a Certificate,
    issuer_key: &'a PublicKey,
    sha1: OnceCell<IssuerHashes>,
    sha256: OnceCell<IssuerHashes>,
}

struct IssuerHashes {
    name: digest::Digest,
    key: digest::Digest,
}

impl<'a> Asked<'a> {
    /// Takes the cost of the hashes beforehand.
    pub(crate) fn new(
        certificate: &'a Certificate,
        issuer_key: &'a PublicKey,
        budget: &mut Budget,
    ) -> Result<Self, OcspError> {
        let octets = certificate.issuer().der().len().saturating_add(issuer_key.key().len());
        spend_steps(budget, 2 * (octets / 1024) + 1)?;
        Ok(Self { certificate, issuer_key, sha1: OnceCell::new(), sha256: OnceCell::new() })
    }

    fn issuer(&self, hash: CertIdHash) -> &IssuerHashes {
        let known = match hash {
            CertIdHash::Sha1 => &self.sha1,
            CertIdHash::Sha256 => &self.sha256,
        };
        known.get_or_init(|| IssuerHashes {
            name: hash.hash(self.certificate.issuer().der()),
            key: hash.hash(self.issuer_key.key()),
        })
    }
}

/// 1.3.14.3.2.26.
const SHA1: &[u8] = &[0x2b, 14, 3, 2, 26];
/// 2.16.840.1.101.3.4.2.1.
const SHA256: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1];

#[cfg(test)]
mod tests {
    use super::*;

    fn read(algorithm: &[&[u8]]) -> Result<Option<CertIdHash>, DerError> {
        let hash = writer::octet_string(&[7; 20]);
        let id =
            writer::sequence(&[&writer::sequence(algorithm), &hash, &hash, &writer::tlv(tag::INTEGER, &[1])]);
        CertId::read(&mut Reader::new(&id)).map(|id| id.hash)
    }

    #[test]
    fn an_algorithm_has_at_most_one_parameter() {
        let (null, number) = ([5, 0], [2, 1, 1]);
        let sha1 = writer::tlv(tag::OBJECT_IDENTIFIER, SHA1);
        let other = writer::tlv(tag::OBJECT_IDENTIFIER, &[0x2a, 3]);
        for ours in [&[&sha1[..]][..], &[&sha1, &null]] {
            assert_eq!(read(ours), Ok(Some(CertIdHash::Sha1)));
        }
        for unknown in [&[&other[..]][..], &[&other, &null], &[&other, &number]] {
            assert_eq!(read(unknown), Ok(None));
        }
        for wrong in [&[&sha1[..], &number][..], &[&sha1, &null, &null], &[&other, &null, &null]] {
            assert_eq!(read(wrong), Err(DerError::TrailingOctets), "{wrong:?}");
        }
    }
}

//! CertID (RFC 6960 section 4.1.1): which certificate is asked about.

use ring::digest;

use crate::der::{DerError, Reader, tag};
use crate::ocsp::{Mismatch, writer};
use crate::{Certificate, PublicKey};

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
    pub(crate) fn names(&self, certificate: &Certificate, issuer_key: &PublicKey) -> Result<(), Mismatch> {
        let hash = self.hash.ok_or(Mismatch::HashUnknown)?;
        if self.serial != certificate.serial() {
            return Err(Mismatch::Serial);
        }
        if self.issuer_name_hash != hash.hash(certificate.issuer().der()).as_ref() {
            return Err(Mismatch::IssuerName);
        }
        let key_hash_fits = match hash {
            CertIdHash::Sha1 => self.issuer_key_hash == issuer_key.key_sha1(),
            CertIdHash::Sha256 => self.issuer_key_hash == hash.hash(issuer_key.key()).as_ref(),
        };
        if key_hash_fits { Ok(()) } else { Err(Mismatch::IssuerKey) }
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

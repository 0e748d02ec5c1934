//! Signature algorithms (RFC 5280 section 4.1.1.2), each read from its identifier and checked with ring.

use std::fmt;

use ring::signature::{self, UnparsedPublicKey, VerificationAlgorithm};

use crate::der::{DerError, Reader, tag};
use crate::{Error, KeyKind, Oid, Part, PublicKey, oid};

/// A signature algorithm of certificates and revocation lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignatureAlgorithm {
    /// ecdsa-with-SHA256, with keys on P-256 only.
    EcdsaP256Sha256,
    /// ecdsa-with-SHA384, with keys on P-384 only.
    EcdsaP384Sha384,
    /// sha256WithRSAEncryption (PKCS#1 v1.5).
    RsaSha256,
    /// sha384WithRSAEncryption (PKCS#1 v1.5).
    RsaSha384,
    /// sha512WithRSAEncryption (PKCS#1 v1.5).
    RsaSha512,
}

impl SignatureAlgorithm {
    /// The algorithm that a key of this kind prescribes: SHA-256 for RSA and P-256, SHA-384 for P-384.
    pub fn prescribed_by(kind: KeyKind) -> Self {
        match kind {
            KeyKind::EcP256 => Self::EcdsaP256Sha256,
            KeyKind::EcP384 => Self::EcdsaP384Sha384,
            KeyKind::Rsa => Self::RsaSha256,
        }
    }

    /// Whether a key of this kind can make such signatures.
    pub fn fits(self, kind: KeyKind) -> bool {
        match self {
            Self::EcdsaP256Sha256 => kind == KeyKind::EcP256,
            Self::EcdsaP384Sha384 => kind == KeyKind::EcP384,
            Self::RsaSha256 | Self::RsaSha384 | Self::RsaSha512 => kind == KeyKind::Rsa,
        }
    }

    /// Reads an AlgorithmIdentifier: NULL parameters for RSA (RFC 4055 section 5), none for ECDSA (RFC 5758).
    pub(crate) fn read(reader: &mut Reader<'_>, part: Part) -> Result<Self, Error> {
        let malformed = part.malformed();
        let mut sequence = reader.sequence().map_err(&malformed)?;
        let oid = sequence.object_identifier().map_err(&malformed)?;
        let (algorithm, null) = match oid {
            oid::ECDSA_WITH_SHA256 => (Self::EcdsaP256Sha256, false),
            oid::ECDSA_WITH_SHA384 => (Self::EcdsaP384Sha384, false),
            oid::SHA256_WITH_RSA => (Self::RsaSha256, true),
            oid::SHA384_WITH_RSA => (Self::RsaSha384, true),
            oid::SHA512_WITH_RSA => (Self::RsaSha512, true),
            other => return Err(Error::AlgorithmUnsupported { oid: Oid::from_octets(other) }),
        };
        if null {
            let null = sequence.expect(tag::NULL).map_err(&malformed)?;
            null.content().finish().map_err(|_| malformed(DerError::Null))?;
        }
        sequence.finish().map_err(&malformed)?;
        Ok(algorithm)
    }

    /// Whether `signature` is this key's over `message`. A key of another kind never made it.
    pub(crate) fn verifies(self, key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
        let algorithm: &dyn VerificationAlgorithm = match self {
            Self::EcdsaP256Sha256 => &signature::ECDSA_P256_SHA256_ASN1,
            Self::EcdsaP384Sha384 => &signature::ECDSA_P384_SHA384_ASN1,
            Self::RsaSha256 => &signature::RSA_PKCS1_2048_8192_SHA256,
            Self::RsaSha384 => &signature::RSA_PKCS1_2048_8192_SHA384,
            Self::RsaSha512 => &signature::RSA_PKCS1_2048_8192_SHA512,
        };
        self.fits(key.kind())
            && UnparsedPublicKey::new(algorithm, key.key()).verify(message, signature).is_ok()
    }
}

impl fmt::Display for SignatureAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EcdsaP256Sha256 => "ECDSA P-256 with SHA-256",
            Self::EcdsaP384Sha384 => "ECDSA P-384 with SHA-384",
            Self::RsaSha256 => "RSA PKCS#1 v1.5 with SHA-256",
            Self::RsaSha384 => "RSA PKCS#1 v1.5 with SHA-384",
            Self::RsaSha512 => "RSA PKCS#1 v1.5 with SHA-512",
        })
    }
}

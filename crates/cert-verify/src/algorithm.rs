//! Signature algorithms (RFC 5280 section 4.1.1.2), each read from its identifier and checked with ring.

use std::fmt;

use ring::signature::{self, UnparsedPublicKey, VerificationAlgorithm};

use crate::der::{DerError, Reader, tag};
use crate::{KeyKind, Oid, PublicKey, oid};

/// A signature algorithm of certificates, revocation lists and OCSP responses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignatureAlgorithm {
    /// ecdsa-with-SHA256 by a key on P-256.
    EcdsaP256Sha256,
    /// ecdsa-with-SHA384 by a key on P-256.
    EcdsaP256Sha384,
    /// ecdsa-with-SHA256 by a key on P-384.
    EcdsaP384Sha256,
    /// ecdsa-with-SHA384 by a key on P-384.
    EcdsaP384Sha384,
    /// Ed25519 (RFC 8410).
    Ed25519,
    /// sha256WithRSAEncryption (PKCS#1 v1.5).
    RsaSha256,
    /// sha384WithRSAEncryption (PKCS#1 v1.5).
    RsaSha384,
    /// sha512WithRSAEncryption (PKCS#1 v1.5).
    RsaSha512,
}

impl SignatureAlgorithm {
    /// The algorithm that a key of this kind prescribes: SHA-256 for RSA and P-256, SHA-384 for P-384. A key that
    /// is not supported prescribes none.
    pub fn prescribed_by(kind: KeyKind) -> Option<Self> {
        match kind {
            KeyKind::EcP256 => Some(Self::EcdsaP256Sha256),
            KeyKind::EcP384 => Some(Self::EcdsaP384Sha384),
            KeyKind::Ed25519 => Some(Self::Ed25519),
            KeyKind::Rsa => Some(Self::RsaSha256),
            KeyKind::Unsupported(_) => None,
        }
    }

    /// All algorithms that a key of this kind can make.
    pub fn all_of(kind: KeyKind) -> Vec<Self> {
        Self::ALL.into_iter().filter(|algorithm| algorithm.fits(kind)).collect()
    }

    const ALL: [Self; 8] = [
        Self::EcdsaP256Sha256,
        Self::EcdsaP256Sha384,
        Self::EcdsaP384Sha256,
        Self::EcdsaP384Sha384,
        Self::Ed25519,
        Self::RsaSha256,
        Self::RsaSha384,
        Self::RsaSha512,
    ];

    /// Whether a key of this kind can make such signatures.
    pub fn fits(self, kind: KeyKind) -> bool {
        match self {
            Self::EcdsaP256Sha256 | Self::EcdsaP256Sha384 => kind == KeyKind::EcP256,
            Self::EcdsaP384Sha256 | Self::EcdsaP384Sha384 => kind == KeyKind::EcP384,
            Self::Ed25519 => kind == KeyKind::Ed25519,
            Self::RsaSha256 | Self::RsaSha384 | Self::RsaSha512 => kind == KeyKind::Rsa,
        }
    }

    /// The same algorithm as a key of this kind makes it. An identifier of ECDSA names the hash alone, and is read
    /// as that of the curve of the same size; the key tells the curve.
    pub(crate) fn of_key(self, kind: KeyKind) -> Self {
        match (self, kind) {
            (Self::EcdsaP256Sha256, KeyKind::EcP384) => Self::EcdsaP384Sha256,
            (Self::EcdsaP384Sha384, KeyKind::EcP256) => Self::EcdsaP256Sha384,
            (same, _) => same,
        }
    }

    /// What checking one signature costs, in RSA-2048 verifications as `ring` does them.
    pub(crate) fn cost(self) -> u64 {
        match self {
            Self::EcdsaP256Sha256 | Self::EcdsaP256Sha384 | Self::Ed25519 => 2,
            Self::EcdsaP384Sha256 | Self::EcdsaP384Sha384 => 30,
            Self::RsaSha256 | Self::RsaSha384 | Self::RsaSha512 => 1,
        }
    }

    /// Reads an AlgorithmIdentifier: NULL parameters for RSA, or none, which RFC 4055 section 5 has every reader
    /// accept; none for ECDSA (RFC 5758) and
    /// Ed25519 (RFC 8410). Another algorithm is named, and refused by whoever needs it.
    pub(crate) fn identify(reader: &mut Reader<'_>) -> Result<Result<Self, Oid>, DerError> {
        let mut sequence = reader.sequence()?;
        let oid = sequence.object_identifier()?;
        let (algorithm, null) = match oid {
            oid::ECDSA_WITH_SHA256 => (Self::EcdsaP256Sha256, false),
            oid::ECDSA_WITH_SHA384 => (Self::EcdsaP384Sha384, false),
            oid::ED25519 => (Self::Ed25519, false),
            oid::SHA256_WITH_RSA => (Self::RsaSha256, true),
            oid::SHA384_WITH_RSA => (Self::RsaSha384, true),
            oid::SHA512_WITH_RSA => (Self::RsaSha512, true),
            other => return Ok(Err(Oid::from_octets(other))),
        };
        if let Some(null) = if null { sequence.optional(tag::NULL)? } else { None } {
            null.content().finish().map_err(|_| DerError::Null)?;
        }
        sequence.finish()?;
        Ok(Ok(algorithm))
    }

    /// Whether `signature` is this key's over `message`. A key of another kind never made it.
    pub(crate) fn verifies(self, key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
        let algorithm: &dyn VerificationAlgorithm = match self {
            Self::EcdsaP256Sha256 => &signature::ECDSA_P256_SHA256_ASN1,
            Self::EcdsaP256Sha384 => &signature::ECDSA_P256_SHA384_ASN1,
            Self::EcdsaP384Sha256 => &signature::ECDSA_P384_SHA256_ASN1,
            Self::EcdsaP384Sha384 => &signature::ECDSA_P384_SHA384_ASN1,
            Self::Ed25519 => &signature::ED25519,
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
            Self::EcdsaP256Sha384 => "ECDSA P-256 with SHA-384",
            Self::EcdsaP384Sha256 => "ECDSA P-384 with SHA-256",
            Self::EcdsaP384Sha384 => "ECDSA P-384 with SHA-384",
            Self::Ed25519 => "Ed25519",
            Self::RsaSha256 => "RSA PKCS#1 v1.5 with SHA-256",
            Self::RsaSha384 => "RSA PKCS#1 v1.5 with SHA-384",
            Self::RsaSha512 => "RSA PKCS#1 v1.5 with SHA-512",
        })
    }
}

/// The code and the name of a signature algorithm that nobody may use here.
pub(crate) fn refused(oid: &Oid) -> (&'static str, &'static str) {
    match oid.as_octets() {
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 2] => ("algorithm_md2", "MD2 with RSA"),
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 4] => ("algorithm_md5", "MD5 with RSA"),
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 5] | [0x2b, 0x0e, 3, 2, 29] => {
            ("algorithm_sha1", "SHA-1 with RSA")
        }
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1] => ("algorithm_sha1", "SHA-1 with ECDSA"),
        [0x2a, 0x86, 0x48, 0xce, 0x38, 4, 3] => ("algorithm_dsa", "DSA with SHA-1"),
        [0x60, 0x86, 0x48, 0x01, 0x65, 3, 4, 3, 1..=4] => ("algorithm_dsa", "DSA"),
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10] => ("algorithm_pss", "RSASSA-PSS"),
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 4] => ("algorithm_ecdsa_sha512", "ECDSA with SHA-512"),
        [0x2b, 0x65, 0x71] => ("algorithm_ed448", "Ed448"),
        _ => ("algorithm_unsupported", "an unknown algorithm"),
    }
}

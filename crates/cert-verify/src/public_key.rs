//! Public keys (RFC 3279 section 2.3.1, RFC 5480, RFC 8410): RSA of 2048 to 4096 bits, P-256, P-384, Ed25519.
//!
//! Another key is read as what it is, with a name, and refused by whoever needs it.

use std::fmt;
use std::sync::{Arc, OnceLock};

use madoguchi_protocol::{Octets, sha256};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

use crate::der::{DerError, Reader, Tlv, object_identifier, tag};
use crate::{Error, curve, oid};

/// The kind of a public key: it decides hash and signature algorithm, never the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyKind {
    /// Elliptic curve P-256.
    EcP256,
    /// Elliptic curve P-384.
    EcP384,
    /// Edwards curve 25519.
    Ed25519,
    /// RSA of 2048 to 4096 bits.
    Rsa,
    /// A key that nothing here verifies with.
    Unsupported(UnsupportedKey),
}

/// Why nothing is verified with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnsupportedKey {
    /// An elliptic curve other than P-256 and P-384.
    Curve,
    /// DSA.
    Dsa,
    /// Ed448.
    Ed448,
    /// An elliptic curve written out instead of named (RFC 5480 section 2.1.1 forbids it).
    ExplicitCurve,
    /// A point that is compressed, of the wrong length or not on its curve.
    Point,
    /// An RSA public exponent that is even, below 65537 or longer than `ring` takes.
    RsaExponent,
    /// An RSA modulus that is even or not positive, or whose length is no whole number of octets.
    RsaModulus,
    /// RSA of more than 4096 bits.
    RsaTooLong,
    /// RSA of fewer than 2048 bits.
    RsaTooShort,
    /// An algorithm that is not known.
    Unknown,
}

impl UnsupportedKey {
    /// The stable name of this reason.
    pub fn code(self) -> &'static str {
        match self {
            Self::Curve => "key_curve",
            Self::Dsa => "key_dsa",
            Self::Ed448 => "key_ed448",
            Self::ExplicitCurve => "key_explicit_curve",
            Self::Point => "key_point",
            Self::RsaExponent => "key_rsa_exponent",
            Self::RsaModulus => "key_rsa_modulus",
            Self::RsaTooLong => "key_too_long",
            Self::RsaTooShort => "key_too_short",
            Self::Unknown => "key_unsupported",
        }
    }
}

impl fmt::Display for UnsupportedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Curve => "an elliptic curve other than P-256 and P-384",
            Self::Dsa => "DSA",
            Self::Ed448 => "Ed448",
            Self::ExplicitCurve => "an elliptic curve that is written out instead of named",
            Self::Point => "a point that is compressed, of the wrong length or not on its curve",
            Self::RsaExponent => "an RSA exponent that is even, below 65537 or too long",
            Self::RsaModulus => "an RSA modulus that is even, not positive or no whole number of octets",
            Self::RsaTooLong => "RSA of more than 4096 bits",
            Self::RsaTooShort => "RSA of fewer than 2048 bits",
            Self::Unknown => "an unknown algorithm",
        })
    }
}

/// A public key.
#[derive(Clone)]
pub struct PublicKey {
    kind: KeyKind,
    spki: Arc<[u8]>,
    /// How many of the last octets of `spki` are the content of subjectPublicKey.
    key_octets: usize,
    /// Made when it is first asked for: few keys are.
    spki_sha256: OnceLock<Octets<32>>,
    key_sha1: OnceLock<[u8; 20]>,
    on_curve: OnceLock<bool>,
}

impl PublicKey {
    /// Reads a SubjectPublicKeyInfo that the strict reader has walked.
    pub(crate) fn from_tlv(spki: Tlv<'_>) -> Result<Self, DerError> {
        let mut reader = spki.content();
        let mut algorithm = reader.sequence()?;
        let identifier = algorithm.object_identifier()?;
        let parameters = if algorithm.is_empty() { None } else { Some(algorithm.read()?) };
        algorithm.finish()?;
        let key = reader.bit_string_of_octets()?;
        reader.finish()?;
        let kind = kind(identifier, parameters, key)?;
        Ok(Self {
            kind,
            spki: spki.whole.into(),
            key_octets: key.len(),
            spki_sha256: OnceLock::new(),
            key_sha1: OnceLock::new(),
            on_curve: OnceLock::new(),
        })
    }

    /// Its kind.
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The content of subjectPublicKey: an RSAPublicKey or an uncompressed point, as ring takes it.
    pub fn key(&self) -> &[u8] {
        // It is the last thing in a SubjectPublicKeyInfo.
        let start = self.spki.len().saturating_sub(self.key_octets);
        self.spki.get(start..).unwrap_or_default()
    }

    /// SHA-256 of the SubjectPublicKeyInfo: how a key is told from another one of the same name.
    pub fn spki_sha256(&self) -> Octets<32> {
        *self.spki_sha256.get_or_init(|| sha256(&self.spki))
    }

    /// SHA-1 of [`Self::key`]: how OCSP names keys (RFC 6960 sections 4.1.1 and 4.2.1). An issuer's is asked for with
    /// every response.
    pub(crate) fn key_sha1(&self) -> [u8; 20] {
        *self.key_sha1.get_or_init(|| {
            let mut hash = [0; 20];
            hash.copy_from_slice(digest(&SHA1_FOR_LEGACY_USE_ONLY, self.key()).as_ref());
            hash
        })
    }

    /// Whether a point is one of its curve. For the keys with which nothing is verified: ring asks at each
    /// verification.
    pub(crate) fn is_on_curve(&self) -> Result<(), Error> {
        let on_curve = *self.on_curve.get_or_init(|| match self.kind {
            KeyKind::EcP256 => curve::P256.has(self.key()),
            KeyKind::EcP384 => curve::P384.has(self.key()),
            _ => true,
        });
        if on_curve { Ok(()) } else { Err(Error::KeyUnsupported { reason: UnsupportedKey::Point }) }
    }

    /// Whether anything here verifies with it.
    pub(crate) fn is_supported(&self) -> Result<(), Error> {
        match self.kind {
            KeyKind::Unsupported(reason) => Err(Error::KeyUnsupported { reason }),
            _ => Ok(()),
        }
    }
}

impl PartialEq for PublicKey {
    /// The same SubjectPublicKeyInfo.
    fn eq(&self, other: &Self) -> bool {
        self.spki == other.spki
    }
}

impl Eq for PublicKey {}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublicKey").field("kind", &self.kind).finish_non_exhaustive()
    }
}

fn kind(identifier: &[u8], parameters: Option<Tlv<'_>>, key: &[u8]) -> Result<KeyKind, DerError> {
    match identifier {
        oid::RSA_ENCRYPTION => {
            // RFC 3279 section 2.3.1: NULL, whose emptiness the walk over the whole has seen.
            match parameters {
                Some(parameters) if parameters.tag == tag::NULL => rsa(key),
                Some(_) => Err(DerError::UnexpectedTag),
                None => Err(DerError::Truncated),
            }
        }
        oid::EC_PUBLIC_KEY => match parameters {
            Some(curve) if curve.tag == tag::OBJECT_IDENTIFIER => Ok(match object_identifier(curve.value)? {
                oid::SECP256R1 => point(KeyKind::EcP256, key, 32),
                oid::SECP384R1 => point(KeyKind::EcP384, key, 48),
                _ => KeyKind::Unsupported(UnsupportedKey::Curve),
            }),
            Some(curve) if curve.tag == tag::SEQUENCE => {
                Ok(KeyKind::Unsupported(UnsupportedKey::ExplicitCurve))
            }
            Some(_) => Err(DerError::UnexpectedTag),
            None => Err(DerError::Truncated),
        },
        // RFC 8410 section 3: no parameters.
        oid::ED25519 if parameters.is_some() => Err(DerError::TrailingOctets),
        oid::ED25519 if key.len() == 32 => Ok(KeyKind::Ed25519),
        oid::ED25519 => Ok(KeyKind::Unsupported(UnsupportedKey::Point)),
        oid::DSA => Ok(KeyKind::Unsupported(UnsupportedKey::Dsa)),
        oid::ED448 => Ok(KeyKind::Unsupported(UnsupportedKey::Ed448)),
        _ => Ok(KeyKind::Unsupported(UnsupportedKey::Unknown)),
    }
}

/// RFC 5480 section 2.2, uncompressed. Whether the point is on the curve is ring's to say, at each verification, and
/// asked of a key that verifies nothing.
fn point(kind: KeyKind, key: &[u8], field_octets: usize) -> KeyKind {
    if key.first() == Some(&0x04) && key.len() == 2 * field_octets + 1 {
        kind
    } else {
        KeyKind::Unsupported(UnsupportedKey::Point)
    }
}

/// RFC 8017 appendix A.1.1; 2048 to 4096 bits in whole octets, e odd and at least 65537.
fn rsa(key: &[u8]) -> Result<KeyKind, DerError> {
    let (modulus, exponent) = rsa_numbers(key)?;
    let unsupported = |reason| Ok(KeyKind::Unsupported(reason));
    let Some(modulus) = positive_and_odd(modulus) else { return unsupported(UnsupportedKey::RsaModulus) };
    let Some(exponent) = positive_and_odd(exponent) else {
        return unsupported(UnsupportedKey::RsaExponent);
    };
    let whole_octets = modulus.first().is_some_and(|octet| octet & 0x80 != 0);
    match modulus.len() {
        0..MIN_MODULUS_OCTETS => unsupported(UnsupportedKey::RsaTooShort),
        MIN_MODULUS_OCTETS if !whole_octets => unsupported(UnsupportedKey::RsaTooShort),
        MIN_MODULUS_OCTETS..=MAX_MODULUS_OCTETS if !whole_octets => unsupported(UnsupportedKey::RsaModulus),
        MIN_MODULUS_OCTETS..=MAX_MODULUS_OCTETS => {
            // ring takes exponents of at most 33 bits, which are in five octets.
            let small = exponent.len() <= 5;
            let e = exponent.iter().take(5).fold(0_u64, |value, octet| value * 256 + u64::from(*octet));
            if small && (MIN_EXPONENT..=MAX_EXPONENT).contains(&e) {
                Ok(KeyKind::Rsa)
            } else {
                unsupported(UnsupportedKey::RsaExponent)
            }
        }
        _ => unsupported(UnsupportedKey::RsaTooLong),
    }
}

fn rsa_numbers(key: &[u8]) -> Result<(&[u8], &[u8]), DerError> {
    let mut outer = Reader::new(key);
    let mut sequence = outer.sequence()?;
    outer.finish()?;
    let numbers = (sequence.integer()?, sequence.integer()?);
    sequence.finish()?;
    Ok(numbers)
}

/// The magnitude of a positive, odd INTEGER.
fn positive_and_odd(number: &[u8]) -> Option<&[u8]> {
    let magnitude = match number {
        [] | [0x80..=0xff, ..] => return None,
        [0x00, magnitude @ ..] | magnitude => magnitude,
    };
    magnitude.last().filter(|octet| *octet & 1 == 1).map(|_| magnitude)
}

const MIN_MODULUS_OCTETS: usize = 2048 / 8;
const MAX_MODULUS_OCTETS: usize = 4096 / 8;
const MIN_EXPONENT: u64 = 65_537;
const MAX_EXPONENT: u64 = (1 << 33) - 1;

//! Public keys (RFC 3279 section 2.3.1, RFC 5480): RSA of 2048 to 4096 bits, P-256, P-384, and nothing else.

use madoguchi_protocol::{Octets, sha256};

use crate::der::{DerError, Reader, Tlv, object_identifier, tag};
use crate::{Error, Part, oid};

/// The kind of a public key: it decides hash and signature algorithm, never the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyKind {
    /// Elliptic curve P-256.
    EcP256,
    /// Elliptic curve P-384.
    EcP384,
    /// RSA of 2048 to 4096 bits.
    Rsa,
}

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    kind: KeyKind,
    key: Vec<u8>,
    spki_sha256: Octets<32>,
}

impl PublicKey {
    /// Reads a SubjectPublicKeyInfo that the strict reader has walked.
    pub(crate) fn from_tlv(spki: Tlv<'_>) -> Result<Self, Error> {
        let (kind, key) = parts(spki).map_err(Part::Certificate.malformed())?.ok_or(Error::KeyUnsupported)?;
        let right = match kind {
            KeyKind::EcP256 => is_uncompressed_point(key, 32),
            KeyKind::EcP384 => is_uncompressed_point(key, 48),
            KeyKind::Rsa => is_rsa_in_range(key)?,
        };
        if !right {
            return Err(Error::KeyUnsupported);
        }
        Ok(Self { kind, key: key.to_vec(), spki_sha256: sha256(spki.whole) })
    }

    /// Its kind.
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The content of subjectPublicKey: an RSAPublicKey or an uncompressed point, as ring takes it.
    pub fn key(&self) -> &[u8] {
        &self.key
    }

    /// SHA-256 of the SubjectPublicKeyInfo: how a key is told from another one of the same name.
    pub fn spki_sha256(&self) -> Octets<32> {
        self.spki_sha256
    }
}

fn parts(spki: Tlv<'_>) -> Result<Option<(KeyKind, &[u8])>, DerError> {
    let mut reader = spki.content();
    let mut algorithm = reader.sequence()?;
    let identifier = algorithm.object_identifier()?;
    let parameters = algorithm.read()?;
    algorithm.finish()?;
    let key = reader.bit_string_of_octets()?;
    reader.finish()?;
    let kind = match (identifier, parameters.tag) {
        (oid::RSA_ENCRYPTION, tag::NULL) => KeyKind::Rsa,
        (oid::EC_PUBLIC_KEY, tag::OBJECT_IDENTIFIER) => match object_identifier(parameters.value)? {
            oid::SECP256R1 => KeyKind::EcP256,
            oid::SECP384R1 => KeyKind::EcP384,
            _ => return Ok(None),
        },
        _ => return Ok(None),
    };
    Ok(Some((kind, key)))
}

/// Whether the point is on the curve is ring's to say, at each verification.
fn is_uncompressed_point(key: &[u8], field_octets: usize) -> bool {
    key.first() == Some(&0x04) && key.len() == 2 * field_octets + 1
}

/// RFC 8017 appendix A.1.1; 2048 to 4096 bits, e odd and at least 65537.
fn is_rsa_in_range(key: &[u8]) -> Result<bool, Error> {
    let (modulus, exponent) = rsa_numbers(key).map_err(Part::Certificate.malformed())?;
    let (Some(modulus), Some(exponent)) = (positive(modulus), positive(exponent)) else { return Ok(false) };
    let bits =
        modulus.len() * 8 - modulus.first().map_or(0, |octet| octet.leading_zeros()).try_into().unwrap_or(0);
    // ring takes exponents of at most 33 bits; five octets are enough to judge by.
    let e = exponent
        .iter()
        .fold(0_u64, |value, octet| value.saturating_mul(256).saturating_add(u64::from(*octet)));
    let odd = |number: &[u8]| number.last().is_some_and(|octet| octet & 1 == 1);
    Ok((2048..=4096).contains(&bits) && odd(modulus) && odd(exponent) && exponent.len() <= 5 && e >= 65_537)
}

fn rsa_numbers(key: &[u8]) -> Result<(&[u8], &[u8]), DerError> {
    let mut outer = Reader::new(key);
    let mut sequence = outer.sequence()?;
    outer.finish()?;
    let numbers = (sequence.integer()?, sequence.integer()?);
    sequence.finish()?;
    Ok(numbers)
}

/// The magnitude of a positive INTEGER.
fn positive(number: &[u8]) -> Option<&[u8]> {
    match number {
        [0x00] | [0x80..=0xff, ..] => None,
        [0x00, magnitude @ ..] | magnitude => Some(magnitude),
    }
}

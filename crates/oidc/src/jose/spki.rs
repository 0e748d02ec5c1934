//! A public key as every tool writes it (SubjectPublicKeyInfo, RFC 5280 section 4.1), for whoever has no JWK.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;

use crate::jose::{JwkError, PublicJwk};

impl PublicJwk {
    /// Reads the DER of a key on P-256 or an RSA key. The key is named by its thumbprint, unless `kid` names it.
    pub fn from_spki(der: &[u8], kid: Option<&str>) -> Result<Self, JwkError> {
        let number = |octets: &[u8]| URL_SAFE_NO_PAD.encode(octets);
        let mut members = if let Some(point) = der.strip_prefix(P256).filter(|point| point.len() == 64) {
            let (x, y) = point.split_at(32);
            json!({ "kty": "EC", "crv": "P-256", "x": number(x), "y": number(y) })
        } else {
            let (n, e) = rsa(der).ok_or(JwkError::Spki)?;
            json!({ "kty": "RSA", "n": number(n), "e": number(e) })
        };
        members["kid"] = match kid {
            Some(kid) => kid.into(),
            None => Self::from_value(&members)?.thumbprint().encode().into(),
        };
        Self::from_value(&members)
    }
}

/// Modulus and exponent (RFC 3279 section 2.3.1).
fn rsa(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (info, []) = value(der, SEQUENCE)? else { return None };
    let (bits, []) = value(info.strip_prefix(RSA_ENCRYPTION)?, BIT_STRING)? else { return None };
    let (key, []) = value(bits.strip_prefix(&[0])?, SEQUENCE)? else { return None };
    let (n, rest) = value(key, INTEGER)?;
    let (e, []) = value(rest, INTEGER)? else { return None };
    // A zero stands before a number whose highest bit is set.
    let unsigned = |number: &'_ [u8]| number.first() == Some(&0);
    Some((if unsigned(n) { n.get(1..)? } else { n }, if unsigned(e) { e.get(1..)? } else { e }))
}

/// The contents of the element that `der` begins with, and what follows it.
fn value(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (first, rest) = der.strip_prefix(&[tag])?.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(*first), rest),
        0x81 => rest.split_first().map(|(length, rest)| (usize::from(*length), rest))?,
        0x82 => {
            rest.split_first_chunk().map(|(length, rest)| (usize::from(u16::from_be_bytes(*length)), rest))?
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

const SEQUENCE: u8 = 0x30;
const BIT_STRING: u8 = 3;
const INTEGER: u8 = 2;
/// Everything before the coordinates of an uncompressed point on P-256 (RFC 5480): it is always the same.
const P256: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3,
    1, 7, 3, 0x42, 0, 4,
];
/// `AlgorithmIdentifier` of rsaEncryption with NULL.
const RSA_ENCRYPTION: &[u8] = &[0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0];

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    // openssl ecparam -name prime256v1 -genkey | openssl pkey -pubout
    const EC: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAETjxVEH+sziIVtiNJXIyD/KS4lVXdtucPZPsCtxAm0hsUasWyTbKFQnjBgU+eAtKF\
        +n8UIzZBAksyH+jW/YxOdg==";
    // openssl genrsa 2048 | openssl pkey -pubout
    const RSA: &str = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAv5n2PY5vplErLb3QW0uq3Gz60SFjnSKDVUn8w040c2k49lTaCrrTgjR0\
        /MbSFEAx97vY1X6OQuqiXhfR0fSzx/4B8JhVGhdzxwvw1oTaA5ip9fHK9SOsL+eaK8mUarph6z7iUJe99r98VlDjGJBn3vyKj+WR\
        r35ohIei9fs7MjA9QYeMHS5VD0n8xOr34TAh9NKmyt5eEt/LG4IDLI6C4AW0wUAr+24gGzeRhAxWi4cK7qqxEuuSgo0CkY75M9ol\
        tYCRgK91kECEjXekuyaOsQHEMMv+JKueSoRAoS2Zzp5Lu5BDKkiyWs9ifhHPfYmiRwRML+8its6z/P5u9ThZZwIDAQAB";

    fn der(base64: &str) -> Vec<u8> {
        STANDARD.decode(base64).expect("base64")
    }

    /// The thumbprints were computed apart, from what `openssl` says of the numbers.
    #[test]
    fn the_keys_of_openssl_are_read() {
        for (text, thumbprint) in [
            (EC, "cBiGV1JqUIisCMQbvvfZacqr9cfU_qfN9W-tSLgvpI8"),
            (RSA, "FrqAOg8uM-ShKND1NtRbIOjQSzq3nsw9a2Ud-yBFLoQ"),
        ] {
            let key = PublicJwk::from_spki(&der(text), None).expect("a key");
            assert_eq!((key.kid(), key.thumbprint().encode()), (Some(thumbprint), thumbprint.to_owned()));
            let named = PublicJwk::from_spki(&der(text), Some("a")).expect("a key");
            assert_eq!((named.kid(), named.thumbprint().encode()), (Some("a"), thumbprint.to_owned()));
        }
        assert_eq!(PublicJwk::from_spki(&der(EC), Some("")), Err(JwkError::Kid));
    }

    #[test]
    fn anything_else_is_refused() {
        for whole in [der(EC), der(RSA)] {
            let mut longer = whole.clone();
            longer.push(0);
            assert_eq!(PublicJwk::from_spki(&longer, None), Err(JwkError::Spki));
            for cut in [0, 1, 2, 20, whole.len() - 1] {
                assert_eq!(PublicJwk::from_spki(&whole[..cut], None), Err(JwkError::Spki), "{cut}");
            }
        }
        let mut short = der(RSA);
        // 1024 bits: the lengths agree, the number is too short.
        short.drain(40..168);
        short[3] = short[3].wrapping_sub(128);
        assert!(PublicJwk::from_spki(&short, None).is_err());
    }
}

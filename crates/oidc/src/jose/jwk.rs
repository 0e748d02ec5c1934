//! A public key as a JWK (RFC 7517, RFC 7518 section 6): EC on P-256, or RSA of 2048 to 4096 bits.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RsaPublicKeyComponents,
    UnparsedPublicKey,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Map, Value, json};

use crate::jose::json::object;
use crate::jose::{JwkError, JwkThumbprint, JwsAlg};
use crate::opaque::sha256;

/// A checked public key. There is no place in it for a private part.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicJwk {
    kid: Option<String>,
    alg: Option<JwsAlg>,
    key: Key,
}

#[derive(Clone, PartialEq, Eq)]
enum Key {
    /// Uncompressed point (SEC 1 section 2.3.3).
    P256([u8; 65]),
    /// Modulus and exponent, big-endian without leading zeros.
    Rsa { n: Vec<u8>, e: Vec<u8> },
}

impl PublicJwk {
    /// Reads a JWK.
    pub fn from_json(octets: &[u8]) -> Result<Self, JwkError> {
        Self::from_members(&object(octets).ok_or(JwkError::Json)?)
    }

    /// Reads a JWK that stands inside something else.
    pub fn from_value(value: &Value) -> Result<Self, JwkError> {
        Self::from_members(value.as_object().ok_or(JwkError::Json)?)
    }

    fn from_members(members: &Map<String, Value>) -> Result<Self, JwkError> {
        no_private_part(members)?;
        usage(members)?;
        let key = match members.get("kty").and_then(Value::as_str) {
            Some("EC") => ec(members)?,
            Some("RSA") => rsa(members)?,
            _ => return Err(JwkError::Kty),
        };
        let alg = match members.get("alg") {
            None => None,
            Some(name) => Some(name.as_str().and_then(JwsAlg::from_name).ok_or(JwkError::Alg)?),
        };
        let kid = match members.get("kid") {
            None => None,
            Some(Value::String(kid)) if (1..=MAX_KID_OCTETS).contains(&kid.len()) => Some(kid.clone()),
            Some(_) => return Err(JwkError::Kid),
        };
        if !alg.is_none_or(|alg| key.is_of(alg)) {
            return Err(JwkError::Alg);
        }
        Ok(Self { kid, alg, key })
    }

    /// The key's name in its owner's set.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The one algorithm that the key says it is for.
    pub fn alg(&self) -> Option<JwsAlg> {
        self.alg
    }

    /// True when the key can and may verify this algorithm.
    pub fn supports(&self, alg: JwsAlg) -> bool {
        self.alg.is_none_or(|own| own == alg) && self.key.is_of(alg)
    }

    /// The thumbprint with SHA-256 (RFC 7638).
    pub fn thumbprint(&self) -> JwkThumbprint {
        // Required members alone, in lexicographic order, no white space (section 3.2).
        let members = match &self.key {
            Key::P256(point) => {
                let (x, y) = coordinates(point);
                format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#)
            }
            Key::Rsa { n, e } => {
                let (n, e) = (URL_SAFE_NO_PAD.encode(n), URL_SAFE_NO_PAD.encode(e));
                format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#)
            }
        };
        JwkThumbprint(sha256(members.as_bytes()))
    }

    /// Verifies a JWS signature (RFC 7518 sections 3.3 to 3.5). False also when the key is not for `alg`.
    pub(crate) fn verifies(&self, alg: JwsAlg, input: &[u8], signature: &[u8]) -> bool {
        if !self.supports(alg) {
            return false;
        }
        match (&self.key, alg) {
            (Key::P256(point), JwsAlg::Es256) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(input, signature).is_ok()
            }
            (Key::Rsa { n, e }, JwsAlg::Ps256) => {
                RsaPublicKeyComponents { n, e }.verify(&RSA_PSS_2048_8192_SHA256, input, signature).is_ok()
            }
            (Key::Rsa { n, e }, JwsAlg::Rs256) => {
                RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, input, signature).is_ok()
            }
            _ => false,
        }
    }

    /// The members, public ones alone.
    fn to_value(&self) -> Value {
        let mut members = match &self.key {
            Key::P256(point) => {
                let (x, y) = coordinates(point);
                json!({"kty": "EC", "crv": "P-256", "x": x, "y": y})
            }
            Key::Rsa { n, e } => {
                json!({"kty": "RSA", "n": URL_SAFE_NO_PAD.encode(n), "e": URL_SAFE_NO_PAD.encode(e)})
            }
        };
        for (name, value) in [("kid", self.kid.as_deref()), ("alg", self.alg.map(JwsAlg::as_str))] {
            if let Some(value) = value {
                members[name] = value.into();
            }
        }
        members
    }
}

/// Prints the thumbprint: a modulus in a log helps nobody.
impl fmt::Debug for PublicJwk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicJwk({})", self.thumbprint().encode())
    }
}

impl Serialize for PublicJwk {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_value().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for PublicJwk {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_value(&Value::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl Key {
    fn is_of(&self, alg: JwsAlg) -> bool {
        match self {
            Self::P256(_) => alg == JwsAlg::Es256,
            Self::Rsa { .. } => matches!(alg, JwsAlg::Ps256 | JwsAlg::Rs256),
        }
    }
}

/// RFC 7518 sections 6.2.2, 6.3.2 and 6.4.1.
fn no_private_part(members: &Map<String, Value>) -> Result<(), JwkError> {
    let private = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
    if private.iter().any(|name| members.contains_key(*name)) { Err(JwkError::Private) } else { Ok(()) }
}

/// RFC 7517 sections 4.2 and 4.3.
fn usage(members: &Map<String, Value>) -> Result<(), JwkError> {
    let good = members.get("use").is_none_or(|usage| usage.as_str() == Some("sig"))
        && members.get("key_ops").is_none_or(|operations| {
            let operations = operations.as_array().map(Vec::as_slice).unwrap_or_default();
            operations.iter().any(|operation| operation.as_str() == Some("verify"))
        });
    if good { Ok(()) } else { Err(JwkError::Usage) }
}

/// RFC 7518 section 6.2.1. Whether the point is on the curve is found out by every verification.
fn ec(members: &Map<String, Value>) -> Result<Key, JwkError> {
    let coordinate = |name: &str| {
        let octets = decode(members, name)?;
        <[u8; 32]>::try_from(octets).ok()
    };
    let (Some("P-256"), Some(x), Some(y)) =
        (members.get("crv").and_then(Value::as_str), coordinate("x"), coordinate("y"))
    else {
        return Err(JwkError::Ec);
    };
    let mut point = [4; 65];
    for (to, from) in point.iter_mut().skip(1).zip(x.into_iter().chain(y)) {
        *to = from;
    }
    Ok(Key::P256(point))
}

/// RFC 7518 section 6.3.1, with the minimal octets of section 2 (Base64urlUInt).
fn rsa(members: &Map<String, Value>) -> Result<Key, JwkError> {
    let (Some(n), Some(e)) = (decode(members, "n"), decode(members, "e")) else {
        return Err(JwkError::Rsa);
    };
    let bits = |octets: &[u8]| octets.first().map_or(0, |first| octets.len() * 8 - zeros(*first));
    let odd = |octets: &[u8]| octets.last().is_some_and(|last| last % 2 == 1);
    let minimal = |octets: &[u8]| octets.first().is_some_and(|first| *first != 0);
    let good = minimal(&n)
        && minimal(&e)
        && RSA_BITS.contains(&bits(&n))
        && RSA_EXPONENT_BITS.contains(&bits(&e))
        && odd(&n)
        && odd(&e);
    if good { Ok(Key::Rsa { n, e }) } else { Err(JwkError::Rsa) }
}

/// Leading zero bits.
fn zeros(octet: u8) -> usize {
    usize::try_from(octet.leading_zeros()).unwrap_or(8)
}

fn decode(members: &Map<String, Value>, name: &str) -> Option<Vec<u8>> {
    let text = members.get(name)?.as_str().filter(|text| text.len() <= MAX_NUMBER_CHARACTERS)?;
    URL_SAFE_NO_PAD.decode(text).ok()
}

fn coordinates(point: &[u8; 65]) -> (String, String) {
    let (_, coordinates) = point.split_at(1);
    let (x, y) = coordinates.split_at(32);
    (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y))
}

const MAX_KID_OCTETS: usize = 255;
/// 4096 bits.
const MAX_NUMBER_CHARACTERS: usize = 683;
/// Short ones are broken, long ones are an attack on whoever verifies.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=4096;
/// From 65537, which has 17 bits, to what `ring` takes.
const RSA_EXPONENT_BITS: std::ops::RangeInclusive<usize> = 17..=33;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

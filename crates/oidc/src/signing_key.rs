//! Keys that sign ID tokens and logout tokens (RFC 7518 section 3), and what is published of them (RFC 7517).
//!
//! A key has one algorithm. RS256 and PS256 never share an RSA key (RFC 8017 section 6 advises against it), so a key id,
//! which is the thumbprint of the public key alone, names key and algorithm together.

mod der;
mod pem;
mod rsa;

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::rand::SecureRandom;
use ring::rsa::KeyPair as RsaKeyPair;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::CryptoError;
use crate::jose::{JwsAlg, PublicJwk};
use crate::opaque::sha256;

pub use pem::pkcs8_from_pem;

/// A key with its algorithm. Its private part never leaves; `Debug` prints algorithm and key id.
pub struct SigningKey {
    pair: Pair,
    jwk: Jwk,
    public: PublicJwk,
}

enum Pair {
    Es256(EcdsaKeyPair),
    Ps256(RsaKeyPair),
    Rs256(RsaKeyPair),
}

impl SigningKey {
    /// A fresh key as PKCS#8 (RFC 5958), to be sealed and read back with [`from_pkcs8`](Self::from_pkcs8). An RSA key has
    /// 2048 bits and takes a good part of a second.
    pub fn generate(alg: JwsAlg, random: &dyn SecureRandom) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        match alg {
            JwsAlg::Es256 => {
                // What `ring` returns is on the stack and not wiped by it; the copy that lives on is.
                let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, random)
                    .map_err(|_| CryptoError::NoRandomness)?;
                Ok(Zeroizing::new(document.as_ref().to_vec()))
            }
            JwsAlg::Ps256 | JwsAlg::Rs256 => rsa::generate(random),
        }
    }

    /// Reads the PKCS#8 of a key for this algorithm: P-256, or RSA of 2048 to 4096 bits.
    pub fn from_pkcs8(alg: JwsAlg, pkcs8: &[u8], random: &dyn SecureRandom) -> Result<Self, CryptoError> {
        let rsa = || {
            let pair = RsaKeyPair::from_pkcs8(pkcs8).map_err(|_| CryptoError::MalformedKey)?;
            let jwk = Jwk::from_rsa(alg, &pair);
            Ok((pair, jwk))
        };
        let (pair, jwk) = match alg {
            JwsAlg::Es256 => {
                let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8, random)
                    .map_err(|_| CryptoError::MalformedKey)?;
                let jwk =
                    Jwk::from_p256_point(pair.public_key().as_ref()).ok_or(CryptoError::MalformedKey)?;
                (Pair::Es256(pair), jwk)
            }
            JwsAlg::Ps256 => rsa().map(|(pair, jwk)| (Pair::Ps256(pair), jwk))?,
            JwsAlg::Rs256 => rsa().map(|(pair, jwk)| (Pair::Rs256(pair), jwk))?,
        };
        // What services would refuse is no key for them: the length of a modulus, above all.
        let public = serde_json::to_value(&jwk).ok().and_then(|jwk| PublicJwk::from_value(&jwk).ok());
        Ok(Self { pair, jwk, public: public.ok_or(CryptoError::MalformedKey)? })
    }

    /// The algorithm.
    pub fn alg(&self) -> JwsAlg {
        match self.pair {
            Pair::Es256(_) => JwsAlg::Es256,
            Pair::Ps256(_) => JwsAlg::Ps256,
            Pair::Rs256(_) => JwsAlg::Rs256,
        }
    }

    /// The key id: the thumbprint of RFC 7638.
    pub fn kid(&self) -> &str {
        &self.jwk.kid
    }

    /// The public part, as published.
    pub fn jwk(&self) -> &Jwk {
        &self.jwk
    }

    /// The public part, to verify with.
    pub fn public(&self) -> &PublicJwk {
        &self.public
    }

    /// Signs something and verifies it as a service would: a key that was imported with parts that do not belong together
    /// is refused before it is used.
    pub fn check(&self, random: &dyn SecureRandom) -> Result<(), CryptoError> {
        let signature = self.sign(CHECKED, random)?;
        if self.public.verifies(self.alg(), CHECKED, &signature) {
            Ok(())
        } else {
            Err(CryptoError::MalformedKey)
        }
    }

    /// The JWS signature (RFC 7518 sections 3.3 to 3.5).
    pub(crate) fn sign(&self, input: &[u8], random: &dyn SecureRandom) -> Result<Vec<u8>, CryptoError> {
        let rsa = |pair: &RsaKeyPair, padding| {
            let mut signature = vec![0; pair.public().modulus_len()];
            pair.sign(padding, random, input, &mut signature).map_err(|_| CryptoError::Signing)?;
            Ok(signature)
        };
        match &self.pair {
            Pair::Es256(pair) => {
                let signature = pair.sign(random, input).map_err(|_| CryptoError::Signing)?;
                Ok(signature.as_ref().to_vec())
            }
            Pair::Ps256(pair) => rsa(pair, &RSA_PSS_SHA256),
            Pair::Rs256(pair) => rsa(pair, &RSA_PKCS1_SHA256),
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({} {})", self.alg().as_str(), self.kid())
    }
}

/// A public key as published (RFC 7517 section 4). There is no field for a private part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Jwk {
    #[serde(flatten)]
    key: PublicMembers,
    #[serde(rename = "use")]
    usage: &'static str,
    alg: &'static str,
    kid: String,
}

/// What differs by type of key (RFC 7518 section 6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kty")]
enum PublicMembers {
    #[serde(rename = "EC")]
    Ec { crv: &'static str, x: String, y: String },
    #[serde(rename = "RSA")]
    Rsa { n: String, e: String },
}

impl Jwk {
    /// From the uncompressed point: 4, X, Y (SEC 1 section 2.3.3).
    fn from_p256_point(point: &[u8]) -> Option<Self> {
        let (x, y) = match point {
            [4, coordinates @ ..] if coordinates.len() == 64 => coordinates.split_at(32),
            _ => return None,
        };
        let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
        let kid = thumbprint(&format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#));
        Some(Self::of(JwsAlg::Es256, PublicMembers::Ec { crv: "P-256", x, y }, kid))
    }

    fn from_rsa(alg: JwsAlg, pair: &RsaKeyPair) -> Self {
        let public = pair.public();
        let components = ring::rsa::PublicKeyComponents::<Vec<u8>>::from(public);
        let (n, e) = (URL_SAFE_NO_PAD.encode(components.n), URL_SAFE_NO_PAD.encode(components.e));
        let kid = thumbprint(&format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#));
        Self::of(alg, PublicMembers::Rsa { n, e }, kid)
    }

    fn of(alg: JwsAlg, key: PublicMembers, kid: String) -> Self {
        Self { key, usage: "sig", alg: alg.as_str(), kid }
    }

    /// The key id.
    pub fn kid(&self) -> &str {
        &self.kid
    }
}

/// The document at `jwks_uri` (RFC 7517 section 5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Jwks {
    /// The keys.
    pub keys: Vec<Jwk>,
}

/// RFC 7638 section 3.2: required members alone, in lexicographic order, no white space.
fn thumbprint(members: &str) -> String {
    URL_SAFE_NO_PAD.encode(sha256(members.as_bytes()))
}

const CHECKED: &[u8] = b"madoguchi signing key check";

#[cfg(test)]
mod tests;

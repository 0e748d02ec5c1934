//! Compact JWS of ES256, made and checked on bare `ring`; ID tokens may have RS256.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{
    self, ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _,
    RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde_json::{Value, json};

/// A key pair for ES256.
pub(crate) struct SigningKey {
    pair: Box<EcdsaKeyPair>,
    random: SystemRandom,
}

impl SigningKey {
    pub(crate) fn generate() -> Self {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random);
        Self { pair: Box::new(pair.expect("the key")), random }
    }

    /// The public part.
    pub(crate) fn jwk(&self) -> Value {
        let point = self.pair.public_key().as_ref();
        json!({ "kty": "EC", "crv": "P-256", "x": encode(&point[1..33]), "y": encode(&point[33..65]) })
    }

    pub(crate) fn sign(&self, header: &Value, claims: &Value) -> String {
        let [header, claims] = [header, claims].map(|part| encode(part.to_string().as_bytes()));
        let message = format!("{header}.{claims}");
        let signature = self.pair.sign(&self.random, message.as_bytes()).expect("a signature");
        format!("{message}.{}", encode(signature.as_ref()))
    }
}

/// A public key of a server.
pub(crate) enum PublicKey {
    Es256(Vec<u8>),
    Rs256 { n: Vec<u8>, e: Vec<u8> },
}

impl PublicKey {
    pub(crate) fn of(jwk: &Value) -> Result<Self, String> {
        let octets = |name: &str| decode(jwk[name].as_str().ok_or_else(|| format!("no {name} in a key"))?);
        match jwk["kty"].as_str() {
            Some("EC") => Ok(Self::Es256([vec![4], octets("x")?, octets("y")?].concat())),
            Some("RSA") => Ok(Self::Rs256 { n: octets("n")?, e: octets("e")? }),
            _ => Err("a key of another kind".to_owned()),
        }
    }

    /// The claims, when the signature is this key's.
    pub(crate) fn verify(&self, jws: &str) -> Result<Value, String> {
        let (message, signature) = jws.rsplit_once('.').ok_or("no JWS")?;
        let signature = decode(signature)?;
        let held = match self {
            Self::Es256(point) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message.as_bytes(), &signature)
            }
            Self::Rs256 { n, e } => RsaPublicKeyComponents { n, e }.verify(
                &signature::RSA_PKCS1_2048_8192_SHA256,
                message.as_bytes(),
                &signature,
            ),
        };
        held.map_err(|_| "a signature does not hold")?;
        part(message, 1)
    }
}

/// Header (0) or claims (1).
pub(crate) fn part(jws: &str, place: usize) -> Result<Value, String> {
    let part = decode(jws.split('.').nth(place).ok_or("no JWS")?)?;
    serde_json::from_slice(&part).map_err(|error| error.to_string())
}

pub(crate) fn encode(octets: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(octets)
}

pub(crate) fn decode(text: &str) -> Result<Vec<u8>, String> {
    URL_SAFE_NO_PAD.decode(text).map_err(|error| error.to_string())
}

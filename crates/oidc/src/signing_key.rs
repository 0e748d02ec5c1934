//! Keys that sign ID tokens (RFC 7518 section 3.4) and what is published of them (RFC 7517).

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::rand::SecureRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::CryptoError;
use crate::opaque::sha256;

/// An ES256 key. Its private part never leaves; `Debug` prints the key id.
pub struct SigningKey {
    pair: EcdsaKeyPair,
    jwk: Jwk,
}

impl SigningKey {
    /// A fresh key as PKCS#8 (RFC 5958), to be sealed and read back with [`from_pkcs8`](Self::from_pkcs8).
    pub fn generate(random: &dyn SecureRandom) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        // What `ring` returns is on the stack and not wiped by it; the copy that lives on is.
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, random)
            .map_err(|_| CryptoError::NoRandomness)?;
        Ok(Zeroizing::new(document.as_ref().to_vec()))
    }

    /// Reads the PKCS#8 of a P-256 key.
    pub fn from_pkcs8(pkcs8: &[u8], random: &dyn SecureRandom) -> Result<Self, CryptoError> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8, random)
            .map_err(|_| CryptoError::MalformedKey)?;
        let jwk = Jwk::from_p256_point(pair.public_key().as_ref()).ok_or(CryptoError::MalformedKey)?;
        Ok(Self { pair, jwk })
    }

    /// The key id: the thumbprint of RFC 7638.
    pub fn kid(&self) -> &str {
        &self.jwk.kid
    }

    /// The public part.
    pub fn jwk(&self) -> &Jwk {
        &self.jwk
    }

    /// The JWS signature (RFC 7518 section 3.4): R and S in 32 octets each.
    pub(crate) fn sign(&self, input: &[u8], random: &dyn SecureRandom) -> Result<Vec<u8>, CryptoError> {
        let signature = self.pair.sign(random, input).map_err(|_| CryptoError::Signing)?;
        Ok(signature.as_ref().to_vec())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.kid())
    }
}

/// A public key as published (RFC 7517 section 4). There is no field for a private part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Jwk {
    kty: String,
    crv: String,
    x: String,
    y: String,
    #[serde(rename = "use")]
    usage: String,
    alg: String,
    kid: String,
}

impl Jwk {
    /// From the uncompressed point: 4, X, Y (SEC 1 section 2.3.3).
    fn from_p256_point(point: &[u8]) -> Option<Self> {
        let (x, y) = match point {
            [4, coordinates @ ..] if coordinates.len() == 64 => coordinates.split_at(32),
            _ => return None,
        };
        let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
        Some(Self {
            kty: "EC".to_owned(),
            crv: "P-256".to_owned(),
            usage: "sig".to_owned(),
            alg: "ES256".to_owned(),
            kid: thumbprint(&x, &y),
            x,
            y,
        })
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
fn thumbprint(x: &str, y: &str) -> String {
    let members = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
    URL_SAFE_NO_PAD.encode(sha256(members.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::random;

    /// The key of RFC 9449 section 4.1 and its thumbprint of section 6.1.
    #[test]
    fn the_key_id_is_the_thumbprint_of_rfc_7638() {
        let decode = |text| URL_SAFE_NO_PAD.decode(text).expect("base64url");
        let mut point = vec![4];
        point.extend(decode("l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs"));
        point.extend(decode("9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA"));
        let jwk = Jwk::from_p256_point(&point).expect("a point");
        assert_eq!(jwk.kid(), "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
        let expected = serde_json::json!({
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256",
            "x": "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
            "y": "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA",
            "kid": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I",
        });
        // Exactly these members: no private part is published.
        assert_eq!(
            serde_json::to_value(Jwks { keys: vec![jwk] }).expect("a set"),
            serde_json::json!({"keys": [expected]})
        );
    }

    #[test]
    fn only_an_uncompressed_point_of_p256_is_published() {
        for point in [&[][..], &[4; 64], &[4; 66], &[2; 65]] {
            assert_eq!(Jwk::from_p256_point(point), None);
        }
    }

    #[test]
    fn a_generated_key_reads_back_as_the_same_key_and_prints_its_id_alone() {
        let random = random();
        let pkcs8 = SigningKey::generate(&random).expect("a key");
        let key = SigningKey::from_pkcs8(&pkcs8, &random).expect("a key");
        let again = SigningKey::from_pkcs8(&pkcs8, &random).expect("a key");
        assert_eq!(key.jwk(), again.jwk());
        assert_eq!(format!("{key:?}"), format!("SigningKey({})", key.kid()));
        let other = SigningKey::generate(&random).expect("a key");
        assert_ne!(SigningKey::from_pkcs8(&other, &random).expect("a key").kid(), key.kid());
    }

    #[test]
    fn what_is_not_a_p256_key_is_refused() {
        let random = random();
        let mut pkcs8 = SigningKey::generate(&random).expect("a key").to_vec();
        assert!(pkcs8.pop().is_some());
        for wrong in [&[][..], &pkcs8] {
            assert_eq!(SigningKey::from_pkcs8(wrong, &random).err(), Some(CryptoError::MalformedKey));
        }
    }
}

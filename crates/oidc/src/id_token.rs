//! The ID token (OpenID Connect Core section 2): a JWS in compact form (RFC 7515 section 3.1).
//!
//! It says who signed in, when and how, and nothing else about the resident.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{digest, rand::SecureRandom};
use serde::{Deserialize, Serialize};

use crate::{AccessToken, CryptoError, SigningKey};

/// `acr` of a sign-in with card and PIN: the user-authentication certificate of a My Number card signed, the PIN
/// opened it, path and revocation were checked. The name is this project's own and stable; the URN namespace
/// `madoguchi` is not registered.
pub const ACR_CARD_PIN: &str = "urn:madoguchi:acr:card-pin";

/// `amr` of the same (RFC 8176 section 2): smart card, PIN, and `mfa`, because card and PIN are two factors,
/// something the resident has and something the resident knows.
pub const AMR_CARD_PIN: [&str; 3] = ["sc", "pin", "mfa"];

/// The claims. Times are seconds since 1970-01-01 UTC (RFC 7519 section 2, NumericDate).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdTokenClaims {
    /// The issuer, octet by octet as in discovery.
    pub iss: String,
    /// The pairwise subject: [`pairwise_sub`](crate::pairwise_sub).
    pub sub: String,
    /// The client id.
    pub aud: String,
    /// When the token ends.
    pub exp: u64,
    /// When it was made.
    pub iat: u64,
    /// When the card was shown. Always there.
    pub auth_time: u64,
    /// The nonce of the request, if it had one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// What was done: [`ACR_CARD_PIN`]. Never what was asked for.
    pub acr: String,
    /// How it was done: [`AMR_CARD_PIN`].
    pub amr: Vec<String>,
    /// [`at_hash`] of the access token given with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_hash: Option<String>,
    /// The session at this issuer, for logout.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// Which source said that the certificate is not revoked: `crl` or `ocsp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revocation_source: Option<String>,
    /// When that was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revocation_checked_at: Option<u64>,
}

/// The claims as a signed compact JWS, with the key's id in the header.
pub fn sign_id_token(
    key: &SigningKey,
    claims: &IdTokenClaims,
    random: &dyn SecureRandom,
) -> Result<String, CryptoError> {
    sign_jwt(key, "JWT", claims, random)
}

/// Claims as a signed compact JWS of this type.
pub fn sign_jwt(
    key: &SigningKey,
    typ: &str,
    claims: &impl Serialize,
    random: &dyn SecureRandom,
) -> Result<String, CryptoError> {
    let header = format!(r#"{{"alg":"{}","typ":"{typ}","kid":"{}"}}"#, key.alg().as_str(), key.kid());
    // Unwrap safety: strings, numbers and lists of strings always serialise.
    let claims = serde_json::to_vec(claims).expect("claims serialise");
    let mut token = URL_SAFE_NO_PAD.encode(header);
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(claims, &mut token);
    let signature = key.sign(token.as_bytes(), random)?;
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    Ok(token)
}

/// OpenID Connect Core section 3.1.3.6: the left half of the hash that the algorithm uses, here SHA-256.
pub fn at_hash(access_token: &AccessToken) -> String {
    let hash = digest::digest(&digest::SHA256, access_token.encode().as_bytes());
    let (left, _) = hash.as_ref().split_at(hash.as_ref().len() / 2);
    URL_SAFE_NO_PAD.encode(left)
}

#[cfg(test)]
mod tests {
    use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
    use serde_json::{Value, json};

    use super::*;
    use crate::jose::JwsAlg;
    use crate::testing::random;

    fn claims() -> IdTokenClaims {
        IdTokenClaims {
            iss: "https://madoguchi.example".to_owned(),
            sub: "HFcclPFTK0NPnsWkaB9_AfHCQ9zW8qLc6c0ui4OyXhQ".to_owned(),
            aud: "kosodate".to_owned(),
            exp: 1_800_000_300,
            iat: 1_800_000_000,
            auth_time: 1_799_999_990,
            nonce: Some("n-\"窓".to_owned()),
            acr: ACR_CARD_PIN.to_owned(),
            amr: AMR_CARD_PIN.map(str::to_owned).to_vec(),
            at_hash: Some("77QmUPtjPfzWtF2AnpK9RQ".to_owned()),
            sid: None,
            revocation_source: Some("crl".to_owned()),
            revocation_checked_at: Some(1_799_999_990),
        }
    }

    fn decode(part: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(part).expect("base64url")
    }

    fn json_of(part: &str) -> Value {
        serde_json::from_slice(&decode(part)).expect("JSON")
    }

    /// The key is put together from the published one, so what services do is what is tested.
    #[test]
    fn the_token_verifies_with_the_published_key() {
        let random = random();
        let pkcs8 = SigningKey::generate(JwsAlg::Es256, &random).expect("a key");
        let key = SigningKey::from_pkcs8(JwsAlg::Es256, &pkcs8, &random).expect("a key");
        let token = sign_id_token(&key, &claims(), &random).expect("a token");

        let (input, signature) = token.rsplit_once('.').expect("three parts");
        let (header, payload) = input.split_once('.').expect("three parts");
        assert_eq!(json_of(header), json!({"alg": "ES256", "typ": "JWT", "kid": key.kid()}));

        let jwk = serde_json::to_value(key.jwk()).expect("a key");
        let mut point = vec![4];
        point.extend(decode(jwk["x"].as_str().expect("x")));
        point.extend(decode(jwk["y"].as_str().expect("y")));
        let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
        assert_eq!(public.verify(input.as_bytes(), &decode(signature)), Ok(()));
        assert!(public.verify(payload.as_bytes(), &decode(signature)).is_err());

        let read: IdTokenClaims = serde_json::from_slice(&decode(payload)).expect("claims");
        assert_eq!(read, claims());
    }

    #[test]
    fn claims_have_their_registered_names_and_types_and_absent_ones_are_absent() {
        let mut expected = json!({
            "iss": "https://madoguchi.example",
            "sub": "HFcclPFTK0NPnsWkaB9_AfHCQ9zW8qLc6c0ui4OyXhQ",
            "aud": "kosodate",
            "exp": 1_800_000_300,
            "iat": 1_800_000_000,
            "auth_time": 1_799_999_990,
            "nonce": "n-\"窓",
            "acr": "urn:madoguchi:acr:card-pin",
            "amr": ["sc", "pin", "mfa"],
            "at_hash": "77QmUPtjPfzWtF2AnpK9RQ",
            "revocation_source": "crl",
            "revocation_checked_at": 1_799_999_990,
        });
        assert_eq!(serde_json::to_value(claims()).expect("claims"), expected);

        let bare = IdTokenClaims { nonce: None, at_hash: None, sid: Some("s".to_owned()), ..claims() };
        let members = expected.as_object_mut().expect("an object");
        members.remove("nonce");
        members.remove("at_hash");
        members.insert("sid".to_owned(), json!("s"));
        assert_eq!(serde_json::to_value(bare).expect("claims"), expected);
    }

    /// OpenID Connect Core appendix A.4.
    #[test]
    fn the_at_hash_vector_of_openid_connect_core() {
        let token = AccessToken::parse("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y").expect("a token");
        assert_eq!(at_hash(&token), "77QmUPtjPfzWtF2AnpK9RQ");
    }
}

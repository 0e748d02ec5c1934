//! `id_token_hint` (OpenID Connect Core section 3.1.2.1, RP-Initiated Logout section 2): an ID token that comes back.
//!
//! It is evidence of who a service talks about, not of a session, so an expired one is as good (RP-Initiated Logout
//! section 4 says so). Everything else of it must be right: a key that this issuer has or had, the
//! algorithm of that key, the issuer, and the type of an ID token, so that a logout token is none.

use crate::jose::{CompactJws, PublicJwk};
use crate::{IdTokenClaims, SigningKey};

/// The claims of an ID token that this issuer signed with one of these keys. The caller checks `aud`.
pub fn read_id_token_hint<'k>(
    hint: &str,
    issuer: &str,
    keys: impl IntoIterator<Item = &'k SigningKey>,
) -> Option<IdTokenClaims> {
    let token = CompactJws::parse(hint).ok()?;
    if token.typ() != Some("JWT") {
        return None;
    }
    let kid = token.kid()?;
    let key = keys.into_iter().find(|key| key.kid() == kid)?;
    let key = PublicJwk::from_value(&serde_json::to_value(key.jwk()).ok()?).ok()?;
    let claims = token.verify(&key, key.alg()?).ok()?;
    let claims: IdTokenClaims = claims.read()?;
    (claims.iss == issuer).then_some(claims)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::testing::{base64url, jws, signing_key};

    const ISSUER: &str = "https://madoguchi.example";

    fn claims() -> Value {
        json!({"iss": ISSUER, "sub": "s", "aud": "kosodate", "exp": 1, "iat": 0, "auth_time": 0, "acr": "a",
            "amr": [], "sid": "i"})
    }

    fn header(key: &SigningKey) -> Value {
        json!({"alg": "ES256", "typ": "JWT", "kid": key.kid()})
    }

    fn read(key: &SigningKey, hint: &str) -> Option<IdTokenClaims> {
        read_id_token_hint(hint, ISSUER, [&signing_key(), key])
    }

    #[test]
    fn an_expired_token_of_ours_is_read() {
        let key = signing_key();
        let read = read(&key, &jws(&key, &header(&key), &claims())).expect("claims");
        assert_eq!((read.sub.as_str(), read.aud.as_str(), read.sid.as_deref()), ("s", "kosodate", Some("i")));
    }

    /// `modified-id-token-hint` and `bad-id-token-hint` of the certification plan for RP-initiated logout.
    #[test]
    fn c12_what_we_did_not_sign_is_not_read() {
        let (key, other) = (signing_key(), signing_key());
        let good = jws(&key, &header(&key), &claims());
        let (_, rest) = good.split_once('.').expect("parts");
        let none = base64url(json!({"alg": "none", "typ": "JWT", "kid": key.kid()}).to_string().as_bytes());
        let (unsigned, _) = rest.split_once('.').expect("parts");
        for wrong in [
            format!("{none}.{unsigned}."),
            format!("{none}.{rest}"),
            jws(&other, &header(&key), &claims()),
            jws(&other, &header(&other), &claims()),
            jws(&key, &json!({"alg": "ES256", "typ": "JWT"}), &claims()),
            jws(&key, &json!({"alg": "RS256", "typ": "JWT", "kid": key.kid()}), &claims()),
            jws(&key, &json!({"alg": "ES256", "typ": "logout+jwt", "kid": key.kid()}), &claims()),
            jws(&key, &json!({"alg": "ES256", "kid": key.kid()}), &claims()),
            String::new(),
        ] {
            assert_eq!(read(&key, &wrong), None, "{wrong}");
        }
    }

    #[test]
    fn another_issuers_token_and_one_without_its_claims_are_not_read() {
        let key = signing_key();
        for (name, value) in [
            ("iss", json!("https://other.example")),
            ("iss", Value::Null),
            ("sub", Value::Null),
            ("sub", json!(1)),
            ("aud", json!(["kosodate"])),
        ] {
            let mut claims = claims();
            claims[name] = value;
            assert_eq!(read(&key, &jws(&key, &header(&key), &claims)), None, "{name}");
        }
    }
}

//! The logout token (OpenID Connect Back-Channel Logout 1.0 section 2.4): tells a service that a session ended.
//!
//! Its type and its `events` keep it from passing for an ID token, and it never has a `nonce`.

use ring::rand::SecureRandom;
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use crate::id_token::sign_jwt;
use crate::{CryptoError, SigningKey};

/// The claims. Times are seconds since 1970-01-01 UTC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LogoutTokenClaims {
    /// The issuer, octet by octet as in discovery.
    pub iss: String,
    /// The pairwise subject at the client, as in its ID tokens.
    pub sub: String,
    /// The client id.
    pub aud: String,
    /// When it was made.
    pub iat: u64,
    /// When it ends: [`LOGOUT_TOKEN_SECONDS`] later.
    pub exp: u64,
    /// Names it; never the same twice, not even when it is sent again.
    pub jti: String,
    /// The session that ended, as in the client's ID tokens.
    pub sid: String,
    /// What it is about.
    pub events: LogoutEvent,
}

/// The one event: `{"http://schemas.openid.net/event/backchannel-logout": {}}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogoutEvent;

impl Serialize for LogoutEvent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut events = serializer.serialize_map(Some(1))?;
        events.serialize_entry(EVENT, &NoMembers {})?;
        events.end()
    }
}

#[derive(Serialize)]
struct NoMembers {}

/// The claims as a signed compact JWS of type `logout+jwt`.
pub fn sign_logout_token(
    key: &SigningKey,
    claims: &LogoutTokenClaims,
    random: &dyn SecureRandom,
) -> Result<String, CryptoError> {
    sign_jwt(key, "logout+jwt", claims, random)
}

/// How long a logout token may be used (section 2.4 recommends at most two minutes).
pub const LOGOUT_TOKEN_SECONDS: u64 = 2 * 60;

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::jose::{CompactJws, JwsAlg};
    use crate::testing::{public_jwk, random, signing_key};

    #[test]
    fn a_logout_token_says_just_this() {
        let key = signing_key();
        let claims = LogoutTokenClaims {
            iss: "https://madoguchi.example".to_owned(),
            sub: "s".to_owned(),
            aud: "kosodate".to_owned(),
            iat: 1_800_000_000,
            exp: 1_800_000_120,
            jti: "j".to_owned(),
            sid: "sid".to_owned(),
            events: LogoutEvent,
        };
        let token = sign_logout_token(&key, &claims, &random()).expect("a token");
        let jws = CompactJws::parse(&token).expect("a JWS");
        assert_eq!((jws.typ(), jws.kid()), (Some("logout+jwt"), Some(key.kid())));
        let read = jws.verify(&public_jwk(&key), JwsAlg::Es256).expect("the signature holds");
        let members: serde_json::Map<_, _> =
            read.iter().map(|(name, value)| (name.to_owned(), value.clone())).collect();
        let expected = json!({
            "iss": "https://madoguchi.example", "sub": "s", "aud": "kosodate", "iat": 1_800_000_000,
            "exp": 1_800_000_120, "jti": "j", "sid": "sid",
            "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
        });
        assert_eq!(serde_json::Value::Object(members), expected, "no nonce, nothing else");
    }
}

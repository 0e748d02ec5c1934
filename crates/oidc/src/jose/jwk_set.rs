//! A client's keys (RFC 7517 section 5), registered inline: nothing is ever fetched from an address.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Map, Value, json};

use crate::jose::json::object;
use crate::jose::{CompactJws, JwkError, JwsAlg, PublicJwk};

/// One to sixteen public keys. With several, each has a `kid` of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicJwkSet(Vec<PublicJwk>);

impl PublicJwkSet {
    /// Reads a set. Every key in it must be one that could verify here: RFC 7517 lets a reader skip the others, but an
    /// operator who registers a key wants to know that it will never work.
    pub fn from_json(octets: &[u8]) -> Result<Self, JwkError> {
        Self::from_members(&object(octets).ok_or(JwkError::Json)?)
    }

    fn from_members(members: &Map<String, Value>) -> Result<Self, JwkError> {
        let keys = members.get("keys").and_then(Value::as_array).ok_or(JwkError::Json)?;
        if !(1..=MAX_KEYS).contains(&keys.len()) {
            return Err(JwkError::HowMany);
        }
        let mut set: Vec<PublicJwk> = Vec::with_capacity(keys.len());
        for key in keys {
            let key = PublicJwk::from_value(key)?;
            if keys.len() > 1 && key.kid().is_none() {
                return Err(JwkError::NoKid);
            }
            if set.iter().any(|other| other.kid() == key.kid()) {
                return Err(JwkError::DuplicateKid);
            }
            set.push(key);
        }
        Ok(Self(set))
    }

    /// The keys.
    pub fn keys(&self) -> &[PublicJwk] {
        &self.0
    }

    /// The key that verifies a message under a pinned algorithm: the one the message names, or the only one there is
    /// when it names none.
    pub fn key_for(&self, message: &CompactJws<'_>, alg: JwsAlg) -> Option<&PublicJwk> {
        let key = match (message.kid(), self.0.as_slice()) {
            (Some(kid), keys) => keys.iter().find(|key| key.kid() == Some(kid))?,
            (None, [only]) => only,
            (None, _) => return None,
        };
        key.supports(alg).then_some(key)
    }
}

impl Serialize for PublicJwkSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        json!({ "keys": self.0 }).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for PublicJwkSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_members(&Map::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

const MAX_KEYS: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jose::jwk::testing::{EC, RSA_N};

    fn ec(kid: Option<&str>) -> Value {
        let mut key: Value = serde_json::from_str(EC).expect("a key");
        if let Some(kid) = kid {
            key["kid"] = kid.into();
        }
        key
    }

    fn read(keys: &[Value]) -> Result<PublicJwkSet, JwkError> {
        PublicJwkSet::from_json(json!({ "keys": keys }).to_string().as_bytes())
    }

    #[test]
    fn a_set_has_named_keys() {
        assert!(read(&[ec(None)]).is_ok());
        assert!(read(&[ec(Some("a")), ec(Some("b"))]).is_ok());
        assert_eq!(read(&[]), Err(JwkError::HowMany));
        assert_eq!(read(&vec![ec(Some("a")); 17]), Err(JwkError::HowMany));
        assert_eq!(read(&[ec(Some("a")), ec(None)]), Err(JwkError::NoKid));
        assert_eq!(read(&[ec(Some("a")), ec(Some("a"))]), Err(JwkError::DuplicateKid));
        assert_eq!(PublicJwkSet::from_json(b"{}"), Err(JwkError::Json));
        assert_eq!(PublicJwkSet::from_json(br#"{"keys":[],"keys":[]}"#), Err(JwkError::Json));
        let mut private = ec(None);
        private["d"] = "AA".into();
        assert_eq!(read(&[private]), Err(JwkError::Private));
    }

    #[test]
    fn the_message_names_the_key_and_the_caller_the_algorithm() {
        let rsa = json!({"kty": "RSA", "n": RSA_N, "e": "AQAB", "kid": "r"});
        let set = read(&[ec(Some("a")), rsa]).expect("a set");
        let kid = |header: &str| {
            let text = format!("{}.e30.AA", crate::testing::base64url(header.as_bytes()));
            let message = CompactJws::parse(&text).expect("a message");
            JwsAlg::ALL.map(|alg| set.key_for(&message, alg).and_then(PublicJwk::kid).map(str::to_owned))
        };
        let named = |kid: &str| Some(kid.to_owned());
        assert_eq!(kid(r#"{"alg":"x","kid":"a"}"#), [named("a"), None, None]);
        assert_eq!(kid(r#"{"alg":"x","kid":"r"}"#), [None, named("r"), named("r")]);
        assert_eq!(kid(r#"{"alg":"x","kid":"b"}"#), [None, None, None]);
        assert_eq!(kid(r#"{"alg":"x"}"#), [None, None, None]);

        let one = read(&[ec(None)]).expect("a set");
        let text = format!("{}.e30.AA", crate::testing::base64url(br#"{"alg":"x"}"#));
        let message = CompactJws::parse(&text).expect("a message");
        assert!(one.key_for(&message, JwsAlg::Es256).is_some());
    }

    #[test]
    fn a_set_is_stored_as_it_is_read() {
        let set = read(&[ec(Some("a")), ec(Some("b"))]).expect("a set");
        let json = serde_json::to_string(&set).expect("serialises");
        assert_eq!(serde_json::from_str::<PublicJwkSet>(&json).expect("a set"), set);
        assert!(serde_json::from_str::<PublicJwkSet>(r#"{"keys":[]}"#).is_err());
    }
}

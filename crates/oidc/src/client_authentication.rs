//! How a client is registered to prove who it is (RFC 6749 section 2.3, RFC 7523, OpenID Connect Core section 9).

use std::fmt;

use serde::{Deserialize, Serialize};
use subtle::{Choice, ConstantTimeEq as _};

use crate::jose::{CompactJws, JwsAlg, PublicJwk, PublicJwkSet};
use crate::opaque::sha256;
use crate::{ClientError, ClientSecret, Profile};

/// The registered method, with what it is checked against. No other method works for the client.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum ClientAuthentication {
    /// `client_secret_basic` (RFC 6749 section 2.3.1).
    #[serde(rename = "client_secret_basic")]
    SecretBasic(HashedSecret),
    /// `client_secret_post` (the same section): the secret in the form.
    #[serde(rename = "client_secret_post")]
    SecretPost(HashedSecret),
    /// `private_key_jwt` (OpenID Connect Core section 9).
    PrivateKeyJwt(AssertionKeys),
    /// A public client: PKCE alone.
    None,
}

/// The registered keys of a client.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssertionKeys {
    /// The keys, inline: nothing is ever fetched for a client (CVE-2020-10770).
    pub jwks: PublicJwkSet,
    /// An assertion may name the token endpoint as its audience, as services of the Digital Agency's app do. Such an
    /// assertion can be one that was meant for another server (CVE-2025-27370): never for a client of several.
    #[serde(default)]
    pub danger_token_endpoint_audience: bool,
}

impl AssertionKeys {
    /// The algorithms that the keys are pinned to are the profile's.
    pub(crate) fn check(&self, profile: Profile) -> Result<(), ClientError> {
        let pinned = self.jwks.keys().iter().map(|key| pinned_alg(key, profile));
        match pinned.into_iter().find(|alg| !profile.client_algs().contains(alg)) {
            None => Ok(()),
            Some(alg) => Err(ClientError::KeyAlgOfProfile { profile: profile.as_str(), alg: alg.as_str() }),
        }
    }

    /// The key that a message of the client names, with the one algorithm that the key is registered for. The message
    /// chooses neither.
    pub fn key_for(&self, message: &CompactJws<'_>, profile: Profile) -> Option<(&PublicJwk, JwsAlg)> {
        let found = profile.client_algs().iter().map(|alg| (self.jwks.key_for(message, *alg), *alg));
        found
            .filter_map(|(key, alg)| key.map(|key| (key, alg)))
            .find(|(key, alg)| pinned_alg(key, profile) == *alg)
    }
}

/// The one algorithm of a registered key: what it says itself, or what its kind has in the profile.
fn pinned_alg(key: &PublicJwk, profile: Profile) -> JwsAlg {
    match key.alg() {
        Some(alg) => alg,
        None if key.supports(JwsAlg::Es256) => JwsAlg::Es256,
        None => profile.rsa_alg(),
    }
}

/// A secret as it is stored. Secrets are generated, so one SHA-256 is enough.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HashedSecret {
    /// SHA-256 of the secret's text: [`ClientSecret::hash`].
    #[serde(with = "base64url")]
    pub sha256: [u8; 32],
    /// The one before, while a rotation overlaps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<PreviousSecret>,
}

/// A secret that was replaced and still works for a while.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PreviousSecret {
    /// SHA-256 of its text.
    #[serde(with = "base64url")]
    pub sha256: [u8; 32],
    /// The first second, since 1970-01-01T00:00:00Z, in which it does not work.
    pub until: u64,
}

impl HashedSecret {
    /// What is stored of a secret.
    pub fn of(secret: &ClientSecret) -> Self {
        Self { sha256: secret.hash(), previous: None }
    }

    /// The successor of this one, which works on until `until`. A secret that was itself waiting to end, ends.
    pub fn replaced_by(&self, secret: &ClientSecret, until: Option<u64>) -> Self {
        let previous = until.map(|until| PreviousSecret { sha256: self.sha256, until });
        Self { sha256: secret.hash(), previous }
    }

    /// Compares hashes, both always, in constant time.
    pub(crate) fn matches(&self, presented: &str, now: u64) -> bool {
        let hash = sha256(presented.as_bytes());
        let current = hash.ct_eq(&self.sha256);
        let previous = self.previous.as_ref().map_or(Choice::from(0), |previous| {
            hash.ct_eq(&previous.sha256) & Choice::from(u8::from(now < previous.until))
        });
        (current | previous).into()
    }
}

impl ClientAuthentication {
    /// `client_secret_basic` with this secret.
    pub fn secret_basic(secret: &ClientSecret) -> Self {
        Self::SecretBasic(HashedSecret::of(secret))
    }

    /// `client_secret_post` with this secret.
    pub fn secret_post(secret: &ClientSecret) -> Self {
        Self::SecretPost(HashedSecret::of(secret))
    }

    /// `private_key_jwt` with these keys.
    pub fn private_key_jwt(jwks: PublicJwkSet) -> Self {
        Self::PrivateKeyJwt(AssertionKeys { jwks, danger_token_endpoint_audience: false })
    }

    /// The method alone.
    pub fn method(&self) -> AuthenticationMethod {
        match self {
            Self::SecretBasic(_) => AuthenticationMethod::ClientSecretBasic,
            Self::SecretPost(_) => AuthenticationMethod::ClientSecretPost,
            Self::PrivateKeyJwt(_) => AuthenticationMethod::PrivateKeyJwt,
            Self::None => AuthenticationMethod::None,
        }
    }
}

impl fmt::Debug for ClientAuthentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SecretBasic(_) => "SecretBasic(..)",
            Self::SecretPost(_) => "SecretPost(..)",
            Self::PrivateKeyJwt(_) => "PrivateKeyJwt(..)",
            Self::None => "None",
        })
    }
}

/// The names of OpenID Connect Core section 9.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum AuthenticationMethod {
    /// The secret in the `Authorization` header.
    ClientSecretBasic,
    /// The secret in the form.
    ClientSecretPost,
    /// None: a public client.
    None,
    /// A signed assertion.
    PrivateKeyJwt,
}

impl AuthenticationMethod {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::ClientSecretBasic, Self::ClientSecretPost, Self::None, Self::PrivateKeyJwt];

    /// The registered name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
            Self::None => "none",
            Self::PrivateKeyJwt => "private_key_jwt",
        }
    }

    /// The method of a registered name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str() == name)
    }
}

/// 32 octets as base64url in files and records.
mod base64url {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    use serde::{Deserialize as _, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(octets: &[u8; 32], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&URL_SAFE_NO_PAD.encode(octets))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; 32], D::Error> {
        let text = String::deserialize(deserializer)?;
        let octets =
            URL_SAFE_NO_PAD.decode(text).map_err(|_| de::Error::custom("not base64url without padding"))?;
        octets
            .try_into()
            .map_err(|_| de::Error::custom("not 32 octets: a SHA-256 in base64url has 43 characters"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc";
    const OTHER: &str = "CAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg";

    fn secret(text: &str) -> ClientSecret {
        ClientSecret::parse(text).expect("a secret")
    }

    #[test]
    fn names_are_the_serialised_ones() {
        for method in AuthenticationMethod::ALL {
            assert_eq!(AuthenticationMethod::from_name(method.as_str()), Some(method));
        }
        for authentication in [
            ClientAuthentication::secret_basic(&secret(SECRET)),
            ClientAuthentication::secret_post(&secret(SECRET)),
        ] {
            let json = serde_json::to_value(&authentication).expect("serialises");
            let names: Vec<&String> = json.as_object().expect("an object").keys().collect();
            assert_eq!(names, [authentication.method().as_str()]);
            let read: ClientAuthentication = serde_json::from_value(json).expect("reads back");
            assert_eq!(read, authentication);
        }
    }

    /// The old secret works until the moment that the operator named, and not in it.
    #[test]
    fn a_replaced_secret_works_on_for_its_overlap_alone() {
        let first = HashedSecret::of(&secret(SECRET));
        assert!(first.matches(SECRET, 0) && !first.matches(OTHER, 0));
        let rotated = first.replaced_by(&secret(OTHER), Some(100));
        assert!(rotated.matches(OTHER, 99) && rotated.matches(OTHER, 100));
        assert!(rotated.matches(SECRET, 99));
        assert!(!rotated.matches(SECRET, 100));
        let at_once = first.replaced_by(&secret(OTHER), None);
        assert!(!at_once.matches(SECRET, 0));
        // A third one leaves no room for the first.
        let third = rotated.replaced_by(&secret(&OTHER.replace('C', "D")), Some(200));
        assert!(!third.matches(SECRET, 50));
    }

    #[test]
    fn a_hash_of_another_length_or_a_misspelt_field_is_refused() {
        let method = |rest: &str| format!(r#"{{"client_secret_basic":{{"sha256":"{rest}"}}}}"#);
        let read = |text: &str| serde_json::from_str::<ClientAuthentication>(text);
        assert!(read(&method(SECRET)).is_ok());
        assert!(read(&method("BwcH")).is_err());
        assert!(read(r#""client_secret_post""#).is_err());
        // A secret beside `none` would be a client less protected than its operator meant.
        let hash = format!(r#"{{"sha256":"{SECRET}"}}"#);
        assert!(read(&format!(r#"{{"none":{hash}}}"#)).is_err());
        let more = hash.replace('}', r#","plain":""}"#);
        assert!(read(&format!(r#"{{"client_secret_basic":{more}}}"#)).is_err());
    }

    #[test]
    fn nothing_of_a_secret_prints() {
        let authentication = ClientAuthentication::secret_basic(&secret(SECRET));
        assert_eq!(format!("{authentication:?}"), "SecretBasic(..)");
    }
}

//! An online service as the gateway knows it (RFC 6749 section 2): registered by an operator, never by a request.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ClientSecret;
use crate::pairwise::sector_identifier;
use crate::redirect_uri::{RedirectUriError, check_redirect_uri};

/// A registered client. Its names and texts are the gateway's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// `client_id`: 1 to 255 of `A-Z a-z 0-9 - . _ ~`.
    pub id: String,
    /// Where answers may go, compared octet by octet.
    pub redirect_uris: Vec<String>,
    /// Where the browser may go after signing out.
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<String>,
    /// How the client proves who it is at the token endpoint: in files `"none"` or
    /// `{"client_secret_basic": {"sha256": "<base64url>"}}`.
    pub authentication: ClientAuthentication,
    /// How its ID tokens are signed.
    #[serde(default)]
    pub id_token_alg: IdTokenAlg,
}

impl Client {
    /// Checks what an operator registers. A client is stored only after this.
    pub fn check(&self) -> Result<(), ClientError> {
        let unreserved = |octet: u8| octet.is_ascii_alphanumeric() || b"-._~".contains(&octet);
        if !(1..=255).contains(&self.id.len()) || !self.id.bytes().all(unreserved) {
            return Err(ClientError::Id);
        }
        if self.redirect_uris.is_empty() {
            return Err(ClientError::NoRedirectUri);
        }
        for uri in self.redirect_uris.iter().chain(&self.post_logout_redirect_uris) {
            check_redirect_uri(uri).map_err(|error| ClientError::RedirectUri { uri: uri.clone(), error })?;
        }
        // OpenID Connect Core section 8.1: with several hosts the pairwise `sub` would depend on the one used.
        let mut sectors = self.redirect_uris.iter().map(|uri| sector_identifier(uri));
        let first = sectors.next();
        if sectors.any(|sector| Some(sector) != first) { Err(ClientError::SeveralHosts) } else { Ok(()) }
    }
}

/// Authentication at the token endpoint, by the registered method alone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum ClientAuthentication {
    /// `client_secret_basic` (RFC 6749 section 2.3.1).
    #[serde(rename = "client_secret_basic")]
    SecretBasic {
        /// SHA-256 of the secret's text: [`ClientSecret::hash`].
        #[serde(with = "base64url")]
        sha256: [u8; 32],
    },
    /// A public client: PKCE alone.
    None,
}

impl ClientAuthentication {
    /// `client_secret_basic` with this secret.
    pub fn secret_basic(secret: &ClientSecret) -> Self {
        Self::SecretBasic { sha256: secret.hash() }
    }
}

impl fmt::Debug for ClientAuthentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SecretBasic { .. } => "SecretBasic { .. }",
            Self::None => "None",
        })
    }
}

/// Signature algorithm of ID tokens (RFC 7518 section 3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum IdTokenAlg {
    /// ECDSA on P-256 with SHA-256.
    #[default]
    #[serde(rename = "ES256")]
    Es256,
}

/// Why a client cannot be registered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The identifier has another length or alphabet.
    #[error("a client id is 1 to 255 of A-Z a-z 0-9 - . _ ~")]
    Id,
    /// No redirect URI at all.
    #[error("a client needs a redirect URI")]
    NoRedirectUri,
    /// One of the redirect URIs cannot be registered.
    #[error("redirect URI {uri}: {error}")]
    RedirectUri {
        /// The URI.
        uri: String,
        /// What is wrong with it.
        error: RedirectUriError,
    },
    /// The redirect URIs have more than one host.
    #[error("all redirect URIs of a client have the same host; register a client for each")]
    SeveralHosts,
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
    use crate::testing::client;

    #[test]
    fn what_an_operator_registers_is_checked() {
        assert_eq!(client().check(), Ok(()));
        let long = "a".repeat(256);
        for id in ["", "a b", "a/b", "窓口", "a\n", &long] {
            assert_eq!(Client { id: id.to_owned(), ..client() }.check(), Err(ClientError::Id), "{id}");
        }
        assert_eq!(Client { id: "a".repeat(255), ..client() }.check(), Ok(()));
        let none = Client { redirect_uris: Vec::new(), ..client() };
        assert_eq!(none.check(), Err(ClientError::NoRedirectUri));
    }

    #[test]
    fn c2_redirect_and_post_logout_uris_follow_one_rule() {
        let uri = "http://service.example/".to_owned();
        let refused = Err(ClientError::RedirectUri { uri: uri.clone(), error: RedirectUriError::PlainHttp });
        assert_eq!(Client { redirect_uris: vec![uri.clone()], ..client() }.check(), refused);
        assert_eq!(Client { post_logout_redirect_uris: vec![uri], ..client() }.check(), refused);
    }

    /// OpenID Connect Core section 8.1.
    #[test]
    fn one_client_has_one_sector() {
        let uris = |second: &str| vec!["https://a.example/1".to_owned(), second.to_owned()];
        let same = Client { redirect_uris: uris("https://a.example:8443/2"), ..client() };
        assert_eq!(same.check(), Ok(()));
        let other = Client { redirect_uris: uris("https://b.example/1"), ..client() };
        assert_eq!(other.check(), Err(ClientError::SeveralHosts));
    }

    #[test]
    fn a_client_is_written_as_operators_read_it() {
        let json = r#"{"id":"kosodate","redirect_uris":["https://service.example/callback"],
            "authentication":{"client_secret_basic":{"sha256":"BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc"}}}"#;
        let confidential: Client = serde_json::from_str(json).expect("a client");
        let authentication = ClientAuthentication::SecretBasic { sha256: [7; 32] };
        assert_eq!(confidential, Client { authentication, ..client() });
        assert_eq!(format!("{:?}", confidential.authentication), "SecretBasic { .. }");

        let json = serde_json::to_string(&confidential).expect("serialises");
        assert_eq!(serde_json::from_str::<Client>(&json).expect("a client"), confidential);
        let json = serde_json::to_value(client()).expect("serialises");
        assert_eq!(json["authentication"], "none");
        assert_eq!(json["id_token_alg"], "ES256");
        assert_eq!(serde_json::from_value::<Client>(json).expect("a client"), client());
    }

    #[test]
    fn a_hash_of_another_length_or_a_misspelt_field_is_refused() {
        let method = |rest: &str| format!(r#"{{"client_secret_basic":{{"sha256":"{rest}"}}}}"#);
        assert!(serde_json::from_str::<ClientAuthentication>(&method("BwcH")).is_err());
        assert!(serde_json::from_str::<ClientAuthentication>(r#""client_secret_post""#).is_err());
        // A secret beside `none` would be a client less protected than its operator meant.
        let hash = r#"{"sha256":"BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc"}"#;
        assert!(serde_json::from_str::<ClientAuthentication>(&format!(r#"{{"none":{hash}}}"#)).is_err());
        let more = hash.replace('}', r#","plain":""}"#);
        let more = format!(r#"{{"client_secret_basic":{more}}}"#);
        assert!(serde_json::from_str::<ClientAuthentication>(&more).is_err());
        let json = r#"{"id":"a","redirect_uri":[],"redirect_uris":[],"authentication":"none"}"#;
        assert!(serde_json::from_str::<Client>(json).is_err());
    }
}

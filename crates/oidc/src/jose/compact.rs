//! The compact serialization (RFC 7515 section 3.1) of a JWS whose payload is a set of claims.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

use crate::jose::json::object;
use crate::jose::{Claims, JoseError, JwkError, JwsAlg, PublicJwk};

/// A JWS that is well formed and not yet believed. Its claims come out by [`verify`](Self::verify) alone.
#[derive(Clone, Debug)]
pub struct CompactJws<'t> {
    /// Header, dot, payload: what was signed (RFC 7515 section 5.2).
    signing_input: &'t str,
    header: Map<String, Value>,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

impl<'t> CompactJws<'t> {
    /// Reads exactly three parts of canonical base64url without padding; the header is an object with unique members,
    /// a text `alg` and no `crit`. `jku`, `x5u` and `x5c` are never looked at.
    pub fn parse(text: &'t str) -> Result<Self, JoseError> {
        if text.len() > MAX_OCTETS {
            return Err(JoseError::TooLong);
        }
        let mut parts = text.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(JoseError::Malformed);
        };
        let (signing_input, _) = text.rsplit_once('.').ok_or(JoseError::Malformed)?;
        let header = object(&decode(header)?).ok_or(JoseError::Json)?;
        if header.contains_key("crit") {
            return Err(JoseError::Critical);
        }
        for name in ["alg", "kid", "typ"] {
            if !header.get(name).is_none_or(Value::is_string) || (name == "alg" && !header.contains_key(name))
            {
                return Err(JoseError::Header { name });
            }
        }
        Ok(Self { signing_input, header, payload: decode(payload)?, signature: decode(signature)? })
    }

    /// What the header says of the algorithm: for messages and for finding one's own key, never for choosing how
    /// to verify.
    pub fn alg(&self) -> &str {
        self.text("alg").unwrap_or_default()
    }

    /// Which of the registered keys the signer says it used.
    pub fn kid(&self) -> Option<&str> {
        self.text("kid")
    }

    /// The media type of the whole (RFC 7515 section 4.1.9), as it stands there.
    pub fn typ(&self) -> Option<&str> {
        self.text("typ")
    }

    /// The public key in the header. For DPoP proofs alone (RFC 9449 section 4.2), whose key is nobody's until a
    /// token is bound to it. `None` when there is none.
    pub fn embedded_jwk(&self) -> Option<Result<PublicJwk, JwkError>> {
        self.header.get("jwk").map(PublicJwk::from_value)
    }

    /// Verifies the signature by `key` under `alg` and reads the claims. A header that names another algorithm is
    /// refused before anything is computed.
    pub fn verify(&self, key: &PublicJwk, alg: JwsAlg) -> Result<Claims, JoseError> {
        if self.alg() != alg.as_str() {
            return Err(JoseError::Alg);
        }
        if !key.verifies(alg, self.signing_input.as_bytes(), &self.signature) {
            return Err(JoseError::Signature);
        }
        object(&self.payload).map(Claims::new).ok_or(JoseError::Json)
    }

    /// The text of a claim that nobody has vouched for yet: only for finding whose keys to verify with.
    pub fn unverified_string(&self, name: &str) -> Option<String> {
        object(&self.payload)?.get(name)?.as_str().map(str::to_owned)
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.header.get(name).and_then(Value::as_str)
    }
}

/// Canonical, without padding, not empty.
fn decode(part: &str) -> Result<Vec<u8>, JoseError> {
    if part.is_empty() {
        return Err(JoseError::Malformed);
    }
    URL_SAFE_NO_PAD.decode(part).map_err(|_| JoseError::Malformed)
}

const MAX_OCTETS: usize = 16 * 1024;

#[cfg(test)]
mod tests;

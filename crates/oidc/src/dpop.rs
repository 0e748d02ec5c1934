//! DPoP proofs (RFC 9449): that whoever sends a request holds the key that its tokens are bound to.
//!
//! One check for every endpoint, in the order of section 4.3. ES256 and PS256 alone. No server nonce is asked for
//! (section 8): a proof lives a minute and is used once, so a nonce would add a round trip to every service and keep out
//! only proofs that were made ahead by somebody who had the key.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use url::Url;

use crate::jose::{CompactJws, JoseError, JwkThumbprint, JwsAlg, PublicJwk};
use crate::opaque::sha256;
use crate::{AccessToken, Description};

/// The request that a proof came with.
#[derive(Clone, Copy, Debug)]
pub struct DpopRequest<'a> {
    /// Its method.
    pub method: &'a str,
    /// The address of the endpoint, without query and fragment.
    pub uri: &'a str,
    /// The access token that came with it, if one did.
    pub access_token: Option<&'a AccessToken>,
    /// Now, in seconds since 1970-01-01T00:00:00Z.
    pub now: u64,
}

/// A proof in which nothing is wrong but that it may have been used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct DpopProof {
    /// Whose key signed it.
    pub key: JwkThumbprint,
    /// SHA-256 over key and `jti`: what to write down as used.
    pub once: [u8; 32],
    /// Until when, in seconds since 1970-01-01T00:00:00Z: the proof is refused from then on anyway.
    pub until: u64,
}

impl DpopProof {
    /// Checks the value of the one `DPoP` header.
    pub fn check(proof: &str, request: &DpopRequest<'_>) -> Result<Self, DpopError> {
        let jws = CompactJws::parse(proof)?;
        if jws.typ() != Some("dpop+jwt") {
            return Err(DpopError::Typ);
        }
        let Some(alg @ (JwsAlg::Es256 | JwsAlg::Ps256)) = JwsAlg::from_name(jws.alg()) else {
            return Err(DpopError::Alg);
        };
        let key: PublicJwk = jws.embedded_jwk().ok_or(DpopError::Jwk)?.map_err(|_| DpopError::Jwk)?;
        let claims = jws.verify(&key, alg)?;
        if claims.string("htm")? != request.method {
            return Err(DpopError::Method);
        }
        if !same_address(claims.string("htu")?, request.uri) {
            return Err(DpopError::Uri);
        }
        let iat = claims.numeric_date("iat")?;
        let not_before = claims.optional_numeric_date("nbf")?.unwrap_or(iat).max(iat);
        let ends = claims.optional_numeric_date("exp")?.unwrap_or(u64::MAX).min(iat + PROOF_SECONDS);
        if not_before > request.now + EARLY_SECONDS || ends < request.now {
            return Err(DpopError::Time);
        }
        if let Some(token) = request.access_token {
            let hash = sha256(token.encode().as_bytes());
            if claims.string("ath")? != URL_SAFE_NO_PAD.encode(hash) {
                return Err(DpopError::AccessTokenHash);
            }
        }
        let jti = claims.string("jti")?;
        if jti.len() > MAX_JTI_OCTETS {
            return Err(DpopError::Jti);
        }
        let key = key.thumbprint();
        let once = sha256(&[b"dpop jti\0".as_slice(), &key.0, jti.as_bytes()].concat());
        Ok(Self { key, once, until: iat + PROOF_SECONDS + 1 })
    }
}

/// The algorithms of proofs, as metadata lists them (RFC 9449 section 5.1).
pub const DPOP_ALGS: [&str; 2] = ["ES256", "PS256"];

/// Section 4.3, number 9: without query and fragment, and spelt as URLs may be (scheme and host in any case, the default
/// port, dot segments). The URL reader also mends what is no URL (RFC 3986): it cuts off spaces and control characters,
/// takes a backslash for a slash, and does with one slash or three.
fn same_address(htu: &str, uri: &str) -> bool {
    let is_plain = htu.bytes().all(|octet| octet.is_ascii_graphic() && octet != b'\\');
    let authority = htu.split_once("://").map_or("/", |(_, rest)| rest);
    if !is_plain || authority.starts_with('/') {
        return false;
    }
    let plain = |text: &str| {
        let mut url = Url::parse(text).ok()?;
        url.set_query(None);
        url.set_fragment(None);
        Some(url)
    };
    plain(htu).is_some_and(|htu| plain(uri) == Some(htu))
}

/// Why a proof is refused: `invalid_dpop_proof`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DpopError {
    /// `ath` is not the hash of the access token.
    #[error("ath is not the hash of the access token")]
    AccessTokenHash,
    /// Another algorithm than ES256 or PS256.
    #[error("alg is neither ES256 nor PS256")]
    Alg,
    /// No proof where there must be one.
    #[error("a DPoP proof is missing")]
    Missing,
    /// Two proofs, or one that is no text.
    #[error("there is not exactly one DPoP header of printable ASCII")]
    Header,
    /// Not a compact JWS with the claims of section 4.2, or the signature does not hold.
    #[error("{0}")]
    Jose(#[from] JoseError),
    /// `jti` is too long.
    #[error("jti is longer than {MAX_JTI_OCTETS} octets")]
    Jti,
    /// No public key in the header, or one with a private part.
    #[error("jwk is no public P-256 or RSA key")]
    Jwk,
    /// `htm` is another method.
    #[error("htm is another method")]
    Method,
    /// Too old, ended, or from the future.
    #[error("iat, nbf or exp is out of its time")]
    Time,
    /// `typ` is not `dpop+jwt`.
    #[error("typ is not dpop+jwt")]
    Typ,
    /// `htu` is another address.
    #[error("htu is another address")]
    Uri,
    /// The same proof came before.
    #[error("the proof was used before")]
    UsedBefore,
}

impl DpopError {
    /// The `error_description`.
    pub fn description(&self) -> Description {
        match self {
            Self::AccessTokenHash => const { Description::new("ath is not the hash of the access token") },
            Self::Alg => const { Description::new("alg must be ES256 or PS256") },
            Self::Missing => const { Description::new("a DPoP proof is required") },
            Self::Header => const { Description::new("send exactly one DPoP header") },
            Self::Jose(_) => {
                const { Description::new("the DPoP proof is malformed, incomplete or not signed by its jwk") }
            }
            Self::Jti => const { Description::new("jti is too long") },
            Self::Jwk => const { Description::new("jwk must be a public P-256 or RSA key") },
            Self::Method => const { Description::new("htm is another method") },
            Self::Time => const { Description::new("the DPoP proof is too old or from the future") },
            Self::Typ => const { Description::new("typ must be dpop+jwt") },
            Self::Uri => const { Description::new("htu is another address") },
            Self::UsedBefore => const { Description::new("the DPoP proof was used before") },
        }
    }
}

/// How long after its `iat` a proof is taken.
const PROOF_SECONDS: u64 = 60;
/// How far a service's clock may be ahead.
const EARLY_SECONDS: u64 = 10;
const MAX_JTI_OCTETS: usize = 256;

#[cfg(test)]
mod tests;

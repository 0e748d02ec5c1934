//! `private_key_jwt`: a client proves who it is by an assertion that it signed (RFC 7523 sections 2.2 and 3, OpenID Connect
//! Core section 9).
//!
//! The audience is our issuer, as one string, and nothing else (draft-ietf-oauth-rfc7523bis): a server that a client also
//! uses could ask it for assertions with the token endpoint of another as audience, and play them there (CVE-2025-27370,
//! CVE-2025-27371). Whether the assertion was used before is the store's to say: [`AssertionUse`].

use crate::client_authentication::AssertionKeys;
use crate::jose::{Claims, CompactJws, JoseError};
use crate::opaque::sha256_of;
use crate::{Client, Description, PATH_TOKEN};

/// The one `client_assertion_type` (RFC 7523 section 2.2).
pub const CLIENT_ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// What must be written down as used, once, before the assertion is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AssertionUse {
    /// SHA-256 over client id and `jti`.
    pub key: [u8; 32],
    /// The assertion's `exp`: from then on it is refused for its age.
    pub until: u64,
}

/// Checks an assertion of `client` by its registered keys: header, signature, then the claims in the order of RFC 7523
/// section 3.
pub(crate) fn check_client_assertion(
    client: &Client,
    keys: &AssertionKeys,
    assertion: &str,
    issuer: &str,
    now: u64,
) -> Result<AssertionUse, ClientAssertionError> {
    let message = CompactJws::parse(assertion)?;
    check_type(&message)?;
    let (key, alg) = keys.key_for(&message, client.profile).ok_or(ClientAssertionError::Key)?;
    let claims = message.verify(key, alg)?;
    for name in ["iss", "sub"] {
        if claims.string(name)? != client.id {
            return Err(ClientAssertionError::OtherClient { name });
        }
    }
    check_audience(&claims, issuer, keys.danger_token_endpoint_audience)?;
    let exp = claims.numeric_date("exp")?;
    check_times(&claims, exp, now)?;
    let jti = claims.string("jti")?;
    if jti.len() > MAX_JTI_OCTETS {
        return Err(ClientAssertionError::LongJti);
    }
    Ok(AssertionUse {
        key: sha256_of(&[b"client assertion", client.id.as_bytes(), jti.as_bytes()]),
        until: exp,
    })
}

/// A JWT of another kind that the client signed is no assertion (RFC 8725 section 3.11).
fn check_type(message: &CompactJws<'_>) -> Result<(), ClientAssertionError> {
    let Some(typ) = message.typ() else { return Ok(()) };
    let typ = typ.to_ascii_lowercase();
    match typ.strip_prefix("application/").unwrap_or(&typ) {
        "jwt" | "client-authentication+jwt" => Ok(()),
        _ => Err(ClientAssertionError::Typ),
    }
}

fn check_audience(claims: &Claims, issuer: &str, endpoint_too: bool) -> Result<(), ClientAssertionError> {
    if claims.is("aud", issuer) || (endpoint_too && claims.is("aud", &format!("{issuer}{PATH_TOKEN}"))) {
        Ok(())
    } else {
        Err(ClientAssertionError::Audience)
    }
}

fn check_times(claims: &Claims, exp: u64, now: u64) -> Result<(), ClientAssertionError> {
    if exp <= now {
        return Err(ClientAssertionError::Expired);
    }
    let latest = now + FUTURE_SECONDS;
    let iat = claims.optional_numeric_date("iat")?;
    for begin in [iat, claims.optional_numeric_date("nbf")?].into_iter().flatten() {
        if begin > latest {
            return Err(ClientAssertionError::NotYet);
        }
    }
    // An assertion that lives for a day is a password, and would have to be remembered for a day. `iat` itself is bounded
    // above, and so is the time to remember.
    if exp.saturating_sub(iat.unwrap_or(now)) > LIFE_SECONDS {
        return Err(ClientAssertionError::TooLongLived);
    }
    Ok(())
}

/// FAPI 2.0 Security Profile section 5.3.2.1: ten seconds in the future are accepted, more than sixty are not.
const FUTURE_SECONDS: u64 = 60;
const LIFE_SECONDS: u64 = 300;
const MAX_JTI_OCTETS: usize = 255;

/// Why an assertion is refused. Its client may know: whoever sends it holds the client's id at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClientAssertionError {
    /// `aud` is not our issuer as one string.
    #[error("aud is not the issuer")]
    Audience,
    /// `exp` is over.
    #[error("the assertion is expired")]
    Expired,
    /// It is no JWS of ours, its signature does not verify, or a claim is missing or mistyped.
    #[error("{0}")]
    Jose(#[from] JoseError),
    /// `jti` is longer than any honest one.
    #[error("jti is too long")]
    LongJti,
    /// No registered key with this `kid` and `alg`.
    #[error("no registered key has this kid and alg")]
    Key,
    /// `nbf` or `iat` is in the future.
    #[error("nbf or iat is in the future")]
    NotYet,
    /// `iss` or `sub` is not the client's id.
    #[error("{name} is not the client id")]
    OtherClient {
        /// The claim.
        name: &'static str,
    },
    /// `exp` is more than five minutes after `iat`, or after now.
    #[error("exp is more than {LIFE_SECONDS} seconds after iat")]
    TooLongLived,
    /// `typ` is that of another kind of JWT.
    #[error("typ is not that of a client assertion")]
    Typ,
    /// The same `jti` came before.
    #[error("the assertion was used before")]
    UsedBefore,
}

impl ClientAssertionError {
    /// The `error_description`.
    pub fn description(&self) -> Description {
        match self {
            Self::Audience => {
                const { Description::new("client_assertion: aud must be the issuer, as one string") }
            }
            Self::Expired => const { Description::new("client_assertion: expired") },
            Self::Jose(JoseError::ClaimMissing { .. }) => {
                const { Description::new("client_assertion: iss, sub, aud, exp and jti are required") }
            }
            Self::Jose(JoseError::ClaimType { .. }) => {
                const { Description::new("client_assertion: a claim has the wrong type") }
            }
            Self::Jose(_) => const { Description::new("client_assertion: not a valid signed JWT") },
            Self::LongJti => const { Description::new("client_assertion: jti is too long") },
            Self::Key => {
                const { Description::new("client_assertion: no registered key has this kid and alg") }
            }
            Self::NotYet => const { Description::new("client_assertion: nbf or iat is in the future") },
            Self::OtherClient { .. } => {
                const { Description::new("client_assertion: iss and sub must be the client_id") }
            }
            Self::TooLongLived => {
                const { Description::new("client_assertion: exp may be at most 5 minutes after iat") }
            }
            Self::Typ => const { Description::new("client_assertion: typ is that of another kind of JWT") },
            Self::UsedBefore => const { Description::new("client_assertion: jti was used before") },
        }
    }
}

#[cfg(test)]
mod tests;

//! Authorization codes (RFC 6749 section 4.1.2) and the access tokens that they give.

use rustls_pki_types::UnixTime;

use madoguchi_cert_verify::Source;
use madoguchi_oidc::CodeGrant;
use madoguchi_oidc::jose::JwkThumbprint;
use madoguchi_protocol::Octets;

use crate::{AccountId, NewRefreshToken};

/// A code about to be handed out.
#[derive(Clone, Debug)]
pub struct NewCode {
    /// SHA-256 of the code.
    pub hash: Octets<32>,
    /// All that the code is bound to.
    pub grant: CodeGrant,
    /// Seconds that it lives.
    pub lifetime: u64,
}

/// A code as it is stored. Look-up shows it whether or not it was used: only [`crate::Codes::redeem_code`] decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeRecord {
    /// SHA-256 of the code.
    pub hash: Octets<32>,
    /// The municipality.
    pub municipality: String,
    /// All that the code is bound to.
    pub grant: CodeGrant,
    /// Who.
    pub account: AccountId,
    /// The name of its session.
    pub sid: Octets<16>,
    /// When the card was shown.
    pub auth_time: UnixTime,
    /// When it ends.
    pub expires_at: UnixTime,
    /// What its session knows. `None` when the session has ended.
    pub session: Option<SessionFacts>,
    /// Issuer key id and serial, sealed, of its session while that lives.
    pub holder_sealed: Option<Vec<u8>>,
}

/// What a token says of the session that it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionFacts {
    /// On a shared computer.
    pub counter: bool,
    /// Which source said that the certificate is not revoked.
    pub revocation_source: Source,
    /// When that was asked.
    pub revocation_checked_at: UnixTime,
}

/// An access token about to be handed out.
#[derive(Clone, Debug)]
pub struct NewAccessToken {
    /// SHA-256 of the token.
    pub hash: Octets<32>,
    /// Seconds that it lives.
    pub lifetime: u64,
    /// The key that it is bound to (RFC 9449).
    pub key: Option<JwkThumbprint>,
    /// Its scope where that is less than what its code was granted.
    pub scope: Option<String>,
}

/// What a redeemed code gives.
#[derive(Clone, Debug)]
pub struct NewTokens {
    /// The access token.
    pub access: NewAccessToken,
    /// The refresh token, for a client that may have one.
    pub refresh: Option<NewRefreshToken>,
}

impl From<NewAccessToken> for NewTokens {
    fn from(access: NewAccessToken) -> Self {
        Self { access, refresh: None }
    }
}

/// The outcome of redeeming a code.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub enum Redemption {
    /// Redeemed, by this call alone.
    Done,
    /// It had been used: what it gave is revoked now.
    UsedBefore,
    /// It ran out of time.
    Expired,
    /// No such code.
    NotFound,
}

/// A live access token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessTokenRecord {
    /// The municipality.
    pub municipality: String,
    /// The service it was given to.
    pub client_id: String,
    /// Scope values, space separated.
    pub scope: String,
    /// Who.
    pub account: AccountId,
    /// The service's redirect URI, which names its sector.
    pub redirect_uri: String,
    /// When the card was shown.
    pub auth_time: UnixTime,
    /// The name of its session.
    pub sid: Octets<16>,
    /// Issuer key id and serial, sealed, of its session.
    pub holder_sealed: Vec<u8>,
    /// The key that it is bound to (RFC 9449).
    pub key: Option<JwkThumbprint>,
    /// When it ends, unless its session ends before.
    pub expires_at: UnixTime,
}

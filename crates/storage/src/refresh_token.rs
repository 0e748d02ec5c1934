//! Refresh tokens (RFC 6749 section 6): they belong to a code and end with its session at the latest.

use async_trait::async_trait;
use rustls_pki_types::UnixTime;

use madoguchi_oidc::CodeGrant;
use madoguchi_oidc::jose::JwkThumbprint;
use madoguchi_protocol::Octets;

use crate::{AccountId, NewAccessToken, SessionFacts, StorageError};

/// Seconds after its use in which a refresh token gives another one, when nobody came with the one that it gave: the answer
/// was lost.
pub const REFRESH_GRACE_SECONDS: u64 = 30;

/// A refresh token about to be handed out.
#[derive(Clone, Debug)]
pub struct NewRefreshToken {
    /// SHA-256 of the token.
    pub hash: Octets<32>,
    /// The key that it is bound to (RFC 9449).
    pub key: Option<JwkThumbprint>,
}

/// A refresh token of a live session. Look-up shows it whether or not it was used: only
/// [`RefreshTokens::use_refresh_token`] decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshTokenRecord {
    /// The municipality.
    pub municipality: String,
    /// All that its code was bound to.
    pub grant: CodeGrant,
    /// Who.
    pub account: AccountId,
    /// The name of its session.
    pub sid: Octets<16>,
    /// When the card was shown.
    pub auth_time: UnixTime,
    /// What its session knows.
    pub session: SessionFacts,
    /// Issuer key id and serial, sealed, of its session.
    pub holder_sealed: Vec<u8>,
    /// The key that it is bound to (RFC 9449).
    pub key: Option<JwkThumbprint>,
    /// When it ends: with its session.
    pub expires_at: UnixTime,
    /// It gave another one already, or was put aside for one.
    pub used: bool,
}

/// The outcome of using a refresh token.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub enum RefreshUse {
    /// The new tokens are stored.
    Done,
    /// It had been used: everything that its code gave is revoked now.
    UsedBefore,
    /// No such token, or it ended.
    NotFound,
}

/// Refresh tokens, and taking tokens back.
#[async_trait]
pub trait RefreshTokens {
    /// A refresh token that is neither over nor revoked and whose session lives.
    async fn find_refresh_token(
        &self,
        municipality: &str,
        hash: Octets<32>,
    ) -> Result<Option<RefreshTokenRecord>, StorageError>;

    /// Stores an access token of the same code. Without a `successor` the refresh token stays as it is. With one it is used
    /// up: one conditional write, and the successor ends when it would have ended.
    ///
    /// Used again within [`REFRESH_GRACE_SECONDS`], while nobody came with what it gave, it gives `successor`, and what it
    /// gave is put aside. In every other case a token that was used or put aside revokes all access and refresh tokens of
    /// its code (`RefreshTokenReused`): either this one or the other was stolen.
    async fn use_refresh_token(
        &self,
        municipality: &str,
        hash: Octets<32>,
        access: NewAccessToken,
        successor: Option<NewRefreshToken>,
    ) -> Result<RefreshUse, StorageError>;

    /// Takes a token of this client back (RFC 7009), whichever of the two it is: an access token alone, or with a refresh
    /// token everything that its code gave. Answers whether there was one. Another client's stays.
    async fn revoke_token(
        &self,
        municipality: &str,
        client_id: &str,
        access_hash: Octets<32>,
        refresh_hash: Octets<32>,
    ) -> Result<bool, StorageError>;
}

//! A session: the browser in which a card was shown.

use rustls_pki_types::UnixTime;

use madoguchi_protocol::Octets;

use crate::AccountId;

/// The session that a completed sign-in gets.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// SHA-256 of the session secret in the cookie.
    pub id_hash: Octets<32>,
    /// Public name of the session, the `sid` claim.
    pub sid: Octets<16>,
    /// Account id to use when the card is new here.
    pub account_if_new: AccountId,
    /// Seconds that it lives.
    pub lifetime: u64,
}

/// A live session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRecord {
    /// SHA-256 of the session secret in the cookie.
    pub id_hash: Octets<32>,
    /// The municipality.
    pub municipality: String,
    /// The `sid` claim.
    pub sid: Octets<16>,
    /// Who.
    pub account: AccountId,
    /// When the card was shown.
    pub auth_time: UnixTime,
    /// On a shared computer: serves this sign-in alone.
    pub counter: bool,
    /// Issuer key id and serial, sealed; deleted with the session.
    pub holder_sealed: Vec<u8>,
    /// When it ends.
    pub expires_at: UnixTime,
}

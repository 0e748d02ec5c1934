//! A session: the browser in which a card was shown.
//!
//! A sign-in makes one. Unless the computer is a shared one, it also answers later requests of its browser (single
//! sign-on), under a secret that is new at each sign-in. Sessions of one account that follow each other in one browser
//! end together: whoever signs out means all of them.

use rustls_pki_types::UnixTime;

use madoguchi_cert_verify::Source;
use madoguchi_protocol::Octets;

use crate::AccountId;

/// The session that a completed sign-in gets.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// SHA-256 of the session secret in the sign-in's own cookie.
    pub id_hash: Octets<32>,
    /// Name of the session. Each service hears a `sid` claim that is made of it for this service.
    pub sid: Octets<16>,
    /// Account id to use when the card is new here.
    pub account_if_new: AccountId,
    /// Seconds that it lives.
    pub lifetime: u64,
    /// SHA-256 of the secret that the browser's session cookie holds until now, if there is one.
    pub replaces: Option<Octets<32>>,
    /// Lets it answer later requests of its browser. Never done for a counter, whatever stands here.
    pub browser: Option<NewBrowserSession>,
}

/// How a session answers later requests of its browser.
#[derive(Clone, Copy, Debug)]
pub struct NewBrowserSession {
    /// SHA-256 of the secret in the browser's session cookie.
    pub hash: Octets<32>,
    /// Seconds that may pass between two uses.
    pub idle: u64,
}

/// A live session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRecord {
    /// SHA-256 of the session secret in the sign-in's own cookie.
    pub id_hash: Octets<32>,
    /// The municipality.
    pub municipality: String,
    /// Its name, of which the `sid` claims are made.
    pub sid: Octets<16>,
    /// The sign-in that made it.
    pub sign_in: Octets<16>,
    /// The service for which the card was shown.
    pub client_id: String,
    /// Who.
    pub account: AccountId,
    /// When the card was shown.
    pub auth_time: UnixTime,
    /// On a shared computer: serves this sign-in alone.
    pub counter: bool,
    /// Issuer key id and serial, sealed; deleted with the session.
    pub holder_sealed: Vec<u8>,
    /// Which source of revocation information spoke for the certificate.
    pub revocation_source: Source,
    /// When it was asked.
    pub revocation_checked_at: UnixTime,
    /// The name of the first session of this account in this browser.
    pub browser: Octets<16>,
    /// Until when it answers further requests of its browser, unless it is used before. `None`: it answers none.
    pub idle_until: Option<UnixTime>,
    /// When its account was linked to another card, if it is the first one since.
    pub relinked_at: Option<UnixTime>,
    /// When the account that its card had was linked to another card: this one is another account.
    pub moved_at: Option<UnixTime>,
    /// When it ends.
    pub expires_at: UnixTime,
}

/// A service that a session answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionClient {
    /// The service.
    pub client_id: String,
    /// When it was answered first.
    pub first_at: UnixTime,
    /// When it was answered last.
    pub last_at: UnixTime,
}

/// A session with its services, as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedSession {
    /// The session.
    pub session: SessionRecord,
    /// Its services, the first one first.
    pub clients: Vec<SessionClient>,
}

/// What one more answer in a browser's session comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum SessionAnswer {
    /// The code is stored.
    Answered(Box<SessionRecord>),
    /// There is no session any more, or it is idle.
    NoSession,
    /// The request was pushed, and finished before. Nothing changed.
    RequestFinished,
    /// [`CODES_OF_A_SESSION`] codes that it gave are not over yet, used or not. Nothing changed.
    TooMany,
}

/// Codes that a session gives within the life of one: far more than a resident presses buttons for, and few enough that a
/// page that asks again and again fills nothing.
pub const CODES_OF_A_SESSION: u64 = 100;

/// Which sessions are ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionSelection {
    /// All of an account.
    Account(AccountId),
    /// The session of this name, with those of its account in its browser.
    Browser(Octets<16>),
    /// The same, by SHA-256 of the secret in the browser's session cookie, idle or not.
    Cookie(Octets<32>),
}

/// How long after a sign-in completed its answer waits to be handed out.
pub const ANSWER_SECONDS: u64 = 60 * 60;

/// Who ended a session, as it is audited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndedBy {
    /// Somebody else showed a card in the same browser, or a card was shown at a counter.
    AnotherSignIn,
    /// The account was linked to another card.
    Relink,
    /// A backup was restored, and what was ended since it was made would live again.
    Restore,
    /// The resident, on the page of sessions.
    Resident,
    /// The resident, sent by a service to sign out.
    Service,
}

impl EndedBy {
    /// The name in the audit log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AnotherSignIn => "another_sign_in",
            Self::Relink => "relink",
            Self::Restore => "restore",
            Self::Resident => "resident",
            Self::Service => "service",
        }
    }
}

//! A sign-in: from the press of the button to the answer for the service.
//!
//! ```text
//! Started ──claim──▶ Claimed ──prove──▶ Proven ──return──▶ Completed
//!    │                  │                 │
//!    └──────────────────┴─────────────────┴──▶ Cancelled(code) · Burned(code) · Expired
//! ```

use rustls_pki_types::UnixTime;

use madoguchi_cert_verify::{AuthenticatedHolder, Source};
use madoguchi_oidc::AuthorizationRequest;
use madoguchi_protocol::{ErrorCode, Lang, Octets};

use crate::AccountId;

/// Where a sign-in stands, by the store's clock at the moment of reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignInState {
    /// The browser was sent to the agent.
    Started,
    /// An agent holds it and shows it.
    Claimed,
    /// The card proved it; the browser is expected back.
    Proven,
    /// The same browser came back.
    Completed,
    /// It stopped for an everyday reason.
    Cancelled(ErrorCode),
    /// It stopped because something did not fit; it can never succeed.
    Burned(ErrorCode),
    /// It ran out of time before a proof.
    Expired,
}

impl SignInState {
    /// The state that is told of a record that says `name`: what has run out of time is not told as open, though no write
    /// has said so. `code` is read where the state has one. `Ok(None)`: no state has this name.
    pub fn read_back<E>(
        name: &str,
        over: bool,
        code: impl FnOnce() -> Result<ErrorCode, E>,
    ) -> Result<Option<Self>, E> {
        Ok(Some(match name {
            "started" | "claimed" if over => Self::Expired,
            "proven" if over => Self::Burned(ErrorCode::SignInExpired),
            "started" => Self::Started,
            "claimed" => Self::Claimed,
            "proven" => Self::Proven,
            "completed" => Self::Completed,
            "cancelled" => Self::Cancelled(code()?),
            "burned" => Self::Burned(code()?),
            _ => return Ok(None),
        }))
    }

    /// True while the sign-in can still succeed.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Started | Self::Claimed | Self::Proven)
    }

    /// What a stopped sign-in is told as.
    pub const fn stopped_by(self) -> Option<ErrorCode> {
        match self {
            Self::Cancelled(code) | Self::Burned(code) => Some(code),
            Self::Expired => Some(ErrorCode::SignInExpired),
            Self::Started | Self::Claimed | Self::Proven | Self::Completed => None,
        }
    }
}

/// A sign-in about to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSignIn {
    /// 128 random bits.
    pub id: Octets<16>,
    /// The municipality, from the matched Host.
    pub municipality: String,
    /// SHA-256 of the browser secret `b`.
    pub browser_hash: Octets<32>,
    /// SHA-256 of the ticket.
    pub ticket_hash: Octets<32>,
    /// The gateway nonce `n`.
    pub nonce: Octets<32>,
    /// The service's request.
    pub request: AuthorizationRequest,
    /// DER of the `Display`.
    pub display: Vec<u8>,
    /// The language of the pages.
    pub lang: Lang,
    /// Network prefix of the browser, for the bounds; not a full address.
    pub network: String,
    /// The browser's address for the audit log, where the deployment keeps it.
    pub address: Option<String>,
}

/// The hashes that make one agent's claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClaimHashes {
    /// SHA-256 of `v`.
    pub return_verifier: Octets<32>,
    /// SHA-256 of `c`.
    pub claim_secret: Octets<32>,
}

/// What a claim brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The agent's hashes.
    pub hashes: ClaimHashes,
    /// A shared computer.
    pub counter: bool,
    /// Version of the agent's program, as it says.
    pub agent_version: String,
}

/// What a proof leaves behind: no certificate and no serial number in the clear. Made from an [`AuthenticatedHolder`] and
/// from nothing else, so that no session begins without signature, path and revocation having been judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Keyed hash by which the account is found.
    pub account_lookup: Octets<32>,
    /// Issuer key id and serial, sealed, for asking about revocation again while the session lives. Empty in a completed
    /// sign-in: the session has it then, and it goes with the session.
    pub holder_sealed: Vec<u8>,
    /// The certificate's notAfter.
    pub not_after: UnixTime,
    /// Which source of revocation information spoke for it.
    pub revocation_source: Source,
    /// Which sources answered what, as JSON, for the audit record.
    pub evidence: String,
    pub(crate) made: Made,
}

/// Keeps everybody else from making a [`Proof`] by its fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Made;

impl Proof {
    /// What `holder` leaves behind, under keyed hash and seal.
    pub fn of(
        holder: &AuthenticatedHolder,
        account_lookup: Octets<32>,
        holder_sealed: Vec<u8>,
        evidence: String,
    ) -> Self {
        let (not_after, revocation_source) = (holder.not_after(), holder.revocation_source());
        Self { account_lookup, holder_sealed, not_after, revocation_source, evidence, made: Made }
    }

    /// A proof as a backend finds it in its own records. For backends only: everything else has an
    /// [`AuthenticatedHolder`].
    pub fn read_back(
        account_lookup: Octets<32>,
        holder_sealed: Vec<u8>,
        not_after: UnixTime,
        revocation_source: Source,
        evidence: String,
    ) -> Self {
        Self { account_lookup, holder_sealed, not_after, revocation_source, evidence, made: Made }
    }
}

/// A sign-in as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignIn {
    /// What it was made with.
    pub new: NewSignIn,
    /// Where it stands.
    pub state: SignInState,
    /// When it was made.
    pub created_at: UnixTime,
    /// When the present state ends by itself; of one that is over, when it was reached.
    pub expires_at: UnixTime,
    /// The agent that holds it.
    pub claim: Option<Claim>,
    /// SHA-256 over the finish request that decided it: the same request again gets the same answer.
    pub finish_hash: Option<Octets<32>>,
    /// What the card proved.
    pub proof: Option<Proof>,
    /// What the sources of revocation information said when its finish was refused, as JSON.
    pub refused_on: Option<String>,
    /// The account, once completed.
    pub account: Option<AccountId>,
    /// When the card proved it.
    pub proven_at: Option<UnixTime>,
    /// True once the service's answer was handed out.
    pub answered: bool,
}

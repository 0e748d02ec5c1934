//! What is remembered about what happened, without certificate, serial number or address.

mod chain;
mod checkpoint;
mod content;
mod damage;
mod verify;

pub use chain::{
    AUDIT_MINUTE, AuditChain, AuditErasure, ChainEnd, ChainState, ChainedRecord, NewChainStart, SealedAudit,
    SealedRecord, StoredCheckpoint, UnsealedAudit, UnsealedRecord, failures_evidence,
};
pub use checkpoint::{AuditCheckpoint, CheckpointError, CheckpointKind, sign_checkpoint};
pub use content::{AUDIT_FORMAT, AuditContent, chain_start};
pub use damage::{ChainDamage, Damage};
pub use verify::{ChainReport, ChainVerifier, verify_chain};

use rustls_pki_types::UnixTime;

use madoguchi_protocol::{ErrorCode, Octets};

use crate::{CertificateId, SessionRecord, SignIn, SignInState};

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuditKind {
    /// An account was linked to another card.
    AccountRelinked,
    /// An operator had the content of one audit record erased.
    AuditErased,
    /// The audit log's beginning was retired.
    AuditRetired,
    /// A client was registered.
    ClientAdded,
    /// URIs, keys or texts of a client were changed.
    ClientChanged,
    /// A client was disabled.
    ClientDisabled,
    /// A disabled client was enabled.
    ClientEnabled,
    /// A client was removed for good.
    ClientRemoved,
    /// A client got another secret.
    ClientSecretRotated,
    /// A municipality was added.
    MunicipalityAdded,
    /// Name, colour or logo of a municipality was changed.
    MunicipalityChanged,
    /// A municipality was disabled.
    MunicipalityDisabled,
    /// A disabled municipality was enabled.
    MunicipalityEnabled,
    /// A municipality was removed.
    MunicipalityRemoved,
    /// An initial access token was made.
    RegistrationTokenMade,
    /// A code was presented by somebody who could not have it, and gave nothing.
    CodeRefused,
    /// A code was presented a second time; what it had given was revoked.
    CodeReused,
    /// A certificate's hold, which was kept, is over: every source says good.
    HoldEnded,
    /// An operator opened an order to link an account to another card.
    RelinkOpened,
    /// An operator withdrew such an order.
    RelinkWithdrawn,
    /// A revocation was kept against a certificate.
    RevocationKept,
    /// An operator let go of kept revocations.
    RevocationReleased,
    /// A session answered one more service, without a card.
    SessionAnswered,
    /// A session was ended before its time.
    SessionEnded,
    /// A session ended because its certificate was found revoked.
    SessionRevoked,
    /// A signing key began to sign.
    SigningKeyActivated,
    /// A signing key was made or imported.
    SigningKeyMade,
    /// A signing key was published before its use.
    SigningKeyPublished,
    /// A signing key signs nothing more.
    SigningKeyRetired,
    /// A signing key was revoked at once.
    SigningKeyRevoked,
    /// A refresh token was used that had given another one; what its code gave was revoked.
    RefreshTokenReused,
    /// A sign-in was completed.
    SignInCompleted,
    /// A sign-in was burned: for example the return leg came from another browser.
    SignInBurned,
    /// A card was proven, and nobody came back with it in time.
    SignInNeverReturned,
    /// Sign-ins of one minute that failed in one way before a card was proven.
    SignInsFailed,
    /// One source of revocation information said good and another, or what was kept, said revoked.
    SourcesDisagree,
}

impl AuditKind {
    /// Every kind.
    pub const ALL: &'static [Self] = &[
        Self::AccountRelinked,
        Self::AuditErased,
        Self::AuditRetired,
        Self::RelinkOpened,
        Self::RelinkWithdrawn,
        Self::ClientAdded,
        Self::ClientChanged,
        Self::ClientDisabled,
        Self::ClientEnabled,
        Self::ClientRemoved,
        Self::ClientSecretRotated,
        Self::MunicipalityAdded,
        Self::MunicipalityChanged,
        Self::MunicipalityDisabled,
        Self::MunicipalityEnabled,
        Self::MunicipalityRemoved,
        Self::RegistrationTokenMade,
        Self::CodeRefused,
        Self::CodeReused,
        Self::HoldEnded,
        Self::RevocationKept,
        Self::RevocationReleased,
        Self::SessionAnswered,
        Self::SessionEnded,
        Self::SessionRevoked,
        Self::SigningKeyActivated,
        Self::SigningKeyMade,
        Self::SigningKeyPublished,
        Self::SigningKeyRetired,
        Self::SigningKeyRevoked,
        Self::RefreshTokenReused,
        Self::SignInCompleted,
        Self::SignInBurned,
        Self::SignInNeverReturned,
        Self::SignInsFailed,
        Self::SourcesDisagree,
    ];

    /// The name in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccountRelinked => "account_relinked",
            Self::AuditErased => "audit_erased",
            Self::AuditRetired => "audit_retired",
            Self::RelinkOpened => "relink_opened",
            Self::RelinkWithdrawn => "relink_withdrawn",
            Self::ClientAdded => "client_added",
            Self::ClientChanged => "client_changed",
            Self::ClientDisabled => "client_disabled",
            Self::ClientEnabled => "client_enabled",
            Self::ClientRemoved => "client_removed",
            Self::ClientSecretRotated => "client_secret_rotated",
            Self::MunicipalityAdded => "municipality_added",
            Self::MunicipalityChanged => "municipality_changed",
            Self::MunicipalityDisabled => "municipality_disabled",
            Self::MunicipalityEnabled => "municipality_enabled",
            Self::MunicipalityRemoved => "municipality_removed",
            Self::RegistrationTokenMade => "registration_token_made",
            Self::CodeRefused => "code_refused",
            Self::CodeReused => "code_reused",
            Self::HoldEnded => "hold_ended",
            Self::RevocationKept => "revocation_kept",
            Self::RevocationReleased => "revocation_released",
            Self::SessionAnswered => "session_answered",
            Self::SessionEnded => "session_ended",
            Self::SessionRevoked => "session_revoked",
            Self::SigningKeyActivated => "signing_key_activated",
            Self::SigningKeyMade => "signing_key_made",
            Self::SigningKeyPublished => "signing_key_published",
            Self::SigningKeyRetired => "signing_key_retired",
            Self::SigningKeyRevoked => "signing_key_revoked",
            Self::RefreshTokenReused => "refresh_token_reused",
            Self::SignInCompleted => "sign_in_completed",
            Self::SignInBurned => "sign_in_burned",
            Self::SignInNeverReturned => "sign_in_never_returned",
            Self::SignInsFailed => "sign_ins_failed",
            Self::SourcesDisagree => "sources_disagree",
        }
    }

    /// The kind that a name in the database means.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == name)
    }
}

/// All that is still known of one sign-in, for an operator who has its id and nothing else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignInTrace {
    /// The sign-in, which is deleted an hour after its end.
    pub sign_in: Option<SignIn>,
    /// What the audit log has of it, oldest first.
    pub records: Vec<AuditRecord>,
    /// Its session while that lives.
    pub session: Option<SessionRecord>,
    /// The certificate with which it was refused as revoked or on hold: as long as the sign-in is there, and as long as
    /// what it kept is.
    pub refused: Option<CertificateId>,
}

/// What a backend writes of one thing that happened, beside its kind and time.
#[derive(Clone, Copy, Debug, Default)]
pub struct NewAudit<'a> {
    /// The municipality.
    pub municipality: &'a str,
    /// Which sign-in.
    pub sign_in: Option<Octets<16>>,
    /// Which service.
    pub client_id: Option<&'a str>,
    /// Why, where something was refused.
    pub code: Option<ErrorCode>,
    /// As [`AuditRecord::evidence`].
    pub evidence: Option<&'a str>,
    /// As [`AuditRecord::network`].
    pub network: Option<&'a str>,
}

impl<'a> NewAudit<'a> {
    /// A record that says no more.
    pub fn of(municipality: &'a str) -> Self {
        Self { municipality, ..Self::default() }
    }

    /// What just happened to a sign-in, as it stands now.
    pub fn of_sign_in(sign_in: &'a SignIn) -> Self {
        let code = match sign_in.state {
            SignInState::Completed => None,
            state => state.stopped_by(),
        };
        let evidence = sign_in.proof.as_ref().map(|proof| &proof.evidence).or(sign_in.refused_on.as_ref());
        Self {
            municipality: &sign_in.new.municipality,
            sign_in: Some(sign_in.new.id),
            client_id: Some(&sign_in.new.request.client_id),
            code,
            evidence: evidence.map(String::as_str),
            network: sign_in.new.address.as_deref(),
        }
    }
}

/// One audit record, inserted in the transaction of what it records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRecord {
    /// Position in the order of insertion.
    pub number: u64,
    /// When.
    pub at: UnixTime,
    /// The municipality.
    pub municipality: String,
    /// What.
    pub kind: AuditKind,
    /// Which sign-in.
    pub sign_in: Option<Octets<16>>,
    /// Which service.
    pub client_id: Option<String>,
    /// Why, where something was refused.
    pub code: Option<ErrorCode>,
    /// The evidence of the verdict as JSON, where there was one; of an operator's order, what was ordered; of an
    /// ended session, who ended it; of failures, how many.
    pub evidence: Option<String>,
    /// The resident's network address, where a deployment keeps it and for as long as it does.
    pub network: Option<String>,
    /// Its place in the municipality's chain, once it has one.
    pub position: Option<u64>,
}

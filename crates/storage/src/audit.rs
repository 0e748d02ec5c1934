//! What is remembered about what happened, without certificate, serial number or address.

use rustls_pki_types::UnixTime;

use madoguchi_protocol::{ErrorCode, Octets};

use crate::{CertificateId, SessionRecord, SignIn};

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuditKind {
    /// A code was presented a second time; what it had given was revoked.
    CodeReused,
    /// A certificate's hold, which was kept, is over: every source says good.
    HoldEnded,
    /// A revocation was kept against a certificate.
    RevocationKept,
    /// An operator let go of kept revocations.
    RevocationReleased,
    /// A session ended because its certificate was found revoked.
    SessionRevoked,
    /// A sign-in was completed.
    SignInCompleted,
    /// A sign-in was burned: for example the return leg came from another browser.
    SignInBurned,
    /// One source of revocation information said good and another, or what was kept, said revoked.
    SourcesDisagree,
}

impl AuditKind {
    const ALL: [Self; 8] = [
        Self::CodeReused,
        Self::HoldEnded,
        Self::RevocationKept,
        Self::RevocationReleased,
        Self::SessionRevoked,
        Self::SignInCompleted,
        Self::SignInBurned,
        Self::SourcesDisagree,
    ];

    /// The name in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CodeReused => "code_reused",
            Self::HoldEnded => "hold_ended",
            Self::RevocationKept => "revocation_kept",
            Self::RevocationReleased => "revocation_released",
            Self::SessionRevoked => "session_revoked",
            Self::SignInCompleted => "sign_in_completed",
            Self::SignInBurned => "sign_in_burned",
            Self::SourcesDisagree => "sources_disagree",
        }
    }

    /// The kind that a name in the database means.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
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
    /// The evidence of the verdict as JSON, where there was one; of an operator's order, what was ordered.
    pub evidence: Option<String>,
}

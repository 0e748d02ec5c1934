//! What is remembered about what happened, without certificate, serial number or address.

use rustls_pki_types::UnixTime;

use madoguchi_protocol::{ErrorCode, Octets};

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuditKind {
    /// A code was presented a second time; what it had given was revoked.
    CodeReused,
    /// A sign-in was completed.
    SignInCompleted,
    /// A sign-in was burned: for example the return leg came from another browser.
    SignInBurned,
}

impl AuditKind {
    /// The name in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CodeReused => "code_reused",
            Self::SignInCompleted => "sign_in_completed",
            Self::SignInBurned => "sign_in_burned",
        }
    }

    /// The kind that a name in the database means.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::CodeReused, Self::SignInCompleted, Self::SignInBurned]
            .into_iter()
            .find(|kind| kind.as_str() == name)
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
    /// The evidence of the verdict as JSON, where there was one.
    pub evidence: Option<String>,
}

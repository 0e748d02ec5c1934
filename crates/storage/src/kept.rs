//! Revocations that are kept: what was decided stays decided, whatever an older list or a silent source says later.

use std::fmt;

use rustls_pki_types::UnixTime;
use serde_json::json;

use madoguchi_cert_verify::{KeptRevocation, RevocationReason, Source};
use madoguchi_protocol::{ErrorCode, Octets};

/// A certificate as it is remembered: a keyed hash over issuer key and serial number. The key is the municipality's and
/// never in the database in the clear.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CertificateId(pub Octets<32>);

impl fmt::Debug for CertificateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // It links a resident's visits; logs have no need of it.
        f.write_str("CertificateId(..)")
    }
}

/// The certificate of a proof, with what its sources said of the holds that were kept against it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cleared {
    /// Which certificate.
    pub certificate: CertificateId,
    /// Holds kept of evidence before this moment are over.
    pub hold_over: Option<UnixTime>,
}

/// A certificate that was found revoked or on hold, after signature, path and purpose had held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevokedCertificate {
    /// Which certificate.
    pub certificate: CertificateId,
    /// Its notAfter: nothing is kept for longer.
    pub not_after: UnixTime,
    /// What each source said just now. Empty when only what was kept says so.
    pub said: Vec<KeptRevocation>,
    /// One source said good against another, or all against what was kept: audited.
    pub sources_disagree: bool,
}

/// A finish that the gateway refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// What the resident is told.
    pub code: ErrorCode,
    /// No honest agent with a card of ours sends such a finish.
    pub burn: bool,
    /// What the sources of revocation information said, as JSON, when they were asked.
    pub evidence: Option<String>,
    /// What is kept.
    pub revoked: Option<RevokedCertificate>,
}

impl From<ErrorCode> for Refused {
    /// Refused before the sources were asked, for an everyday reason.
    fn from(code: ErrorCode) -> Self {
        Self { code, burn: false, evidence: None, revoked: None }
    }
}

/// A kept revocation with its dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptRecord {
    /// What is kept.
    pub kept: KeptRevocation,
    /// When it was kept, by the store's clock.
    pub kept_at: UnixTime,
    /// The certificate's notAfter.
    pub not_after: UnixTime,
}

/// How many certificates are kept for one reason on one signer's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptCount {
    /// The kind of source.
    pub source: Source,
    /// SHA-256 of the signer's SubjectPublicKeyInfo.
    pub signer_key: Octets<32>,
    /// Why they were revoked.
    pub reason: RevocationReason,
    /// How many.
    pub certificates: u64,
    /// When the first of them was kept.
    pub first_kept_at: UnixTime,
    /// When the last of them was kept.
    pub last_kept_at: UnixTime,
}

/// What an operator lets go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeptSelection {
    /// All that is kept against one certificate.
    Certificate(CertificateId),
    /// All that was kept on one signer's word between two moments of the store's clock, both included.
    Signer {
        /// SHA-256 of the signer's SubjectPublicKeyInfo.
        signer_key: Octets<32>,
        /// The first moment.
        from: UnixTime,
        /// The last moment.
        until: UnixTime,
    },
}

/// An operator's order to let go, as it is audited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// What is let go.
    pub selection: KeptSelection,
    /// Who ordered it.
    pub operator: String,
    /// Why, in the operator's words.
    pub reason: String,
}

impl Release {
    /// The order as the audit log has it, with how many certificates it let go of.
    pub fn order(&self, released: u64) -> String {
        let mut order = match self.selection {
            KeptSelection::Certificate(certificate) => json!({ "certificate": certificate.0.encode() }),
            KeptSelection::Signer { signer_key, from, until } => {
                json!({ "signer_key": signer_key.to_hex(), "from": from.as_secs(), "until": until.as_secs() })
            }
        };
        order["operator"] = json!(self.operator);
        order["reason"] = json!(self.reason);
        order["released"] = json!(released);
        order.to_string()
    }
}

//! Who is asked, and what a revocation is.

use madoguchi_protocol::Octets;
use rustls_pki_types::UnixTime;

use crate::RevocationReason;

/// The sources that a deployment asks. There is no value that asks nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sources {
    /// OCSP and revocation lists.
    Both,
    /// Revocation lists only.
    CrlOnly,
    /// OCSP only.
    OcspOnly,
}

impl Sources {
    /// Whether OCSP is one of them.
    pub fn ocsp(self) -> bool {
        self != Self::CrlOnly
    }

    /// Whether revocation lists are one of them.
    pub fn crl(self) -> bool {
        self != Self::OcspOnly
    }
}

/// Which source a decision rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// A revocation list.
    Crl,
    /// An OCSP response.
    Ocsp,
    /// Both.
    OcspAndCrl,
}

impl Source {
    /// The name in the evidence record.
    pub fn name(self) -> &'static str {
        match self {
            Self::Crl => "crl",
            Self::Ocsp => "ocsp",
            Self::OcspAndCrl => "ocsp+crl",
        }
    }

    /// The source of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Crl, Self::Ocsp, Self::OcspAndCrl].into_iter().find(|source| source.name() == name)
    }
}

/// When a source spoke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceTimes {
    /// thisUpdate.
    pub this_update: UnixTime,
    /// nextUpdate, which an OCSP response may lack.
    pub next_update: Option<UnixTime>,
    /// producedAt, which only an OCSP response has.
    pub produced_at: Option<UnixTime>,
}

/// That, when and why a certificate was revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// Why.
    pub reason: RevocationReason,
    /// When.
    pub revoked_at: UnixTime,
    /// When the source said so.
    pub times: SourceTimes,
    /// SHA-256 of the SubjectPublicKeyInfo of the key that signed it: a list's issuer, a response's responder.
    pub signer_key: Octets<32>,
}

impl Revocation {
    /// Stopped for the time being: certificateHold can be taken back.
    pub fn is_hold(&self) -> bool {
        self.reason == RevocationReason::CertificateHold
    }
}

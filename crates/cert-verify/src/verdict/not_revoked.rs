//! The proof that a certificate is not revoked.

use std::fmt;

use madoguchi_protocol::Octets;

use crate::{CrlAnswer, OcspAnswer, Rule, Source};

/// Proof: a configured source says that this certificate is not revoked.
pub struct NotRevoked {
    pub(super) certificate: Octets<32>,
    pub(super) source: Source,
    pub(super) rule: Rule,
    pub(super) ocsp: OcspAnswer,
    pub(super) crl: CrlAnswer,
}

impl NotRevoked {
    /// SHA-256 of the certificate that the proof is about.
    pub fn certificate_sha256(&self) -> Octets<32> {
        self.certificate
    }

    /// The source it rests on.
    pub fn source(&self) -> Source {
        self.source
    }

    /// The rule that decided.
    pub fn rule(&self) -> Rule {
        self.rule
    }

    /// What OCSP said.
    pub fn ocsp(&self) -> OcspAnswer {
        self.ocsp
    }

    /// What the revocation lists said.
    pub fn crl(&self) -> CrlAnswer {
        self.crl
    }
}

impl fmt::Debug for NotRevoked {
    /// Without the certificate's hash, which would name a person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NotRevoked")
            .field("rule", &self.rule)
            .field("ocsp", &self.ocsp)
            .field("crl", &self.crl)
            .finish_non_exhaustive()
    }
}

//! The seam between a gateway and OCSP: whoever needs an answer knows no network.

use async_trait::async_trait;
use madoguchi_cert_verify::{OcspAbsence, OcspEvidence, VerifiedPath};
use rustls_pki_types::UnixTime;

/// Somebody who can be asked about a certificate.
#[async_trait]
pub trait OcspSource: Send + Sync {
    /// What OCSP says about the certificate of a verified path. It never fails and always ends: silence is evidence of
    /// nothing. Dropping the future is allowed at any time and disturbs nobody else who asked.
    async fn evidence(&self, path: &VerifiedPath, now: UnixTime) -> OcspEvidence;
}

/// OCSP is not configured.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoOcsp;

#[async_trait]
impl OcspSource for NoOcsp {
    async fn evidence(&self, path: &VerifiedPath, _: UnixTime) -> OcspEvidence {
        OcspEvidence::none(path, OcspAbsence::NotConfigured)
    }
}

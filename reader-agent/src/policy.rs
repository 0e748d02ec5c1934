//! Which cards may meet a PIN.

use madoguchi_cert_verify::{
    Anchor, Certificate, Error, KeyKind, PathPolicy, RequiredPolicies, purpose_and_expiry, verify_path,
};
use madoguchi_protocol::ErrorCode;
use rustls_pki_types::UnixTime;
use tracing::info;

/// Which cards may meet a PIN.
#[derive(Debug)]
pub enum CardPolicy {
    /// Any card for user authentication: a resident looks at what is asked. Who issued it is the gateway's to judge.
    Resident,
    /// Only cards that these test authorities issued: nobody looks, and a developer's real card must never meet a test
    /// PIN.
    TestOnly(Vec<Anchor>),
}

impl CardPolicy {
    /// Judges the card's certificate before a try can be lost.
    pub(crate) fn check(&self, certificate: &Certificate, now: UnixTime) -> Result<(), ErrorCode> {
        purpose_and_expiry(certificate, now).map_err(|error| certificate_code(&error))?;
        // The one kind of key that today's cards sign with. Another one would cost a try and then fail.
        if certificate.public_key().kind() != KeyKind::Rsa {
            info!("a key of another kind than today's cards have");
            return Err(ErrorCode::CertificateUnusable);
        }
        match self {
            Self::Resident => Ok(()),
            Self::TestOnly(anchors) => {
                let policy = PathPolicy { policies: RequiredPolicies::danger_any_policy() };
                verify_path(certificate, anchors, &policy, now).map_err(|error| {
                    info!(%error, "not a card of the test anchors; it is left alone");
                    ErrorCode::TestCardOnly
                })?;
                Ok(())
            }
        }
    }
}

/// What the resident is told about a certificate that cannot be used.
pub(crate) fn certificate_code(error: &Error) -> ErrorCode {
    match error {
        Error::Expired { .. } => ErrorCode::CertificateExpired,
        Error::NotYetValid { .. } => ErrorCode::CertificateNotYetValid,
        error => {
            info!(%error, "not a certificate for user authentication");
            ErrorCode::CertificateUnusable
        }
    }
}

//! What is asked, and how fresh an answer must be.

use std::time::Duration;

use crate::ocsp::NoncePolicy;
use crate::{Certificate, PublicKey, SignatureAlgorithm};

/// The certificate that is asked about, with what its path has shown about its issuer.
#[derive(Clone, Copy, Debug)]
pub struct OcspQuestion<'a> {
    /// The certificate.
    pub certificate: &'a Certificate,
    /// The key that verified its signature.
    pub issuer_key: &'a PublicKey,
    /// The algorithms that responses, and certificates of responders, may be signed with.
    pub algorithms: &'a [SignatureAlgorithm],
    /// Which nonce was sent.
    pub nonce: NoncePolicy<'a>,
}

/// How fresh an answer must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OcspSettings {
    /// How far the responder's clock and ours may lie apart.
    pub skew: Duration,
    /// How long after thisUpdate an answer counts, whatever its nextUpdate says; without it, an answer without
    /// nextUpdate counts for ever.
    pub max_age: Option<Duration>,
}

impl Default for OcspSettings {
    /// Five minutes of skew, an age of a day.
    fn default() -> Self {
        Self { skew: Duration::from_mins(5), max_age: Some(Duration::from_hours(24)) }
    }
}

//! A responder as an operator configured it, and the bounds of asking.

use std::sync::Arc;
use std::time::Duration;

use madoguchi_cert_verify::{Anchor, CertIdHash, Certificate, ResponderStanding};
use rustls_pki_types::UnixTime;

use crate::ocsp::{BreakerSettings, RetrySettings};
use crate::{HttpUrl, SharedCrls};

/// How a request travels (RFC 6960 appendix A.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// GET while the encoded request has at most 255 octets (RFC 5019 section 5), which caches on the way understand;
    /// POST beyond.
    Get,
    /// POST always.
    Post,
}

/// Whether a nonce is sent, and what must come back (RFC 9654).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NonceUse {
    /// None is sent: the responder signs its answers ahead.
    None,
    /// One is sent; an answer without one is taken from a responder that has never sent one back.
    Prefer,
    /// One is sent and must come back. Such an answer is for those who waited for it and is not used again.
    Require,
}

/// A responder as configured.
#[derive(Clone, Debug)]
pub struct Responder {
    /// Where it is. No other address is ever asked: not the one in a certificate, not one it redirects to.
    pub url: HttpUrl,
    /// How a request travels.
    pub method: Method,
    /// Whether a nonce is sent.
    pub nonce: NonceUse,
    /// The hash of the CertID in a request.
    pub hash: CertIdHash,
    /// Most time since thisUpdate for an answer that says good or unknown.
    pub max_age: Duration,
    /// How long a verified answer is used again, within its nextUpdate and `max_age`.
    pub reuse_for: Duration,
}

/// The bounds of asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OcspLimits {
    /// Time for name, connection and TLS.
    pub connect: Duration,
    /// Time from the request to the last octet of its answer.
    pub answer: Duration,
    /// Time for one question with all its responders.
    pub whole: Duration,
    /// Largest answer, in octets.
    pub max_octets: usize,
    /// Requests at once to one responder; more wait, within `whole`.
    pub at_once: usize,
    /// When a responder is left alone.
    pub breaker: BreakerSettings,
    /// How often the next responder is asked when one gave no answer.
    pub retries: RetrySettings,
    /// Answers that are kept.
    pub cached_answers: usize,
}

impl Default for OcspLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            answer: Duration::from_secs(3),
            whole: Duration::from_secs(10),
            max_octets: 64 * 1024,
            at_once: 256,
            breaker: BreakerSettings { failures: 5, open_for: Duration::from_secs(30) },
            retries: RetrySettings { percent: 20, saved: 50 },
            cached_answers: 100_000,
        }
    }
}

/// Who knows whether a responder's own certificate is revoked, for those without id-pkix-ocsp-nocheck.
pub trait ResponderCheck: Send + Sync {
    /// What is known about a certificate that this authority issued.
    fn standing(&self, responder: &Certificate, issuer: &Anchor, now: UnixTime) -> ResponderStanding;
}

/// The lists in use. Nobody is asked about a responder over OCSP.
#[derive(Debug)]
pub struct ListedResponders {
    /// The lists.
    pub crls: Arc<SharedCrls>,
    /// The age up to which a list says good.
    pub max_age: Option<Duration>,
}

impl ResponderCheck for ListedResponders {
    fn standing(&self, responder: &Certificate, issuer: &Anchor, now: UnixTime) -> ResponderStanding {
        self.crls.shelf().responder_standing(responder, issuer, now, self.max_age)
    }
}

/// Nobody: a responder's certificate needs id-pkix-ocsp-nocheck.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoResponderCheck;

impl ResponderCheck for NoResponderCheck {
    fn standing(&self, _: &Certificate, _: &Anchor, _: UnixTime) -> ResponderStanding {
        ResponderStanding::Unknown
    }
}

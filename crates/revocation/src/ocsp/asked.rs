//! One responder with what is known about it: its breaker, its connections, how it did.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use madoguchi_cert_verify::{
    Anchor, NoncePolicy, OcspAbsence, OcspError, OcspEvidence, OcspNonce, OcspSettings, ResponseStatus,
    VerifiedPath, ocsp_evidence, ocsp_request,
};
use ring::rand::SecureRandom;
use rustls_pki_types::UnixTime;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::ocsp::breaker::{Breaker, Permit};
use crate::ocsp::transport::{Transport, TransportError};
use crate::ocsp::{BreakerState, NonceUse, OcspLimits, Responder, ResponderCheck, ResponderHealth};

/// A responder that is asked.
pub(crate) struct Asked {
    pub(crate) responder: Responder,
    breaker: Breaker,
    transport: Transport,
    places: Semaphore,
    requests: AtomicU64,
    failures: AtomicU64,
    /// Seconds since 1970, 0 for never.
    last_good: AtomicU64,
    last_failure: Mutex<Option<&'static str>>,
}

/// Leave to send one request.
pub(crate) struct Admitted<'a> {
    permit: Permit<'a>,
    _place: SemaphorePermit<'a>,
}

/// Who asks what.
pub(crate) struct Question<'a> {
    pub(crate) path: &'a VerifiedPath,
    pub(crate) anchor: &'a Anchor,
    pub(crate) check: &'a dyn ResponderCheck,
    pub(crate) random: &'a (dyn SecureRandom + Send + Sync),
    pub(crate) now: UnixTime,
}

/// Why a responder's answer is none.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Nothing {
    #[error("randomness failed")]
    Random,
    #[error(transparent)]
    Response(OcspError),
    #[error(transparent)]
    Transport(TransportError),
}

impl Nothing {
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Random => "random",
            Self::Response(error) => error.code(),
            Self::Transport(error) => error.code(),
        }
    }

    pub(crate) fn absence(&self) -> OcspAbsence {
        match self {
            Self::Response(error) => error.absence(),
            Self::Transport(error) if error.is_malformed() => OcspAbsence::Malformed,
            Self::Random | Self::Transport(_) => OcspAbsence::Unreachable,
        }
    }

    /// False when the responder works, and only has nothing to say to this question: one resident's certificate must
    /// not be able to shut it for all.
    fn is_the_responders(&self) -> bool {
        match self {
            Self::Random => false,
            Self::Transport(_) => true,
            Self::Response(OcspError::ErrorStatus { status }) => {
                matches!(status, ResponseStatus::InternalError | ResponseStatus::TryLater)
            }
            Self::Response(error) => {
                // A list that is wanting is ours to have, and may be wanting for one authority of several.
                !matches!(
                    error.absence(),
                    OcspAbsence::ResponderUnchecked | OcspAbsence::WrongCertificate | OcspAbsence::WrongNonce
                )
            }
        }
    }
}

impl Asked {
    pub(crate) fn new(
        responder: Responder,
        tls: Option<std::sync::Arc<rustls::ClientConfig>>,
        limits: &OcspLimits,
    ) -> Self {
        Self {
            transport: Transport::new(responder.url.clone(), responder.method, tls, *limits),
            responder,
            breaker: Breaker::new(limits.breaker),
            places: Semaphore::new(limits.at_once),
            requests: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            last_good: AtomicU64::new(0),
            last_failure: Mutex::new(None),
        }
    }

    /// A place among those who ask at once, unless the responder is left alone, by now or when a place is free.
    pub(crate) async fn admit(&self, now: UnixTime) -> Option<Admitted<'_>> {
        if self.breaker.state(now) == BreakerState::Open {
            return None;
        }
        // Nobody closes the semaphore.
        let place = self.places.acquire().await.ok()?;
        let permit = self.breaker.admit(now)?;
        Some(Admitted { permit, _place: place })
    }

    /// Asks it, and keeps what that says about it.
    pub(crate) async fn ask(
        &self,
        admitted: Admitted<'_>,
        question: &Question<'_>,
    ) -> Result<OcspEvidence, Nothing> {
        let Admitted { permit, _place } = admitted;
        self.requests.fetch_add(1, Ordering::Relaxed);
        let answer = self.exchange(question).await;
        let url = &self.responder.url;
        match &answer {
            Ok(_) => self.last_good.store(question.now.as_secs(), Ordering::Relaxed),
            Err(nothing) => {
                self.failures.fetch_add(1, Ordering::Relaxed);
                *self.last_failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(nothing.code());
                tracing::warn!(responder = %url, code = nothing.code(), error = %nothing, "OCSP gave no answer");
            }
        }
        if answer.as_ref().err().is_some_and(Nothing::is_the_responders) {
            if permit.failed(question.now) {
                tracing::warn!(responder = %url, "OCSP: the responder is left alone for a while");
            }
        } else if permit.answered() {
            tracing::info!(responder = %url, "OCSP: the responder is back");
        }
        answer
    }

    async fn exchange(&self, question: &Question<'_>) -> Result<OcspEvidence, Nothing> {
        let Question { path, anchor, check, random, now } = *question;
        let nonce = match self.responder.nonce {
            NonceUse::None => None,
            NonceUse::Prefer | NonceUse::Require => {
                Some(OcspNonce::random(OcspNonce::OCTETS, random).ok_or(Nothing::Random)?)
            }
        };
        let (certificate, issuer_key) = (path.certificate(), anchor.public_key());
        let request = ocsp_request(certificate, issuer_key, self.responder.hash, nonce.as_ref(), None)
            .map_err(|_| Nothing::Random)?;
        let response = self.transport.ask(&request).await.map_err(Nothing::Transport)?;
        let policy = match (self.responder.nonce, &nonce) {
            (NonceUse::Require, Some(nonce)) => NoncePolicy::Require(nonce),
            (NonceUse::Prefer, Some(nonce)) => NoncePolicy::Prefer(nonce),
            (NonceUse::None, _) | (_, None) => NoncePolicy::Ignore,
        };
        let settings = OcspSettings { max_age: Some(self.responder.max_age), ..OcspSettings::default() };
        let standing = |responder: &_| check.standing(responder, anchor, now);
        match ocsp_evidence(path, anchor, &response, policy, &settings, &standing, now) {
            (evidence, None) => Ok(evidence),
            (_, Some(error)) => Err(Nothing::Response(error)),
        }
    }

    pub(crate) fn health(&self, now: UnixTime) -> ResponderHealth {
        let last_good = Some(self.last_good.load(Ordering::Relaxed)).filter(|seconds| *seconds != 0);
        ResponderHealth {
            url: self.responder.url.to_string(),
            breaker: self.breaker.state(now),
            last_good,
            seconds_since_last_good: last_good.map(|last_good| now.as_secs().saturating_sub(last_good)),
            requests: self.requests.load(Ordering::Relaxed),
            failures: self.failures.load(Ordering::Relaxed),
            last_failure: *self.last_failure.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }
}

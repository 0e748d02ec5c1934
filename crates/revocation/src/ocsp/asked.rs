//! One responder with what is known about it: its breaker, its connections, how it did.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use madoguchi_cert_verify::{
    Anchor, NoncePolicy, OcspAbsence, OcspAnswer, OcspError, OcspEvidence, OcspNonce, OcspSettings,
    ResponseStatus, VerifiedPath, ocsp_evidence, ocsp_request,
};
use ring::rand::SecureRandom;
use rustls_pki_types::UnixTime;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::ocsp::breaker::{Breaker, Failure, Permit};
use crate::ocsp::transport::{Transport, TransportError};
use crate::ocsp::{BreakerState, NonceUse, OcspLimits, Responder, ResponderCheck, ResponderHealth};

/// A responder that is asked.
pub(crate) struct Asked {
    pub(crate) responder: Responder,
    breaker: Breaker,
    transport: Transport,
    places: Semaphore,
    /// Whether it has sent a nonce back since the start.
    echoes: AtomicBool,
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

    /// How this counts against the responder. Not at all when it works, and only has nothing to say to this question;
    /// and once for each certificate when somebody answers: one resident's certificate must not be able to shut it for
    /// all.
    fn failure(&self, certificate: [u8; 32]) -> Option<Failure> {
        let is_the_responders = match self {
            Self::Random => false,
            Self::Transport(error) if error.is_silence() => return Some(Failure::Silence),
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
        };
        is_the_responders.then_some(Failure::About(certificate))
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
            echoes: AtomicBool::new(false),
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
        let certificate = question.path.certificate_sha256().0;
        let failure = answer.as_ref().err().and_then(|nothing| nothing.failure(certificate));
        if let Some(failure) = failure {
            if permit.failed(question.now, failure) {
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
        let settings = OcspSettings { max_age: Some(self.responder.max_age), ..OcspSettings::default() };
        let standing = |responder: &_| check.standing(responder, anchor, now);
        let judge = |policy| match ocsp_evidence(path, anchor, &response, policy, &settings, &standing, now) {
            (evidence, None) => Ok(evidence),
            (_, Some(error)) => Err(Nothing::Response(error)),
        };
        let Some(nonce) = &nonce else { return judge(NoncePolicy::Ignore) };
        match judge(NoncePolicy::Require(nonce)) {
            Err(Nothing::Response(OcspError::NonceMissing)) if self.may_leave_nonces_out() => {
                judge(NoncePolicy::Prefer(nonce))
            }
            answer => {
                // What revokes counts without a nonce: it says nothing of what the responder does.
                if let Ok(OcspAnswer::Good(_) | OcspAnswer::Unknown(_)) =
                    answer.as_ref().map(OcspEvidence::answer)
                {
                    self.echoes.store(true, Ordering::Relaxed);
                }
                answer
            }
        }
    }

    /// One that has sent a nonce back always does: an answer without one was recorded for somebody who sent none.
    fn may_leave_nonces_out(&self) -> bool {
        self.responder.nonce == NonceUse::Prefer && !self.echoes.load(Ordering::Relaxed)
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

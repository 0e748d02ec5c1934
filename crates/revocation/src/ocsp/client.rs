//! The client: kept answers, one question for all who wait, responders in their order.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use madoguchi_cert_verify::{Anchor, OcspAbsence, OcspAnswer, OcspEvidence, SourceTimes, VerifiedPath};
use ring::rand::SecureRandom;
use rustls_pki_types::UnixTime;
use tokio::time::{Instant, timeout_at};

use crate::ocsp::asked::{Asked, Nothing, Question};
use crate::ocsp::cache::Cache;
use crate::ocsp::flights::Flights;
use crate::ocsp::retry_budget::RetryBudget;
use crate::ocsp::{NonceUse, OcspHealth, OcspLimits, OcspSource, Responder, ResponderCheck};
use crate::{Alarm, Alarms};

/// What a client is made from.
pub struct OcspClientParts {
    /// The responders, in the order in which they are asked.
    pub responders: Vec<Responder>,
    /// The bounds.
    pub limits: OcspLimits,
    /// The authorities whose certificates are asked about.
    pub anchors: Vec<Anchor>,
    /// Who knows about responders' own certificates.
    pub check: Arc<dyn ResponderCheck>,
    /// Randomness, for nonces.
    pub random: Arc<dyn SecureRandom + Send + Sync>,
    /// What an operator must look at.
    pub alarms: Arc<Alarms>,
    /// TLS, for responders with `https`; without it none of those answers.
    pub tls: Option<Arc<rustls::ClientConfig>>,
}

/// Asks the configured responders, and nobody else.
pub struct OcspClient {
    asked: Vec<Asked>,
    limits: OcspLimits,
    anchors: Vec<Anchor>,
    check: Arc<dyn ResponderCheck>,
    random: Arc<dyn SecureRandom + Send + Sync>,
    alarms: Arc<Alarms>,
    cache: Mutex<Cache>,
    flights: Flights<OcspEvidence>,
    retries: RetryBudget,
    counts: Counts,
}

#[derive(Default)]
struct Counts {
    questions: AtomicU64,
    cache_hits: AtomicU64,
    joined: AtomicU64,
    unanswered: AtomicU64,
    retries_refused: AtomicU64,
}

#[async_trait]
impl OcspSource for OcspClient {
    async fn evidence(&self, path: &VerifiedPath, now: UnixTime) -> OcspEvidence {
        count(&self.counts.questions);
        let evidence = self.kept_or_asked(path, now).await;
        if matches!(evidence.answer(), OcspAnswer::None(_)) {
            count(&self.counts.unanswered);
        }
        evidence
    }
}

impl OcspClient {
    /// Puts a client together. Nobody is asked yet.
    pub fn new(parts: OcspClientParts) -> Self {
        let asked = |responder: Responder| Asked::new(responder, parts.tls.clone(), &parts.limits);
        Self {
            asked: parts.responders.into_iter().map(asked).collect(),
            limits: parts.limits,
            anchors: parts.anchors,
            check: parts.check,
            random: parts.random,
            alarms: parts.alarms,
            cache: Mutex::new(Cache::new(parts.limits.cached_answers)),
            flights: Flights::new(),
            retries: RetryBudget::new(parts.limits.retries),
            counts: Counts::default(),
        }
    }

    /// How it does.
    pub fn health(&self, now: UnixTime) -> OcspHealth {
        let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
        OcspHealth {
            responders: self.asked.iter().map(|asked| asked.health(now)).collect(),
            questions: load(&self.counts.questions),
            cache_hits: load(&self.counts.cache_hits),
            joined: load(&self.counts.joined),
            unanswered: load(&self.counts.unanswered),
            retries_refused: load(&self.counts.retries_refused),
            cached: self.cache().len(),
        }
    }

    async fn kept_or_asked(&self, path: &VerifiedPath, now: UnixTime) -> OcspEvidence {
        let certificate = path.certificate_sha256().0;
        if let Some(kept) = self.kept(certificate, now) {
            return kept;
        }
        let deadline = Instant::now() + self.limits.whole;
        let seat = self.flights.join(certificate);
        let answer = seat.answer(async {
            // Somebody may have landed between the look and the seat.
            if let Some(kept) = self.kept(certificate, now) {
                return kept;
            }
            let asked = timeout_at(deadline, self.ask(path, now)).await;
            asked.unwrap_or_else(|_| OcspEvidence::none(path, OcspAbsence::Unreachable))
        });
        match timeout_at(deadline + GRACE, answer).await {
            Ok((evidence, joined)) => {
                if joined {
                    count(&self.counts.joined);
                }
                evidence
            }
            Err(_) => OcspEvidence::none(path, OcspAbsence::Unreachable),
        }
    }

    fn kept(&self, certificate: [u8; 32], now: UnixTime) -> Option<OcspEvidence> {
        let kept = self.cache().find(certificate, now)?;
        count(&self.counts.cache_hits);
        Some(kept)
    }

    /// Responder by responder, until one says something.
    async fn ask(&self, path: &VerifiedPath, now: UnixTime) -> OcspEvidence {
        let issuer = path.issuer_key_hash();
        let mut absence = OcspAbsence::Unreachable;
        let Some(anchor) = self.anchors.iter().find(|anchor| anchor.key_hash() == issuer) else {
            return OcspEvidence::none(path, absence);
        };
        let question = Question { path, anchor, check: &*self.check, random: &*self.random, now };
        let mut first = true;
        for asked in &self.asked {
            let Some(admitted) = asked.admit(now).await else { continue };
            if first {
                self.retries.deposit();
            } else if !self.retries.withdraw() {
                count(&self.counts.retries_refused);
                break;
            }
            first = false;
            match asked.ask(admitted, &question).await {
                Ok(evidence) => return self.keep(path, evidence, &asked.responder, now),
                Err(nothing) => {
                    self.alarm(&nothing, &asked.responder);
                    absence = nothing.absence();
                }
            }
        }
        OcspEvidence::none(path, absence)
    }

    fn alarm(&self, nothing: &Nothing, responder: &Responder) {
        if let Some(alarm) = Alarm::of_absence(nothing.absence()) {
            self.alarms.raise(alarm, &format!("{}: {}", responder.url, nothing.code()));
        }
    }

    fn keep(
        &self,
        path: &VerifiedPath,
        evidence: OcspEvidence,
        responder: &Responder,
        now: UnixTime,
    ) -> OcspEvidence {
        let until = used_until(evidence.answer(), responder, now);
        self.cache().keep(path.certificate_sha256().0, evidence, now, until)
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Until when an answer is used again: `now` for not at all. A hold may end and an unknown card may become known any
/// moment, so both are asked again each time.
fn used_until(answer: OcspAnswer, responder: &Responder, now: UnixTime) -> UnixTime {
    let times = match answer {
        OcspAnswer::Good(times) => times,
        OcspAnswer::Revoked(revocation) if !revocation.is_hold() => revocation.times,
        OcspAnswer::None(_) | OcspAnswer::Revoked(_) | OcspAnswer::Unknown(_) => return now,
    };
    if responder.nonce == NonceUse::Require {
        return now;
    }
    let SourceTimes { this_update, next_update, .. } = times;
    let after = |start: UnixTime, time: Duration| start.as_secs().saturating_add(time.as_secs());
    let until = after(now, responder.reuse_for)
        .min(after(this_update, responder.max_age))
        .min(next_update.map_or(u64::MAX, |next_update| next_update.as_secs()));
    UnixTime::since_unix_epoch(Duration::from_secs(until))
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// Whoever asks for others at the very end still tells them what came of it.
const GRACE: Duration = Duration::from_millis(100);

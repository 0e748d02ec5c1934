//! Verified answers that are used again, for a while.

use std::collections::{HashMap, VecDeque};

use madoguchi_cert_verify::{OcspAnswer, OcspEvidence};
use rustls_pki_types::UnixTime;

/// At most so many answers; the oldest goes first.
#[derive(Debug)]
pub(crate) struct Cache {
    most: usize,
    answers: HashMap<[u8; 32], Kept>,
    /// In the order in which they came; what was replaced or went is still in it.
    order: VecDeque<([u8; 32], u64)>,
    next: u64,
}

#[derive(Debug)]
struct Kept {
    number: u64,
    evidence: OcspEvidence,
    from: UnixTime,
    until: UnixTime,
}

impl Kept {
    /// Also false before it came: the clock was put back, and nobody knows how old it is.
    fn is_live(&self, now: UnixTime) -> bool {
        self.from <= now && now < self.until
    }
}

impl Cache {
    pub(crate) fn new(most: usize) -> Self {
        Self { most, answers: HashMap::new(), order: VecDeque::new(), next: 0 }
    }

    /// The answer about the certificate with this hash.
    pub(crate) fn find(&self, certificate: [u8; 32], now: UnixTime) -> Option<OcspEvidence> {
        self.answers.get(&certificate).filter(|kept| kept.is_live(now)).map(|kept| kept.evidence)
    }

    /// Keeps an answer from now until then, and says what counts: "good" does not take the place of a revocation that
    /// still does.
    pub(crate) fn keep(
        &mut self,
        certificate: [u8; 32],
        evidence: OcspEvidence,
        now: UnixTime,
        until: UnixTime,
    ) -> OcspEvidence {
        if let Some(kept) = self.find(certificate, now)
            && matches!(kept.answer(), OcspAnswer::Revoked(_))
            && !matches!(evidence.answer(), OcspAnswer::Revoked(_))
        {
            return kept;
        }
        if self.most == 0 || until <= now {
            self.answers.remove(&certificate);
            return evidence;
        }
        let number = self.next;
        self.next += 1;
        self.answers.insert(certificate, Kept { number, evidence, from: now, until });
        self.order.push_back((certificate, number));
        self.shrink(now);
        evidence
    }

    pub(crate) fn len(&self) -> usize {
        self.answers.len()
    }

    /// What is over goes, and the oldest while there are too many.
    fn shrink(&mut self, now: UnixTime) {
        while let Some((certificate, number)) = self.order.front() {
            let kept = self.answers.get(certificate).filter(|kept| kept.number == *number);
            match kept {
                Some(kept) if kept.is_live(now) && self.answers.len() <= self.most => break,
                Some(_) => {
                    self.answers.remove(certificate);
                }
                None => {}
            }
            self.order.pop_front();
        }
        // Behind one that lives long, others may come and go.
        if self.order.len() > self.most.saturating_mul(2) {
            let answers = &self.answers;
            self.order.retain(|(certificate, number)| {
                answers.get(certificate).is_some_and(|kept| kept.number == *number)
            });
        }
    }
}

#[cfg(test)]
mod tests;

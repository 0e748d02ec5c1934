//! The lists of one partition: a complete one, and a delta that changes it.

use std::sync::Arc;
use std::time::Duration;

use madoguchi_cert_verify::{
    AskedCrl, CrlAbsence, CrlAnswer, CrlEvidence, CrlHead, CrlSubject, Partition, Revocation,
    RevocationReason, SourceTimes,
};
use rustls_pki_types::UnixTime;

use crate::index::{Damaged, IndexedCrl};
use crate::stem::Stem;

/// One list in the state folder, mapped.
#[derive(Debug)]
pub(crate) struct ShelvedList {
    pub(crate) stem: Stem,
    pub(crate) crl: IndexedCrl,
    /// How long verifying and indexing took, when this process did it.
    pub(crate) build: Option<Duration>,
}

/// One partition, ready to be asked.
#[derive(Clone, Debug)]
pub(crate) struct Shelved {
    pub(crate) partition: Partition,
    pub(crate) complete: Arc<ShelvedList>,
    pub(crate) delta: Option<Arc<ShelvedList>>,
    /// There was a delta that said more than the complete list, and it was lost: nobody is good any more by this list
    /// alone, since who was revoked by the delta is not known.
    pub(crate) delta_is_lost: bool,
}

impl Shelved {
    pub(crate) fn new(
        complete: Arc<ShelvedList>,
        delta: Option<Arc<ShelvedList>>,
        delta_is_lost: bool,
    ) -> Self {
        let delta = delta.filter(|delta| delta.crl.head().changes(complete.crl.head()));
        Self { partition: complete.crl.head().partition(), complete, delta, delta_is_lost }
    }

    pub(crate) fn head(&self) -> &CrlHead {
        self.complete.crl.head()
    }

    /// What they say about a certificate. An index that does not hold together says nothing, whichever of the two.
    pub(crate) fn evidence(
        &self,
        subject: CrlSubject<'_>,
        now: UnixTime,
        max_age: Option<Duration>,
    ) -> CrlEvidence {
        let serial = subject.serial();
        let complete = self.complete.crl.find(serial).map(|found| AskedCrl { head: self.head(), found });
        let delta = match &self.delta {
            Some(delta) => delta.crl.find(serial).map(|found| AskedCrl { head: delta.crl.head(), found }),
            None if self.delta_is_lost => Err(Damaged),
            None => {
                return complete.map_or_else(damaged(subject), |asked| asked.evidence(subject, now, max_age));
            }
        };
        match (complete, delta) {
            (Ok(complete), Ok(delta)) => complete.evidence_with_delta(delta, subject, now, max_age),
            // Half of the answer is enough for a revocation, and for nothing else.
            (Ok(asked), Err(_)) | (Err(_), Ok(asked)) => {
                let evidence = asked.evidence(subject, now, max_age);
                if matches!(evidence.answer(), CrlAnswer::Revoked(_)) {
                    evidence
                } else {
                    damaged(subject)(Damaged)
                }
            }
            (Err(error), Err(_)) => damaged(subject)(error),
        }
    }

    /// Since when a serial that is in neither list is in none; never, when one of them is lost.
    pub(crate) fn clean_since(&self) -> Option<UnixTime> {
        let newest = self.delta.as_ref().unwrap_or(&self.complete);
        (!self.delta_is_lost).then(|| newest.crl.head().this_update())
    }

    /// Whether a serial is listed, whatever the age of the lists: what is final is final, and of the rest the delta's
    /// word is the newer one.
    pub(crate) fn find(&self, serial: &[u8]) -> Result<Option<Revocation>, Damaged> {
        let delta = match &self.delta {
            Some(delta) => find_in(delta, serial)?,
            None => None,
        };
        let complete = find_in(&self.complete, serial)?;
        let is_final = |found: &Revocation| !is_open(found.reason);
        let last = delta.filter(is_final).or(complete.filter(is_final)).or(delta).or(complete);
        Ok(last.filter(|found| found.reason != RevocationReason::RemoveFromCrl))
    }
}

/// An index that does not hold together says nothing.
fn damaged(subject: CrlSubject<'_>) -> impl Fn(Damaged) -> CrlEvidence {
    move |_| CrlEvidence::none(subject, CrlAbsence::MissingPartition)
}

fn find_in(list: &ShelvedList, serial: &[u8]) -> Result<Option<Revocation>, Damaged> {
    let head = list.crl.head();
    let found = list.crl.find(serial)?;
    Ok(found.map(|entry| Revocation {
        reason: entry.reason,
        revoked_at: entry.revoked_at,
        times: SourceTimes {
            this_update: head.this_update(),
            next_update: Some(head.next_update()),
            produced_at: None,
        },
        signer_key: head.issuer_key_hash(),
    }))
}

fn is_open(reason: RevocationReason) -> bool {
    matches!(reason, RevocationReason::CertificateHold | RevocationReason::RemoveFromCrl)
}

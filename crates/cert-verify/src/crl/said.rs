//! What a complete list, and a delta that changes it, say about one certificate of theirs.
//!
//! The rules are those of the general verifier ([`CrlChecker`](crate::CrlChecker)) for one list and one delta, of which
//! somebody else has looked up the serial.

use std::time::Duration;

use rustls_pki_types::UnixTime;

use crate::crl::{CrlEntry, CrlHead, CrlSubject};
use crate::{CrlAbsence, CrlAnswer, CrlEvidence, Revocation, RevocationReason, SourceTimes};

/// A list that was asked about a certificate's serial number.
#[derive(Clone, Copy, Debug)]
pub struct AskedCrl<'a> {
    /// The list.
    pub head: &'a CrlHead,
    /// Its entry with that serial, the weightiest when there are several.
    pub found: Option<CrlEntry<'a>>,
}

impl AskedCrl<'_> {
    /// What the list says by itself. A delta says by itself who is revoked or on hold, and nothing else.
    pub fn evidence<'c>(
        self,
        subject: impl Into<CrlSubject<'c>>,
        now: UnixTime,
        max_age: Option<Duration>,
    ) -> CrlEvidence {
        let subject = subject.into();
        CrlEvidence::new(subject, answer(&[self], &subject, now, max_age))
    }

    /// What the list says together with a delta. One that does not change this list counts only for what it revokes or
    /// puts on hold.
    pub fn evidence_with_delta<'c>(
        self,
        delta: AskedCrl<'_>,
        subject: impl Into<CrlSubject<'c>>,
        now: UnixTime,
        max_age: Option<Duration>,
    ) -> CrlEvidence {
        let subject = subject.into();
        CrlEvidence::new(subject, answer(&[delta, self], &subject, now, max_age))
    }

    /// RFC 5280 section 5.3.1: whether a hold that stands in a delta is still in force, for all that this complete list
    /// shows. Whether the delta changes the list does not matter: the issuer has put the certificate on hold, and only
    /// what it has said since takes that back.
    fn is_overtaken_by(&self, complete: &AskedCrl<'_>, now: UnixTime) -> bool {
        complete.head.is_like(self.head)
            && complete.head.has_begun(now)
            && complete.head.number >= self.head.number
    }

    /// "Good" as of the newer of the two, which must be current.
    fn not_listed(
        self,
        fresher: Option<AskedCrl<'_>>,
        now: UnixTime,
        max_age: Option<Duration>,
    ) -> CrlAnswer {
        if !self.head.has_begun(now) {
            return CrlAnswer::None(CrlAbsence::NotYetValid);
        }
        let newest = fresher.map_or(self.head, |delta| delta.head);
        newest.absence(now, max_age).map_or(CrlAnswer::Good(newest.times()), CrlAnswer::None)
    }

    /// Its entry, when it is the certificate's.
    fn said(self, subject: &CrlSubject<'_>) -> Option<Revocation> {
        let entry = self.found.filter(|entry| entry.serial == subject.serial())?;
        let times: SourceTimes = self.head.times();
        Some(Revocation {
            reason: entry.reason,
            revoked_at: entry.revoked_at,
            times,
            signer_key: self.head.issuer_key,
        })
    }
}

/// RFC 5280 section 6.3.3 (b) to (l), for a complete list, a delta, or both.
fn answer(
    lists: &[AskedCrl<'_>],
    subject: &CrlSubject<'_>,
    now: UnixTime,
    max_age: Option<Duration>,
) -> CrlAnswer {
    let about = || lists.iter().copied().filter(|list| list.head.covers(*subject));
    // What is final is final, whichever list says so and however old it is.
    if let Some(revocation) = about().filter_map(|list| list.said(subject)).find(is_final) {
        return CrlAnswer::Revoked(revocation);
    }
    let complete = about().find(|list| list.head.base().is_none());
    let deltas = || about().filter(|list| list.head.base().is_some() && list.head.has_begun(now));
    let mut in_force =
        deltas().filter(|delta| !complete.is_some_and(|list| delta.is_overtaken_by(&list, now)));
    if let Some(hold) = in_force.find_map(|delta| delta.said(subject).filter(Revocation::is_hold)) {
        return CrlAnswer::Revoked(hold);
    }
    let Some(complete) = complete else { return CrlAnswer::None(CrlAbsence::MissingPartition) };
    // Only a delta that changes this very list, and is current, takes a hold back or makes it fresher.
    let fresher = deltas()
        .find(|delta| delta.head.changes(complete.head) && delta.head.absence(now, max_age).is_none());
    let taken_back = fresher.and_then(|delta| delta.said(subject)).is_some();
    match complete.said(subject) {
        Some(hold) if !taken_back => CrlAnswer::Revoked(hold),
        _ => complete.not_listed(fresher, now, max_age),
    }
}

impl CrlHead {
    fn has_begun(&self, now: UnixTime) -> bool {
        self.this_update.as_secs() <= now.as_secs().saturating_add(CRL_SKEW.as_secs())
    }

    /// Why "not listed" would say nothing at `now`. nextUpdate itself is still fresh; so is the age limit.
    fn absence(&self, now: UnixTime, max_age: Option<Duration>) -> Option<CrlAbsence> {
        let age = now.as_secs().saturating_sub(self.this_update.as_secs());
        if !self.has_begun(now) {
            Some(CrlAbsence::NotYetValid)
        } else if now > self.next_update {
            Some(CrlAbsence::Expired)
        } else if max_age.is_some_and(|limit| age > limit.as_secs()) {
            Some(CrlAbsence::TooOld)
        } else {
            None
        }
    }
}

/// How far the clock of a list's issuer may be ahead of ours. A list is fetched at the moment of its publication.
pub const CRL_SKEW: Duration = Duration::from_mins(5);

impl CrlEntry<'_> {
    /// Of two entries of one serial: one that is final outweighs a hold, and a hold one that takes it back.
    pub fn outweighs(&self, other: &Self) -> bool {
        weight(self.reason) > weight(other.reason)
    }
}

fn is_final(revocation: &Revocation) -> bool {
    weight(revocation.reason) == FINAL
}

fn weight(reason: RevocationReason) -> u8 {
    match reason {
        RevocationReason::RemoveFromCrl => 0,
        RevocationReason::CertificateHold => 1,
        _ => FINAL,
    }
}

const FINAL: u8 = 2;

//! What a complete list, and a delta that changes it, say about one certificate of theirs.
//!
//! The rules are those of the general verifier ([`CrlChecker`](crate::CrlChecker)) for one list and one delta, of which
//! somebody else has looked up the serial.

use std::time::Duration;

use rustls_pki_types::UnixTime;

use crate::crl::{CrlEntry, CrlHead};
use crate::{CrlAbsence, CrlAnswer, CrlEvidence, Revocation, RevocationReason, SourceTimes, VerifiedPath};

/// A list that was asked about a certificate's serial number.
#[derive(Clone, Copy, Debug)]
pub struct AskedCrl<'a> {
    /// The list.
    pub head: &'a CrlHead,
    /// Its entry with that serial, the weightiest when there are several.
    pub found: Option<CrlEntry<'a>>,
}

impl AskedCrl<'_> {
    /// What the list says by itself. A delta says nothing by itself, but for a revocation that is final.
    pub fn evidence(self, path: &VerifiedPath, now: UnixTime, max_age: Option<Duration>) -> CrlEvidence {
        CrlEvidence::new(path, self.answer(None, path, now, max_age))
    }

    /// What the list says together with a delta. One that does not change this list counts only for what it revokes.
    pub fn evidence_with_delta(
        self,
        delta: AskedCrl<'_>,
        path: &VerifiedPath,
        now: UnixTime,
        max_age: Option<Duration>,
    ) -> CrlEvidence {
        CrlEvidence::new(path, self.answer(Some(delta), path, now, max_age))
    }

    /// RFC 5280 section 6.3.3 (b) to (l).
    fn answer(
        self,
        delta: Option<AskedCrl<'_>>,
        path: &VerifiedPath,
        now: UnixTime,
        max_age: Option<Duration>,
    ) -> CrlAnswer {
        let delta = delta.filter(|delta| delta.head.covers(path));
        let complete = Some(self).filter(|list| list.head.covers(path));
        // What is final is final, whichever list says so and however old it is.
        let said = |list: Option<AskedCrl<'_>>| list.and_then(|list| list.said(path));
        let last = [said(delta), said(complete)].into_iter().flatten();
        if let Some(revocation) = last.into_iter().find(is_final) {
            return CrlAnswer::Revoked(revocation);
        }
        let Some(complete) = complete.filter(|list| list.head.base().is_none()) else {
            return CrlAnswer::None(CrlAbsence::MissingPartition);
        };
        let delta = delta.filter(|delta| delta.head.follows(complete.head) && delta.head.has_begun(now));
        // Only a delta that changes this very list, and is current, takes a hold back or makes it fresher.
        let fresher = delta
            .filter(|delta| delta.head.changes(complete.head) && delta.head.absence(now, max_age).is_none());
        match (said(delta), said(Some(complete))) {
            (Some(hold), _) if hold.reason == RevocationReason::CertificateHold => CrlAnswer::Revoked(hold),
            (Some(_removed), _) if fresher.is_some() => complete.not_listed(fresher, now, max_age),
            (_, Some(hold)) => CrlAnswer::Revoked(hold),
            (_, None) => complete.not_listed(fresher, now, max_age),
        }
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
    fn said(self, path: &VerifiedPath) -> Option<Revocation> {
        let entry = self.found.filter(|entry| entry.serial == path.serial())?;
        let times: SourceTimes = self.head.times();
        Some(Revocation {
            reason: entry.reason,
            revoked_at: entry.revoked_at,
            times,
            signer_key: self.head.issuer_key,
        })
    }
}

impl CrlHead {
    fn has_begun(&self, now: UnixTime) -> bool {
        self.this_update <= now
    }

    /// Why "not listed" would say nothing at `now`. nextUpdate itself is still fresh; so is the age limit.
    fn absence(&self, now: UnixTime, max_age: Option<Duration>) -> Option<CrlAbsence> {
        let age = now.as_secs().checked_sub(self.this_update.as_secs());
        match age {
            None => Some(CrlAbsence::NotYetValid),
            Some(_) if now > self.next_update => Some(CrlAbsence::Expired),
            Some(age) if max_age.is_some_and(|limit| age > limit.as_secs()) => Some(CrlAbsence::TooOld),
            Some(_) => None,
        }
    }
}

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

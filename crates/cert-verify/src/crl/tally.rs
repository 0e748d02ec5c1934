//! What the lists of all distribution points have said so far, and what it comes to.

use crate::crl::{CrlError, CrlStatus};
use crate::reason::ReasonFlags;
use crate::{Revocation, SourceTimes};

/// What the lists of all points have said so far.
#[derive(Default)]
pub(super) struct Tally {
    revoked: Option<Revocation>,
    on_hold: Option<Revocation>,
    reasons: ReasonFlags,
    times: Option<SourceTimes>,
    error: Option<CrlError>,
}

impl Tally {
    pub(super) fn note(&mut self, error: CrlError) {
        if self.error.as_ref().is_none_or(|known| error.tells_more_than(known)) {
            self.error = Some(error);
        }
    }

    pub(super) fn revoked(&mut self, revocation: Revocation) {
        self.revoked.get_or_insert(revocation);
    }

    pub(super) fn on_hold(&mut self, revocation: Revocation) {
        self.on_hold.get_or_insert(revocation);
    }

    pub(super) fn good(&mut self, reasons: ReasonFlags, times: SourceTimes) {
        self.reasons = self.reasons.or(reasons);
        let due = |times: &SourceTimes| times.next_update.map_or(u64::MAX, |next| next.as_secs());
        self.times = Some(match self.times {
            Some(known) if due(&known) <= due(&times) => known,
            _ => times,
        });
    }

    pub(super) fn status(self) -> CrlStatus {
        let spent = self.error == Some(CrlError::BudgetSpent);
        match (self.revoked.or(self.on_hold), self.times) {
            (Some(revocation), _) => CrlStatus::Revoked(revocation),
            (None, Some(times)) if self.reasons == ReasonFlags::ALL && !spent => CrlStatus::Good(times),
            (None, Some(_)) if !spent => CrlStatus::Undetermined(CrlError::SomeReasonsOnly),
            (None, _) => CrlStatus::Undetermined(self.error.unwrap_or(CrlError::NoList)),
        }
    }
}

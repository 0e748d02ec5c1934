//! What the lists of all distribution points have said so far, and what it comes to.

use crate::crl::{CrlError, CrlRole, CrlStatus};
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
    /// What each list does, by its place; none when nobody wants to see it.
    roles: Option<Vec<CrlRole>>,
}

impl Tally {
    /// Keeps what each of so many lists does.
    pub(super) fn with_roles(lists: usize) -> Self {
        Self { roles: Some(vec![CrlRole::Unused(CrlError::NoList); lists]), ..Self::default() }
    }

    /// One of the lists does not count.
    pub(super) fn unused(&mut self, list: usize, error: CrlError) {
        if self.roles.is_some() {
            self.role(list, CrlRole::Unused(error.clone()));
        }
        self.note(error);
    }

    pub(super) fn role(&mut self, list: usize, role: CrlRole) {
        let known = self.roles.as_mut().and_then(|roles| roles.get_mut(list));
        if let Some(known) = known
            && role.weight() > known.weight()
        {
            *known = role;
        }
    }

    pub(super) fn take_roles(&mut self) -> Vec<CrlRole> {
        self.roles.take().unwrap_or_default()
    }

    /// Whether somebody wants to see what each list does, also when it changes nothing any more.
    pub(super) fn wants_roles(&self) -> bool {
        self.roles.is_some()
    }

    /// Whether nothing changes the answer any more.
    pub(super) fn is_settled(&self) -> bool {
        self.revoked.is_some() && !self.wants_roles()
    }

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

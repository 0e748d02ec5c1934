//! Which lists of a distribution point have their signature checked, and in what order: the check is what costs, and
//! most of a history of lists cannot change the answer.

use std::cmp::Reverse;

use madoguchi_protocol::Octets;

use crate::crl::coverage::Found;
use crate::crl::list::List;
use crate::crl::process::Valid;
use crate::reason::ReasonFlags;

/// A list that covers the certificate, by what it claims.
pub(super) struct Candidate<'l, 'a> {
    pub(super) index: usize,
    pub(super) list: &'l List<'a>,
    pub(super) reasons: ReasonFlags,
    /// The one key that may have signed it; none when there are several, or nobody's is known.
    pub(super) only_key: Option<Octets<32>>,
    pub(super) found: Option<Found>,
}

impl Candidate<'_, '_> {
    /// What revokes for good comes first, since nothing changes it any more; then complete lists and deltas, the newest
    /// first.
    pub(super) fn order(&self) -> impl Ord + use<> {
        let is_final = self.found.is_some_and(Found::is_final);
        let age = (self.list.number().cloned(), self.list.this_update);
        (!is_final, self.list.is_delta(), Reverse(age), self.index)
    }

    /// Whether a list whose signature holds leaves nothing that this one could change: it is of the same issuer and
    /// scope, the same key must have signed both, and it is newer. Only what is final outlives it.
    pub(super) fn is_needless_beside(&self, newer: &Valid<'_, '_>) -> bool {
        let is_final = self.found.is_some_and(Found::is_final);
        let is_like = self.only_key == Some(newer.signer.key)
            && self.list.issuer == newer.list.issuer
            && self.list.scope() == newer.list.scope();
        let overtakes = match (self.list.base(), newer.list.base()) {
            (None, None) => newer.age() > (self.list.number().cloned(), self.list.this_update),
            (None, Some(_)) => false,
            (Some(_), None) => self.list.number().is_some() && newer.list.number() >= self.list.number(),
            // It changes every list that this one changes.
            (Some(base), Some(newer_base)) => {
                newer_base <= base && newer.age() > (self.list.number().cloned(), self.list.this_update)
            }
        };
        !is_final && is_like && overtakes
    }
}

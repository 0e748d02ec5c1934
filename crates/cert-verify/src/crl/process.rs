//! Is this certificate revoked? RFC 5280 section 6.3 over all lists that were offered.
//!
//! "Revoked" needs a list that is about the certificate and that the right issuer signed, of any age, also one that
//! no conforming issuer makes (version 1, without a number): it is final, from whichever list it comes, unless it is a
//! hold. "Good" needs all that, conforming, current, for every reason, from an issuer that is good itself. Everything
//! else is "undetermined", by the reason of the list that came furthest; never good.
//!
//! Departures from the letter of section 6.3.3, all towards refusing: every list that could change the answer is looked
//! at, not only until all reasons are covered; removeFromCRL takes back a hold and nothing else; an older list of a scope counts for nothing
//! but a final revocation while a newer one is there.

use std::cell::RefCell;
use std::collections::HashMap;

use madoguchi_protocol::Octets;
use rustls_pki_types::UnixTime;

use crate::crl::candidate::Candidate;
use crate::crl::coverage::{Found, covers, find, may_be_of_issuer};
use crate::crl::list::List;
use crate::crl::role::scope_in_words;
use crate::crl::signer::{Question, Signer};
use crate::crl::tally::Tally;
use crate::crl::{CrlError, CrlNumber, CrlRole, CrlSeen, OfferedCrls};
use crate::distribution_point::DistributionPoint;
use crate::reason::ReasonFlags;
use crate::{
    Budget, Certificate, Error, PathError, Place, ResponderStanding, Revocation, RevocationReason,
    SourceTimes, VerifiedChain,
};

/// What the lists say about one certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CrlStatus {
    /// Not revoked for any reason; the times of the list that is due first.
    Good(SourceTimes),
    /// Revoked or on hold.
    Revoked(Revocation),
    /// The lists do not say.
    Undetermined(CrlError),
}

/// Asks lists about the certificates of paths.
#[derive(Debug)]
pub struct CrlChecker<'a> {
    pub(super) crls: &'a OfferedCrls<'a>,
    /// Where certificates of CRL issuers may be.
    pub(super) pool: &'a [Certificate],
    pub(super) now: UnixTime,
    /// By list and key: a list's signature is checked once (webpki's experience).
    pub(super) signatures: RefCell<HashMap<(usize, Octets<32>), bool>>,
}

impl<'a> CrlChecker<'a> {
    /// Asks these lists, signed by issuers of paths or by certificates of the pool, at `now`.
    pub fn new(crls: &'a OfferedCrls<'a>, pool: &'a [Certificate], now: UnixTime) -> Self {
        Self { crls, pool, now, signatures: RefCell::new(HashMap::new()) }
    }

    /// The same checker to ask beside it: it knows the signatures that are known by now, and this one learns nothing.
    pub fn beside(&self) -> Self {
        Self { crls: self.crls, pool: self.pool, now: self.now, signatures: self.signatures.clone() }
    }

    /// Whether a certificate that `issuer`, of this path, has issued is revoked. The caller asks about every
    /// certificate of the path.
    pub fn status(
        &self,
        certificate: &Certificate,
        issuer: &Certificate,
        chain: &VerifiedChain<'a>,
        budget: &mut Budget,
    ) -> CrlStatus {
        self.answer(&Question::new(certificate, issuer, chain, 0), budget)
    }

    /// The same, and what each list that was offered does for it.
    pub fn seen(
        &self,
        certificate: &Certificate,
        issuer: &Certificate,
        chain: &VerifiedChain<'a>,
        budget: &mut Budget,
    ) -> (CrlStatus, Vec<CrlSeen>) {
        let mut tally = Tally::with_roles(self.crls.lists.len());
        if let Err(error) = self.ask(&Question::new(certificate, issuer, chain, 0), &mut tally, budget) {
            tally.note(error);
        }
        let roles = tally.take_roles();
        let status = tally.status();
        let seen = self.crls.lists.iter().zip(roles).map(|(offered, role)| {
            let list = offered.read.as_ref().ok();
            CrlSeen {
                issuer: offered.issuer.clone(),
                times: list.map(|list| (list.this_update, list.next_update)),
                scope: list.map(scope_in_words).unwrap_or_default(),
                decides: role.decides(&status),
                role,
            }
        });
        let seen = seen.collect();
        (status, seen)
    }

    /// The same for the certificate of an OCSP responder.
    pub fn responder_standing(
        &self,
        responder: &Certificate,
        issuer: &Certificate,
        chain: &VerifiedChain<'a>,
        budget: &mut Budget,
    ) -> ResponderStanding {
        match self.status(responder, issuer, chain, budget) {
            CrlStatus::Good(_) => ResponderStanding::Good,
            CrlStatus::Revoked(_) => ResponderStanding::Revoked,
            CrlStatus::Undetermined(_) => ResponderStanding::Unknown,
        }
    }

    /// Demands that the lists call every certificate of a path good, from the anchor's down: for
    /// [`verify_chain_where`](crate::verify_chain_where).
    pub fn demand_good(&self, chain: &VerifiedChain<'a>, budget: &mut Budget) -> Result<(), PathError> {
        let count = chain.certificates().len();
        for (index, (issuer, certificate)) in chain.links().enumerate() {
            let error = match self.status(certificate, issuer, chain, budget) {
                CrlStatus::Good(_) => continue,
                CrlStatus::Revoked(revocation) => Error::Revoked { revocation: Box::new(revocation) },
                CrlStatus::Undetermined(CrlError::BudgetSpent) => Error::BudgetSpent,
                CrlStatus::Undetermined(reason) => Error::RevocationUndetermined { reason: Box::new(reason) },
            };
            let place = Place::above_target(count - 1 - index);
            return Err(PathError { place, subject: certificate.subject().clone(), error });
        }
        Ok(())
    }

    pub(super) fn answer(&self, question: &Question<'_, 'a>, budget: &mut Budget) -> CrlStatus {
        let mut tally = Tally::default();
        if let Err(error) = self.ask(question, &mut tally, budget) {
            tally.note(error);
        }
        tally.status()
    }

    /// Section 6.3.3: every distribution point, and at last that of lists which no point names.
    fn ask(
        &self,
        question: &Question<'_, 'a>,
        tally: &mut Tally,
        budget: &mut Budget,
    ) -> Result<(), CrlError> {
        let certificate = question.certificate;
        let no_point = DistributionPoint::of_issuer(certificate.issuer());
        let points: Vec<&DistributionPoint> =
            certificate.extensions.distribution_points.iter().chain([&no_point]).collect();
        for (index, offered) in self.crls.lists.iter().enumerate() {
            if let Some(error) = offered.refusal()
                && may_be_of_issuer(offered.issuer.as_ref(), &points, certificate, budget)?
            {
                tally.unused(index, CrlError::Refused { error: error.clone() });
            }
        }
        // Who signed a list, and what it says, does not depend on the point.
        let mut known = Known::default();
        for point in points {
            let (mut valid, mut spent) = (Vec::new(), Ok(()));
            if let Err(error) = self.verify(point, question, &mut known, &mut valid, tally, budget) {
                spent = Err(error);
            }
            // What has been found counts, if no more is looked for: it may revoke.
            self.judge(&valid, tally);
            spent?;
            if tally.is_settled() {
                break;
            }
        }
        Ok(())
    }

    /// Section 6.3.3 (b) to (g): the lists of one point whose signatures hold, but for those that can change nothing.
    fn verify<'l>(
        &'l self,
        point: &DistributionPoint,
        question: &Question<'_, 'a>,
        known: &mut Known,
        valid: &mut Vec<Valid<'l, 'a>>,
        tally: &mut Tally,
        budget: &mut Budget,
    ) -> Result<(), CrlError> {
        let mut candidates = Vec::new();
        let mut spent = Ok(());
        for (index, offered) in self.crls.lists.iter().enumerate() {
            let Ok(list) = &offered.read else { continue };
            match self.candidate(index, list, point, question, known, budget) {
                Ok(candidate) => candidates.push(candidate),
                Err(CrlError::BudgetSpent) => {
                    spent = Err(CrlError::BudgetSpent);
                    break;
                }
                Err(error) => tally.unused(index, error),
            }
        }
        candidates.sort_by_cached_key(Candidate::order);
        for candidate in candidates {
            let Candidate { index, list, reasons, found, .. } = candidate;
            let is_faulty = self.crls.lists.get(index).is_some_and(|offered| offered.fault.is_some());
            let is_needless = |newer: &Valid<'_, 'a>| {
                self.has_begun(newer.list).is_ok() && candidate.is_needless_beside(newer)
            };
            // What such a list says stands, whichever is newer.
            let stands = is_faulty && found.is_some();
            if !stands && valid.iter().any(is_needless) {
                tally.role(index, if list.is_delta() { CrlRole::DeltaUnused } else { CrlRole::Older });
                continue;
            }
            let signer = known.signers.entry(index);
            let signer = signer.or_insert_with(|| self.signer(index, list, question, budget)).clone();
            match signer.map(|signer| Valid { index, list, reasons, signer, found }) {
                Ok(list) if is_faulty => only_against(&list, tally),
                Ok(list) => valid.push(list),
                Err(CrlError::BudgetSpent) => return Err(CrlError::BudgetSpent),
                Err(error) => {
                    tally.unused(index, error);
                    continue;
                }
            }
            if found.is_some_and(Found::is_final) && !tally.wants_roles() {
                return Ok(());
            }
        }
        spent
    }

    /// Section 6.3.3 (b) and (d), and the entry of (i) and (j), before the signature.
    fn candidate<'l>(
        &self,
        index: usize,
        list: &'l List<'a>,
        point: &DistributionPoint,
        question: &Question<'_, 'a>,
        known: &mut Known,
        budget: &mut Budget,
    ) -> Result<Candidate<'l, 'a>, CrlError> {
        let reasons = covers(list, point, question.certificate, budget)?;
        let claims = known.claims.entry(index);
        let claims = claims.or_insert_with(|| self.claims(index, list, question, budget)).clone()?;
        Ok(Candidate { index, list, reasons, only_key: claims.only_key, found: claims.found })
    }

    /// What a list says of itself. One that nobody here may have signed is not gone through.
    fn claims(
        &self,
        index: usize,
        list: &List<'a>,
        question: &Question<'_, 'a>,
        budget: &mut Budget,
    ) -> Result<Claims, CrlError> {
        let keys = self.keys(list, question, budget)?;
        let only_key = keys.first().filter(|first| keys.iter().all(|key| key == *first)).copied();
        if keys.is_empty() {
            return Ok(Claims { only_key, found: None });
        }
        let cost = self.crls.lists.get(index).map_or(u64::MAX, |offered| offered.walk_cost);
        budget.spend_steps(cost).map_err(|_| CrlError::BudgetSpent)?;
        let found = find(list, question.certificate).map_err(|error| CrlError::Refused { error })?;
        Ok(Claims { only_key, found })
    }

    /// Section 6.3.3 (c) and (h) to (l) for the lists of one point whose signatures hold.
    fn judge(&self, valid: &[Valid<'_, 'a>], tally: &mut Tally) {
        for list in valid {
            if let Some(found) = list.found.filter(|found| found.is_final()) {
                tally.revoked(list.revocation(found));
                tally.role(list.index, CrlRole::Revoked(list.revocation(found)));
            } else if list.list.is_delta() {
                tally.role(list.index, CrlRole::DeltaUnused);
                self.hold_of_delta(list, valid, tally);
            }
        }
        for base in valid.iter().filter(|list| !list.list.is_delta()) {
            if valid.iter().any(|other| self.replaces(other, base)) {
                tally.role(base.index, CrlRole::Older);
            } else {
                let deltas = valid.iter().filter(|delta| self.changes(delta, base));
                self.judge_one(base, deltas.max_by_key(|delta| delta.age()), tally);
            }
        }
        let based =
            |delta: &Valid<'_, '_>| valid.iter().any(|base| !base.list.is_delta() && base.is_like(delta));
        if valid.iter().any(|list| list.list.is_delta() && !based(list)) {
            tally.note(CrlError::DeltaWithoutBase);
        }
    }

    /// A hold counts though the complete list that the delta changes is not there, until a newer list of the scope is.
    fn hold_of_delta(&self, delta: &Valid<'_, 'a>, valid: &[Valid<'_, 'a>], tally: &mut Tally) {
        let hold = delta.found.filter(|found| found.reason == RevocationReason::CertificateHold);
        let is_newer = |other: &Valid<'_, 'a>| {
            other.is_like(delta)
                && self.has_begun(other.list).is_ok()
                && if other.list.is_delta() {
                    other.age() > delta.age()
                } else {
                    other.list.number() >= delta.list.number()
                }
        };
        if let Some(hold) = hold
            && self.has_begun(delta.list).is_ok()
            && !valid.iter().any(is_newer)
        {
            tally.on_hold(delta.revocation(hold));
            tally.role(delta.index, CrlRole::OnHold(delta.revocation(hold)));
        }
    }

    /// A complete list, with the newest delta that changes it.
    fn judge_one(&self, base: &Valid<'_, 'a>, delta: Option<&Valid<'_, 'a>>, tally: &mut Tally) {
        let current_delta = delta.filter(|delta| self.is_current(delta.list).is_ok());
        match (delta.and_then(|delta| Some((delta, delta.found?))), base.found) {
            (Some((delta, found)), _) if found.reason == RevocationReason::CertificateHold => {
                tally.on_hold(delta.revocation(found));
                tally.role(delta.index, CrlRole::OnHold(delta.revocation(found)));
            }
            // Only a delta that is current takes a hold back.
            (Some((_, found)), _) if current_delta.is_some() && !found.is_final() => {}
            (_, Some(found)) => {
                tally.on_hold(base.revocation(found));
                tally.role(base.index, CrlRole::OnHold(base.revocation(found)));
            }
            (_, None) => {}
        }
        let newest = current_delta.unwrap_or(base);
        let currency = self.has_begun(base.list).and_then(|()| self.is_current(newest.list));
        match currency.and_then(|()| newest.signer.standing.clone()) {
            Ok(()) => {
                tally.good(base.reasons, times(newest.list));
                // One that is still on hold, or revoked, has a greater role already.
                let silent = CrlRole::NotListed { for_all_reasons: base.reasons == ReasonFlags::ALL };
                tally.role(base.index, base.found.map_or(silent, |_| CrlRole::HoldLifted));
                if let Some(delta) = current_delta {
                    tally.role(delta.index, CrlRole::Changes);
                }
            }
            Err(error) => tally.unused(newest.index, error),
        }
    }

    /// Whether one list makes another of the same scope old (section 5.2.3).
    fn replaces(&self, newer: &Valid<'_, 'a>, older: &Valid<'_, 'a>) -> bool {
        !newer.list.is_delta()
            && newer.is_like(older)
            && newer.age() > older.age()
            && self.has_begun(newer.list).is_ok()
    }

    /// Section 5.2.4 and 6.3.3 (c): the same issuer, scope and key, not made for a later base, and later itself.
    fn changes(&self, delta: &Valid<'_, 'a>, base: &Valid<'_, 'a>) -> bool {
        let (Some(from), Some(to)) = (delta.list.base(), delta.list.number()) else { return false };
        let number = base.list.number();
        delta.is_like(base)
            && number.is_some_and(|number| from <= number && number < to)
            && self.has_begun(delta.list).is_ok()
    }

    fn has_begun(&self, list: &List<'_>) -> Result<(), CrlError> {
        let (now, this_update) = (self.now, list.this_update);
        if this_update > now { Err(CrlError::NotYetValid { now, this_update }) } else { Ok(()) }
    }

    /// Sections 5.1.2.4 and 5.1.2.5; nextUpdate itself is still current, and so is the age limit.
    fn is_current(&self, list: &List<'_>) -> Result<(), CrlError> {
        self.has_begun(list)?;
        let (now, this_update) = (self.now, list.this_update);
        if let Some(next_update) = list.next_update.filter(|next_update| now > *next_update) {
            return Err(CrlError::Expired { now, next_update });
        }
        let age = now.as_secs().saturating_sub(this_update.as_secs());
        if self.crls.settings.max_age.is_some_and(|limit| age > limit.as_secs()) {
            return Err(CrlError::TooOld { now, this_update });
        }
        Ok(())
    }
}

/// A list that no conforming issuer makes: silence in it shows nothing, and what it says stands.
fn only_against(list: &Valid<'_, '_>, tally: &mut Tally) {
    match list.found {
        Some(found) if found.is_final() => {
            tally.revoked(list.revocation(found));
            tally.role(list.index, CrlRole::Revoked(list.revocation(found)));
        }
        Some(found) if found.reason == RevocationReason::CertificateHold => {
            tally.on_hold(list.revocation(found));
            tally.role(list.index, CrlRole::OnHold(list.revocation(found)));
        }
        _ => {}
    }
}

/// What is known about lists for one certificate, by their places.
#[derive(Default)]
struct Known {
    claims: HashMap<usize, Result<Claims, CrlError>>,
    signers: HashMap<usize, Result<Signer, CrlError>>,
}

/// What a list says, whoever signed it.
#[derive(Clone)]
struct Claims {
    only_key: Option<Octets<32>>,
    found: Option<Found>,
}

/// A list that is about the certificate, and whose signature holds.
pub(super) struct Valid<'l, 'a> {
    index: usize,
    pub(super) list: &'l List<'a>,
    reasons: ReasonFlags,
    pub(super) signer: Signer,
    found: Option<Found>,
}

impl Valid<'_, '_> {
    /// Lists that replace or change each other: the same issuer, key and scope.
    fn is_like(&self, other: &Self) -> bool {
        self.signer.key == other.signer.key
            && self.list.issuer == other.list.issuer
            && self.list.scope() == other.list.scope()
    }

    pub(super) fn age(&self) -> (Option<CrlNumber>, UnixTime) {
        (self.list.number().cloned(), self.list.this_update)
    }

    fn revocation(&self, found: Found) -> Revocation {
        let Found { reason, revoked_at } = found;
        Revocation { reason, revoked_at, times: times(self.list), signer_key: self.signer.key }
    }
}

fn times(list: &List<'_>) -> SourceTimes {
    SourceTimes { this_update: list.this_update, next_update: list.next_update, produced_at: None }
}

/// Going through a list, or hashing it, costs a step for each KiB.
pub(super) fn cost_of_octets(list: &List<'_>) -> u64 {
    u64::try_from(list.der.len() / 1024).unwrap_or(u64::MAX).saturating_add(1)
}

//! Whether the certificates of a path are revoked, by all lists and responses that are offered: the worst that
//! either kind of source says, as in the gateway's table of verdicts.

use std::cell::{Cell, RefCell};
use std::fmt;

use rustls_pki_types::UnixTime;

use crate::judge::explain::Shared;
use crate::judge::judgement::{is_open, is_open_list};
use crate::judge::{Profile, Watch};
use crate::ocsp::Asked;
use crate::verdict::{Ruling, Says, ruling};
use crate::{
    Budget, Certificate, CrlChecker, CrlError, CrlStatus, Error, KeyKind, NoncePolicy, OcspAbsence,
    OcspAnswer, OcspError, OcspQuestion, OcspResponse, PathError, Place, ResponderStanding, Revocation,
    SignatureAlgorithm, Source, VerifiedChain, check_ocsp,
};

/// All that is offered.
pub(super) struct Revocations<'a> {
    pub(super) lists: CrlChecker<'a>,
    pub(super) responses: Vec<Result<OcspResponse<'a>, OcspError>>,
    pub(super) profile: Profile,
    /// Whether a certificate that nothing is known about is refused.
    pub(super) required: bool,
    pub(super) now: UnixTime,
}

/// What is known about one certificate of the path.
pub(super) struct Answered {
    pub(super) place: Place,
    pub(super) standing: Standing,
}

/// What is known when it is not revoked.
pub(super) enum Standing {
    /// Not revoked.
    Good(SourceName),
    /// Not known, for this reason.
    Open(Error),
}

/// Who says so.
pub(super) struct SourceName(Source);

impl fmt::Display for SourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Source::Crl => "CRL",
            Source::Ocsp => "OCSP",
            Source::OcspAndCrl => "OCSP and CRL",
        })
    }
}

impl<'a> Revocations<'a> {
    pub(super) fn read_responses(
        responses: &'a [Vec<u8>],
        watch: &mut dyn Watch,
    ) -> Vec<Result<OcspResponse<'a>, OcspError>> {
        let read = responses.iter().enumerate().map(|(index, response)| {
            let read = OcspResponse::parse(response);
            if let Err(error) = &read {
                watch.put_aside("OCSP response", index, error);
            }
            read
        });
        read.collect()
    }

    /// Asks about every certificate from the one below the anchor to the target (RFC 5280 section 6.1.3 (a)(3)).
    pub(super) fn ask(
        &self,
        chain: &VerifiedChain<'a>,
        shared: &Shared<'_>,
        budget: &mut Budget,
    ) -> Result<Vec<Answered>, PathError> {
        let count = chain.certificates().len();
        let mut all = Vec::with_capacity(count);
        let mut open: Option<PathError> = None;
        for (index, (issuer, certificate)) in chain.links().enumerate() {
            let place = Place::above_target(count.saturating_sub(index.saturating_add(1)));
            let at = |error| PathError { place, subject: certificate.subject().clone(), error };
            shared.sources(place, certificate, || self.sources(certificate, issuer, chain, budget.clone()));
            let standing = self.standing(certificate, issuer, chain, budget);
            shared.revocation(place, certificate, &standing, self.required);
            let standing = standing.map_err(at)?;
            // What is refused weighs more than what is not there; else the certificate nearer to the anchor counts.
            if let Standing::Open(error) = &standing
                && open.as_ref().is_none_or(|earlier| is_open(&earlier.error) && !is_open(error))
            {
                open = Some(at(error.clone()));
            }
            all.push(Answered { place, standing });
        }
        // Only now: one of them might have been revoked.
        match open {
            Some(error) if self.required => Err(error),
            _ => Ok(all),
        }
    }

    /// The table of verdicts for one certificate; an error is a reason to refuse it.
    fn standing(
        &self,
        certificate: &Certificate,
        issuer: &Certificate,
        chain: &VerifiedChain<'a>,
        budget: &mut Budget,
    ) -> Result<Standing, Error> {
        let Responses { said: ocsp, unread } = self.ocsp(certificate, issuer, chain, budget);
        let lists = self.lists.status(certificate, issuer, chain, budget);
        let spent = lists == CrlStatus::Undetermined(CrlError::BudgetSpent);
        let unread = unread.or(spent.then_some(Error::BudgetSpent));
        match (ruling((&ocsp).into(), (&lists).into()).0, unread) {
            (Ruling::Revoked { revocation, .. }, _) => {
                Err(Error::Revoked { revocation: Box::new(revocation) })
            }
            (Ruling::OcspUnknown, _) => Err(Error::OcspUnknown),
            // What was not looked at might have said revoked.
            (_, Some(unread)) => Err(unread),
            (Ruling::NotRevoked(source), None) => Ok(Standing::Good(SourceName(source))),
            (Ruling::CannotCheck, None) => Ok(Standing::Open(open(ocsp, lists))),
        }
    }

    /// What all responses together say.
    fn ocsp(
        &self,
        certificate: &Certificate,
        issuer: &Certificate,
        chain: &VerifiedChain<'a>,
        budget: &mut Budget,
    ) -> Responses {
        let (mut said, mut unread) = (Said::Nothing(None), None);
        let mut asked = None;
        for response in &self.responses {
            let answer = match response {
                Ok(response) => {
                    let asked =
                        asked.get_or_insert_with(|| Asked::new(certificate, issuer.public_key(), budget));
                    match asked
                        .as_ref()
                        .map_err(Clone::clone)
                        .and_then(|asked| is_about_others(response, asked, budget))
                    {
                        Ok(true) => continue,
                        Ok(false) => self.response(response, &self.lists, certificate, issuer, chain, budget),
                        Err(error) => Err(error),
                    }
                }
                Err(error) => Err(error.clone()),
            };
            let this = match answer {
                Ok(OcspAnswer::Revoked(revocation)) => Said::Revoked(revocation),
                Ok(OcspAnswer::Unknown(_)) => Said::Unknown,
                Ok(OcspAnswer::Good(_)) => Said::Good,
                Ok(OcspAnswer::None(_)) => continue,
                Err(OcspError::BudgetSpent) => {
                    unread = Some(Error::BudgetSpent);
                    continue;
                }
                Err(error) if error.is_limit() => {
                    unread.get_or_insert(Error::OcspUndetermined { reason: Box::new(error) });
                    continue;
                }
                Err(error) => Said::Nothing(Some(error)),
            };
            if this.weight() > said.weight() {
                said = this;
            }
        }
        Responses { said, unread }
    }

    pub(super) fn response(
        &self,
        response: &OcspResponse<'a>,
        lists: &CrlChecker<'a>,
        certificate: &Certificate,
        issuer: &Certificate,
        chain: &VerifiedChain<'a>,
        budget: &mut Budget,
    ) -> Result<OcspAnswer, OcspError> {
        let is_anchor = chain.anchor().certificate().sha256() == issuer.sha256();
        let algorithms = match self.profile {
            // As for certificates: a CA below the anchor signs with whatever fits its key.
            Profile::JpkiAuth if is_anchor => chain.anchor().algorithms().to_vec(),
            Profile::Rfc5280 | Profile::JpkiAuth => {
                KINDS.into_iter().flat_map(SignatureAlgorithm::all_of).collect()
            }
        };
        let question = OcspQuestion {
            certificate,
            issuer_key: issuer.public_key(),
            algorithms: &algorithms,
            nonce: NoncePolicy::Ignore,
        };
        let before = budget.clone();
        let for_lists = RefCell::new(before.clone());
        let spent = Cell::new(false);
        let standing = |responder: &Certificate| {
            let mut budget = for_lists.borrow_mut();
            let status = lists.status(responder, issuer, chain, &mut budget);
            spent.set(spent.get() || status == CrlStatus::Undetermined(CrlError::BudgetSpent));
            self.responder(status)
        };
        let settings = self.profile.ocsp_settings();
        let answer = check_ocsp(response, &question, &settings, &standing, self.now, budget);
        charge(budget, &before, &for_lists.borrow());
        // Not the responder's fault: what he says is not known.
        if spent.get() && answer.is_err() { Err(OcspError::BudgetSpent) } else { answer }
    }

    /// RFC 6960 section 4.2.2.2.1 leaves a responder that no list covers to the relying party.
    fn responder(&self, status: CrlStatus) -> ResponderStanding {
        match status {
            CrlStatus::Good(_) => ResponderStanding::Good,
            CrlStatus::Revoked(_) => ResponderStanding::Revoked,
            CrlStatus::Undetermined(reason) if self.profile == Profile::Rfc5280 && reason.is_absence() => {
                ResponderStanding::Good
            }
            CrlStatus::Undetermined(_) => ResponderStanding::Unknown,
        }
    }
}

/// Why neither says anything: the more telling of the two, which is what is refused before what is not of this time,
/// and that before what is not there.
fn open(ocsp: Said, lists: CrlStatus) -> Error {
    match (ocsp, lists) {
        (Said::Nothing(Some(reason)), CrlStatus::Undetermined(of_lists))
            if of_lists.is_absence() || is_open_list(&of_lists) && !reason.is_of_another_moment() =>
        {
            Error::OcspUndetermined { reason: Box::new(reason) }
        }
        (_, CrlStatus::Undetermined(reason)) => Error::RevocationUndetermined { reason: Box::new(reason) },
        // Such lists have decided already.
        (_, CrlStatus::Good(_) | CrlStatus::Revoked(_)) => {
            Error::RevocationUndetermined { reason: Box::new(CrlError::NoList) }
        }
    }
}

/// What all responses together say.
struct Responses {
    said: Said,
    /// Why not all of them were looked at.
    unread: Option<Error>,
}

/// What OCSP says about one certificate.
enum Said {
    Nothing(Option<OcspError>),
    Good,
    Unknown,
    Revoked(Revocation),
}

impl From<&Said> for Says {
    fn from(said: &Said) -> Self {
        match said {
            Said::Nothing(_) => Self::Nothing,
            Said::Good => Self::Good,
            Said::Unknown => Self::Unknown,
            Said::Revoked(revocation) => Self::Revoked(*revocation),
        }
    }
}

impl From<&CrlStatus> for Says {
    fn from(status: &CrlStatus) -> Self {
        match status {
            CrlStatus::Good(_) => Self::Good,
            CrlStatus::Revoked(revocation) => Self::Revoked(*revocation),
            CrlStatus::Undetermined(_) => Self::Nothing,
        }
    }
}

impl Said {
    /// Of two that say nothing the one that is refused counts, and of two of those the one that came further; the code
    /// makes the order of the responses not matter.
    fn weight(&self) -> (u8, &'static str) {
        let weight = match self {
            Self::Nothing(None) => 0,
            Self::Nothing(Some(error)) => {
                let refused = match error.absence() {
                    _ if error.is_of_another_moment() => 1,
                    OcspAbsence::Malformed => 2,
                    OcspAbsence::ResponderRevoked
                    | OcspAbsence::ResponderUnchecked
                    | OcspAbsence::WrongSigner => 3,
                    _ => 4,
                };
                return (refused, error.code());
            }
            Self::Good => 5,
            Self::Unknown => 6,
            Self::Revoked(revocation) if revocation.is_hold() => 7,
            Self::Revoked(_) => 8,
        };
        (weight, "")
    }
}

/// Whether none of a response's statements is about this certificate: then it is somebody else's, whoever signed it.
pub(super) fn is_about_others(
    response: &OcspResponse<'_>,
    asked: &Asked<'_>,
    budget: &mut Budget,
) -> Result<bool, OcspError> {
    let Ok(basic) = response.basic() else { return Ok(false) };
    let statements = u64::try_from(basic.singles.len()).unwrap_or(u64::MAX).saturating_add(1);
    budget.spend_steps(statements).map_err(|_| OcspError::BudgetSpent)?;
    Ok(!basic.singles.iter().any(|single| single.cert_id.names(asked).is_ok()))
}

/// Takes what looking at lists cost beside.
fn charge(budget: &mut Budget, before: &Budget, after: &Budget) {
    let signatures = before.signatures_left().saturating_sub(after.signatures_left());
    let steps = before.steps_left().saturating_sub(after.steps_left());
    *budget = Budget::new(
        budget.signatures_left().saturating_sub(signatures),
        budget.steps_left().saturating_sub(steps),
    );
}

const KINDS: [KeyKind; 4] = [KeyKind::EcP256, KeyKind::EcP384, KeyKind::Ed25519, KeyKind::Rsa];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lists_cost_beside_is_taken_too() {
        let (mut budget, before) = (Budget::new(10, 100), Budget::new(12, 130));
        charge(&mut budget, &before, &Budget::new(9, 90));
        assert_eq!(budget, Budget::new(7, 60));
        charge(&mut budget, &before, &Budget::new(0, 0));
        assert_eq!(budget, Budget::new(0, 0));
    }
}

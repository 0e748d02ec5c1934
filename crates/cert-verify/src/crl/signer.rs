//! Who signed a list: RFC 5280 section 6.3.3 (f) and (g).
//!
//! The key of the certificate's issuer, of a CA above it, or of a certificate of the pool with the list's issuer's
//! name that has a path to the same anchor. The list's authority key identifier guides; the signature decides.

use madoguchi_protocol::Octets;

use crate::crl::coverage::names_issuer;
use crate::crl::list::List;
use crate::crl::process::cost_of_octets;
use crate::crl::{CrlChecker, CrlError, CrlStatus};
use crate::usage::KeyUsage;
use crate::{
    Anchor, Budget, Certificate, Error, NoObserver, PathSettings, SignatureAlgorithm, VerifiedChain,
    verify_chain,
};

/// A certificate that is asked about, with the path that it hangs from.
pub(super) struct Question<'q, 'a> {
    pub(super) certificate: &'q Certificate,
    anchor: &'a Anchor,
    /// From its issuer up to the anchor's certificate: whoever asks asks about each of these, too.
    above: Vec<&'q Certificate>,
    /// How many certificates of CRL issuers wait for this answer.
    nesting: usize,
}

impl<'q, 'a: 'q> Question<'q, 'a> {
    pub(super) fn new(
        certificate: &'q Certificate,
        issuer: &'q Certificate,
        chain: &VerifiedChain<'a>,
        nesting: usize,
    ) -> Self {
        let links: Vec<&'a Certificate> = chain.certificates().to_vec();
        let of_issuer = links.iter().position(|link| link.sha256() == issuer.sha256());
        let mut above: Vec<&Certificate> = Vec::new();
        if let Some(place) = of_issuer {
            above.extend(links.iter().take(place + 1).rev().copied());
        }
        above.push(chain.anchor().certificate());
        Self { certificate, anchor: chain.anchor(), above, nesting }
    }
}

/// Whoever signed a list.
#[derive(Clone, Debug)]
pub(super) struct Signer {
    /// SHA-256 of the SubjectPublicKeyInfo.
    pub(super) key: Octets<32>,
    /// Whether its own certificate is good.
    pub(super) standing: Result<(), CrlError>,
}

impl<'a> CrlChecker<'a> {
    /// Finds who signed a list, for one certificate.
    pub(super) fn signer(
        &self,
        index: usize,
        list: &List<'a>,
        question: &Question<'_, 'a>,
        budget: &mut Budget,
    ) -> Result<Signer, CrlError> {
        let mut best = CrlError::SignerUnknown;
        let mut unchecked = None;
        self.spend_candidates(question, budget)?;
        let above = question.above.iter().copied().map(|certificate| (certificate, None));
        let pool = self
            .pool
            .iter()
            .filter(|certificate| !question.above.iter().any(|above| above.sha256() == certificate.sha256()));
        for (certificate, elsewhere) in above.chain(pool.map(|certificate| (certificate, Some(certificate))))
        {
            if *certificate.subject() != list.issuer {
                continue;
            }
            let signed = may_sign_lists(certificate, elsewhere.is_some())
                .and_then(|()| self.has_signed(index, list, certificate, question, budget));
            let signer = signed.and_then(|()| match elsewhere {
                None => Ok(Ok(())),
                Some(signer) => self.standing(signer, question, budget),
            });
            let key = certificate.public_key().spki_sha256();
            match signer {
                Ok(Ok(())) => return Ok(Signer { key, standing: Ok(()) }),
                Ok(standing) => unchecked = unchecked.or(Some(Signer { key, standing })),
                Err(CrlError::BudgetSpent) => return Err(CrlError::BudgetSpent),
                Err(error) if error.tells_more_than(&best) => best = error,
                Err(_) => {}
            }
        }
        unchecked.ok_or(best)
    }

    /// The keys that may have signed a list, by its issuer's name and its authority key identifier.
    pub(super) fn keys(
        &self,
        list: &List<'a>,
        question: &Question<'_, 'a>,
        budget: &mut Budget,
    ) -> Result<Vec<Octets<32>>, CrlError> {
        self.spend_candidates(question, budget)?;
        let all = question.above.iter().copied().chain(self.pool);
        let named = all.filter(|certificate| *certificate.subject() == list.issuer);
        let keys = named.filter(|certificate| may_be_key_of(list, certificate).is_ok());
        Ok(keys.map(|certificate| certificate.public_key().spki_sha256()).collect())
    }

    fn spend_candidates(&self, question: &Question<'_, 'a>, budget: &mut Budget) -> Result<(), CrlError> {
        let candidates = self.pool.len().saturating_add(question.above.len());
        let candidates = u64::try_from(candidates).unwrap_or(u64::MAX);
        budget.spend_steps(candidates).map_err(|_| CrlError::BudgetSpent)
    }

    /// Section 6.3.3 (f) and (g), the cheap rules first.
    fn has_signed(
        &self,
        index: usize,
        list: &List<'a>,
        signer: &Certificate,
        question: &Question<'_, 'a>,
        budget: &mut Budget,
    ) -> Result<(), CrlError> {
        may_be_key_of(list, signer)?;
        let algorithm = algorithm_of(list, signer, question).map_err(|error| CrlError::Refused { error })?;
        let key = signer.public_key();
        let pair = (index, key.spki_sha256());
        let known = self.signatures.borrow().get(&pair).copied();
        let holds = if let Some(holds) = known {
            holds
        } else {
            budget.spend_signature(algorithm).map_err(|_| CrlError::BudgetSpent)?;
            budget.spend_steps(cost_of_octets(list)).map_err(|_| CrlError::BudgetSpent)?;
            let holds = algorithm.verifies(key, list.tbs, list.signature);
            self.signatures.borrow_mut().insert(pair, holds);
            holds
        };
        if holds { Ok(()) } else { Err(CrlError::SignatureInvalid) }
    }

    /// Section 6.3.3 (f): a path to the anchor of the certificate that is asked about, of which nothing is revoked.
    fn standing(
        &self,
        signer: &'a Certificate,
        question: &Question<'_, 'a>,
        budget: &mut Budget,
    ) -> Result<Result<(), CrlError>, CrlError> {
        // A CA may have a CRL issuer list itself: it says so in that issuer's certificate, whose path holds already.
        // Otherwise nobody vouches for himself, least of all with a new key of a CA's own name.
        if signer.sha256() == question.certificate.sha256() {
            let own = signer.subject();
            let points = &signer.extensions.distribution_points;
            let says_so = own != signer.issuer() && points.iter().any(|point| names_issuer(point, own));
            return Ok(if says_so { Ok(()) } else { Err(CrlError::SignerCircular) });
        }
        if question.nesting == MAX_NESTING {
            return Ok(Err(CrlError::SignerCircular));
        }
        let anchors = std::slice::from_ref(question.anchor);
        let settings = PathSettings::default();
        let chain = verify_chain(signer, self.pool, anchors, &settings, self.now, budget, &mut NoObserver)
            .map_err(|error| match error.error {
                Error::BudgetSpent => CrlError::BudgetSpent,
                _ => CrlError::SignerPath { error: Box::new(error) },
            })?;
        for (issuer, certificate) in chain.links() {
            if question.above.iter().any(|above| above.sha256() == certificate.sha256()) {
                continue;
            }
            let question = Question::new(certificate, issuer, &chain, question.nesting + 1);
            match self.answer(&question, budget) {
                CrlStatus::Good(_) => {}
                CrlStatus::Revoked(_) => return Err(CrlError::SignerRevoked),
                CrlStatus::Undetermined(CrlError::BudgetSpent) => return Err(CrlError::BudgetSpent),
                CrlStatus::Undetermined(reason) => {
                    return Ok(Err(CrlError::SignerUnchecked { reason: Box::new(reason) }));
                }
            }
        }
        Ok(Ok(()))
    }
}

/// The algorithm, which fits the key and, of an anchor, is one that it may use.
fn algorithm_of(
    list: &List<'_>,
    signer: &Certificate,
    question: &Question<'_, '_>,
) -> Result<SignatureAlgorithm, Error> {
    signer.public_key().is_supported()?;
    let kind = signer.public_key().kind();
    let algorithm = list.algorithm.clone().map_err(|oid| Error::AlgorithmUnsupported { oid })?.of_key(kind);
    if !algorithm.fits(kind) {
        return Err(Error::AlgorithmNotOfKey { algorithm });
    }
    let is_anchor = question.anchor.certificate().sha256() == signer.sha256();
    if is_anchor && !question.anchor.may_use(algorithm) {
        return Err(Error::AlgorithmNotAllowed { algorithm });
    }
    Ok(algorithm)
}

/// Section 5.2.1: another key's list. Whoever names none may be of any key.
fn may_be_key_of(list: &List<'_>, signer: &Certificate) -> Result<(), CrlError> {
    match (list.authority_key_id(), signer.extensions.subject_key_id.as_deref()) {
        (Some(authority), Some(subject)) if authority != subject => Err(CrlError::SignerUnknown),
        _ => Ok(()),
    }
}

/// Section 6.3.3 (f): cRLSign when keyUsage is there. Without keyUsage a CA of the path signs lists, and from
/// elsewhere only a CA does (section 4.2.1.3 has everybody else say so).
fn may_sign_lists(signer: &Certificate, is_elsewhere: bool) -> Result<(), CrlError> {
    let is_ca = !is_elsewhere || signer.extensions.is_ca();
    let may = signer.extensions.key_usage.map_or(is_ca, KeyUsage::may_sign_lists);
    if may { Ok(()) } else { Err(CrlError::SignerMayNotSign) }
}

/// How many certificates of CRL issuers may wait for one another: two that vouch for each other would for ever.
const MAX_NESTING: usize = 2;

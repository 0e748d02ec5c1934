//! Follows paths, likeliest first, from the target up to an anchor. A signature is checked only when a path has
//! reached one.

use rustls_pki_types::UnixTime;

use crate::path::graph::Graph;
use crate::path::{Checker, Observer, PathError, PathSettings, Place, VerifiedChain};
use crate::{Anchor, Budget, Certificate, Error};

/// Finds a path from the target to an anchor that holds at `now`, or says what is wrong with the best one.
///
/// The pool may hold anything, in any order.
pub fn verify_chain<'a>(
    target: &'a Certificate,
    pool: &'a [Certificate],
    anchors: &'a [Anchor],
    settings: &PathSettings,
    now: UnixTime,
    budget: &mut Budget,
    observer: &mut dyn Observer,
) -> Result<VerifiedChain<'a>, PathError> {
    verify_chain_where(target, pool, anchors, settings, now, budget, observer, &mut |_, _| Ok(()))
}

/// The same for a caller who asks more of a path, such as revocation: a path that it refuses is not the answer, and
/// the next one is tried.
#[expect(
    clippy::too_many_arguments,
    reason = "the inputs of RFC 5280 section 6.1.1 and the work they may cost"
)]
pub fn verify_chain_where<'a>(
    target: &'a Certificate,
    pool: &'a [Certificate],
    anchors: &'a [Anchor],
    settings: &PathSettings,
    now: UnixTime,
    budget: &mut Budget,
    observer: &mut dyn Observer,
    accepts: &mut dyn FnMut(&VerifiedChain<'a>, &mut Budget) -> Result<(), PathError>,
) -> Result<VerifiedChain<'a>, PathError> {
    let mut search = Search {
        graph: Graph::of(target, anchors),
        max_certificates: settings.max_certificates,
        checker: Checker::new(settings, now, budget, observer),
        accepts,
        way: vec![TARGET],
        upwards: vec![target],
        best: None,
    };
    match search.search(pool, anchors, now) {
        Ok(chain) => Ok(chain),
        Err(Miss::Spent(error)) => Err(error),
        Err(Miss::NoPath) => {
            Err(search.best.unwrap_or_else(|| dead_end(&search.graph, settings.max_certificates)))
        }
    }
}

/// Why a search ends without a path.
enum Miss {
    /// Every candidate was tried.
    NoPath,
    /// The budget is spent: there may be a path, but it is not looked for.
    Spent(PathError),
}

struct Search<'a, 'q> {
    graph: Graph<'a>,
    max_certificates: usize,
    checker: Checker<'q, 'a>,
    accepts: &'q mut dyn FnMut(&VerifiedChain<'a>, &mut Budget) -> Result<(), PathError>,
    /// The path so far, from the target up: places in the graph, and their certificates.
    way: Vec<usize>,
    upwards: Vec<&'a Certificate>,
    best: Option<PathError>,
}

impl<'a> Search<'a, '_> {
    /// Tries the way by which an anchor is found at once, and all others when everything was looked at.
    fn search(
        &mut self,
        pool: &'a [Certificate],
        anchors: &'a [Anchor],
        now: UnixTime,
    ) -> Result<VerifiedChain<'a>, Miss> {
        loop {
            let looked_at = self.graph.look_at_next(pool, anchors, now, self.checker.budget);
            match looked_at.map_err(|error| Miss::Spent(at(&self.upwards, error)))? {
                None => return self.from(TARGET),
                Some(place) => {
                    if let Some(chain) = self.as_found(place)? {
                        return Ok(chain);
                    }
                }
            }
        }
    }

    /// Judges the path that ends above the certificate that was just looked at.
    fn as_found(&mut self, place: usize) -> Result<Option<VerifiedChain<'a>>, Miss> {
        let anchors = self.graph.anchors(place);
        if anchors.is_empty() {
            return Ok(None);
        }
        let mut upwards: Vec<&'a Certificate> = Vec::new();
        for place in self.graph.way_to(place) {
            let Some(certificate) = self.graph.certificate(place) else { return Ok(None) };
            // Whether it may be a path is judged where all are.
            if upwards.len() >= self.max_certificates
                || upwards.iter().any(|earlier| is_same_entity(earlier, certificate))
            {
                return Ok(None);
            }
            upwards.push(certificate);
        }
        let before = std::mem::replace(&mut self.upwards, upwards);
        let judged = self.judge_all(&anchors);
        self.upwards = before;
        judged
    }

    fn judge_all(&mut self, anchors: &[&'a Anchor]) -> Result<Option<VerifiedChain<'a>>, Miss> {
        for anchor in anchors {
            if let Some(chain) = self.judge(anchor)? {
                return Ok(Some(chain));
            }
        }
        Ok(None)
    }

    /// Continues from a node: its anchors first, then whoever has an anchor above it. Depth is bounded by the
    /// settings.
    fn from(&mut self, place: usize) -> Result<VerifiedChain<'a>, Miss> {
        let anchors = self.graph.anchors(place);
        // The way by which it was found has been tried.
        if !anchors.is_empty()
            && self.graph.way_to(place) != self.way
            && let Some(chain) = self.judge_all(&anchors)?
        {
            return Ok(chain);
        }
        let issuers = self.graph.node(place).map(|node| node.issuers.clone()).unwrap_or_default();
        for issuer in issuers {
            let Some(certificate) = self.follow(issuer)? else { continue };
            self.upwards.push(certificate);
            self.way.push(issuer);
            let found = self.from(issuer);
            self.upwards.pop();
            self.way.pop();
            match found {
                Err(Miss::NoPath) => {}
                other => return other,
            }
        }
        Err(Miss::NoPath)
    }

    /// The certificate at a place when the path may go on there.
    fn follow(&mut self, place: usize) -> Result<Option<&'a Certificate>, Miss> {
        let names = self.graph.certificate(place).map_or(0, |it| it.extensions.subject_alt_names.len());
        let steps = u64::try_from(names).unwrap_or(u64::MAX).saturating_add(STEPS_PER_VISIT);
        let spent = self.checker.budget.spend_steps(steps);
        spent.map_err(|error| Miss::Spent(at(&self.upwards, error)))?;
        let Some(node) = self.graph.node(place).filter(|node| node.reaches_anchor) else { return Ok(None) };
        if self.upwards.iter().any(|earlier| is_same_entity(earlier, node.certificate)) {
            return Ok(None);
        }
        if self.upwards.len() >= self.max_certificates {
            self.note(at(&self.upwards, Error::PathTooLong { limit: self.max_certificates }));
            return Ok(None);
        }
        Ok(Some(node.certificate))
    }

    /// Judges the path that ends at this anchor.
    fn judge(&mut self, anchor: &'a Anchor) -> Result<Option<VerifiedChain<'a>>, Miss> {
        let downwards: Vec<&'a Certificate> = self.upwards.iter().rev().copied().collect();
        let judged = self.checker.path(anchor, &downwards).and_then(|policies| {
            let chain = VerifiedChain::new(anchor, downwards, policies);
            (self.accepts)(&chain, self.checker.budget).map(|()| chain)
        });
        match judged {
            Ok(chain) => Ok(Some(chain)),
            Err(error) if error.error == Error::BudgetSpent => Err(Miss::Spent(error)),
            Err(error) => {
                self.note(error);
                Ok(None)
            }
        }
    }

    fn note(&mut self, error: PathError) {
        if self.best.as_ref().is_none_or(|best| error.rank() > best.rank()) {
            self.best = Some(error);
        }
    }
}

/// No anchor is reached: goes up by the likeliest issuers, to say where it ends.
fn dead_end(graph: &Graph<'_>, max_certificates: usize) -> PathError {
    let mut upwards: Vec<&Certificate> = Vec::new();
    let mut place = Some(TARGET);
    let mut other_key = false;
    while let Some(node) = place.and_then(|place| graph.node(place)) {
        if upwards.len() == max_certificates {
            return at(&upwards, Error::PathTooLong { limit: max_certificates });
        }
        upwards.push(node.certificate);
        other_key = node.other_key;
        place = node.issuers.iter().copied().find(|issuer| {
            graph.node(*issuer).is_some_and(|issuer| {
                !upwards.iter().any(|earlier| is_same_entity(earlier, issuer.certificate))
            })
        });
    }
    at(&upwards, if other_key { Error::AuthorityKeyUnknown } else { Error::IssuerUnknown })
}

/// The error at the last certificate of a path.
fn at(upwards: &[&Certificate], error: Error) -> PathError {
    let subject = upwards.last().map(|last| last.subject().clone()).unwrap_or_default();
    PathError { place: Place::above_target(upwards.len().saturating_sub(1)), subject, error }
}

/// RFC 4158 section 2.4.2: name, key and alternative names of one certificate are in a path once.
fn is_same_entity(one: &Certificate, other: &Certificate) -> bool {
    one.public_key().spki_sha256() == other.public_key().spki_sha256()
        && one.subject() == other.subject()
        && one.extensions.subject_alt_names == other.extensions.subject_alt_names
}

/// The place of the target.
const TARGET: usize = 0;

/// Following an edge costs more than comparing two names.
const STEPS_PER_VISIT: u64 = 10;

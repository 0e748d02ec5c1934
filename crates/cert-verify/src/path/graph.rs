//! Who may have issued whom: the certificates above a target, by names and key identifiers alone (RFC 4158).
//!
//! Every certificate is looked at once, so that of a cloud of them one from which no anchor is reached costs nothing
//! more. An anchor is told as soon as it is found: whoever asks need not wait for the rest of the cloud.

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BTreeSet};

use rustls_pki_types::UnixTime;

use crate::general_name::GeneralName;
use crate::path::is_valid_at;
use crate::{Anchor, Budget, Certificate, Error};

/// The target (node 0) and the certificates of the pool above it that were looked at so far.
pub(super) struct Graph<'a> {
    nodes: Vec<Node<'a>>,
    /// Those that have a node, and those that will have one.
    found: Vec<Found<'a>>,
    places: BTreeMap<Identity<'a>, usize>,
    anchors: BTreeSet<Identity<'a>>,
}

/// A certificate and the place of the one by which it was found.
struct Found<'a> {
    certificate: &'a Certificate,
    by: Option<usize>,
}

/// One certificate and who may have issued it, the likeliest first.
pub(super) struct Node<'a> {
    pub(super) certificate: &'a Certificate,
    pub(super) anchors: Vec<&'a Anchor>,
    /// Places in the graph.
    pub(super) issuers: Vec<usize>,
    /// Somebody has the issuer's name and another key.
    pub(super) other_key: bool,
    /// An anchor is above it.
    pub(super) reaches_anchor: bool,
}

impl<'a> Graph<'a> {
    /// Nothing but the target, which is not looked at yet.
    pub(super) fn of(target: &'a Certificate, anchors: &'a [Anchor]) -> Self {
        Self {
            nodes: Vec::new(),
            found: vec![Found { certificate: target, by: None }],
            places: BTreeMap::from([(Identity(target), 0)]),
            anchors: anchors.iter().map(|anchor| Identity(anchor.certificate())).collect(),
        }
    }

    /// Looks at the next certificate, the nearest to the target first, and tells its place; none when all were
    /// looked at. The budget is asked for everything that it is compared with.
    pub(super) fn look_at_next(
        &mut self,
        pool: &'a [Certificate],
        anchors: &'a [Anchor],
        now: UnixTime,
        budget: &mut Budget,
    ) -> Result<Option<usize>, Error> {
        let looker = self.nodes.len();
        let Some(certificate) = self.found.get(looker).map(|found| found.certificate) else {
            self.mark();
            return Ok(None);
        };
        let looked_at = anchors.len().saturating_add(pool.len()).saturating_add(self.found.len());
        // A long name is compared piece by piece.
        let pieces = (certificate.issuer().der().len() / OCTETS_PER_STEP).saturating_add(1);
        spend(budget, looked_at.saturating_mul(pieces))?;
        let mut other_key = false;
        let mut of_key: Vec<&Anchor> = Vec::new();
        for anchor in anchors.iter().filter(|anchor| anchor.name() == certificate.issuer()) {
            if may_be_of_key(certificate, anchor.certificate()) {
                of_key.push(anchor);
            } else {
                other_key = true;
            }
        }
        let mut issuers: Vec<&Certificate> = Vec::new();
        for issuer in pool.iter().filter(|issuer| issuer.subject() == certificate.issuer()) {
            if may_be_of_key(certificate, issuer) {
                // The anchor itself is no intermediate.
                if !self.anchors.contains(&Identity(issuer)) {
                    issuers.push(issuer);
                }
            } else {
                other_key = true;
            }
        }
        // Each of them is looked for among the names by which the certificate calls its issuer.
        let names = certificate.extensions.authority_key.as_ref().map_or(0, |key| key.issuer.len());
        spend(budget, names.saturating_mul(of_key.len().saturating_add(issuers.len())))?;
        of_key.sort_by_cached_key(|anchor| preference(certificate, anchor.certificate(), now));
        issuers.sort_by_cached_key(|issuer| preference(certificate, issuer, now));
        let issuers = issuers.into_iter().map(|issuer| self.place(issuer, looker)).collect();
        let reaches_anchor = !of_key.is_empty();
        self.nodes.push(Node { certificate, anchors: of_key, issuers, other_key, reaches_anchor });
        Ok(Some(looker))
    }

    /// Where a certificate is, at the end when it is new.
    fn place(&mut self, certificate: &'a Certificate, by: usize) -> usize {
        let next = self.found.len();
        let place = *self.places.entry(Identity(certificate)).or_insert(next);
        if place == next {
            self.found.push(Found { certificate, by: Some(by) });
        }
        place
    }

    /// The way by which a certificate was found, from the target up to itself.
    pub(super) fn way_to(&self, place: usize) -> Vec<usize> {
        let above = |place: &usize| self.found.get(*place).and_then(|found| found.by);
        let mut way: Vec<usize> = std::iter::successors(Some(place), above).collect();
        way.reverse();
        way
    }

    /// The certificate at a place; every place has one, looked at or not.
    pub(super) fn certificate(&self, place: usize) -> Option<&'a Certificate> {
        self.found.get(place).map(|found| found.certificate)
    }

    /// The anchors that may have issued the certificate at a place.
    pub(super) fn anchors(&self, place: usize) -> Vec<&'a Anchor> {
        self.nodes.get(place).map(|node| node.anchors.clone()).unwrap_or_default()
    }

    pub(super) fn node(&self, place: usize) -> Option<&Node<'a>> {
        self.nodes.get(place)
    }

    pub(super) fn reaches_anchor(&self, place: usize) -> bool {
        self.nodes.get(place).is_some_and(|node| node.reaches_anchor)
    }

    /// Carries `reaches_anchor` down from issuer to issued: every edge is followed once.
    fn mark(&mut self) {
        let mut issued: Vec<Vec<usize>> = vec![Vec::new(); self.nodes.len()];
        for (place, node) in self.nodes.iter().enumerate() {
            for issuer in &node.issuers {
                if let Some(issued) = issued.get_mut(*issuer) {
                    issued.push(place);
                }
            }
        }
        let mut reached: Vec<usize> =
            (0..self.nodes.len()).filter(|place| self.reaches_anchor(*place)).collect();
        while let Some(issuer) = reached.pop() {
            for place in issued.get_mut(issuer).map(std::mem::take).unwrap_or_default() {
                if let Some(node) = self.nodes.get_mut(place)
                    && !node.reaches_anchor
                {
                    node.reaches_anchor = true;
                    reached.push(place);
                }
            }
        }
    }
}

/// Which certificate it is. Digests are made where nothing cheaper tells two apart: each is made once, and comparing
/// them costs the same however long the certificates are.
struct Identity<'a>(&'a Certificate);

impl Ord for Identity<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let (one, other) = (self.0, other.0);
        if std::ptr::eq(one, other) {
            return Ordering::Equal;
        }
        let cheap = one.der().len().cmp(&other.der().len()).then_with(|| one.serial().cmp(other.serial()));
        cheap.then_with(|| one.sha256().cmp(&other.sha256()))
    }
}

impl PartialOrd for Identity<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Identity<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Identity<'_> {}

fn spend(budget: &mut Budget, steps: usize) -> Result<(), Error> {
    budget.spend_steps(u64::try_from(steps).unwrap_or(u64::MAX))
}

/// RFC 5280 section 4.2.1.2: an issuer's key identifier is the one that its certificates carry. One that has none,
/// or a certificate that names none, may be of any key.
fn may_be_of_key(certificate: &Certificate, issuer: &Certificate) -> bool {
    match (certificate.extensions.authority_key_id(), issuer.extensions.subject_key_id.as_deref()) {
        (Some(authority), Some(subject)) => authority == subject,
        _ => true,
    }
}

/// Smaller is tried earlier: the key identifier is there, issuer and serial fit, valid now, the newest.
fn preference(certificate: &Certificate, issuer: &Certificate, now: UnixTime) -> impl Ord + use<> {
    let authority = certificate.extensions.authority_key.as_ref();
    let by_key = certificate.extensions.authority_key_id().is_some()
        && issuer.extensions.subject_key_id.as_deref() == certificate.extensions.authority_key_id();
    let by_serial = authority.is_some_and(|authority| {
        authority.serial.as_deref() == Some(issuer.serial())
            && authority
                .issuer
                .iter()
                .any(|name| matches!(name, GeneralName::Directory(name) if name == *issuer.issuer()))
    });
    let valid = is_valid_at(issuer, now).is_ok();
    (!by_key, !by_serial, !valid, Reverse(issuer.not_before()))
}

/// So much of a name is compared in one step.
const OCTETS_PER_STEP: usize = 1024;

//! Who may have issued whom: the certificates above a target, by names and key identifiers alone (RFC 4158).
//!
//! Made once, before any path is followed, so that a cloud of certificates is looked at once, and one from which no
//! anchor is reached costs nothing more.

use std::cmp::Reverse;

use rustls_pki_types::UnixTime;

use crate::general_name::GeneralName;
use crate::path::is_valid_at;
use crate::{Anchor, Budget, Certificate, Error};

/// The target (node 0) and every certificate of the pool above it.
pub(super) struct Graph<'a> {
    nodes: Vec<Node<'a>>,
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
    /// Goes up from the target. The budget is asked for each certificate that is looked at.
    pub(super) fn above(
        target: &'a Certificate,
        pool: &'a [Certificate],
        anchors: &'a [Anchor],
        now: UnixTime,
        budget: &mut Budget,
    ) -> Result<Self, Error> {
        let mut found: Vec<&Certificate> = vec![target];
        let mut nodes: Vec<Node<'_>> = Vec::new();
        while let Some(certificate) = found.get(nodes.len()).copied() {
            let looked_at = anchors.len().saturating_add(pool.len()).saturating_add(found.len());
            budget.spend_steps(u64::try_from(looked_at).unwrap_or(u64::MAX))?;
            let mut other_key = false;
            let mut of_key: Vec<&Anchor> = Vec::new();
            for anchor in anchors.iter().filter(|anchor| anchor.name() == certificate.issuer()) {
                if may_be_of_key(certificate, anchor.certificate()) {
                    of_key.push(anchor);
                } else {
                    other_key = true;
                }
            }
            of_key.sort_by_key(|anchor| preference(certificate, anchor.certificate(), now));
            let mut issuers: Vec<&Certificate> = Vec::new();
            for issuer in pool.iter().filter(|issuer| issuer.subject() == certificate.issuer()) {
                if may_be_of_key(certificate, issuer) {
                    // The anchor itself is no intermediate.
                    if !of_key.iter().any(|anchor| is_same(anchor.certificate(), issuer)) {
                        issuers.push(issuer);
                    }
                } else {
                    other_key = true;
                }
            }
            issuers.sort_by_key(|issuer| preference(certificate, issuer, now));
            let issuers = issuers.into_iter().map(|issuer| place(&mut found, issuer)).collect();
            let reaches_anchor = !of_key.is_empty();
            nodes.push(Node { certificate, anchors: of_key, issuers, other_key, reaches_anchor });
        }
        let mut graph = Self { nodes };
        graph.mark();
        Ok(graph)
    }

    pub(super) fn node(&self, place: usize) -> Option<&Node<'a>> {
        self.nodes.get(place)
    }

    fn has_issuer_that_reaches(&self, place: usize) -> bool {
        self.node(place).is_some_and(|node| node.issuers.iter().any(|issuer| self.reaches_anchor(*issuer)))
    }

    pub(super) fn reaches_anchor(&self, place: usize) -> bool {
        self.nodes.get(place).is_some_and(|node| node.reaches_anchor)
    }

    /// Carries `reaches_anchor` down from issuer to issued: every edge is followed once.
    fn mark(&mut self) {
        // Whoever issued stands behind the issued mostly, and then going backwards once is all.
        for place in (0..self.nodes.len()).rev() {
            let reaches = self.has_issuer_that_reaches(place);
            if let Some(node) = self.nodes.get_mut(place) {
                node.reaches_anchor |= reaches;
            }
        }
        if !(0..self.nodes.len())
            .any(|place| !self.reaches_anchor(place) && self.has_issuer_that_reaches(place))
        {
            return;
        }
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

/// Where a certificate is in the graph, at the end when it is new.
fn place<'a>(found: &mut Vec<&'a Certificate>, certificate: &'a Certificate) -> usize {
    found.iter().position(|known| is_same(known, certificate)).unwrap_or_else(|| {
        found.push(certificate);
        found.len() - 1
    })
}

/// Whether two are one certificate. Digests are made where nothing cheaper tells them apart: each is made once, and
/// comparing them costs the same however long the certificates are.
fn is_same(one: &Certificate, other: &Certificate) -> bool {
    let unlike = one.der().len() != other.der().len() || one.serial() != other.serial();
    std::ptr::eq(one, other) || !unlike && one.sha256() == other.sha256()
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
            && authority.issuer.contains(&GeneralName::Directory(issuer.issuer().clone()))
    });
    let valid = is_valid_at(issuer, now).is_ok();
    (!by_key, !by_serial, !valid, Reverse(issuer.not_before()))
}

//! All lists of a deployment. A shelf never changes: whoever reads new lists makes a new one, and whoever shares it
//! swaps it ([`SharedCrls`](crate::SharedCrls)).

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use madoguchi_cert_verify::{
    Anchor, Certificate, CrlAbsence, CrlAnswer, CrlEntry, CrlEvidence, CrlNumber, CrlPoint, CrlSubject,
    Partition, ResponderStanding, Revocation,
};
use madoguchi_protocol::Octets;
use rustls_pki_types::UnixTime;

use crate::index::Damaged;
use crate::shelved::Shelved;

/// The newest verified lists of every partition, found by the points that a certificate names. However many there are, a
/// certificate is looked up in those that can be about it, one as a rule.
#[derive(Debug, Default)]
pub struct CrlShelf {
    lists: BTreeMap<Partition, Arc<Shelved>>,
    by_point: HashMap<CrlPoint<'static>, Vec<Arc<Shelved>>>,
    /// The same for whoever kept no more than the point's identifier.
    by_point_id: HashMap<Octets<32>, Vec<Arc<Shelved>>>,
}

impl CrlShelf {
    pub(crate) fn new(lists: impl IntoIterator<Item = Arc<Shelved>>) -> Self {
        let mut shelf = Self::default();
        for list in lists {
            // A list of CA certificates is kept and shown, and says nothing about a card.
            let points = list.head().points();
            for point in points.filter(|_| list.head().is_about_cards()) {
                shelf.by_point_id.entry(point.id()).or_default().push(Arc::clone(&list));
                shelf.by_point.entry(point.into_owned()).or_default().push(Arc::clone(&list));
            }
            shelf.lists.insert(list.partition.clone(), list);
        }
        shelf
    }

    /// True when there is no list at all.
    pub fn is_empty(&self) -> bool {
        self.lists.is_empty()
    }

    /// How many partitions there are.
    pub fn len(&self) -> usize {
        self.lists.len()
    }

    /// What the lists say about a certificate: revoked by any that covers it, else good by any, else why not.
    pub fn evidence<'a>(
        &self,
        subject: impl Into<CrlSubject<'a>>,
        now: UnixTime,
        max_age: Option<Duration>,
    ) -> CrlEvidence {
        let subject = subject.into();
        subject
            .points()
            .filter_map(|point| self.by_point.get(&point))
            .flatten()
            .map(|list| list.evidence(subject, now, max_age))
            .fold(CrlEvidence::none(subject, CrlAbsence::MissingPartition), CrlEvidence::or)
    }

    /// What the lists say about the certificate of an OCSP responder, whose signature by this issuer holds (RFC 6960
    /// section 4.2.2.2.1): good when a fresh list covers it and does not have it.
    pub fn responder_standing(
        &self,
        responder: &Certificate,
        issuer: &Anchor,
        now: UnixTime,
        max_age: Option<Duration>,
    ) -> ResponderStanding {
        match self.evidence(CrlSubject::of_responder(responder, issuer), now, max_age).answer() {
            CrlAnswer::Good(_) => ResponderStanding::Good,
            CrlAnswer::None(_) => ResponderStanding::Unknown,
            CrlAnswer::Revoked(_) => ResponderStanding::Revoked,
        }
    }

    /// What the lists of these points say about a serial: the question at each use of a session, which keeps nothing of
    /// the certificate but the serial and [`CrlPoint::id`] of its points. `None` is not "good": lists may be stale or
    /// missing.
    pub fn find_at(
        &self,
        points: impl IntoIterator<Item = Octets<32>>,
        serial: &[u8],
    ) -> Result<Option<Revocation>, Damaged> {
        let lists = points.into_iter().filter_map(|point| self.by_point_id.get(&point)).flatten();
        weightiest(lists, serial)
    }

    /// What each list says about a serial number, for an operator. Two CAs may give the same one.
    pub fn listings(&self, serial: &[u8]) -> impl Iterator<Item = Listing<'_>> {
        self.lists.values().flat_map(move |shelved| {
            std::iter::once(&shelved.complete).chain(&shelved.delta).map(move |list| {
                let head = list.crl.head();
                Listing {
                    partition: &shelved.partition,
                    is_delta: head.base().is_some(),
                    number: head.number(),
                    this_update: head.this_update(),
                    next_update: head.next_update(),
                    found: list.crl.find(serial),
                }
            })
        })
    }

    /// Every partition, in the order of their identifiers.
    pub(crate) fn partitions(&self) -> impl Iterator<Item = &Shelved> {
        self.lists.values().map(|list| &**list)
    }
}

/// What one list says about a serial number, whoever it is of.
#[derive(Clone, Debug)]
pub struct Listing<'a> {
    /// Its partition.
    pub partition: &'a Partition,
    /// Whether the list is a delta.
    pub is_delta: bool,
    /// Its number.
    pub number: &'a CrlNumber,
    /// Its thisUpdate.
    pub this_update: UnixTime,
    /// Its nextUpdate.
    pub next_update: UnixTime,
    /// The entry, if there is one.
    pub found: Result<Option<CrlEntry<'a>>, Damaged>,
}

/// A revocation that is final outweighs a hold; and either outweighs a list that is damaged. All of the lists cover the
/// certificate: a hold of one whose nextUpdate was past when another one began yields to that one, as in
/// [`CrlEvidence::or`].
fn weightiest<'a>(
    lists: impl Iterator<Item = &'a Arc<Shelved>>,
    serial: &[u8],
) -> Result<Option<Revocation>, Damaged> {
    let (mut damaged, mut hold, mut clean) = (None, None::<Revocation>, None);
    for list in lists {
        match list.find(serial) {
            Ok(Some(listed)) if !listed.is_hold() => return Ok(Some(listed)),
            Ok(Some(listed)) if hold.is_none_or(|hold| hold_until(&hold) < hold_until(&listed)) => {
                hold = Some(listed);
            }
            Ok(Some(_)) => {}
            Ok(None) => clean = clean.max(list.clean_since()),
            Err(error) => damaged = Some(error),
        }
    }
    let hold = hold.filter(|hold| clean.is_none_or(|clean| clean <= hold_until(hold)));
    match (hold, damaged) {
        (None, Some(damaged)) => Err(damaged),
        (hold, _) => Ok(hold),
    }
}

fn hold_until(hold: &Revocation) -> UnixTime {
    hold.times.next_update.unwrap_or(hold.times.this_update)
}

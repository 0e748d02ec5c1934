//! What is kept of a list whose signature holds, beside its octets.

use std::fmt;

use madoguchi_protocol::Octets;
use rustls_pki_types::UnixTime;

use crate::crl::scope::Scope;
use crate::crl::walk::EntriesPlace;
use crate::crl::{CrlNumber, CrlPoint, CrlSubject, EntryWalk, Partition, WalkedEntry};
use crate::{Error, Name, SourceTimes};

/// The header of a version 2 list, complete or a delta, signed by a trust anchor. The list may be stale.
#[derive(Clone)]
pub struct CrlHead {
    pub(super) issuer: Name,
    pub(super) issuer_key: Octets<32>,
    pub(super) this_update: UnixTime,
    pub(super) next_update: UnixTime,
    pub(super) number: CrlNumber,
    pub(super) base: Option<CrlNumber>,
    pub(super) scope: Scope,
    pub(super) entries: EntriesPlace,
}

impl CrlHead {
    /// thisUpdate.
    pub fn this_update(&self) -> UnixTime {
        self.this_update
    }

    /// nextUpdate.
    pub fn next_update(&self) -> UnixTime {
        self.next_update
    }

    /// cRLNumber.
    pub fn number(&self) -> &CrlNumber {
        &self.number
    }

    /// BaseCRLNumber: the list is a delta (RFC 5280 section 5.2.4), which says nothing good by itself.
    pub fn base(&self) -> Option<&CrlNumber> {
        self.base.as_ref()
    }

    /// SHA-256 of the SubjectPublicKeyInfo of the key that signed the list.
    pub fn issuer_key_hash(&self) -> Octets<32> {
        self.issuer_key
    }

    /// Which lists this one replaces; a delta is in the partition of the lists that it changes.
    pub fn partition(&self) -> Partition {
        Partition::new(&self.issuer, self.issuer_key, &self.scope)
    }

    /// Under which points the list is found.
    pub fn points(&self) -> impl Iterator<Item = CrlPoint<'_>> {
        CrlPoint::of_scope(self.issuer_key, &self.issuer, &self.scope)
    }

    /// Whether the list may cover a card's certificate. A list of CA or attribute certificates, or of some reasons, and an
    /// indirect one never do; serial numbers of attribute certificates are others' altogether.
    pub fn is_about_cards(&self) -> bool {
        self.scope.is_about_cards()
    }

    /// Whether the list is the one to ask about this certificate: same issuer name, the key that verified the
    /// certificate, and a scope that holds one of its distribution points.
    pub fn covers<'a>(&self, subject: impl Into<CrlSubject<'a>>) -> bool {
        let subject = subject.into();
        self.issuer_key == subject.issuer_key_hash()
            && self.issuer == *subject.issuer()
            && self.scope.covers(&subject)
    }

    /// RFC 5280 sections 5.2.4 and 6.3.3 (c): whether this is a delta that brings that complete list up to date: same
    /// issuer, key and scope, not made for a later base, and later itself.
    pub fn changes(&self, complete: &Self) -> bool {
        let is_in_reach = self.base.as_ref().is_some_and(|base| *base <= complete.number);
        is_in_reach && complete.base.is_none() && self.is_like(complete) && complete.number < self.number
    }

    /// Of the same partition.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.issuer == other.issuer && self.issuer_key == other.issuer_key && self.scope.is_like(&other.scope)
    }

    /// The entries of the list, given its octets.
    pub fn walk<'a>(&self, der: &'a [u8]) -> EntryWalk<'a> {
        EntryWalk::at(self.entries, der)
    }

    /// Reads one entry strictly that [`WalkedEntry::offset`] told, given the list's octets.
    pub fn entry_at<'a>(&self, der: &'a [u8], offset: usize) -> Result<WalkedEntry<'a>, Error> {
        EntryWalk::at_entry(self.entries, der, offset)
    }

    pub(super) fn times(&self) -> SourceTimes {
        SourceTimes { this_update: self.this_update, next_update: Some(self.next_update), produced_at: None }
    }
}

impl fmt::Debug for CrlHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CrlHead")
            .field("partition", &self.partition())
            .field("number", &self.number)
            .field("base", &self.base)
            .field("this_update", &self.this_update.as_secs())
            .finish_non_exhaustive()
    }
}

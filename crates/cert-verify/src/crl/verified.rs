//! A list whose signature holds and whose every entry was read.

use std::fmt;
use std::time::Duration;

use madoguchi_protocol::Octets;
use rustls_pki_types::UnixTime;

use crate::crl::list::{List, entries_of};
use crate::crl::scope::Scope;
use crate::crl::{CrlEntries, CrlEntry, CrlNumber, EntryWalk, Partition};
use crate::{
    Anchor, CrlAbsence, CrlAnswer, CrlEvidence, Error, Name, Oid, Part, Revocation, SignatureAlgorithm,
    SourceTimes, VerifiedPath, oid,
};

/// A complete version 2 list, signed by a trust anchor, with every entry well formed. It may be stale.
#[derive(Clone)]
pub struct VerifiedCrl {
    der: Vec<u8>,
    entry_count: usize,
    issuer: Name,
    issuer_key: Octets<32>,
    this_update: UnixTime,
    next_update: UnixTime,
    number: CrlNumber,
    scope: Scope,
}

impl VerifiedCrl {
    /// Reads a DER list, verifies its signature by an anchor with cRLSign, and only then reads every entry.
    pub fn verify(der: Vec<u8>, anchors: &[Anchor]) -> Result<Self, Error> {
        let list = List::read(&der)?;
        if list.is_delta() {
            return Err(Error::CrlIsDelta);
        }
        list.demand_rfc_5280()?;
        let next_update = list.next_update.ok_or(Error::CrlWithoutNextUpdate)?;
        let number = list.number().cloned().ok_or(Error::CrlWithoutNumber)?;
        let issuer_key = signed_by_one_of(&list, anchors)?.key_hash();
        let entry_count = count_strictly(list.entries())?;
        let (scope, this_update, issuer) = (list.scope().clone(), list.this_update, list.issuer);
        Ok(Self { der, entry_count, issuer, issuer_key, this_update, next_update, number, scope })
    }

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

    /// SHA-256 of the SubjectPublicKeyInfo of the key that signed the list.
    pub fn issuer_key_hash(&self) -> Octets<32> {
        self.issuer_key
    }

    /// How many entries it has.
    pub fn entry_count(&self) -> usize {
        self.entry_count
    }

    /// Which lists this one replaces.
    pub fn partition(&self) -> Partition {
        Partition::new(self.issuer_key, &self.scope)
    }

    /// The octets it was read from.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The entries in the list's order.
    pub fn entries(&self) -> CrlEntries<'_> {
        CrlEntries::new(self.walk())
    }

    /// The same with the place of each entry in [`Self::der`], for an index.
    pub fn walk(&self) -> EntryWalk<'_> {
        // Unwrap safety: the same octets were read when the list was verified, and they never change.
        entries_of(&self.der).expect("a verified list reads again")
    }

    /// Whether the list is the one to ask about this certificate: same issuer name, the key that verified the
    /// certificate, and a scope that holds one of its distribution points.
    pub fn covers(&self, path: &VerifiedPath) -> bool {
        self.issuer_key == path.issuer_key_hash()
            && self.issuer == *path.issuer()
            && self.scope.covers(path.distribution_points())
    }

    /// What the list says about a certificate, found by going through the entries.
    pub fn evidence_for(&self, path: &VerifiedPath, now: UnixTime, max_age: Option<Duration>) -> CrlEvidence {
        let mut found: Option<CrlEntry<'_>> = None;
        for entry in self.entries().flatten().filter(|entry| entry.serial == path.serial()) {
            if found.is_none_or(|earlier| entry.outweighs(&earlier)) {
                found = Some(entry);
            }
        }
        self.evidence(path, found, now, max_age)
    }

    /// The same for whoever has looked the serial up in an index of [`Self::entries`]: `found` is the entry with
    /// the certificate's serial, the weightiest when there are several.
    pub fn evidence(
        &self,
        path: &VerifiedPath,
        found: Option<CrlEntry<'_>>,
        now: UnixTime,
        max_age: Option<Duration>,
    ) -> CrlEvidence {
        let times = SourceTimes {
            this_update: self.this_update,
            next_update: Some(self.next_update),
            produced_at: None,
        };
        let answer = match found {
            _ if !self.covers(path) => CrlAnswer::None(CrlAbsence::MissingPartition),
            Some(entry) if entry.serial == path.serial() => {
                CrlAnswer::Revoked(Revocation { reason: entry.reason, revoked_at: entry.revoked_at, times })
            }
            _ => self.absence(now, max_age).map_or(CrlAnswer::Good(times), CrlAnswer::None),
        };
        CrlEvidence::new(path, answer)
    }

    /// Why "not listed" would say nothing at `now`. nextUpdate itself is still fresh; so is the age limit.
    fn absence(&self, now: UnixTime, max_age: Option<Duration>) -> Option<CrlAbsence> {
        let age = now.as_secs().checked_sub(self.this_update.as_secs());
        match age {
            None => Some(CrlAbsence::NotYetValid),
            Some(_) if now > self.next_update => Some(CrlAbsence::Expired),
            Some(age) if max_age.is_some_and(|limit| age > limit.as_secs()) => Some(CrlAbsence::TooOld),
            Some(_) => None,
        }
    }
}

impl CrlEntry<'_> {
    /// Of two entries of one serial: one that is final outweighs a hold.
    pub fn outweighs(&self, other: &Self) -> bool {
        let hold = crate::RevocationReason::CertificateHold;
        self.reason != hold && other.reason == hold
    }
}

impl fmt::Debug for VerifiedCrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedCrl")
            .field("partition", &self.partition())
            .field("number", &self.number)
            .field("this_update", &self.this_update.as_secs())
            .field("entries", &self.entry_count)
            .finish_non_exhaustive()
    }
}

/// RFC 5280 section 6.3.3 (f) and (g): the issuer's name and key, which must have cRLSign; algorithm first.
fn signed_by_one_of<'a>(list: &List<'_>, anchors: &'a [Anchor]) -> Result<&'a Anchor, Error> {
    let algorithm = list.algorithm.clone().map_err(|oid| Error::AlgorithmUnsupported { oid })?;
    if !anchors.iter().any(|anchor| uses(anchor, algorithm)) {
        return Err(Error::AlgorithmNotAllowed { algorithm });
    }
    let key_id = list.authority_key_id().ok_or(Error::CrlWithoutAuthorityKeyId)?;
    let named: Vec<&Anchor> =
        anchors.iter().filter(|anchor| *anchor.name() == list.issuer && anchor.has_key_id(key_id)).collect();
    if named.is_empty() {
        return Err(Error::CrlIssuerUnknown);
    }
    let mut allowed = named.into_iter().filter(|anchor| anchor.may_sign_lists()).peekable();
    if allowed.peek().is_none() {
        return Err(Error::CrlIssuerMayNotSign);
    }
    allowed
        .find(|anchor| {
            let of_key = algorithm.of_key(anchor.public_key().kind());
            uses(anchor, algorithm) && of_key.verifies(anchor.public_key(), list.tbs, list.signature)
        })
        .ok_or(Error::CrlSignatureInvalid)
}

fn uses(anchor: &Anchor, algorithm: SignatureAlgorithm) -> bool {
    anchor.may_use(algorithm.of_key(anchor.public_key().kind()))
}

/// Every entry, with what is demanded of it here beside what the walk demands of all lists.
fn count_strictly(mut entries: EntryWalk<'_>) -> Result<usize, Error> {
    entries.try_fold(0_usize, |count, entry| {
        let entry = entry?;
        if !entry.profiled_time {
            return Err(Error::CrlTimeForm);
        }
        // The gateway's lists are about one issuer's certificates.
        if entry.certificate_issuer.is_some() {
            let oid = Oid::from_octets(oid::CERTIFICATE_ISSUER);
            return Err(Error::ExtensionUnknownCritical { part: Part::Crl, oid });
        }
        Ok(count.saturating_add(1))
    })
}

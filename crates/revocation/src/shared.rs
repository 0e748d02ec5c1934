//! The shelf in use, for everybody who asks and the one who replaces it.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::{ArcSwap, Guard};
use madoguchi_cert_verify::{CrlEvidence, Revocation, VerifiedPath};
use madoguchi_protocol::Octets;
use rustls_pki_types::UnixTime;

use crate::index::Damaged;
use crate::lookups::CrlLookups;
use crate::{CrlLookup, CrlReport, CrlShelf};

/// The shelf in use and what is known about its refreshing. Readers wait for nobody, and nobody for them.
#[derive(Debug, Default)]
pub struct SharedCrls {
    shelf: ArcSwap<CrlShelf>,
    report: ArcSwap<CrlReport>,
    lookups: CrlLookups,
}

impl From<CrlShelf> for SharedCrls {
    /// A shelf that nobody will replace.
    fn from(shelf: CrlShelf) -> Self {
        Self { shelf: ArcSwap::from_pointee(shelf), ..Self::default() }
    }
}

impl SharedCrls {
    /// What the lists in use say about a certificate, counted: see [`CrlShelf::evidence`].
    pub fn evidence(&self, path: &VerifiedPath, now: UnixTime, max_age: Option<Duration>) -> CrlEvidence {
        let evidence = self.shelf().evidence(path, now, max_age);
        self.lookups.count(CrlLookup::of(evidence.answer()));
        evidence
    }

    /// What the lists in use of these points say about a serial number, counted: see [`CrlShelf::find_at`]. Whether they
    /// are fresh is not asked.
    pub fn find_at(
        &self,
        points: impl IntoIterator<Item = Octets<32>>,
        serial: &[u8],
    ) -> Result<Option<Revocation>, Damaged> {
        let found = self.shelf().find_at(points, serial);
        self.lookups.count(match &found {
            Ok(Some(_)) => CrlLookup::Hit,
            Ok(None) => CrlLookup::Miss,
            Err(_) => CrlLookup::Damaged,
        });
        found
    }

    /// How often each was the answer since the start.
    pub fn lookups(&self) -> impl Iterator<Item = (CrlLookup, u64)> {
        self.lookups.counts()
    }

    /// The shelf in use, for one question.
    pub fn shelf(&self) -> Guard<Arc<CrlShelf>> {
        self.shelf.load()
    }

    /// The shelf in use, to keep.
    pub fn shelf_to_keep(&self) -> Arc<CrlShelf> {
        self.shelf.load_full()
    }

    /// How reading lists goes.
    pub fn report(&self) -> Arc<CrlReport> {
        self.report.load_full()
    }

    /// Puts a shelf in use, at once for all; returns the one before.
    pub(crate) fn replace(&self, shelf: CrlShelf) -> Arc<CrlShelf> {
        self.shelf.swap(Arc::new(shelf))
    }

    pub(crate) fn tell(&self, report: CrlReport) {
        self.report.store(Arc::new(report));
    }
}

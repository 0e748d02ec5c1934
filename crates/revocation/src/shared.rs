//! The shelf in use, for everybody who asks and the one who replaces it.

use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};

use crate::{CrlReport, CrlShelf};

/// The shelf in use and what is known about its refreshing. Readers wait for nobody, and nobody for them.
#[derive(Debug, Default)]
pub struct SharedCrls {
    shelf: ArcSwap<CrlShelf>,
    report: ArcSwap<CrlReport>,
}

impl SharedCrls {
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

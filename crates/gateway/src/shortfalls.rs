//! How often each source failed a sign-in, for the metrics.

use std::sync::atomic::{AtomicU64, Ordering};

use madoguchi_cert_verify::Shortfall;

/// A counter for each kind, since the start.
#[derive(Debug, Default)]
pub(crate) struct Shortfalls {
    counts: [AtomicU64; Shortfall::ALL.len()],
}

impl Shortfalls {
    pub(crate) fn count(&self, shortfall: Shortfall) {
        for (kind, count) in Shortfall::ALL.into_iter().zip(&self.counts) {
            if kind == shortfall {
                count.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    pub(crate) fn counts(&self) -> impl Iterator<Item = (Shortfall, u64)> {
        Shortfall::ALL
            .into_iter()
            .zip(&self.counts)
            .map(|(kind, count)| (kind, count.load(Ordering::Relaxed)))
    }
}

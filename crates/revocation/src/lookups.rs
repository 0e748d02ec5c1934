//! What lists answered since the start, for the metrics.

use std::sync::atomic::{AtomicU64, Ordering};

use madoguchi_cert_verify::{CrlAbsence, CrlAnswer};

/// What lists said of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CrlLookup {
    /// An index does not hold together. Only at the use of a session: at a sign-in it counts as no partition.
    Damaged,
    /// It is listed.
    Hit,
    /// A list covers it and does not have it.
    Miss,
    /// No list covers it.
    NoPartition,
    /// The list that covers it is too old, or of a time to come.
    Stale,
}

impl CrlLookup {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Damaged, Self::Hit, Self::Miss, Self::NoPartition, Self::Stale];

    /// The name in the metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Damaged => "damaged",
            Self::Hit => "hit",
            Self::Miss => "miss",
            Self::NoPartition => "no_partition",
            Self::Stale => "stale",
        }
    }

    pub(crate) fn of(answer: CrlAnswer) -> Self {
        match answer {
            CrlAnswer::Good(_) => Self::Miss,
            CrlAnswer::Revoked(_) => Self::Hit,
            CrlAnswer::None(CrlAbsence::Expired | CrlAbsence::NotYetValid | CrlAbsence::TooOld) => {
                Self::Stale
            }
            CrlAnswer::None(_) => Self::NoPartition,
        }
    }
}

/// A counter for each.
#[derive(Debug, Default)]
pub(crate) struct CrlLookups([AtomicU64; CrlLookup::ALL.len()]);

impl CrlLookups {
    pub(crate) fn count(&self, lookup: CrlLookup) {
        let [damaged, hit, miss, no_partition, stale] = &self.0;
        let counter = match lookup {
            CrlLookup::Damaged => damaged,
            CrlLookup::Hit => hit,
            CrlLookup::Miss => miss,
            CrlLookup::NoPartition => no_partition,
            CrlLookup::Stale => stale,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn counts(&self) -> impl Iterator<Item = (CrlLookup, u64)> {
        CrlLookup::ALL.into_iter().zip(&self.0).map(|(lookup, count)| (lookup, count.load(Ordering::Relaxed)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_answer_is_counted_by_its_name() {
        let lookups = CrlLookups::default();
        for (times, lookup) in CrlLookup::ALL.into_iter().enumerate() {
            (0..times).for_each(|_| lookups.count(lookup));
        }
        for (times, (lookup, count)) in lookups.counts().enumerate() {
            assert_eq!((lookup, count), (CrlLookup::ALL[times], u64::try_from(times).unwrap()));
        }
        for (absence, lookup) in [
            (CrlAbsence::Expired, CrlLookup::Stale),
            (CrlAbsence::TooOld, CrlLookup::Stale),
            (CrlAbsence::NotYetValid, CrlLookup::Stale),
            (CrlAbsence::MissingPartition, CrlLookup::NoPartition),
            (CrlAbsence::NotConfigured, CrlLookup::NoPartition),
        ] {
            assert_eq!(CrlLookup::of(CrlAnswer::None(absence)), lookup, "{absence:?}");
        }
    }
}

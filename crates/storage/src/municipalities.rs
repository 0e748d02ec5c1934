//! Municipalities that operators add beside those of the configuration file.

use async_trait::async_trait;
use rustls_pki_types::UnixTime;

use madoguchi_protocol::{LocalText, Origin};

use crate::StorageError;

/// A municipality about to be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMunicipality {
    /// Short name in records.
    pub id: String,
    /// Origin and issuer.
    pub origin: Origin,
    /// Its name.
    pub name: LocalText,
    /// The colour of its pages, `#rrggbb`, which whoever adds it checks.
    pub accent: Option<String>,
}

/// A municipality as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MunicipalityRecord {
    /// What was added.
    pub new: NewMunicipality,
    /// When, by the store's clock.
    pub added_at: UnixTime,
}

/// What adding a municipality came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum MunicipalityAdded {
    /// Added.
    Done,
    /// Its id or its origin is another's. Nothing changed.
    Taken,
}

/// Municipalities, and how nodes learn that something of theirs changed.
#[async_trait]
pub trait Municipalities {
    /// Adds one, audited (`MunicipalityAdded`) under its own id. It is there for good: its records outlive its service.
    async fn add_municipality(
        &self,
        new: NewMunicipality,
        operator: &str,
    ) -> Result<MunicipalityAdded, StorageError>;

    /// All that were added, by id.
    async fn municipalities(&self) -> Result<Vec<MunicipalityRecord>, StorageError>;

    /// A number that every change of municipalities and clients makes larger. Whoever reads it before the records has
    /// them at least as new as it says.
    async fn registry_version(&self) -> Result<u64, StorageError>;
}

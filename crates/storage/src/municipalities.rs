//! Municipalities that operators add beside those of the configuration file.

use async_trait::async_trait;
use rustls_pki_types::UnixTime;

use madoguchi_protocol::{LocalText, Octets, Origin};

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
    /// What was added, as it was changed since.
    pub new: NewMunicipality,
    /// SHA-256 of its logo.
    pub logo: Option<Octets<32>>,
    /// It is answered as if it were not there.
    pub disabled: bool,
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

/// One thing that an operator changes about a municipality. Its id and its origin stay: accounts and services hang on them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MunicipalityChange {
    /// Its name.
    Name(LocalText),
    /// The colour of its pages, which whoever changes it checks, or none.
    Accent(Option<String>),
    /// Its logo, a PNG that whoever changes it checks, or none.
    Logo(Option<Vec<u8>>),
    /// Whether it is answered as if it were not there.
    Disabled(bool),
}

impl MunicipalityChange {
    /// The name of what it changes, in the audit log.
    pub const fn what(&self) -> &'static str {
        match self {
            Self::Name(_) => "name",
            Self::Accent(_) => "accent",
            Self::Logo(_) => "logo",
            Self::Disabled(_) => "disabled",
        }
    }
}

/// What changing a municipality came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum MunicipalityChanged {
    /// Changed.
    Done,
    /// None of this id was added.
    NotFound,
}

/// What removing a municipality came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum MunicipalityRemoved {
    /// Removed.
    Done,
    /// Residents have accounts there. Nothing changed.
    HasAccounts,
    /// It has clients, disabled ones too. Nothing changed.
    HasClients,
    /// None of this id was added.
    NotFound,
}

/// Municipalities, and how nodes learn that something of theirs changed.
#[async_trait]
pub trait Municipalities {
    /// Adds one, audited (`MunicipalityAdded`) under its own id.
    async fn add_municipality(
        &self,
        new: NewMunicipality,
        operator: &str,
    ) -> Result<MunicipalityAdded, StorageError>;

    /// Makes these changes in one transaction, audited together: `MunicipalityDisabled`, `MunicipalityEnabled`, and
    /// `MunicipalityChanged` for whatever else is among them.
    async fn change_municipality(
        &self,
        id: &str,
        changes: Vec<MunicipalityChange>,
        operator: &str,
    ) -> Result<MunicipalityChanged, StorageError>;

    /// Removes one that has neither clients nor accounts (`MunicipalityRemoved`), with its registration tokens. Its audit
    /// log and its keys stay under its id.
    async fn remove_municipality(
        &self,
        id: &str,
        operator: &str,
    ) -> Result<MunicipalityRemoved, StorageError>;

    /// The logo of one that was added.
    async fn municipality_logo(&self, id: &str) -> Result<Option<Vec<u8>>, StorageError>;

    /// All that were added, by id.
    async fn municipalities(&self) -> Result<Vec<MunicipalityRecord>, StorageError>;

    /// A number that every change of municipalities and clients makes larger. Whoever reads it before the records has
    /// them at least as new as it says.
    async fn registry_version(&self) -> Result<u64, StorageError>;
}

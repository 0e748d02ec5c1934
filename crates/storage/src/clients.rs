//! Clients that operators register beside those of the configuration file.

use async_trait::async_trait;
use rustls_pki_types::UnixTime;
use serde::{Deserialize, Serialize};

use madoguchi_oidc::{Client, Profile};
use madoguchi_protocol::{LocalText, Octets};

use crate::StorageError;

/// A client with the texts that people see. Whoever writes one has checked it ([`Client::check`]).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    /// The rules' part.
    pub client: Client,
    /// Its name.
    pub name: LocalText,
    /// What a sign-in to it is for.
    pub purpose: LocalText,
}

/// A registered client as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientRecord {
    /// The municipality.
    pub municipality: String,
    /// What is registered.
    pub registration: Registration,
    /// Counts the changes. The next one names it.
    pub version: u64,
    /// When it was registered, by the store's clock.
    pub registered_at: UnixTime,
    /// When it was changed last.
    pub changed_at: UnixTime,
}

/// The registered clients of a municipality.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientList {
    /// Those that read back, by id.
    pub clients: Vec<ClientRecord>,
    /// Ids of those that do not. The others go on without them.
    pub damaged: Vec<String>,
}

/// What an operator changes about a client, as it is audited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientChange {
    /// URIs, keys or texts.
    Changed,
    /// It is answered as if it were not registered.
    Disabled,
    /// It is answered again.
    Enabled,
    /// It has another secret.
    SecretRotated,
}

/// What a write to a client came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum ClientWrite {
    /// Written.
    Done,
    /// The id is another client's, or was one's that is removed. Nothing changed.
    IdTaken,
    /// Another change came between. Nothing changed.
    Conflict,
    /// No such client, or it is removed.
    NotFound,
}

/// An initial access token (RFC 7591 section 3) about to be handed out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRegistrationToken {
    /// SHA-256 of the token.
    pub hash: Octets<32>,
    /// The profile of the client that it registers.
    pub profile: Profile,
    /// Seconds that it works.
    pub lifetime: u64,
}

/// Clients of a municipality. Every write is audited with whoever ordered it, and counts
/// [`registry_version`](crate::Municipalities::registry_version) up.
#[async_trait]
pub trait Clients {
    /// Registers a client (`ClientAdded`). An id is never given twice, not even after its client is removed: what was
    /// given to one never comes to another.
    async fn add_client(
        &self,
        municipality: &str,
        registration: Registration,
        operator: &str,
    ) -> Result<ClientWrite, StorageError>;

    /// Puts `registration` in the place of the client with its id, if that still has `version`.
    async fn change_client(
        &self,
        municipality: &str,
        version: u64,
        registration: Registration,
        change: ClientChange,
        operator: &str,
    ) -> Result<ClientWrite, StorageError>;

    /// Removes a client for good (`ClientRemoved`).
    async fn remove_client(
        &self,
        municipality: &str,
        id: &str,
        operator: &str,
    ) -> Result<ClientWrite, StorageError>;

    /// The client of an id.
    async fn client(&self, municipality: &str, id: &str) -> Result<Option<ClientRecord>, StorageError>;

    /// The clients of a municipality, by id.
    async fn clients(&self, municipality: &str) -> Result<ClientList, StorageError>;

    /// Keeps an initial access token (`RegistrationTokenMade`).
    async fn add_registration_token(
        &self,
        municipality: &str,
        token: NewRegistrationToken,
        operator: &str,
    ) -> Result<(), StorageError>;

    /// The profile of a registration token that is neither used nor over.
    async fn registration_token(
        &self,
        municipality: &str,
        hash: Octets<32>,
    ) -> Result<Option<Profile>, StorageError>;

    /// Uses a registration token up and registers the client, in one transaction (`ClientAdded`). `NotFound`: no such
    /// token, used or over. `IdTaken` leaves the token as it was.
    async fn register_client(
        &self,
        municipality: &str,
        token: Octets<32>,
        registration: Registration,
    ) -> Result<ClientWrite, StorageError>;
}

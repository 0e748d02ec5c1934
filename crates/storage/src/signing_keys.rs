//! Keys that sign ID tokens and logout tokens, in the states that a rotation goes through.
//!
//! `New` → `Published` → `Active` → `Retired` → gone, or `Revoked` at once from any of them. Of each algorithm one key is
//! active. Services see a key before it signs anything and for some time after it signed last.

use async_trait::async_trait;
use rustls_pki_types::UnixTime;

use madoguchi_oidc::jose::JwsAlg;

use crate::{SealedSecret, StorageError};

/// Where a key stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SigningKeyState {
    /// Signs what is signed with its algorithm. Published.
    Active,
    /// Made; nobody sees it.
    New,
    /// Services can fetch it. It signs nothing yet.
    Published,
    /// Signs nothing more. Published for as long as what it signed may be verified.
    Retired,
    /// Ended at once; its private part is deleted. It never comes back.
    Revoked,
}

impl SigningKeyState {
    const ALL: [Self; 5] = [Self::Active, Self::New, Self::Published, Self::Retired, Self::Revoked];

    /// The name in the database and for operators.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::New => "new",
            Self::Published => "published",
            Self::Retired => "retired",
            Self::Revoked => "revoked",
        }
    }

    /// The state that a name in the database means.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// True when services can fetch the public part.
    pub const fn is_published(self) -> bool {
        matches!(self, Self::Active | Self::Published | Self::Retired)
    }
}

/// A key about to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSigningKey {
    /// The thumbprint of its public part.
    pub kid: String,
    /// Its one algorithm.
    pub alg: JwsAlg,
    /// Its PKCS#8, sealed.
    pub sealed: SealedSecret,
}

/// A key as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningKeyRecord {
    /// The thumbprint of its public part.
    pub kid: String,
    /// Its one algorithm.
    pub alg: JwsAlg,
    /// Where it stands.
    pub state: SigningKeyState,
    /// Its PKCS#8, sealed. Gone once it is revoked.
    pub sealed: Option<SealedSecret>,
    /// When it was made, by the store's clock.
    pub made_at: UnixTime,
    /// When services could first fetch it.
    pub published_at: Option<UnixTime>,
    /// When it began to sign.
    pub active_at: Option<UnixTime>,
    /// When it ended: retired, or revoked.
    pub ended_at: Option<UnixTime>,
    /// Of a retired key: until when it is published.
    pub published_until: Option<UnixTime>,
}

impl SigningKeyRecord {
    /// The key as an order names one that is there already. `None` once it is revoked.
    pub fn to_new(&self) -> Option<NewSigningKey> {
        let sealed = self.sealed.clone()?;
        Some(NewSigningKey { kid: self.kid.clone(), alg: self.alg, sealed })
    }
}

/// What an order about a key came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum KeyChange {
    /// Done.
    Done,
    /// It was published too short a time ago; from then on it may be activated. Nothing changed.
    TooEarly {
        /// The first moment.
        from: UnixTime,
    },
    /// Its state does not allow it. Nothing changed.
    Conflict(SigningKeyState),
    /// No such key, or it is gone.
    NotFound,
}

/// Signing keys of a municipality. Every order is audited with whoever gave it, and counts
/// [`registry_version`](crate::Municipalities::registry_version) up, so that nodes see it within seconds. A retired key
/// whose time is over is told by no method.
#[async_trait]
pub trait SigningKeys {
    /// The keys, oldest first.
    async fn signing_keys(&self, municipality: &str) -> Result<Vec<SigningKeyRecord>, StorageError>;

    /// The active key of an algorithm; `if_none` becomes it when there is none. Every node that asks gets the same one.
    /// In the same transaction the secret of an earlier version ([`crate::SecretPurpose::SigningKeyEs256`]) is deleted:
    /// whoever found it offers it here. `None` when `if_none` is a key that already ended.
    async fn signing_key_or_insert(
        &self,
        municipality: &str,
        if_none: NewSigningKey,
    ) -> Result<Option<SigningKeyRecord>, StorageError>;

    /// Adds a key in `New`. `Conflict` with its state when that very key is there, or was, whatever its algorithm.
    async fn add_signing_key(
        &self,
        municipality: &str,
        new: NewSigningKey,
        operator: &str,
    ) -> Result<KeyChange, StorageError>;

    /// `New` → `Published`.
    async fn publish_signing_key(
        &self,
        municipality: &str,
        kid: &str,
        operator: &str,
    ) -> Result<KeyChange, StorageError>;

    /// `Published` → `Active`, when it has been published for `ahead` seconds or its algorithm has no active key: then
    /// nobody has fetched keys to verify it with. In the same transaction the active key of its algorithm becomes
    /// `Retired` and stays published for `overlap` seconds. One conditional write: of many at once one is done.
    async fn activate_signing_key(
        &self,
        municipality: &str,
        kid: &str,
        ahead: u64,
        overlap: u64,
        operator: &str,
    ) -> Result<KeyChange, StorageError>;

    /// `New` or `Published` → `Retired`, gone at once, since it signed nothing; `Active` → `Retired`, published for
    /// `overlap` seconds: its algorithm has no key then.
    async fn retire_signing_key(
        &self,
        municipality: &str,
        kid: &str,
        overlap: u64,
        operator: &str,
    ) -> Result<KeyChange, StorageError>;

    /// Any state → `Revoked`: published nowhere, signs nothing, the private part deleted. When it was active, a
    /// `successor` of its algorithm becomes `Active` in the same transaction, though nobody has fetched it; one that is
    /// there already becomes it from `New` or `Published`.
    async fn revoke_signing_key(
        &self,
        municipality: &str,
        kid: &str,
        successor: Option<NewSigningKey>,
        operator: &str,
    ) -> Result<KeyChange, StorageError>;
}

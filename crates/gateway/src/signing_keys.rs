//! The signing keys of a municipality as this node has them: read again whenever the store says that something changed, so
//! that a rotation reaches every node within seconds and no request sees half of one.

use std::sync::{Arc, PoisonError, RwLock};

use ring::rand::SecureRandom;
use zeroize::Zeroizing;

use madoguchi_oidc::jose::JwsAlg;
use madoguchi_oidc::{Jwks, SigningKey};
use madoguchi_storage::{
    NewSigningKey, SealedSecret, SecretPurpose, SigningKeyRecord, SigningKeyState, Storage,
};

use crate::keys::{KeyError, SecretVault};
use crate::municipality::Municipality;
use crate::seal::Sealer;
use crate::state::Gateway;

/// Seconds that a key is published before it signs: as long as services may keep the key set, and time for the nodes to
/// read it.
pub const PUBLISH_AHEAD_SECONDS: u64 = 10 * 60;

/// Seconds that a key stays published after it signed last, unless an operator says otherwise. Tokens live for minutes; a day
/// also covers services that keep tokens for logout.
pub const OVERLAP_SECONDS: u64 = 24 * 60 * 60;

/// The least of these: the life of a token and of the key set in a service's cache, twice.
pub const SHORTEST_OVERLAP_SECONDS: u64 = 20 * 60;

/// Seals private keys for the database. Its own key is sealed there under the key-encryption key.
pub struct SigningKeySealer {
    sealer: Sealer,
    municipality: String,
}

impl SigningKeySealer {
    /// The sealer of a municipality, made when there is none yet.
    pub async fn load(
        storage: &dyn Storage,
        kek: &Sealer,
        municipality: &str,
        random: &(dyn SecureRandom + Sync),
    ) -> Result<Self, KeyError> {
        let vault = SecretVault { storage, kek, municipality, random };
        let key = vault.octets(SecretPurpose::SigningKeySeal).await?;
        Ok(Self { sealer: Sealer::new(&key), municipality: municipality.to_owned() })
    }

    /// Checks the PKCS#8 of a key and seals it.
    pub fn seal(
        &self,
        alg: JwsAlg,
        pkcs8: &[u8],
        random: &(dyn SecureRandom + Sync),
    ) -> Result<NewSigningKey, KeyError> {
        let key = SigningKey::from_pkcs8(alg, pkcs8, random)?;
        // A key that cannot sign is found here, not when a resident waits.
        key.check(random)?;
        let sealed = self.sealer.seal(random, &self.use_of(alg, key.kid()), pkcs8)?;
        Ok(NewSigningKey { kid: key.kid().to_owned(), alg, sealed: SealedSecret(sealed) })
    }

    /// A fresh key.
    pub fn generate(
        &self,
        alg: JwsAlg,
        random: &(dyn SecureRandom + Sync),
    ) -> Result<NewSigningKey, KeyError> {
        self.seal(alg, &SigningKey::generate(alg, random)?, random)
    }

    fn open(&self, record: &SigningKeyRecord, random: &dyn SecureRandom) -> Result<SigningKey, KeyError> {
        let does_not_open = || KeyError::SigningKeyDoesNotOpen {
            municipality: self.municipality.clone(),
            kid: record.kid.clone(),
        };
        let SealedSecret(sealed) = record.sealed.as_ref().ok_or_else(does_not_open)?;
        let opened: Zeroizing<Vec<u8>> =
            self.sealer.open(&self.use_of(record.alg, &record.kid), sealed).ok_or_else(does_not_open)?;
        let key = SigningKey::from_pkcs8(record.alg, &opened, random)?;
        if key.kid() == record.kid { Ok(key) } else { Err(does_not_open()) }
    }

    /// Bound into the seal, so that no key stands in for another.
    fn use_of(&self, alg: JwsAlg, kid: &str) -> String {
        format!("{}/signing-key/{}/{kid}", self.municipality, alg.as_str())
    }
}

/// The published keys of one moment.
#[derive(Default)]
pub struct SigningKeySet {
    keys: Vec<PublishedKey>,
}

struct PublishedKey {
    key: Arc<SigningKey>,
    state: SigningKeyState,
    /// Of a retired one.
    until: Option<u64>,
}

impl SigningKeySet {
    /// The key that signs with this algorithm.
    pub fn active(&self, alg: JwsAlg) -> Option<&SigningKey> {
        let found = self.keys.iter().find(|key| key.state == SigningKeyState::Active && key.key.alg() == alg);
        found.map(|key| &*key.key)
    }

    /// The algorithms that ID tokens can be signed with.
    pub fn algs(&self) -> Vec<JwsAlg> {
        JwsAlg::ALL.into_iter().filter(|alg| self.active(*alg).is_some()).collect()
    }

    /// Every key that may have signed what comes back, also one that just ceased to be published.
    pub fn all(&self) -> impl Iterator<Item = &SigningKey> {
        self.keys.iter().map(|key| &*key.key)
    }

    /// What is published now: active keys first, for services that take the first that fits.
    pub fn jwks(&self, now: u64) -> Jwks {
        let order = [SigningKeyState::Active, SigningKeyState::Published, SigningKeyState::Retired];
        let of_state = |state| {
            let keys = self.keys.iter().filter(move |key| key.state == state);
            keys.filter(move |key| key.until.is_none_or(|until| until > now))
        };
        Jwks { keys: order.into_iter().flat_map(of_state).map(|key| key.key.jwk().clone()).collect() }
    }
}

/// The keys of a municipality, exchanged as a whole.
pub struct SigningKeyRing {
    sealer: SigningKeySealer,
    current: RwLock<Arc<SigningKeySet>>,
}

impl SigningKeyRing {
    /// Reads the keys, and makes an ES256 key where there is none. That of an earlier version, which was a secret of its
    /// own, is taken over.
    pub(crate) async fn load(vault: &SecretVault<'_>) -> Result<Self, KeyError> {
        let sealer =
            SigningKeySealer::load(vault.storage, vault.kek, vault.municipality, vault.random).await?;
        let ring = Self { sealer, current: RwLock::default() };
        let alg = JwsAlg::default();
        ring.refresh(vault.storage, vault.random).await?;
        if ring.current().active(alg).is_none() {
            let earlier = vault.read(SecretPurpose::SigningKeyEs256).await?;
            let new = match earlier {
                Some(pkcs8) => ring.sealer.seal(alg, &pkcs8, vault.random)?,
                None => ring.sealer.generate(alg, vault.random)?,
            };
            vault.storage.signing_key_or_insert(vault.municipality, new).await?;
            ring.refresh(vault.storage, vault.random).await?;
        }
        Ok(ring)
    }

    /// A fresh key, sealed for the store.
    pub(crate) fn generate(
        &self,
        alg: JwsAlg,
        random: &(dyn SecureRandom + Sync),
    ) -> Result<NewSigningKey, KeyError> {
        self.sealer.generate(alg, random)
    }

    /// The keys in use. Whoever holds them is not disturbed by a change.
    pub fn current(&self) -> Arc<SigningKeySet> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the keys again. What was opened before is not opened again; what cannot be opened leaves everything as it was.
    pub async fn refresh(
        &self,
        storage: &dyn Storage,
        random: &(dyn SecureRandom + Sync),
    ) -> Result<(), KeyError> {
        let known = self.current();
        let mut keys = Vec::new();
        for record in storage.signing_keys(&self.sealer.municipality).await? {
            if !record.state.is_published() {
                continue;
            }
            let opened = known.keys.iter().find(|known| known.key.kid() == record.kid);
            let key = match opened {
                Some(known) => Arc::clone(&known.key),
                None => Arc::new(self.sealer.open(&record, random)?),
            };
            let until = record.published_until.map(|until| until.as_secs());
            keys.push(PublishedKey { key, state: record.state, until });
        }
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(SigningKeySet { keys });
        Ok(())
    }
}

impl Gateway {
    /// Whether an ID token can be signed so. A key that is not known may have been made just now.
    pub(crate) async fn can_sign(&self, municipality: &Municipality, alg: JwsAlg) -> bool {
        let signs = || municipality.keys.signing.current().active(alg).is_some();
        if signs() {
            return true;
        }
        self.refresh().await;
        signs()
    }

    /// An operator makes the key that is missing. `client_id` is a registered one.
    pub(crate) fn tell_no_key(&self, municipality: &Municipality, client_id: Option<&str>, alg: JwsAlg) {
        let (id, alg) = (&municipality.id, alg.as_str());
        if let Some(left_out) = self.may_tell("no_signing_key", id, client_id) {
            tracing::error!(municipality = %id, client_id, %alg, left_out, "no_signing_key: no key signs ID tokens so; madoguchi keys new --municipality {id} --alg {alg}");
        }
    }
}

//! The keys of a municipality: made once, kept in the database sealed under the key-encryption key, the same for all
//! nodes.

use ring::{hmac, rand::SecureRandom};
use zeroize::Zeroizing;

use madoguchi_oidc::CryptoError;
use madoguchi_protocol::Octets;
use madoguchi_storage::{CertificateId, SealedSecret, SecretPurpose, Storage, StorageError};

use crate::seal::{SealError, Sealer};
use crate::signing_keys::SigningKeyRing;

/// The unsealed keys of one municipality. `Debug` and `Clone` are left out on purpose.
pub struct MunicipalityKeys {
    /// Finds accounts.
    account: hmac::Key,
    /// Finds what is kept against a certificate.
    pub certificates: CertificateIds,
    /// Seals the start page's form and the holder in a session.
    pub flow: Sealer,
    /// Sign ID tokens.
    pub signing: SigningKeyRing,
    /// Salt of pairwise subject identifiers.
    pub subject_salt: Zeroizing<[u8; 32]>,
    /// Hides network addresses.
    network: hmac::Key,
}

impl MunicipalityKeys {
    /// Reads the keys of `municipality`, making those that do not exist yet.
    pub async fn load(
        storage: &dyn Storage,
        kek: &Sealer,
        municipality: &str,
        random: &(dyn SecureRandom + Sync),
    ) -> Result<Self, KeyError> {
        let vault = SecretVault { storage, kek, municipality, random };
        let account = vault.octets(SecretPurpose::AccountKey).await?;
        let flow = vault.octets(SecretPurpose::FlowSeal).await?;
        let salt = vault.octets(SecretPurpose::SubjectSalt).await?;
        let signing = SigningKeyRing::load(&vault).await?;
        Ok(Self {
            account: hmac::Key::new(hmac::HMAC_SHA256, account.as_slice()),
            certificates: CertificateIds::new(&account),
            network: hmac::Key::new(hmac::HMAC_SHA256, flow.as_slice()),
            flow: Sealer::new(&flow),
            signing,
            subject_salt: salt,
        })
    }

    /// The keyed hash by which a holder's account is found: issuer key and length-prefixed serial number. Without
    /// the key, which is never in the database in the clear, serial numbers cannot be tried out against it.
    pub fn account_lookup(&self, issuer_key_hash: &[u8; 32], serial: &[u8]) -> Octets<32> {
        keyed_hash(&self.account, issuer_key_hash, serial)
    }

    /// A name for a network prefix that tells nothing about it.
    pub fn network_name(&self, prefix: &str) -> String {
        octets(hmac::sign(&self.network, prefix.as_bytes())).encode()
    }
}

/// Names certificates by keyed hashes, for what is kept against them. Its key is derived from the one that finds accounts,
/// and is another: what is kept and whose account it is cannot be told from each other's rows.
pub struct CertificateIds(hmac::Key);

impl CertificateIds {
    fn new(account_key: &[u8; 32]) -> Self {
        let account = hmac::Key::new(hmac::HMAC_SHA256, account_key);
        Self(hmac::Key::new(
            hmac::HMAC_SHA256,
            hmac::sign(&account, b"madoguchi kept revocations v1").as_ref(),
        ))
    }

    /// Reads the key of a municipality and makes none. `None` when the municipality has none yet: nothing is kept then.
    pub async fn read(
        storage: &dyn Storage,
        kek: &Sealer,
        municipality: &str,
    ) -> Result<Option<Self>, KeyError> {
        let key = stored(storage, kek, municipality, SecretPurpose::AccountKey).await?;
        Ok(key.map(|key| Self::new(&key)))
    }

    /// The name of the certificate with this serial number of this issuer.
    pub fn id(&self, issuer_key_hash: &[u8; 32], serial: &[u8]) -> CertificateId {
        CertificateId(keyed_hash(&self.0, issuer_key_hash, serial))
    }
}

/// Finds accounts by the certificates of their cards, for operator commands.
pub struct AccountLookups(hmac::Key);

impl AccountLookups {
    /// Reads the key of a municipality and makes none. `None` when the municipality has none yet: it has no accounts then.
    pub async fn read(
        storage: &dyn Storage,
        kek: &Sealer,
        municipality: &str,
    ) -> Result<Option<Self>, KeyError> {
        let key = stored(storage, kek, municipality, SecretPurpose::AccountKey).await?;
        Ok(key.map(|key| Self(hmac::Key::new(hmac::HMAC_SHA256, key.as_slice()))))
    }

    /// As [`MunicipalityKeys::account_lookup`] has it.
    pub fn of(&self, issuer_key_hash: &[u8; 32], serial: &[u8]) -> Octets<32> {
        keyed_hash(&self.0, issuer_key_hash, serial)
    }
}

/// A secret of 32 octets, for whoever must not make one.
pub(crate) async fn stored(
    storage: &dyn Storage,
    kek: &Sealer,
    municipality: &str,
    purpose: SecretPurpose,
) -> Result<Option<Zeroizing<[u8; 32]>>, KeyError> {
    let Some(opened) = open_secret(storage, kek, municipality, purpose).await? else { return Ok(None) };
    let key = <[u8; 32]>::try_from(opened.as_slice()).ok().map(Zeroizing::new);
    key.map(Some).ok_or_else(|| does_not_open(municipality, purpose))
}

/// A secret of any length, for whoever must not make one.
pub(crate) async fn open_secret(
    storage: &dyn Storage,
    kek: &Sealer,
    municipality: &str,
    purpose: SecretPurpose,
) -> Result<Option<Zeroizing<Vec<u8>>>, KeyError> {
    let Some(SealedSecret(sealed)) = storage.secret(municipality, purpose).await? else { return Ok(None) };
    let opened = kek.open(&key_use(municipality, purpose), &sealed);
    opened.map(Some).ok_or_else(|| does_not_open(municipality, purpose))
}

/// Issuer key and length-prefixed serial number.
fn keyed_hash(key: &hmac::Key, issuer_key_hash: &[u8; 32], serial: &[u8]) -> Octets<32> {
    let mut context = hmac::Context::with_key(key);
    context.update(issuer_key_hash);
    context.update(&u64::try_from(serial.len()).unwrap_or(u64::MAX).to_be_bytes());
    context.update(serial);
    octets(context.sign())
}

/// Why the keys of a municipality are not there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// A stored key does not open: another key-encryption key sealed it, or it was changed.
    #[error("the key {purpose} of {municipality} does not open with this key-encryption key")]
    DoesNotOpen {
        /// Whose key.
        municipality: String,
        /// Which key.
        purpose: &'static str,
    },
    /// The signing key could not be made or read.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    /// A stored signing key does not open, or is not the one that it says.
    #[error("the signing key {kid} of {municipality} does not open")]
    SigningKeyDoesNotOpen {
        /// Whose key.
        municipality: String,
        /// Which key.
        kid: String,
    },
    /// Sealing failed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// The sealed secrets of a municipality.
pub(crate) struct SecretVault<'a> {
    pub(crate) storage: &'a dyn Storage,
    pub(crate) kek: &'a Sealer,
    pub(crate) municipality: &'a str,
    pub(crate) random: &'a (dyn SecureRandom + Sync),
}

impl SecretVault<'_> {
    /// A secret of 32 random octets.
    pub(crate) async fn octets(&self, purpose: SecretPurpose) -> Result<Zeroizing<[u8; 32]>, KeyError> {
        let mut fresh = Zeroizing::new([0; 32]);
        self.random.fill(fresh.as_mut_slice()).map_err(|_| SealError::NoRandomness)?;
        let stored = self.secret(purpose, fresh.as_slice()).await?;
        let octets = <[u8; 32]>::try_from(stored.as_slice()).map_err(|_| self.does_not_open(purpose))?;
        Ok(Zeroizing::new(octets))
    }

    /// The stored secret; `fresh` becomes it when there is none.
    pub(crate) async fn secret(
        &self,
        purpose: SecretPurpose,
        fresh: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let use_ = key_use(self.municipality, purpose);
        let sealed = SealedSecret(self.kek.seal(self.random, &use_, fresh)?);
        let SealedSecret(stored) = self.storage.secret_or_insert(self.municipality, purpose, sealed).await?;
        self.kek.open(&use_, &stored).ok_or_else(|| self.does_not_open(purpose))
    }

    /// The stored secret, and none is made.
    pub(crate) async fn read(&self, purpose: SecretPurpose) -> Result<Option<Zeroizing<Vec<u8>>>, KeyError> {
        open_secret(self.storage, self.kek, self.municipality, purpose).await
    }

    fn does_not_open(&self, purpose: SecretPurpose) -> KeyError {
        does_not_open(self.municipality, purpose)
    }
}

/// Bound into the seal, so that one key cannot stand in for another.
fn key_use(municipality: &str, purpose: SecretPurpose) -> String {
    format!("{municipality}/{}", purpose.as_str())
}

fn does_not_open(municipality: &str, purpose: SecretPurpose) -> KeyError {
    KeyError::DoesNotOpen { municipality: municipality.to_owned(), purpose: purpose.as_str() }
}

fn octets(tag: hmac::Tag) -> Octets<32> {
    let mut octets = [0; 32];
    octets.copy_from_slice(tag.as_ref());
    Octets(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The name of a certificate is another value than the look-up of its account, and depends on every part.
    #[test]
    fn a_certificates_name_is_its_own() {
        let ids = CertificateIds::new(&[1; 32]);
        let name = ids.id(&[2; 32], &[3, 4]);
        assert_eq!(name, CertificateIds::new(&[1; 32]).id(&[2; 32], &[3, 4]));
        for other in [
            CertificateIds::new(&[9; 32]).id(&[2; 32], &[3, 4]),
            ids.id(&[9; 32], &[3, 4]),
            ids.id(&[2; 32], &[3, 9]),
            ids.id(&[2; 32], &[3]),
            ids.id(&[2; 32], &[3, 4, 0]),
        ] {
            assert_ne!(other, name);
        }
        let account = hmac::Key::new(hmac::HMAC_SHA256, &[1; 32]);
        assert_ne!(keyed_hash(&account, &[2; 32], &[3, 4]), name.0);
        assert_eq!(format!("{name:?}"), "CertificateId(..)");
    }
}

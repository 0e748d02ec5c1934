//! What a session keeps of its certificate, for an operator's command: questions can be asked about it, and what it is
//! is not told.

use rustls_pki_types::UnixTime;

use madoguchi_cert_verify::Revocation;
use madoguchi_revocation::{CrlShelf, Damaged};
use madoguchi_storage::{CertificateId, SecretPurpose, Storage};

use crate::holder::SessionHolder;
use crate::keys::{CertificateIds, KeyError, stored};
use crate::seal::Sealer;

/// The certificate of a session or of a card that was just shown. Neither name nor serial number comes out.
pub struct SessionCertificate(SessionHolder);

impl SessionCertificate {
    /// Opens it with the municipality's key, and makes none. `None` when there is no such key, or the seal does not hold.
    pub async fn open(
        storage: &dyn Storage,
        kek: &Sealer,
        municipality: &str,
        sealed: &[u8],
    ) -> Result<Option<Self>, KeyError> {
        let key = stored(storage, kek, municipality, SecretPurpose::FlowSeal).await?;
        Ok(key.and_then(|key| SessionHolder::open(&Sealer::new(&key), sealed)).map(Self))
    }

    /// The name under which something may be kept against it.
    pub fn id(&self, ids: &CertificateIds) -> CertificateId {
        ids.id(&self.0.issuer_key_hash.0, &self.0.serial)
    }

    /// Its notAfter.
    pub fn not_after(&self) -> UnixTime {
        self.0.not_after
    }

    /// What these lists say of it, whatever their age: the question of each use of a session.
    pub fn listed(&self, crls: &CrlShelf) -> Result<Option<Revocation>, Damaged> {
        crls.find_at(self.0.crl_points.iter().copied(), &self.0.serial)
    }
}

//! The gateway's database and keys, for a command beside it.

use std::path::Path;
use std::sync::Arc;

use madoguchi_cert_verify::{Certificate, Error, certificate_octets};
use madoguchi_gateway::{CertificateIds, Sealer, SessionCertificate};
use madoguchi_storage::{Clock, Storage};

use crate::kek::{file_error, read_kek};
use crate::regular_file::{MOST_KEY_OCTETS, read_regular};
use crate::revocation::error::CommandError;
use crate::{Config, beside};

/// The database with the key that opens what is sealed in it.
pub(super) struct OpenStore {
    pub(super) storage: Arc<dyn Storage>,
    kek: Sealer,
}

impl OpenStore {
    /// To look, beside a gateway or without one.
    pub(super) async fn to_read(config: &Config, clock: Arc<dyn Clock>) -> Result<Self, CommandError> {
        let absent = || CommandError::NoDatabase { database: config.database.to_string() };
        let storage = beside::to_read(config, clock).await?.ok_or_else(absent)?;
        let kek = read_kek(&config.kek_file)?;
        Ok(Self { storage, kek })
    }

    /// What a session keeps of its certificate. `None` when its seal does not hold.
    pub(super) async fn session_certificate(
        &self,
        municipality: &str,
        sealed: &[u8],
    ) -> Result<Option<SessionCertificate>, CommandError> {
        Ok(SessionCertificate::open(&*self.storage, &self.kek, municipality, sealed).await?)
    }

    /// The key that names certificates of a municipality.
    pub(super) async fn certificate_ids(&self, municipality: &str) -> Result<CertificateIds, CommandError> {
        let storage: &dyn Storage = &*self.storage;
        let ids = CertificateIds::read(storage, &self.kek, municipality).await?;
        ids.ok_or_else(|| CommandError::NeverServed { municipality: municipality.to_owned() })
    }
}

/// A certificate from a file.
pub(super) fn read_certificate(path: &Path) -> Result<Certificate, CommandError> {
    let octets = read_regular(path, MOST_KEY_OCTETS).map_err(|source| file_error(path, source))?;
    certificate_octets(&octets)
        .and_then(|der| Certificate::parse(&der))
        .map_err(|error| refused_certificate(path, error))
}

/// A certificate that the gateway would not ask about.
pub(super) fn refused_certificate(path: &Path, error: Error) -> CommandError {
    CommandError::Certificate { path: path.to_owned(), error }
}

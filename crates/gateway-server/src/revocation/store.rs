//! The gateway's database and keys, for a command beside it.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::Arc;

use madoguchi_cert_verify::{Certificate, Error, certificate_octets};
use madoguchi_gateway::{CertificateIds, Sealer, SessionCertificate};
use madoguchi_storage::{Clock, Storage};
use madoguchi_storage_sqlite::SqliteStore;

use crate::Config;
use crate::kek::{file_error, read_kek};
use crate::revocation::error::CommandError;

/// The database with the key that opens what is sealed in it.
pub(super) struct OpenStore {
    pub(super) storage: SqliteStore,
    kek: Sealer,
}

impl OpenStore {
    /// To look, beside a gateway or without one.
    pub(super) fn to_read(config: &Config, clock: Arc<dyn Clock>) -> Result<Self, CommandError> {
        if matches!(config.database.try_exists(), Ok(false)) {
            return Err(CommandError::NoDatabase { path: config.database.clone() });
        }
        require_owner(&config.database, rustix::process::geteuid().as_raw())?;
        let kek = read_kek(&config.kek_file)?;
        Ok(Self { storage: SqliteStore::open_to_read(&config.database, clock, config.sign_in)?, kek })
    }

    /// What a session keeps of its certificate. `None` when its seal does not hold.
    pub(super) async fn session_certificate(
        &self,
        municipality: &str,
        sealed: &[u8],
    ) -> Result<Option<SessionCertificate>, CommandError> {
        Ok(SessionCertificate::open(&self.storage, &self.kek, municipality, sealed).await?)
    }

    /// The key that names certificates of a municipality.
    pub(super) async fn certificate_ids(&self, municipality: &str) -> Result<CertificateIds, CommandError> {
        let storage: &dyn Storage = &self.storage;
        let ids = CertificateIds::read(storage, &self.kek, municipality).await?;
        ids.ok_or_else(|| CommandError::NeverServed { municipality: municipality.to_owned() })
    }
}

/// Even whoever only reads makes files beside a database, and those of another user its gateway cannot open.
fn require_owner(database: &Path, user: u32) -> Result<(), CommandError> {
    match fs::metadata(database) {
        Ok(metadata) if metadata.uid() != user => {
            Err(CommandError::DatabaseOfOther { path: database.to_owned(), owner: metadata.uid() })
        }
        // What is not there is told by whoever opens it.
        _ => Ok(()),
    }
}

/// A certificate from a file.
pub(super) fn read_certificate(path: &Path) -> Result<Certificate, CommandError> {
    let octets = fs::read(path).map_err(|source| file_error(path, source))?;
    certificate_octets(&octets)
        .and_then(|der| Certificate::parse(&der))
        .map_err(|error| refused_certificate(path, error))
}

/// A certificate that the gateway would not ask about.
pub(super) fn refused_certificate(path: &Path, error: Error) -> CommandError {
    CommandError::Certificate { path: path.to_owned(), error }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_of_another_user_is_left_alone() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let user = rustix::process::geteuid().as_raw();
        assert!(require_owner(file.path(), user).is_ok());
        let told = require_owner(file.path(), user + 1).expect_err("of another user").to_string();
        assert!(told.ends_with(&format!("sudo -u '#{user}' madoguchi …")), "{told}");
    }
}

//! Sealed secrets: the first one stays.

use async_trait::async_trait;

use madoguchi_storage::{SealedSecret, SecretPurpose, Secrets, StorageError};

use crate::error::SqliteError;
use crate::store::SqliteStore;
use crate::work::{Work, column, damaged};

#[async_trait]
impl Secrets for SqliteStore {
    async fn secret_or_insert(
        &self,
        municipality: &str,
        purpose: SecretPurpose,
        if_absent: SealedSecret,
    ) -> Result<SealedSecret, StorageError> {
        let municipality = municipality.to_owned();
        self.write(move |work| {
            work.execute(
                "INSERT INTO secrets (municipality, purpose, sealed) VALUES (?1, ?2, ?3)
                 ON CONFLICT (municipality, purpose) DO NOTHING",
                (&municipality, purpose.as_str(), &if_absent.0),
            )?;
            find(work, &municipality, purpose)?.ok_or_else(|| damaged("secrets", "a row went away"))
        })
        .await
    }

    async fn secret(
        &self,
        municipality: &str,
        purpose: SecretPurpose,
    ) -> Result<Option<SealedSecret>, StorageError> {
        let municipality = municipality.to_owned();
        self.read(move |work| find(work, &municipality, purpose)).await
    }
}

fn find(
    work: &Work<'_>,
    municipality: &str,
    purpose: SecretPurpose,
) -> Result<Option<SealedSecret>, SqliteError> {
    work.find(
        "SELECT sealed FROM secrets WHERE municipality = ?1 AND purpose = ?2",
        (municipality, purpose.as_str()),
        |row| column(row, "secrets", "sealed").map(SealedSecret),
    )
}

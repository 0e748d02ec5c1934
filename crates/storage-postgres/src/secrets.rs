//! Sealed secrets: the first one stays.

use async_trait::async_trait;

use madoguchi_storage::{SealedSecret, SecretPurpose, Secrets, StorageError};

use crate::error::PostgresError;
use crate::store::PostgresStore;
use crate::transaction::{look, transact};
use crate::work::{Work, column, damaged};

#[async_trait]
impl Secrets for PostgresStore {
    async fn secret_or_insert(
        &self,
        municipality: &str,
        purpose: SecretPurpose,
        if_absent: SealedSecret,
    ) -> Result<SealedSecret, StorageError> {
        transact!(self, &[], |work| find_or_insert(work, municipality, purpose, &if_absent))
    }

    async fn secret(
        &self,
        municipality: &str,
        purpose: SecretPurpose,
    ) -> Result<Option<SealedSecret>, StorageError> {
        look!(self, |work| find(work, municipality, purpose))
    }
}

async fn find_or_insert(
    work: &mut Work,
    municipality: &str,
    purpose: SecretPurpose,
    if_absent: &SealedSecret,
) -> Result<SealedSecret, PostgresError> {
    // Waits for whoever is inserting one now; the look afterwards sees theirs.
    let sql = "INSERT INTO secrets (municipality, purpose, sealed) VALUES ($1, $2, $3)
               ON CONFLICT (municipality, purpose) DO NOTHING";
    work.execute(sqlx::query(sql).bind(municipality).bind(purpose.as_str()).bind(&if_absent.0)).await?;
    find(work, municipality, purpose).await?.ok_or_else(|| damaged("secrets", "a row went away"))
}

async fn find(
    work: &mut Work,
    municipality: &str,
    purpose: SecretPurpose,
) -> Result<Option<SealedSecret>, PostgresError> {
    let sql = "SELECT sealed FROM secrets WHERE municipality = $1 AND purpose = $2";
    work.find(sqlx::query(sql).bind(municipality).bind(purpose.as_str()), |row| {
        column(row, "secrets", "sealed").map(SealedSecret)
    })
    .await
}

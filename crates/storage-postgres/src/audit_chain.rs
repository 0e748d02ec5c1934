//! The chain of the audit log, and the failures that become one record a minute.

use madoguchi_protocol::ErrorCode;

use crate::error::PostgresError;
use crate::work::Work;

/// A sign-in failed before a card was proven. The last statement of its transaction: many add to one row.
pub(crate) async fn count_failure(work: &mut Work, municipality: &str, code: ErrorCode) -> Result<(), PostgresError> {
    work.execute(
        sqlx::query(
            "INSERT INTO audit_failures (municipality, minute, code, count) VALUES ($1, $2, $3, 1)
             ON CONFLICT (municipality, minute, code) DO UPDATE SET count = audit_failures.count + 1",
        )
        .bind(municipality)
        .bind(work.now / 60)
        .bind(code.as_str()),
    )
    .await
    .map(drop)
}

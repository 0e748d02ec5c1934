//! What is answered when the store fails: the same status everywhere.

use http::StatusCode;

use madoguchi_storage::StorageError;

/// Logs it, and says what is answered.
pub(crate) fn store_failed(municipality: &str, error: &StorageError) -> StatusCode {
    tracing::error!(municipality, %error, "the store failed");
    status_of(error)
}

/// A database that is away, full or busy comes back: 503, and the same request may come again. What does not pass by
/// itself is 500.
pub(crate) fn status_of(error: &StorageError) -> StatusCode {
    match error {
        StorageError::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

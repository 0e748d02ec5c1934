//! The store itself failed. What a record's state forbids is a [`crate::Transition`], not an error.

/// Why a store could not answer. The causes are for the operator's log; a client learns only that it was not done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StorageError {
    /// A stored value does not read back: another version wrote it, or it is damaged.
    #[error("{table}: a stored value does not read back: {detail}")]
    Damaged {
        /// Where it stands.
        table: &'static str,
        /// What is wrong with it, without the value.
        detail: String,
    },
    /// The database's schema belongs to a newer version of the program.
    #[error("the database has schema version {found}; this program knows up to {known}")]
    SchemaTooNew {
        /// Version found.
        found: u32,
        /// Newest version known.
        known: u32,
    },
    /// The database's schema is of an older version of the program, and may only be read now.
    #[error("the database has schema version {found}, this program needs {known}; start the gateway once")]
    SchemaTooOld {
        /// Version found.
        found: u32,
        /// Version needed.
        known: u32,
    },
    /// The database cannot be reached, is full, or refuses.
    #[error("the database failed: {0}")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

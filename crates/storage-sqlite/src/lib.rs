//! SQLite backend of the storage traits

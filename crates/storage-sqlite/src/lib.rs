//! SQLite backend of the storage traits: one file, no server.
//!
//! One thread writes. It gathers what waits, runs all of it in one transaction, commits once and only then answers, so
//! that what was answered survives `kill -9` and a busy minute costs few syncs. Look-ups read beside it (WAL), and see
//! every write that was answered before they began.
//!
//! The contract is `madoguchi_storage`'s, and its conformance suite runs here. This crate adds no rule of its own.

mod audit;
mod audit_chain;
mod backup;
mod cells;
mod check;
mod clients;
mod codes;
mod error;
mod file;
mod kept;
mod logout_deliveries;
mod municipalities;
mod place;
mod pushed;
mod readers;
mod refresh_tokens;
mod registration_tokens;
mod relinks;
mod replay;
mod rows;
mod schema;
mod secrets;
mod sessions;
mod sign_ins;
mod signing_keys;
mod store;
mod sweep;
mod transfer;
mod work;
mod writer;

pub use backup::{backup, restore};
pub use check::{check_fully, check_quickly};
pub use store::SqliteStore;
pub use transfer::SqliteSource;

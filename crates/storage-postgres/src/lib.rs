//! PostgreSQL backend of the storage traits: many nodes, one database.
//!
//! Every method is one transaction at READ COMMITTED: conditional writes, row locks, and advisory locks where a rule
//! spans rows (`locks` has the order in which they are taken). It works on connections of its own, or behind a pooler that
//! gives a connection for a transaction alone. A transaction that did not come to its COMMIT is repeated a few times
//! where that can help; one whose COMMIT has no answer never is.
//!
//! The contract is `madoguchi_storage`'s, and its conformance suite runs here. This crate adds no rule of its own.

mod audit;
mod audit_chain;
mod clients;
mod clock;
mod codes;
mod connection;
mod error;
mod health;
mod kept;
mod locks;
mod logout_deliveries;
mod municipalities;
mod options;
mod pool;
mod pushed;
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
mod transaction;
mod transfer;
mod work;

pub use clock::{ClockReading, DatabaseClock};
pub use health::{PoolState, ServerHealth};
pub use options::{OptionsError, Password, PostgresOptions, Server, Tls};
pub use store::PostgresStore;
pub use transfer::PostgresTarget;

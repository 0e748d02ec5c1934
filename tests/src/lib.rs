//! Harness library of the end-to-end tests.

pub mod chromium;
pub mod faults;
pub mod gateway;
pub mod http;
pub mod log;
pub mod memory;
pub mod nodes;
pub mod postgres;
pub mod revocation;
pub mod services;
pub mod terminal;
pub mod town;
pub mod verify;

use std::path::PathBuf;

/// The repository's top folder.
pub fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The cargo that runs the tests.
#[expect(clippy::disallowed_methods, reason = "cargo names itself only in the environment")]
pub fn cargo() -> std::ffi::OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

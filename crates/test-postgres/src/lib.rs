//! A throw-away PostgreSQL server for tests: Debian's programs, a private folder, a port of its own on loopback.
//!
//! It runs as the user `postgres` when the tests run as root, which the server refuses to be, and ends with the value.

mod database;
mod pooler;
mod programs;
mod server;
mod standby;
mod template;

pub use database::Database;
pub use pooler::Pooler;
pub use programs::{is_root, program, run_as_server};
pub use server::{Stop, TestServer};

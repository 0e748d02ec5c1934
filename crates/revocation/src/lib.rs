//! Where revocation information comes from, and what it says about a certificate.
//!
//! A [`CrlShelf`] holds the newest verified list of every partition, read from files that somebody else puts in
//! place. It hands evidence to `madoguchi_cert_verify::decide` and decides nothing itself.

mod error;
mod shelf;
mod shelved;
mod sources;
mod status;

pub use error::{Error, Problem};
pub use shelf::{CrlShelf, Listed};
pub use sources::CrlFiles;
pub use status::PartitionStatus;

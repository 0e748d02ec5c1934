//! Certificate revocation lists (RFC 5280 section 5): one pass over the octets, no copy of an entry.

mod entry;
mod list;
mod number;
mod scope;
mod verified;

pub use entry::{CrlEntries, CrlEntry};
pub use number::CrlNumber;
pub use scope::Partition;
pub use verified::VerifiedCrl;

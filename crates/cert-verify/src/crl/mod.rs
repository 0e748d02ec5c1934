//! Certificate revocation lists (RFC 5280 sections 5 and 6.3): one pass over the octets, no copy of an entry.
//!
//! [`VerifiedCrl`] is the gateway's: complete, direct, signed by an anchor, asked through an index. [`CrlChecker`] is
//! general: every kind of list that the standard has, for the certificates of any path.

mod coverage;
mod entry;
mod error;
mod extensions;
mod list;
mod number;
mod offered;
mod partition;
mod process;
mod profile;
mod role;
mod scope;
mod signer;
mod tally;
mod verified;
mod walk;

pub(crate) use coverage::is_version_1;
pub use entry::{CrlEntries, CrlEntry};
pub use error::CrlError;
pub use number::CrlNumber;
pub use offered::OfferedCrls;
pub use partition::Partition;
pub use process::{CrlChecker, CrlStatus};
pub use profile::{CrlProfile, CrlSettings};
pub use role::{CrlRole, CrlSeen};
pub use verified::VerifiedCrl;
pub use walk::{EntryWalk, WalkedEntry};

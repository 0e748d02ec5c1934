//! Certificate revocation lists (RFC 5280 sections 5 and 6.3): one pass over the octets, no copy of an entry.
//!
//! [`UnverifiedCrl`] and [`CrlHead`] are the gateway's: direct, signed by an anchor, asked through an index of the
//! entries. [`CrlChecker`] is general: every kind of list that the standard has, for the certificates of any path.

mod candidate;
mod coverage;
mod entry;
mod error;
mod extensions;
mod head;
mod list;
mod number;
mod offered;
mod partition;
mod point;
mod process;
mod profile;
mod role;
mod said;
mod scope;
mod signer;
mod subject;
mod tally;
mod unverified;
mod verified;
mod walk;

pub(crate) use coverage::is_version_1;
pub use entry::{CrlEntries, CrlEntry};
pub use error::CrlError;
pub use head::CrlHead;
pub use number::CrlNumber;
pub use offered::OfferedCrls;
pub use partition::Partition;
pub use point::CrlPoint;
pub use process::{CrlChecker, CrlStatus};
pub use profile::{CrlProfile, CrlSettings};
pub use role::{CrlRole, CrlSeen};
pub use said::{AskedCrl, CRL_SKEW};
pub(crate) use subject::About;
pub use subject::CrlSubject;
pub use unverified::UnverifiedCrl;
pub use verified::VerifiedCrl;
pub use walk::{EntryWalk, WalkedEntry};

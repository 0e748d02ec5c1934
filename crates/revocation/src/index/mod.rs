//! One revocation list with an index of its serial numbers: ten million entries, asked in two memory accesses.
//!
//! The list is a private file, mapped ([`madoguchi_mapped_file`]); the index beside it holds for every serial number
//! where its entry stands in the list, and 8 bits of the serial's hash. Whoever asks is answered by the entry itself,
//! which is read strictly each time: the index can point to the wrong place, but it cannot make up an entry.
//!
//! - `build` makes an index of a list: signature, strict walk, table, on two cores. Nothing leaves it before the
//!   signature holds and every entry was read.
//! - `table` is the table; `scatter` and `region` are how it is filled without a cache miss for each entry.
//! - `file` keeps it beside the list, so that a restart checks two checksums instead of a signature and ten million
//!   entries. What is kept is as private as the process's memory: the checksums tell damage, not malice.

mod build;
mod checksum;
mod error;
mod file;
mod indexed;
mod key;
mod region;
mod replace;
mod scatter;
mod table;

pub use error::{Damaged, IndexError};
pub use indexed::IndexedCrl;
pub use key::IndexKey;
pub(crate) use replace::replace_private;

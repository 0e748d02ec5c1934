//! The index of a list: the same answers as a plain map, for any list; and no answer from anything that was changed.

#![expect(clippy::disallowed_methods, reason = "a test is the edge that makes randomness")]
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod deltas;
mod equality;
mod files;
mod hostile;
mod world;

//! What clients sign: an honest message with some of its members changed, signed by a right or a wrong key. For each kind a
//! judge that shares no code with the reader says, rule by rule, whether it may pass, and both must agree.

mod client_assertion;
mod dpop;
mod judge;
mod keys;
mod message;
mod request_object;

pub use client_assertion::client_assertion;
pub use dpop::dpop;
pub use request_object::request_object;

/// The time of every message.
const NOW: u64 = 1_800_000_000;
const ISSUER: &str = "https://madoguchi.example";
const CLIENT: &str = "kosodate";

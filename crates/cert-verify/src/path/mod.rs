//! Certification paths (RFC 5280 section 6): from a target to one of several anchors, through a pool in no order
//! that may hold anything.
//!
//! [`graph`] holds who may have issued whom by names and key identifiers alone, [`build`] follows its paths, and
//! [`validate`] judges each from the anchor down, rule by rule in the order of section 6.1. What section 4 demands of a certificate by itself is in
//! [`form`]. Revocation is asked elsewhere: [`verify_chain_where`] lets a caller refuse a path, so that the next
//! one is tried. All work is taken from a [`Budget`](crate::Budget) before it is done.

mod build;
mod chain;
mod error;
mod form;
mod graph;
mod observer;
mod settings;
mod validate;

pub use build::{verify_chain, verify_chain_where};
pub use chain::VerifiedChain;
pub use error::{PathError, Place};
pub use observer::{Check, NoObserver, Observer};
pub use settings::{KeyPurpose, PathSettings};

pub(crate) use validate::{Checker, is_valid_at, no_unknown_critical};

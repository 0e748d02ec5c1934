//! What works once: the `jti` of client assertions and DPoP proofs.

use async_trait::async_trait;

use madoguchi_protocol::Octets;

use crate::StorageError;

/// What was used. One keyspace for each, so that nothing used as one thing counts as used as another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReplayKind {
    /// A client's assertion (RFC 7523 section 3, item 7).
    ClientAssertion,
    /// A DPoP proof (RFC 9449 section 11.1).
    DpopProof,
}

impl ReplayKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::ClientAssertion, Self::DpopProof];

    /// The name in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClientAssertion => "client_assertion",
            Self::DpopProof => "dpop_proof",
        }
    }
}

/// Remembers what was used.
#[async_trait]
pub trait Replays {
    /// Writes down, in one conditional write, that `key` is used until `until` (seconds since 1970-01-01T00:00:00Z, by
    /// the store's clock). True for whoever is first; false for everybody else until then. What is over already cannot
    /// be used at all: false. Afterwards the key may be forgotten.
    async fn use_once(
        &self,
        municipality: &str,
        kind: ReplayKind,
        key: Octets<32>,
        until: u64,
    ) -> Result<bool, StorageError>;
}

//! Pushed authorization requests (RFC 9126).

use async_trait::async_trait;
use rustls_pki_types::UnixTime;

use madoguchi_oidc::AuthorizationRequest;
use madoguchi_protocol::Octets;

use crate::StorageError;

/// A checked request that waits for its browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPushedRequest {
    /// SHA-256 of its reference.
    pub hash: Octets<32>,
    /// The municipality.
    pub municipality: String,
    /// The request, of the client that pushed it.
    pub request: AuthorizationRequest,
    /// Seconds that it waits.
    pub lifetime: u64,
    /// So many of its client may wait at once, this one included.
    pub most: u64,
}

/// What keeping a pushed request came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum PushedWrite {
    /// It waits.
    Done,
    /// As many of its client as may are waiting, neither finished nor over. Nothing is kept.
    TooMany,
}

/// A pushed request that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushedRequest {
    /// The request, of the client that pushed it.
    pub request: AuthorizationRequest,
    /// When it stops waiting.
    pub expires_at: UnixTime,
}

/// Pushed requests. They can be looked at again and again, so that a page can be loaded again, until their time is over
/// or they are finished: by [`finish_pushed_request`](Self::finish_pushed_request), and by every method that stores a
/// code whose grant names them, in the same transaction.
#[async_trait]
pub trait PushedRequests {
    /// Keeps a request, unless [`NewPushedRequest::most`] of its client wait.
    async fn push_request(&self, new: NewPushedRequest) -> Result<PushedWrite, StorageError>;

    /// A request of a municipality that is neither finished nor over.
    async fn find_pushed_request(
        &self,
        municipality: &str,
        hash: Octets<32>,
    ) -> Result<Option<PushedRequest>, StorageError>;

    /// Finishes a request without a code, over or not. Answers whether this call did.
    async fn finish_pushed_request(&self, municipality: &str, hash: Octets<32>)
    -> Result<bool, StorageError>;
}

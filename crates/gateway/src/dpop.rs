//! DPoP proofs of requests (RFC 9449): one layer for pushed requests, tokens and userinfo. Each proof works once.

use http::{HeaderMap, Method};

use madoguchi_oidc::jose::JwkThumbprint;
use madoguchi_oidc::{AccessToken, DpopError, DpopProof, DpopRequest, TokenError};
use madoguchi_protocol::Octets;
use madoguchi_storage::{ReplayKind, StorageError};

use crate::municipality::Municipality;
use crate::oauth_failure::OAuthFailure;
use crate::state::Gateway;

/// Why the proof of a request is not believed.
#[derive(Debug)]
pub(crate) enum DpopFailure {
    /// By a rule.
    Rule(DpopError),
    /// The store failed.
    Store(StorageError),
}

impl From<DpopFailure> for OAuthFailure {
    fn from(failure: DpopFailure) -> Self {
        match failure {
            DpopFailure::Rule(error) => TokenError::from(error).into(),
            DpopFailure::Store(error) => error.into(),
        }
    }
}

/// The key that a request was proved with; `None` when it brought no proof. `path` is the endpoint's, `access_token` the one
/// that came with the request.
pub(crate) async fn check(
    gateway: &Gateway,
    municipality: &Municipality,
    headers: &HeaderMap,
    method: &Method,
    path: &str,
    access_token: Option<&AccessToken>,
) -> Result<Option<JwkThumbprint>, DpopFailure> {
    let mut all = headers.get_all("dpop").iter();
    let Some(first) = all.next() else { return Ok(None) };
    let refused = |error| {
        tracing::info!(municipality = %municipality.id, %path, %error, "a DPoP proof was refused");
        DpopFailure::Rule(error)
    };
    let proof = first.to_str().ok().filter(|_| all.next().is_none());
    let proof = proof.ok_or_else(|| refused(DpopError::Header))?;
    let uri = format!("{}{path}", municipality.origin.as_str());
    let now = gateway.0.clock.now().as_secs();
    let request = DpopRequest { method: method.as_str(), uri: &uri, access_token, now };
    let proof = DpopProof::check(proof, &request).map_err(refused)?;
    let (kind, once) = (ReplayKind::DpopProof, Octets(proof.once));
    match gateway.0.storage.use_once(&municipality.id, kind, once, proof.until).await {
        Ok(true) => Ok(Some(proof.key)),
        Ok(false) => Err(refused(DpopError::UsedBefore)),
        Err(error) => Err(DpopFailure::Store(error)),
    }
}

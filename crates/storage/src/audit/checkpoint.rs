//! Signed statements about a chain: a compact JWS (ES256) each, one line that can be kept anywhere.

use ring::rand::SecureRandom;
use rustls_pki_types::UnixTime;
use serde::Serialize;

use madoguchi_oidc::jose::{CompactJws, JwsAlg, PublicJwk};
use madoguchi_oidc::{CryptoError, SigningKey, sign_jwt};
use madoguchi_protocol::Octets;

use super::chain::ChainEnd;

/// What a statement is for. One never passes for the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckpointKind {
    /// The chain had this hash at this place then.
    Checkpoint,
    /// The chain begins here: what was before is retired.
    Start,
    /// The content of the record at this place, with this hash, is to be erased.
    Erasure,
}

impl CheckpointKind {
    /// The media type in the header of its JWS.
    pub fn typ(self) -> &'static str {
        match self {
            Self::Checkpoint => "madoguchi-audit-checkpoint+jwt",
            Self::Start => "madoguchi-audit-start+jwt",
            Self::Erasure => "madoguchi-audit-erasure+jwt",
        }
    }
}

/// What a statement says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AuditCheckpoint {
    /// Whose chain.
    pub municipality: String,
    /// Which place.
    pub position: u64,
    /// The hash there.
    pub hash: Octets<32>,
    /// When it was signed.
    pub iat: u64,
}

impl AuditCheckpoint {
    /// About a place of a municipality's chain.
    pub fn new(municipality: &str, end: ChainEnd, now: UnixTime) -> Self {
        let municipality = municipality.to_owned();
        Self { municipality, position: end.position, hash: end.hash, iat: now.as_secs() }
    }

    /// Verifies a statement about this municipality by the key of its audit log.
    pub fn verify(
        text: &str,
        kind: CheckpointKind,
        municipality: &str,
        key: &PublicJwk,
    ) -> Result<Self, CheckpointError> {
        let jws = CompactJws::parse(text).map_err(|_| CheckpointError::Malformed)?;
        if jws.typ() != Some(kind.typ()) {
            return Err(CheckpointError::OtherKind);
        }
        let claims = jws.verify(key, JwsAlg::Es256).map_err(|_| CheckpointError::Signature)?;
        if !claims.is("municipality", municipality) {
            return Err(CheckpointError::OtherMunicipality);
        }
        let malformed = |_| CheckpointError::Malformed;
        let hash = claims.string("hash").map_err(malformed)?;
        Ok(Self {
            municipality: municipality.to_owned(),
            position: claims.numeric_date("position").map_err(malformed)?,
            hash: Octets::decode(hash).map_err(|_| CheckpointError::Malformed)?,
            iat: claims.numeric_date("iat").map_err(malformed)?,
        })
    }

    /// The place that it vouches for.
    pub fn end(&self) -> ChainEnd {
        ChainEnd { position: self.position, hash: self.hash }
    }
}

/// Signs a statement.
pub fn sign_checkpoint(
    key: &SigningKey,
    kind: CheckpointKind,
    checkpoint: &AuditCheckpoint,
    random: &dyn SecureRandom,
) -> Result<String, CryptoError> {
    sign_jwt(key, kind.typ(), checkpoint, random)
}

/// Why a statement is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// Not a signed statement of this form.
    #[error("not a signed statement about an audit log")]
    Malformed,
    /// A checkpoint is no beginning, nor the other way round.
    #[error("a statement of another kind")]
    OtherKind,
    /// About another municipality's log.
    #[error("a statement about another municipality")]
    OtherMunicipality,
    /// Another key signed it, or it was changed.
    #[error("its signature is not by the key of this audit log")]
    Signature,
}

//! JSON Web Signatures that others made (RFC 7515, RFC 7517, RFC 7518, RFC 7519), read strictly.
//!
//! One reader for client assertions, request objects, DPoP proofs and ID token hints. The caller pins the algorithm
//! and brings the key: nothing in a message ever chooses either. There is no `none`, no `HS*`, no encryption, and
//! nothing is fetched.

mod alg;
mod claims;
mod compact;
mod error;
pub(crate) mod json;
pub(crate) mod jwk;
mod jwk_set;
mod spki;
mod thumbprint;

pub use alg::JwsAlg;
pub use claims::Claims;
pub use compact::CompactJws;
pub use error::{JoseError, JwkError};
pub use jwk::PublicJwk;
pub use jwk_set::PublicJwkSet;
pub use thumbprint::JwkThumbprint;

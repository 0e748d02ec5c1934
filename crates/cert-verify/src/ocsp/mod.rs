//! OCSP (RFC 6960; nonces by RFC 9654): the request, and what a response says about one certificate.
//!
//! A response is judged in this order: its envelope, strictly; who may sign it; the signature over the octets as
//! they came; only then what it says, for which certificate, and how fresh that is. A revocation that a right
//! responder signed counts whatever its age and nonce; `good` and `unknown` count only when they are fresh.
//!
//! Two things are read more widely than elsewhere, because responders in the field write them and no two readers
//! take them for different things: version v1 written out, and any octets in an extension that is neither known nor
//! critical.

mod cert_id;
mod check;
mod error;
mod evidence;
mod extension;
mod freshness;
mod nonce;
mod request;
mod responder;
mod response;
mod settings;
mod single;
mod writer;

pub(crate) use cert_id::Asked;
pub use cert_id::CertIdHash;
pub use check::check_ocsp;
pub use error::{Mismatch, OcspError, ResponseStatus};
pub use evidence::ocsp_evidence;
pub use nonce::{NoncePolicy, OcspNonce};
pub use request::{RequestSigner, SigningFailed, ocsp_request};
pub use responder::ResponderStanding;
pub use response::OcspResponse;
pub use settings::{OcspQuestion, OcspSettings};

use crate::Budget;

/// Takes the cost of work whose amount is a number of things in memory.
fn spend_steps(budget: &mut Budget, steps: usize) -> Result<(), OcspError> {
    budget.spend_steps(u64::try_from(steps).unwrap_or(u64::MAX)).map_err(|_| OcspError::BudgetSpent)
}

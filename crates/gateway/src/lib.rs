//! The sign-in gateway over HTTP: start page, agent's messages, return leg, OpenID Connect endpoints.
//!
//! This crate decides what a request becomes and what is answered; rules live below it (`oidc`, `cert-verify`,
//! `storage`), and it knows backends only by their traits. [`router`] is the list of addresses, in the order of a
//! sign-in; [`GatewayParts`] is everything it needs from outside.

mod agent;
mod answer;
mod authorize;
mod cookie;
mod discovery;
mod evidence;
mod failure;
mod form;
mod holder;
mod keys;
mod municipality;
mod navigation;
mod page;
mod proof;
mod return_leg;
mod router;
mod seal;
mod service_error;
mod session_certificate;
mod session_use;
mod shortfalls;
mod start;
mod state;
mod status;
mod tenant;
#[cfg(test)]
mod test_support;
mod texts;
mod token;
mod userinfo;

pub use evidence::EvidenceRecord;
pub use keys::{CertificateIds, KeyError, MunicipalityKeys};
pub use municipality::{LocalText, Municipality, Service, display_texts};
pub use router::router;
pub use seal::{SealError, Sealer};
pub use service_error::oauth_error;
pub use session_certificate::SessionCertificate;
pub use state::{Gateway, GatewayParts, RevocationPolicy, Trust};

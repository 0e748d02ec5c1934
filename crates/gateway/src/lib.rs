//! The sign-in gateway over HTTP: start page, agent's messages, return leg, OpenID Connect endpoints.
//!
//! This crate decides what a request becomes and what is answered; rules live below it (`oidc`, `cert-verify`,
//! `storage`), and it knows backends only by their traits. [`router`] is the list of addresses, in the order of a
//! sign-in; [`GatewayParts`] is everything it needs from outside.

mod agent;
mod answer;
mod audit_log;
mod authorize;
mod backchannel;
mod client_authentication;
mod colours;
mod cookie;
mod cors;
mod discovery;
mod dpop;
mod evidence;
mod failure;
mod first_key;
mod form;
mod form_body;
mod holder;
mod id_token_hint;
mod introspect;
mod keys;
mod log_bound;
mod logo;
mod logout;
mod municipality;
mod navigation;
mod oauth_failure;
mod page;
mod par;
mod proof;
mod registration;
mod registry;
mod return_leg;
mod revoke;
mod router;
mod seal;
mod sealed_form;
mod service_error;
mod session_certificate;
mod session_cookie;
mod session_pages;
mod session_use;
mod sessions_page;
mod shortfalls;
mod signing_keys;
mod sso;
mod start;
mod state;
mod status;
mod store_failure;
mod tenant;
#[cfg(test)]
mod test_support;
mod texts;
mod token;
mod trying_again;
mod userinfo;
mod when;

pub use audit_log::{AuditLog, AuditLogError, CHECKPOINT_SECONDS, audit_public_key};
pub use backchannel::{LogoutAddress, LogoutSendError, LogoutSender};
pub use colours::{Accent, AccentError};
pub use evidence::EvidenceRecord;
pub use keys::{AccountLookups, CertificateIds, KeyError, MunicipalityKeys};
pub use logo::{Logo, LogoError, MAX_LOGO_OCTETS};
pub use municipality::{Municipality, Service, display_texts};
pub use registry::{RegistryConflict, RegistryError};
pub use router::router;
pub use seal::{SealError, Sealer};
pub use service_error::oauth_error;
pub use session_certificate::SessionCertificate;
pub use signing_keys::{
    OVERLAP_SECONDS, PUBLISH_AHEAD_SECONDS, SHORTEST_OVERLAP_SECONDS, SigningKeyRing, SigningKeySealer,
    SigningKeySet,
};
pub use state::{Gateway, GatewayParts, RevocationPolicy, Trust};

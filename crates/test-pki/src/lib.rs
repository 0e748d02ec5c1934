//! A throw-away certification authority hierarchy in the shape of JPKI, for tests only.
//!
//! [`TestPki`] makes two authorities, issues cards, revokes them and publishes a revocation list for each
//! municipality; [`CertificateFault`], [`CrlFault`] and [`OcspFault`] make exactly one thing wrong.
//! [`CertificateBuilder`], [`CrlBuilder`] and [`OcspResponseBuilder`] below it sign whatever they are given, and
//! [`LargeCrl`] makes lists of millions of entries in seconds. Every name says that it is a test's, and the policies are
//! under an arc that no real authority has.

mod authority;
mod behaviour;
mod bulk_entry;
mod bulk_serial;
mod card;
mod certificate;
mod control;
mod crl;
mod der;
mod distribution;
mod error;
mod extension;
mod fault;
mod folder;
mod holder;
mod http_fault;
mod issue;
mod key;
mod large_crl;
mod municipality;
mod name;
mod ocsp;
mod ocsp_response;
mod oid;
mod partition;
mod person;
mod pki;
mod publish;
mod reason;
mod responder;
mod rsa;
mod serial;
mod state;
mod validity;

pub use authority::ORGANIZATION;
pub use behaviour::{OcspBehaviour, OcspClaim, OcspSwitch};
pub use bulk_entry::BulkReasons;
pub use bulk_serial::{BulkSerial, BulkSerials, SerialLength};
pub use card::{CardFiles, CardOptions};
pub use certificate::CertificateBuilder;
pub use control::Control;
pub use crl::{CrlBuilder, CrlEntry};
pub use distribution::{DistributionPoint, IssuingDistributionPoint, PointName, reason_flags};
pub use error::Error;
pub use extension::{CRL_SIGN, DIGITAL_SIGNATURE, Extension, KEY_CERT_SIGN, NON_REPUDIATION};
pub use fault::{CertificateFault, CrlFault, HttpFault, OcspFault};
pub use key::{KeyKind, PrivateKey};
pub use large_crl::{BulkEntries, BulkOrder, LargeCrl};
pub use municipality::{MUNICIPALITIES, Municipality};
pub use name::Name;
pub use ocsp_response::{OcspCertId, OcspResponderId, OcspResponseBuilder, OcspSingle, OcspStatus};
pub use oid::{AUTH_POLICY, OTHER_POLICY, SIGN_POLICY};
pub use partition::divided;
pub use person::Person;
pub use pki::{Options, TestPki};
pub use publish::save_crls;
pub use reason::RevocationReason;
pub use responder::serve_ocsp;
pub use serial::Serial;

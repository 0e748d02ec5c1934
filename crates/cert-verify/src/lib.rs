//! Certificates, revocation lists and statement signatures as pure functions: octets, anchors, policy and `now`
//! go in; a proof or one named error comes out.
//!
//! Three proofs, each with a private constructor and each carrying the hash of the certificate it is about, make
//! an [`AuthenticatedHolder`], and a session is made from nothing else:
//!
//! 1. [`verify_statement`] → [`StatementSigned`]: the card signed what was shown.
//! 2. [`verify_path`] → [`VerifiedPath`]: the certificate is a user-authentication certificate of a trusted issuer.
//! 3. [`decide`] → [`NotRevoked`]: a configured source says that it is good.
//!
//! One strict reader ([`der`]) decides what is well formed before anything reads a field. No I/O, no clock.

#![deny(clippy::as_conversions, clippy::indexing_slicing)]

mod algorithm;
mod anchor;
mod basic_constraints;
mod budget;
mod certificate;
mod certificate_policies;
mod crl;
mod curve;
pub mod der;
mod distribution_point;
mod error;
mod extension;
mod extensions;
mod file;
mod general_name;
mod holder;
mod jpki_auth;
mod judge;
mod name;
mod name_constraints;
mod ocsp;
mod oid;
mod path;
mod policy;
mod policy_graph;
mod public_key;
mod reason;
mod statement;
mod string_preparation;
mod usage;
mod utc;
mod verdict;

pub use algorithm::SignatureAlgorithm;
pub use anchor::Anchor;
pub use budget::Budget;
pub use certificate::{Certificate, MAX_CERTIFICATE_OCTETS_ANYWHERE, SERIAL_MAX_OCTETS};
pub use crl::{
    AskedCrl, CRL_SKEW, CrlChecker, CrlEntries, CrlEntry, CrlError, CrlHead, CrlNumber, CrlPoint, CrlProfile,
    CrlRole, CrlSeen, CrlSettings, CrlStatus, CrlSubject, EntryWalk, OfferedCrls, Partition, UnverifiedCrl,
    VerifiedCrl, WalkedEntry,
};
pub use error::{Error, Part};
pub use file::{certificate_octets, crl_octets};
pub use general_name::NameForm;
pub use holder::AuthenticatedHolder;
pub use jpki_auth::{
    AllowedCertificate, VerifiedPath, algorithm_is_allowed, purpose_and_expiry, verify_path,
};
pub use judge::{Case, Judgement, Outcome, Profile, SourceSeen, Watch, judge};
pub use name::Name;
pub use name_constraints::NameConstraintError;
pub use ocsp::{
    CertIdHash, Mismatch, NoncePolicy, OcspError, OcspNonce, OcspQuestion, OcspResponse, OcspSettings,
    RequestSigner, ResponderStanding, ResponseStatus, SigningFailed, check_ocsp, ocsp_evidence, ocsp_request,
};
pub use oid::{Oid, OidError};
pub use path::{
    Check, KeyPurpose, NoObserver, Observer, PathError, PathSettings, Place, VerifiedChain, verify_chain,
    verify_chain_where,
};
pub use policy::{PRODUCTION_AUTH_POLICY, PathPolicy, PolicyError, RequiredPolicies};
pub use policy_graph::{InitialPolicies, PolicyGraphError, PolicySet, PolicySettings};
pub use public_key::{KeyKind, PublicKey, UnsupportedKey};
pub use reason::RevocationReason;
pub use statement::{StatementSigned, verify_statement};
pub use verdict::{
    CrlAbsence, CrlAnswer, CrlEvidence, Decision, KeptRevocation, NotRevoked, OcspAbsence, OcspAnswer,
    OcspEvidence, Revocation, Rule, Shortfall, Source, SourceTimes, Sources, Verdict, decide,
};

//! Everything that can be wrong with a certificate, a list or a proof, each with a stable code.

use std::fmt;

use rustls_pki_types::UnixTime;

use crate::Oid;
use crate::der::DerError;

/// Why a certificate, a revocation list, a statement or an anchor is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Not the canonical encoding of what it should be.
    #[error("{part}: {rule}")]
    Malformed {
        /// Where.
        part: Part,
        /// The rule that is broken.
        rule: DerError,
    },
    /// A file is neither DER nor PEM of the object expected.
    #[error("neither DER nor PEM of the object expected")]
    NotDerOrPem,
    /// The certificate is longer than a card's can be.
    #[error("a certificate of {octets} octets, at most {limit} are read")]
    CertificateTooLong {
        /// Its length.
        octets: usize,
        /// The longest that is read.
        limit: usize,
    },
    /// The certificate is not X.509 v3 (RFC 5280 section 4.1.2.1).
    #[error("not a version 3 certificate")]
    NotVersion3,
    /// The serial number is not positive or is longer than 20 octets (RFC 5280 section 4.1.2.2).
    #[error("the serial number is not a positive number of at most 20 octets")]
    SerialInvalid,
    /// The algorithm inside the signed part is not the one outside (RFC 5280 sections 4.1.1.2, 5.1.1.2).
    #[error("{part}: the algorithm inside the signed part differs from the one outside")]
    AlgorithmMismatch {
        /// Where.
        part: Part,
    },
    /// A signature algorithm that nobody may use here (SHA-1, MD5, DSA, PSS with free parameters…).
    #[error("signature algorithm {oid} is not supported")]
    AlgorithmUnsupported {
        /// The algorithm's identifier.
        oid: Oid,
    },
    /// No trust anchor may use this signature algorithm; nothing was verified.
    #[error("no trust anchor may use {algorithm}")]
    AlgorithmNotAllowed {
        /// The algorithm.
        algorithm: crate::SignatureAlgorithm,
    },
    /// The public key is of another kind, too short, too long or badly formed.
    #[error("the public key is not RSA of 2048 to 4096 bits with odd e of at least 65537, P-256 or P-384")]
    KeyUnsupported,
    /// The issuer's or subject's name is empty where it must not be.
    #[error("the issuer's name is empty")]
    IssuerEmpty,
    /// notAfter lies before notBefore.
    #[error("notAfter lies before notBefore")]
    ValidityReversed,
    /// An extension appears twice (RFC 5280 section 4.2).
    #[error("{part}: extension {oid} appears twice")]
    ExtensionTwice {
        /// Where.
        part: Part,
        /// The extension.
        oid: Oid,
    },
    /// A critical extension that this verifier does not process (RFC 5280 section 4.2).
    #[error("{part}: critical extension {oid} is not known")]
    ExtensionUnknownCritical {
        /// Where.
        part: Part,
        /// The extension.
        oid: Oid,
    },
    /// An extension's value is not what RFC 5280 says it is.
    #[error("{part}: the value of extension {oid} is not what its definition says")]
    ExtensionInvalid {
        /// Where.
        part: Part,
        /// The extension.
        oid: Oid,
    },
    /// The strict reader and x509-parser do not read the same certificate.
    #[error("two readers disagree about this certificate")]
    ReadersDisagree,

    /// An anchor is not a CA certificate with keyCertSign.
    #[error("the trust anchor is not a CA certificate with keyCertSign")]
    AnchorNotCa,
    /// An anchor has no subjectKeyIdentifier, so that nothing can choose it.
    #[error("the trust anchor has no subjectKeyIdentifier")]
    AnchorWithoutKeyId,
    /// An anchor is configured with an algorithm that its key cannot make.
    #[error("the trust anchor's key cannot sign with {algorithm}")]
    AnchorAlgorithm {
        /// The algorithm.
        algorithm: crate::SignatureAlgorithm,
    },

    /// No trust anchor has the issuer's name.
    #[error("no trust anchor has the issuer's name")]
    IssuerUnknown,
    /// The certificate does not say which key signed it.
    #[error("the certificate has no authorityKeyIdentifier with a key identifier")]
    AuthorityKeyIdMissing,
    /// Anchors of the issuer's name exist, but none has the key that signed.
    #[error("no trust anchor of the issuer's name has the authority key identifier")]
    AuthorityKeyUnknown,
    /// The issuer's signature does not verify.
    #[error("the issuer's signature does not verify")]
    SignatureInvalid,
    /// The trust anchor is not valid yet.
    #[error("the trust anchor is valid from {}, it is {}", .not_before.as_secs(), .now.as_secs())]
    AnchorNotYetValid {
        /// The moment of the check.
        now: UnixTime,
        /// Start of its validity.
        not_before: UnixTime,
    },
    /// The trust anchor has expired.
    #[error("the trust anchor expired at {}, it is {}", .not_after.as_secs(), .now.as_secs())]
    AnchorExpired {
        /// The moment of the check.
        now: UnixTime,
        /// End of its validity.
        not_after: UnixTime,
    },
    /// The certificate is not valid yet.
    #[error("the certificate is valid from {}, it is {}", .not_before.as_secs(), .now.as_secs())]
    NotYetValid {
        /// The moment of the check.
        now: UnixTime,
        /// Start of its validity.
        not_before: UnixTime,
    },
    /// The certificate has expired.
    #[error("the certificate expired at {}, it is {}", .not_after.as_secs(), .now.as_secs())]
    Expired {
        /// The moment of the check.
        now: UnixTime,
        /// End of its validity.
        not_after: UnixTime,
    },
    /// keyUsage is absent or not exactly digitalSignature: a signature certificate (署名用) never authenticates.
    #[error("keyUsage is not exactly digitalSignature")]
    KeyUsageNotAuthentication,
    /// extKeyUsage is absent or does not name clientAuth.
    #[error("extKeyUsage does not contain clientAuth")]
    NotForClientAuth,
    /// No certificate policy is one of those required.
    #[error("no required certificate policy")]
    PolicyMissing,
    /// The certificate policy is that of a signature certificate (署名用).
    #[error("the policy {oid} is that of a signature certificate")]
    PolicyOfSignatureCertificate {
        /// The policy.
        oid: Oid,
    },
    /// The certificate is a CA's.
    #[error("the certificate is a CA's")]
    IsCa,
    /// The certificate does not say which revocation list covers it.
    #[error("the certificate has no cRLDistributionPoints")]
    DistributionPointsMissing,

    /// The statement names another certificate than the one that came with it.
    #[error("the statement names another certificate")]
    StatementOfOtherCertificate,
    /// The card's signature over the statement does not verify.
    #[error("the signature over the statement does not verify")]
    StatementSignatureInvalid,
    /// The proofs given together are about different certificates.
    #[error("the proofs are about different certificates")]
    ProofsDiffer,

    /// The list is not version 2.
    #[error("not a version 2 revocation list")]
    CrlNotVersion2,
    /// The list does not say when the next one comes (RFC 5280 section 5.1.2.5).
    #[error("the revocation list has no nextUpdate")]
    CrlWithoutNextUpdate,
    /// The list has no cRLNumber (RFC 5280 section 5.2.3).
    #[error("the revocation list has no cRLNumber")]
    CrlWithoutNumber,
    /// The list does not say which key signed it (RFC 5280 section 5.2.1).
    #[error("the revocation list has no authorityKeyIdentifier with a key identifier")]
    CrlWithoutAuthorityKeyId,
    /// The list is a delta, which says nothing by itself.
    #[error("the revocation list is a delta")]
    CrlIsDelta,
    /// No trust anchor has the name and key of the list's issuer.
    #[error("no trust anchor has the name and key identifier of the list's issuer")]
    CrlIssuerUnknown,
    /// The anchor that the list names may not sign lists (cRLSign).
    #[error("the trust anchor may not sign revocation lists")]
    CrlIssuerMayNotSign,
    /// The list's signature does not verify.
    #[error("the revocation list's signature does not verify")]
    CrlSignatureInvalid,
    /// A complete list says removeFromCRL (RFC 5280 section 5.3.1).
    #[error("removeFromCRL in a complete revocation list")]
    CrlRemoveInComplete,
}

impl Error {
    /// The stable name of this error: for logs, `madoguchi verify` and tests.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed { rule, .. } => rule.code(),
            Self::NotDerOrPem => "not_der_or_pem",
            Self::CertificateTooLong { .. } => "certificate_too_long",
            Self::NotVersion3 => "not_version_3",
            Self::SerialInvalid => "serial_invalid",
            Self::AlgorithmMismatch { .. } => "algorithm_mismatch",
            Self::AlgorithmUnsupported { .. } => "algorithm_unsupported",
            Self::AlgorithmNotAllowed { .. } => "algorithm_not_allowed",
            Self::KeyUnsupported => "key_unsupported",
            Self::IssuerEmpty => "issuer_empty",
            Self::ValidityReversed => "validity_reversed",
            Self::ExtensionTwice { .. } => "extension_twice",
            Self::ExtensionUnknownCritical { .. } => "extension_unknown_critical",
            Self::ExtensionInvalid { .. } => "extension_invalid",
            Self::ReadersDisagree => "readers_disagree",
            Self::AnchorNotCa => "anchor_not_ca",
            Self::AnchorWithoutKeyId => "anchor_without_key_id",
            Self::AnchorAlgorithm { .. } => "anchor_algorithm",
            Self::IssuerUnknown => "issuer_unknown",
            Self::AuthorityKeyIdMissing => "authority_key_id_missing",
            Self::AuthorityKeyUnknown => "authority_key_unknown",
            Self::SignatureInvalid => "signature_invalid",
            Self::AnchorNotYetValid { .. } => "anchor_not_yet_valid",
            Self::AnchorExpired { .. } => "anchor_expired",
            Self::NotYetValid { .. } => "not_yet_valid",
            Self::Expired { .. } => "expired",
            Self::KeyUsageNotAuthentication => "key_usage_not_authentication",
            Self::NotForClientAuth => "not_for_client_auth",
            Self::PolicyMissing => "policy_missing",
            Self::PolicyOfSignatureCertificate { .. } => "policy_of_signature_certificate",
            Self::IsCa => "is_ca",
            Self::DistributionPointsMissing => "distribution_points_missing",
            Self::StatementOfOtherCertificate => "statement_of_other_certificate",
            Self::StatementSignatureInvalid => "statement_signature_invalid",
            Self::ProofsDiffer => "proofs_differ",
            Self::CrlNotVersion2 => "crl_not_version_2",
            Self::CrlWithoutNextUpdate => "crl_without_next_update",
            Self::CrlWithoutNumber => "crl_without_number",
            Self::CrlWithoutAuthorityKeyId => "crl_without_authority_key_id",
            Self::CrlIsDelta => "crl_is_delta",
            Self::CrlIssuerUnknown => "crl_issuer_unknown",
            Self::CrlIssuerMayNotSign => "crl_issuer_may_not_sign",
            Self::CrlSignatureInvalid => "crl_signature_invalid",
            Self::CrlRemoveInComplete => "crl_remove_in_complete",
        }
    }
}

/// The object that an error is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// A certificate.
    Certificate,
    /// A certificate revocation list.
    Crl,
}

impl Part {
    /// The error for a broken encoding rule in this object.
    pub(crate) fn malformed(self) -> impl Fn(DerError) -> Error {
        move |rule| Error::Malformed { part: self, rule }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Certificate => "certificate",
            Self::Crl => "revocation list",
        })
    }
}

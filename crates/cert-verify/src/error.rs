//! Everything that can be wrong with a certificate, a list or a proof, each with a stable code.

use std::fmt;

use rustls_pki_types::UnixTime;

use crate::Oid;
use crate::der::DerError;
use crate::utc::utc;

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
    /// The certificate is neither version 1 nor version 3 (RFC 5280 section 4.1.2.1).
    #[error("neither a version 1 nor a version 3 certificate")]
    VersionUnsupported,
    /// A version 1 certificate with extensions (RFC 5280 section 4.1.2.9).
    #[error("a version 1 certificate with extensions")]
    ExtensionsInVersion1,
    /// A unique identifier, which conforming CAs never make (RFC 5280 section 4.1.2.8).
    #[error("a certificate with issuerUniqueID or subjectUniqueID")]
    UniqueIdentifiers,
    /// The serial number is longer than 20 octets (RFC 5280 section 4.1.2.2).
    #[error("the serial number is longer than 20 octets")]
    SerialTooLong,
    /// The serial number is zero (RFC 5280 section 4.1.2.2).
    #[error("the serial number is zero")]
    SerialZero,
    /// The serial number is negative (RFC 5280 section 4.1.2.2).
    #[error("the serial number is negative")]
    SerialNegative,
    /// The algorithm inside the signed part is not the one outside (RFC 5280 sections 4.1.1.2, 5.1.1.2).
    #[error("{part}: the algorithm inside the signed part differs from the one outside")]
    AlgorithmMismatch {
        /// Where.
        part: Part,
    },
    /// A signature algorithm that nobody may use here (SHA-1, MD5, DSA, PSS with free parameters…).
    #[error("signature algorithm {oid} ({}) is not supported", crate::algorithm::refused(.oid).1)]
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
    /// A public key that nothing here verifies with.
    #[error("the public key is not supported: {reason}")]
    KeyUnsupported {
        /// Why.
        reason: crate::UnsupportedKey,
    },
    /// The issuer's or subject's name is empty where it must not be.
    #[error("the issuer's name is empty")]
    IssuerEmpty,
    /// A validity date through 2049 as GeneralizedTime (RFC 5280 section 4.1.2.5).
    #[error("a validity date through 2049 is GeneralizedTime instead of UTCTime")]
    TimeForm,
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
    #[error("the trust anchor is valid from {}, it is {}", utc(.not_before), utc(.now))]
    AnchorNotYetValid {
        /// The moment of the check.
        now: UnixTime,
        /// Start of its validity.
        not_before: UnixTime,
    },
    /// The trust anchor has expired.
    #[error("the trust anchor expired at {}, it is {}", utc(.not_after), utc(.now))]
    AnchorExpired {
        /// The moment of the check.
        now: UnixTime,
        /// End of its validity.
        not_after: UnixTime,
    },
    /// The certificate is not valid yet.
    #[error("the certificate is valid from {}, it is {}", utc(.not_before), utc(.now))]
    NotYetValid {
        /// The moment of the check.
        now: UnixTime,
        /// Start of its validity.
        not_before: UnixTime,
    },
    /// The certificate has expired.
    #[error("the certificate expired at {}, it is {}", utc(.not_after), utc(.now))]
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

    /// The signature over the certificate was made with an algorithm that the issuer's key does not have.
    #[error("{algorithm} does not fit the issuer's key")]
    AlgorithmNotOfKey {
        /// The algorithm.
        algorithm: crate::SignatureAlgorithm,
    },
    /// More work than was granted: nothing further was looked at.
    #[error("the budget of work is spent")]
    BudgetSpent,
    /// The path would be longer than the settings allow.
    #[error("a path of more than {limit} certificates")]
    PathTooLong {
        /// The most certificates after the anchor.
        limit: usize,
    },
    /// A CA certificate, or one that issues, has no subject (RFC 5280 section 4.1.2.6).
    #[error("a CA certificate has no subject")]
    SubjectEmpty,
    /// Without a subject, subjectAltName must be there and critical (RFC 5280 section 4.1.2.6).
    #[error("without a subject, subjectAltName must be there and critical")]
    SubjectAltNameNotCritical,
    /// A dNSName that is not in the preferred name syntax (RFC 5280 section 4.2.1.6).
    #[error("a dNSName is not in the preferred name syntax")]
    DnsNameInvalid,
    /// An extension that must be critical is not (RFC 5280 section 4.2).
    #[error("extension {oid} must be critical")]
    ExtensionNotCritical {
        /// The extension.
        oid: Oid,
    },
    /// An extension that must not be critical is (RFC 5280 section 4.2).
    #[error("extension {oid} must not be critical")]
    ExtensionCritical {
        /// The extension.
        oid: Oid,
    },
    /// A CA certificate without subjectKeyIdentifier (RFC 5280 section 4.2.1.2).
    #[error("a CA certificate has no subjectKeyIdentifier")]
    SubjectKeyIdMissing,
    /// A certificate that issues has no basicConstraints (RFC 5280 section 6.1.4 (k)).
    #[error("a certificate that issues has no basicConstraints")]
    BasicConstraintsMissing,
    /// A certificate that issues is not a CA's (RFC 5280 section 6.1.4 (k)).
    #[error("a certificate that issues is not a CA's")]
    NotCa,
    /// More CA certificates follow than pathLenConstraint allows (RFC 5280 section 6.1.4 (l)).
    #[error("more CA certificates follow than a pathLenConstraint allows")]
    PathLengthExceeded,
    /// keyUsage of a certificate that issues lacks keyCertSign (RFC 5280 section 6.1.4 (n)).
    #[error("keyUsage of a certificate that issues lacks keyCertSign")]
    KeyCertSignMissing,
    /// keyCertSign or pathLenConstraint where they do not belong (RFC 5280 sections 4.2.1.3, 4.2.1.9).
    #[error("keyCertSign without cA, or a pathLenConstraint without keyCertSign")]
    CaExtensionsInconsistent,
    /// nameConstraints in a certificate that is not a CA's (RFC 5280 section 4.2.1.10).
    #[error("nameConstraints in a certificate that is not a CA's")]
    NameConstraintsNotOfCa,
    /// A name that the constraints of the path do not allow (RFC 5280 section 6.1.3 (b), (c)).
    #[error("{reason}")]
    NameConstrained {
        /// Why.
        reason: crate::NameConstraintError,
    },
    /// The certificate policies of the path do not satisfy what was asked (RFC 5280 sections 6.1.3 (f), 6.1.4 (a),
    /// 6.1.5 (g)).
    #[error("{reason}")]
    Policies {
        /// Why.
        reason: crate::PolicyGraphError,
    },
    /// A critical certificatePolicies with a qualifier that is not known (RFC 5280 section 4.2.1.4).
    #[error("certificatePolicies is critical and has a qualifier that is not known")]
    PolicyQualifierUnknown,
    /// extKeyUsage does not allow what the path is for.
    #[error("extKeyUsage does not allow client authentication")]
    PurposeNotAllowed,

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
    /// The list is to be replaced before it begins (RFC 5280 section 5.1.2.5).
    #[error("nextUpdate of the revocation list is before its thisUpdate")]
    CrlTimesReversed,
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
    /// The certificate is revoked or on hold.
    #[error("the certificate is revoked since {} ({})", utc(&.revocation.revoked_at), .revocation.reason.name())]
    Revoked {
        /// When and why.
        revocation: Box<crate::Revocation>,
    },
    /// Whether the certificate is revoked is not known.
    #[error("{reason}")]
    RevocationUndetermined {
        /// Why.
        reason: Box<crate::CrlError>,
    },
    /// The issuer's responder does not know the certificate.
    #[error("the OCSP responder does not know the certificate")]
    OcspUnknown,
    /// Whether the certificate is revoked is not known: OCSP responses about it say nothing that counts.
    #[error("{reason}")]
    OcspUndetermined {
        /// Why.
        reason: Box<crate::OcspError>,
    },
    /// The list is longer than the settings allow; nothing of it was read.
    #[error("a revocation list of {octets} octets, at most {limit} are read")]
    CrlTooLong {
        /// Its length.
        octets: usize,
        /// The longest that is read.
        limit: usize,
    },
    /// A version 1 list with extensions (RFC 5280 section 5.1.2.1).
    #[error("a version 1 revocation list with extensions")]
    CrlExtensionsInVersion1,
    /// revokedCertificates is there and empty (RFC 5280 section 5.1.2.6).
    #[error("revokedCertificates is there and empty")]
    CrlEntriesEmpty,
    /// A date through 2049 as GeneralizedTime (RFC 5280 sections 5.1.2.4 to 5.1.2.6).
    #[error("a date of the revocation list through 2049 is GeneralizedTime instead of UTCTime")]
    CrlTimeForm,
    /// certificateIssuer in a list that is not indirect (RFC 5280 section 5.3.3).
    #[error("certificateIssuer in a revocation list that is not indirect")]
    CrlNotIndirect,
}

impl Error {
    /// The stable name of this error: for logs, `madoguchi verify` and tests.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed { rule, .. } => rule.code(),
            Self::NotDerOrPem => "not_der_or_pem",
            Self::CertificateTooLong { .. } => "certificate_too_long",
            Self::VersionUnsupported => "version_unsupported",
            Self::ExtensionsInVersion1 => "extensions_in_version_1",
            Self::UniqueIdentifiers => "unique_identifiers",
            Self::SerialTooLong => "serial_too_long",
            Self::SerialZero => "serial_zero",
            Self::SerialNegative => "serial_negative",
            Self::AlgorithmMismatch { .. } => "algorithm_mismatch",
            Self::AlgorithmUnsupported { oid } => crate::algorithm::refused(oid).0,
            Self::AlgorithmNotAllowed { .. } => "algorithm_not_allowed",
            Self::KeyUnsupported { reason } => reason.code(),
            Self::IssuerEmpty => "issuer_empty",
            Self::TimeForm => "time_form",
            Self::ValidityReversed => "validity_reversed",
            Self::ExtensionTwice { .. } => "extension_twice",
            Self::ExtensionUnknownCritical { .. } => "extension_unknown_critical",
            Self::ExtensionInvalid { .. } => "extension_invalid",
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
            Self::AlgorithmNotOfKey { .. } => "algorithm_not_of_key",
            Self::BudgetSpent => "budget_spent",
            Self::PathTooLong { .. } => "path_too_long",
            Self::SubjectEmpty => "subject_empty",
            Self::SubjectAltNameNotCritical => "subject_alt_name_not_critical",
            Self::DnsNameInvalid => "dns_name_invalid",
            Self::ExtensionNotCritical { .. } => "extension_not_critical",
            Self::ExtensionCritical { .. } => "extension_critical",
            Self::SubjectKeyIdMissing => "subject_key_id_missing",
            Self::BasicConstraintsMissing => "basic_constraints_missing",
            Self::NotCa => "not_ca",
            Self::PathLengthExceeded => "path_length_exceeded",
            Self::KeyCertSignMissing => "key_cert_sign_missing",
            Self::CaExtensionsInconsistent => "ca_extensions_inconsistent",
            Self::NameConstraintsNotOfCa => "name_constraints_not_of_ca",
            Self::NameConstrained { reason } => reason.code(),
            Self::Policies { reason } => reason.code(),
            Self::PolicyQualifierUnknown => "policy_qualifier_unknown",
            Self::PurposeNotAllowed => "purpose_not_allowed",
            Self::StatementOfOtherCertificate => "statement_of_other_certificate",
            Self::StatementSignatureInvalid => "statement_signature_invalid",
            Self::ProofsDiffer => "proofs_differ",
            Self::CrlNotVersion2 => "crl_not_version_2",
            Self::CrlWithoutNextUpdate => "crl_without_next_update",
            Self::CrlWithoutNumber => "crl_without_number",
            Self::CrlTimesReversed => "crl_times_reversed",
            Self::CrlWithoutAuthorityKeyId => "crl_without_authority_key_id",
            Self::CrlIsDelta => "crl_is_delta",
            Self::CrlIssuerUnknown => "crl_issuer_unknown",
            Self::CrlIssuerMayNotSign => "crl_issuer_may_not_sign",
            Self::CrlSignatureInvalid => "crl_signature_invalid",
            Self::CrlRemoveInComplete => "crl_remove_in_complete",
            Self::Revoked { revocation } if revocation.is_hold() => "on_hold",
            Self::Revoked { .. } => "revoked",
            Self::OcspUnknown => "ocsp_unknown",
            Self::OcspUndetermined { reason } => reason.code(),
            Self::RevocationUndetermined { reason } => reason.code(),
            Self::CrlTooLong { .. } => "crl_too_long",
            Self::CrlExtensionsInVersion1 => "crl_extensions_in_version_1",
            Self::CrlEntriesEmpty => "crl_entries_empty",
            Self::CrlTimeForm => "crl_time_form",
            Self::CrlNotIndirect => "crl_not_indirect",
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

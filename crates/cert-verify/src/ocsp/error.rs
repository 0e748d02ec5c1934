//! Why a response says nothing, each with a stable code.

use rustls_pki_types::UnixTime;

use crate::der::{DerError, integer};
use crate::utc::utc;
use crate::{Error, OcspAbsence, Oid, SignatureAlgorithm};

/// OCSPResponseStatus of an answer that is none (RFC 6960 section 4.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseStatus {
    /// malformedRequest (1).
    MalformedRequest,
    /// internalError (2).
    InternalError,
    /// tryLater (3).
    TryLater,
    /// sigRequired (5).
    SigRequired,
    /// unauthorized (6).
    Unauthorized,
}

impl ResponseStatus {
    /// None inside for successful (0).
    pub(crate) fn from_content(content: &[u8]) -> Result<Option<Self>, OcspError> {
        Ok(match integer(content)? {
            [0] => None,
            [1] => Some(Self::MalformedRequest),
            [2] => Some(Self::InternalError),
            [3] => Some(Self::TryLater),
            [5] => Some(Self::SigRequired),
            [6] => Some(Self::Unauthorized),
            _ => return Err(OcspError::StatusUnknown),
        })
    }

    /// The name that RFC 6960 gives it.
    pub fn name(self) -> &'static str {
        match self {
            Self::MalformedRequest => "malformedRequest",
            Self::InternalError => "internalError",
            Self::TryLater => "tryLater",
            Self::SigRequired => "sigRequired",
            Self::Unauthorized => "unauthorized",
        }
    }
}

/// What keeps the closest statement of a response from being about the certificate asked for, from least to most
/// alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mismatch {
    /// There is no statement.
    NoResponse,
    /// Its hash algorithm is not known.
    HashUnknown,
    /// Another serial number.
    Serial,
    /// The serial number, with another issuer's name.
    IssuerName,
    /// The serial number and the issuer's name, with another issuer's key.
    IssuerKey,
}

/// Why a response says nothing about a certificate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OcspError {
    /// Not the canonical encoding of a response.
    #[error("OCSP response: {rule}")]
    Malformed {
        /// The rule that is broken.
        rule: DerError,
    },
    /// The responder answered with an error.
    #[error("the responder answered {}", .status.name())]
    ErrorStatus {
        /// Which.
        status: ResponseStatus,
    },
    /// responseStatus is none that RFC 6960 has.
    #[error("responseStatus is none that RFC 6960 has")]
    StatusUnknown,
    /// An error together with a response.
    #[error("an error status together with a response")]
    ErrorWithResponse,
    /// `successful` without a response.
    #[error("responseStatus is successful, but there is no response")]
    ResponseMissing,
    /// A type of response other than id-pkix-ocsp-basic.
    #[error("response type {oid} is not id-pkix-ocsp-basic")]
    TypeUnknown {
        /// The type.
        oid: Oid,
    },
    /// A version other than v1.
    #[error("the response is not version 1")]
    VersionUnknown,
    /// An extension appears twice.
    #[error("extension {oid} appears twice")]
    ExtensionTwice {
        /// The extension.
        oid: Oid,
    },
    /// A critical extension, of the response or of its statement, that is not processed.
    #[error("critical extension {oid} is not known")]
    CriticalExtension {
        /// The extension.
        oid: Oid,
    },
    /// A revocation reason that RFC 5280 does not have, or removeFromCRL.
    #[error("the revocation reason is none that a responder can give")]
    ReasonInvalid,

    /// A signature algorithm that nobody may use.
    #[error("signature algorithm {oid} is not supported")]
    AlgorithmUnsupported {
        /// The algorithm's identifier.
        oid: Oid,
    },
    /// A signature algorithm that is not allowed here.
    #[error("responses may not be signed with {algorithm}")]
    AlgorithmNotAllowed {
        /// The algorithm.
        algorithm: SignatureAlgorithm,
    },
    /// responderID names neither the issuer nor a certificate of the response.
    #[error("responderID names neither the issuer nor a certificate in the response")]
    ResponderUnknown,
    /// A certificate in the response cannot be read.
    #[error("a certificate in the response: {error}")]
    ResponderMalformed {
        /// Why.
        error: Error,
    },
    /// The responder's certificate has another issuer than the certificate asked for.
    #[error("the responder's certificate has another issuer than the certificate")]
    ResponderOfOtherIssuer,
    /// The responder's certificate has a critical extension that is not known.
    #[error("the responder's certificate has the unknown critical extension {oid}")]
    ResponderCriticalExtension {
        /// The extension.
        oid: Oid,
    },
    /// extKeyUsage of the responder's certificate does not name id-kp-OCSPSigning.
    #[error("the responder's certificate is not for OCSP signing")]
    ResponderWithoutPurpose,
    /// keyUsage of the responder's certificate lacks digitalSignature.
    #[error("keyUsage of the responder's certificate lacks digitalSignature")]
    ResponderKeyUsage,
    /// The responder's certificate is not valid yet.
    #[error("the responder's certificate is valid from {}, it is {}", utc(.not_before), utc(.now))]
    ResponderNotYetValid {
        /// The moment of the check.
        now: UnixTime,
        /// Start of its validity.
        not_before: UnixTime,
    },
    /// The responder's certificate has expired.
    #[error("the responder's certificate expired at {}, it is {}", utc(.not_after), utc(.now))]
    ResponderExpired {
        /// The moment of the check.
        now: UnixTime,
        /// End of its validity.
        not_after: UnixTime,
    },
    /// The responder's key is not supported.
    #[error("the responder's certificate: {error}")]
    ResponderKey {
        /// Why.
        error: Error,
    },
    /// The responder's certificate is signed with an algorithm that is not allowed.
    #[error("the responder's certificate: {error}")]
    ResponderAlgorithm {
        /// Why.
        error: Error,
    },
    /// The issuer's key did not sign the responder's certificate.
    #[error("the issuer's key did not sign the responder's certificate")]
    ResponderNotSignedByIssuer,
    /// The responder's certificate is revoked.
    #[error("the responder's certificate is revoked")]
    ResponderRevoked,
    /// The responder's certificate has no id-pkix-ocsp-nocheck, and no list says that it is not revoked.
    #[error(
        "nothing says that the responder's certificate is not revoked, and it has no id-pkix-ocsp-nocheck"
    )]
    ResponderUnchecked,
    /// The response's signature does not verify.
    #[error("the response's signature does not verify")]
    SignatureInvalid,

    /// The response is about other certificates.
    #[error("the response is about another certificate: {mismatch:?}")]
    WrongCertificate {
        /// The difference of the closest statement.
        mismatch: Mismatch,
    },
    /// The response has no nonce, and one was required.
    #[error("the response has no nonce")]
    NonceMissing,
    /// The nonce is not an OCTET STRING of 1 to 128 octets.
    #[error("the nonce is not an OCTET STRING of 1 to 128 octets")]
    NonceMalformed,
    /// The response has another nonce than the request.
    #[error("the response has another nonce than the request")]
    NonceWrong,
    /// producedAt is to come.
    #[error("the response was produced at {}, it is {}", utc(.produced_at), utc(.now))]
    ProducedInFuture {
        /// The moment of the check.
        now: UnixTime,
        /// producedAt.
        produced_at: UnixTime,
    },
    /// thisUpdate is to come.
    #[error("the answer is as of {}, it is {}", utc(.this_update), utc(.now))]
    NotYetValid {
        /// The moment of the check.
        now: UnixTime,
        /// thisUpdate.
        this_update: UnixTime,
    },
    /// nextUpdate lies before thisUpdate.
    #[error("nextUpdate {} lies before thisUpdate {}", utc(.next_update), utc(.this_update))]
    TimesReversed {
        /// thisUpdate.
        this_update: UnixTime,
        /// nextUpdate.
        next_update: UnixTime,
    },
    /// nextUpdate is past.
    #[error("a newer answer was due at {}, it is {}", utc(.next_update), utc(.now))]
    Expired {
        /// The moment of the check.
        now: UnixTime,
        /// nextUpdate.
        next_update: UnixTime,
    },
    /// thisUpdate is older than the limit.
    #[error("the answer is as of {}, it is {}: older than the limit", utc(.this_update), utc(.now))]
    TooOld {
        /// The moment of the check.
        now: UnixTime,
        /// thisUpdate.
        this_update: UnixTime,
    },
    /// The certificate had expired before the response was made, and the responder does not say that it remembers.
    #[error(
        "the certificate expired at {}, the response is of {}, and no archiveCutoff reaches back so far",
        utc(.not_after), utc(.produced_at)
    )]
    CertificateExpired {
        /// producedAt.
        produced_at: UnixTime,
        /// notAfter of the certificate.
        not_after: UnixTime,
    },
    /// More signature checks than the budget has.
    #[error("the budget is spent")]
    BudgetSpent,
}

impl From<DerError> for OcspError {
    fn from(rule: DerError) -> Self {
        Self::Malformed { rule }
    }
}

impl OcspError {
    /// The stable name of this error: for logs, `madoguchi verify` and tests.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed { rule } => rule.code(),
            Self::ErrorStatus { status } => match status {
                ResponseStatus::MalformedRequest => "ocsp_malformed_request",
                ResponseStatus::InternalError => "ocsp_internal_error",
                ResponseStatus::TryLater => "ocsp_try_later",
                ResponseStatus::SigRequired => "ocsp_sig_required",
                ResponseStatus::Unauthorized => "ocsp_unauthorized",
            },
            Self::StatusUnknown => "ocsp_status_unknown",
            Self::ErrorWithResponse => "ocsp_error_with_response",
            Self::ResponseMissing => "ocsp_response_missing",
            Self::TypeUnknown { .. } => "ocsp_type_unknown",
            Self::VersionUnknown => "ocsp_version_unknown",
            Self::ExtensionTwice { .. } => "ocsp_extension_twice",
            Self::CriticalExtension { .. } => "ocsp_critical_extension",
            Self::ReasonInvalid => "ocsp_reason_invalid",
            Self::AlgorithmUnsupported { oid } => crate::algorithm::refused(oid).0,
            Self::AlgorithmNotAllowed { .. } => "ocsp_algorithm_not_allowed",
            Self::ResponderUnknown => "ocsp_responder_unknown",
            Self::ResponderMalformed { .. } => "ocsp_responder_malformed",
            Self::ResponderOfOtherIssuer => "ocsp_responder_of_other_issuer",
            Self::ResponderCriticalExtension { .. } => "ocsp_responder_critical_extension",
            Self::ResponderWithoutPurpose => "ocsp_responder_without_purpose",
            Self::ResponderKeyUsage => "ocsp_responder_key_usage",
            Self::ResponderNotYetValid { .. } => "ocsp_responder_not_yet_valid",
            Self::ResponderExpired { .. } => "ocsp_responder_expired",
            Self::ResponderKey { .. } => "ocsp_responder_key",
            Self::ResponderAlgorithm { .. } => "ocsp_responder_algorithm",
            Self::ResponderNotSignedByIssuer => "ocsp_responder_not_signed_by_issuer",
            Self::ResponderRevoked => "ocsp_responder_revoked",
            Self::ResponderUnchecked => "ocsp_responder_unchecked",
            Self::SignatureInvalid => "ocsp_signature_invalid",
            Self::WrongCertificate { mismatch } => match mismatch {
                Mismatch::NoResponse => "ocsp_no_single_response",
                Mismatch::HashUnknown => "ocsp_hash_unknown",
                Mismatch::Serial => "ocsp_wrong_serial",
                Mismatch::IssuerName => "ocsp_wrong_issuer_name",
                Mismatch::IssuerKey => "ocsp_wrong_issuer_key",
            },
            Self::NonceMissing => "ocsp_nonce_missing",
            Self::NonceMalformed => "ocsp_nonce_malformed",
            Self::NonceWrong => "ocsp_nonce_wrong",
            Self::ProducedInFuture { .. } => "ocsp_produced_in_future",
            Self::NotYetValid { .. } => "ocsp_not_yet_valid",
            Self::TimesReversed { .. } => "ocsp_times_reversed",
            Self::Expired { .. } => "ocsp_expired",
            Self::TooOld { .. } => "ocsp_too_old",
            Self::CertificateExpired { .. } => "ocsp_certificate_expired",
            Self::BudgetSpent => "budget_spent",
        }
    }

    /// Whether the response is one that might have been right at another moment: the responder cannot answer now, or the
    /// answer is not of this time.
    pub(crate) fn is_of_another_moment(&self) -> bool {
        matches!(
            self,
            Self::ErrorStatus { .. }
                | Self::NotYetValid { .. }
                | Self::ProducedInFuture { .. }
                | Self::Expired { .. }
                | Self::TooOld { .. }
        )
    }

    /// Whether it was not read, for its length alone.
    pub(crate) fn is_limit(&self) -> bool {
        matches!(self, Self::Malformed { rule: DerError::TooLong })
    }

    /// The same for the table of verdicts, which asks less.
    pub fn absence(&self) -> OcspAbsence {
        match self {
            Self::Malformed { .. }
            | Self::StatusUnknown
            | Self::ErrorWithResponse
            | Self::ResponseMissing
            | Self::TypeUnknown { .. }
            | Self::VersionUnknown
            | Self::ExtensionTwice { .. }
            | Self::ReasonInvalid => OcspAbsence::Malformed,
            Self::CriticalExtension { .. } => OcspAbsence::CriticalExtension,
            Self::ErrorStatus { .. } => OcspAbsence::ErrorStatus,
            Self::AlgorithmUnsupported { .. }
            | Self::AlgorithmNotAllowed { .. }
            | Self::ResponderUnknown
            | Self::ResponderMalformed { .. }
            | Self::ResponderOfOtherIssuer
            | Self::ResponderCriticalExtension { .. }
            | Self::ResponderWithoutPurpose
            | Self::ResponderKeyUsage
            | Self::ResponderNotYetValid { .. }
            | Self::ResponderExpired { .. }
            | Self::ResponderKey { .. }
            | Self::ResponderAlgorithm { .. }
            | Self::ResponderNotSignedByIssuer
            | Self::SignatureInvalid => OcspAbsence::WrongSigner,
            Self::ResponderRevoked => OcspAbsence::ResponderRevoked,
            Self::ResponderUnchecked => OcspAbsence::ResponderUnchecked,
            Self::WrongCertificate { .. } => OcspAbsence::WrongCertificate,
            Self::NonceMissing | Self::NonceMalformed | Self::NonceWrong => OcspAbsence::WrongNonce,
            Self::ProducedInFuture { .. } | Self::NotYetValid { .. } => OcspAbsence::NotYetValid,
            Self::TimesReversed { .. }
            | Self::Expired { .. }
            | Self::TooOld { .. }
            | Self::CertificateExpired { .. } => OcspAbsence::Stale,
            Self::BudgetSpent => OcspAbsence::BudgetSpent,
        }
    }
}

//! What can be made wrong on purpose, one fault in each certificate or list. Everything else stays right, so that
//! a reader that accepts the result has missed exactly that one rule.

use clap::ValueEnum;

/// A fault of the certificate that a card presents for user authentication.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CertificateFault {
    /// basicConstraints says that the holder is an authority.
    CaFlag,
    /// An extension appears twice.
    DuplicateExtension,
    /// notAfter is past.
    Expired,
    /// No extKeyUsage.
    MissingExtendedKeyUsage,
    /// notBefore is to come.
    NotYetValid,
    /// Issued by an authority with the same name and another key.
    OtherCa,
    /// A signature certificate (署名用電子証明書) for the authentication key.
    SignatureCertificate,
    /// One bit of the signature is turned.
    TamperedSignature,
    /// A critical extension that nobody knows.
    UnknownCriticalExtension,
    /// keyUsage has nonRepudiation beside digitalSignature.
    WrongKeyUsage,
    /// Another policy than that of user-authentication certificates.
    WrongPolicy,
}

/// A fault of every list that is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CrlFault {
    /// deltaCRLIndicator: only what changed since an earlier list.
    Delta,
    /// thisUpdate is to come.
    Future,
    /// Indirect: it may be about other issuers' certificates.
    Indirect,
    /// No list at all.
    Missing,
    /// No cRLNumber.
    MissingNumber,
    /// Only about CA certificates.
    OnlyCaCertificates,
    /// Only about lost keys.
    OnlySomeReasons,
    /// Signed by an authority with the same name and another key.
    OtherKey,
    /// nextUpdate is past.
    Stale,
    /// One bit of the signature is turned.
    TamperedSignature,
    /// An octet after the end.
    TrailingOctet,
    /// A critical extension that nobody knows.
    UnknownCriticalExtension,
    /// Version 1, without extensions.
    Version1,
    /// issuingDistributionPoint names the next municipality.
    WrongDistributionPoint,
}

/// A fault of every answer of the OCSP responder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OcspFault {
    /// thisUpdate and producedAt are to come.
    Future,
    /// The nonce does not come back.
    MissingNonce,
    /// About a number that nobody asked for.
    OtherCertificate,
    /// Another nonce comes back.
    OtherNonce,
    /// Signed by the authority for digital signature, which has no say here.
    OtherResponder,
    /// The responder's certificate has expired.
    ResponderExpired,
    /// The responder's certificate is of an authority with the same name and another key.
    ResponderOfOtherCa,
    /// The responder's certificate has no id-pkix-ocsp-nocheck; the first municipality's list covers it.
    ResponderUnchecked,
    /// The responder's certificate is not for OCSP signing.
    ResponderWithoutPurpose,
    /// The signature says SHA-1.
    Sha1Signature,
    /// nextUpdate is past.
    Stale,
    /// One bit of the signature is turned.
    TamperedSignature,
    /// An octet after the end.
    TrailingOctet,
    /// No answer but `tryLater`.
    TryLater,
    /// Each certificate is good and, once more, revoked.
    TwoStatuses,
    /// No answer but `unauthorized`.
    Unauthorized,
    /// A critical extension that nobody knows.
    UnknownCriticalExtension,
    /// responderID is nobody's.
    WrongResponderId,
}

/// A fault of the HTTP around every answer of the OCSP responder; the answer itself may be right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum HttpFault {
    /// One octet at a time, each after the delay, or after 100 milliseconds when there is none.
    Drip,
    /// Octets without end.
    Endless,
    /// Octets that are no OCSP response.
    Garbage,
    /// Status 500.
    InternalError,
    /// Status 302 to an address that answers well.
    Redirect,
    /// No answer, and the connection stays open.
    Silent,
    /// The connection ends in the middle of the answer.
    Truncated,
    /// Status 503.
    Unavailable,
    /// Content type text/html.
    WrongContentType,
}

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
    /// No list at all.
    Missing,
    /// Signed by an authority with the same name and another key.
    OtherKey,
    /// nextUpdate is past.
    Stale,
    /// One bit of the signature is turned.
    TamperedSignature,
    /// issuingDistributionPoint names the next municipality.
    WrongDistributionPoint,
}

/// A fault of every answer of the OCSP responder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OcspFault {
    /// Signed by the authority for digital signature, which has no say here.
    OtherResponder,
    /// nextUpdate is past.
    Stale,
    /// One bit of the signature is turned.
    TamperedSignature,
    /// No answer but `tryLater`.
    TryLater,
}

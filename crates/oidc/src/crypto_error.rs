//! What can go wrong with keys, tokens and randomness.

/// Why a key or token could not be made, read or used. The offending octets are not repeated: they are secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CryptoError {
    /// Not the PKCS#8 of a key for the algorithm.
    #[error("not a PKCS#8 document of a key for this algorithm: P-256, or RSA of 2048 to 4096 bits")]
    MalformedKey,
    /// Not one unencrypted PKCS#8 key in PEM.
    #[error("not a PEM file with exactly one unencrypted `PRIVATE KEY` (PKCS#8)")]
    MalformedPem,
    /// Not exactly 43 characters of canonical base64url.
    #[error("not 256 bits in base64url")]
    MalformedToken,
    /// The operating system gave no randomness.
    #[error("the system's random number generator failed")]
    NoRandomness,
    /// The signature could not be made.
    #[error("signing failed")]
    Signing,
}

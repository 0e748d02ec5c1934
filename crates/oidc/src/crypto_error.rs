//! What can go wrong with keys, tokens and randomness.

/// Why a key or token could not be made, read or used. The offending octets are not repeated: they are secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CryptoError {
    /// Not the PKCS#8 of a P-256 key.
    #[error("not a PKCS#8 document of a P-256 key")]
    MalformedKey,
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

//! Why a JWS or a key is refused. The offending text is never repeated.

/// Why a compact JWS is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JoseError {
    /// The header's `alg` is not the one that the key's owner is registered with.
    #[error("signed with another algorithm than registered")]
    Alg,
    /// A claim has the wrong type.
    #[error("claim {name} has the wrong type")]
    ClaimType {
        /// The claim.
        name: &'static str,
    },
    /// A claim that must be there is not.
    #[error("claim {name} is missing")]
    ClaimMissing {
        /// The claim.
        name: &'static str,
    },
    /// `crit`: an extension that must be understood, and none is (RFC 7515 section 4.1.11).
    #[error("the header holds crit")]
    Critical,
    /// A header parameter has the wrong type.
    #[error("header parameter {name} is missing or has the wrong type")]
    Header {
        /// The parameter.
        name: &'static str,
    },
    /// Header or claims are no JSON object with unique members within the bounds.
    #[error("not a JSON object with unique members")]
    Json,
    /// Not three parts of canonical base64url.
    #[error("not a compact JWS")]
    Malformed,
    /// The signature does not verify, or the key is of another kind than the algorithm.
    #[error("the signature does not verify")]
    Signature,
    /// Longer than any honest one.
    #[error("the JWS is too long")]
    TooLong,
}

/// Why a JWK or a set of them is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JwkError {
    /// `alg` is none of ES256, PS256 and RS256, or not one of this kind of key.
    #[error("alg must be ES256 for an EC key, PS256 or RS256 for an RSA key")]
    Alg,
    /// Two keys of a set have one `kid`.
    #[error("two keys have the same kid")]
    DuplicateKid,
    /// An EC key of another curve, or coordinates that are not 32 octets of base64url.
    #[error("an EC key must be on P-256, with coordinates of 32 octets")]
    Ec,
    /// Not a JSON object with unique members, or not a set of keys.
    #[error("not a JSON object with unique members")]
    Json,
    /// `kid` is no text of 1 to 255 octets.
    #[error("kid must be a text of 1 to 255 octets")]
    Kid,
    /// Neither EC nor RSA.
    #[error("kty must be EC or RSA")]
    Kty,
    /// No key, or more than any honest set has.
    #[error("a set has 1 to 16 keys")]
    HowMany,
    /// One of several keys has no `kid`.
    #[error("every key of a set of several needs a kid")]
    NoKid,
    /// A private or symmetric member. Whoever sent it has lost the key.
    #[error("the key holds a private part; make a new key and send the public part alone")]
    Private,
    /// An RSA key outside 2048 to 4096 bits, a small or even exponent, or numbers that are not minimal base64url.
    #[error("an RSA key must have 2048 to 4096 bits and an odd exponent of 65537 or more")]
    Rsa,
    /// Not the SubjectPublicKeyInfo of a key on P-256 or of an RSA key.
    #[error("not the public key of a key on P-256 or of an RSA key")]
    Spki,
    /// `use` is not `sig`, or `key_ops` lacks `verify`.
    #[error("the key is not for signatures")]
    Usage,
}

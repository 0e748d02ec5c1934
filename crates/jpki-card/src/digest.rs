//! Digests, and DigestInfo (RFC 8017 section 9.2, step 2): what the card's RSA key is given to pad and sign.

/// A hash whose digests a card signs. Which one is the card profile's to say.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DigestAlgorithm {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
}

impl DigestAlgorithm {
    /// Octets of a digest.
    pub const fn digest_octets(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
        }
    }

    /// DER of DigestInfo with this digest, which has the right length.
    pub(crate) fn digest_info(self, digest: &[u8]) -> Vec<u8> {
        let prefix = match self {
            Self::Sha256 => SHA256_PREFIX,
            Self::Sha384 => SHA384_PREFIX,
        };
        [prefix, digest].concat()
    }
}

/// RFC 8017 section 9.2, note 1.
const SHA256_PREFIX: &[u8] = &[
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00,
    0x04, 0x20,
];
/// RFC 8017 section 9.2, note 1.
const SHA384_PREFIX: &[u8] = &[
    0x30, 0x41, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02, 0x05, 0x00,
    0x04, 0x30,
];

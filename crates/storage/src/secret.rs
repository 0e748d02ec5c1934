//! Keys that the nodes share: they live in the database, sealed under a key that each node reads from a file.

/// What a stored secret is for. One row per municipality and purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SecretPurpose {
    /// Keyed hash by which accounts are found.
    AccountKey,
    /// PKCS#8 of the ES256 key that signs checkpoints of the audit log.
    AuditKeyEs256,
    /// Seals the start page's form and the holder in a session.
    FlowSeal,
    /// PKCS#8 of the ES256 key that signed ID tokens before keys had a table of their own.
    SigningKeyEs256,
    /// Seals the signing keys.
    SigningKeySeal,
    /// Salt of pairwise subject identifiers.
    SubjectSalt,
}

impl SecretPurpose {
    /// The name in the database; also bound into the seal, so that one secret cannot stand in for another.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccountKey => "account-key",
            Self::AuditKeyEs256 => "audit-key-es256",
            Self::FlowSeal => "flow-seal",
            Self::SigningKeyEs256 => "signing-key-es256",
            Self::SigningKeySeal => "signing-key-seal",
            Self::SubjectSalt => "subject-salt",
        }
    }
}

/// A sealed secret (AEAD output with its nonce). Opaque to the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedSecret(pub Vec<u8>);

//! What a card is personalised with, from the folder that `madoguchi-test-pki` writes.

use std::{fs, path::Path};

use madoguchi_test_pki::CardFiles;

use crate::MockCardError;

/// Certificates, keys and PINs of one card, and the certificates of its issuers. Its keys must be RSA: there is
/// no other card yet.
pub struct CardContents {
    /// What is the holder's.
    pub files: CardFiles,
    /// Certificate of the authority for user authentication, DER.
    pub auth_ca_certificate: Vec<u8>,
    /// Certificate of the authority for digital signature, DER.
    pub sign_ca_certificate: Vec<u8>,
}

impl CardContents {
    /// Reads the card `name` of a test PKI.
    pub fn read(pki: &Path, name: &str) -> Result<Self, MockCardError> {
        let read = |file| {
            let path = pki.join(file);
            fs::read(&path).map_err(|source| MockCardError::Unreadable { path, source })
        };
        Ok(Self {
            files: CardFiles::load(pki, name)?,
            auth_ca_certificate: read("auth-ca.der")?,
            sign_ca_certificate: read("sign-ca.der")?,
        })
    }
}

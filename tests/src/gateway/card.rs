//! Cards of the test PKI, without the chip.

use std::sync::Arc;

use madoguchi_protocol::SignInStatement;
use madoguchi_test_pki::{CardFiles, PrivateKey, Serial};

use super::random;

/// A card: its user-authentication certificate and key.
pub struct TestCard {
    /// DER of the certificate that it presents.
    pub certificate: Vec<u8>,
    /// Its serial number.
    pub serial: Serial,
    key: Arc<PrivateKey>,
}

impl TestCard {
    pub(crate) fn new(files: &CardFiles) -> Self {
        Self {
            certificate: files.auth_certificate.clone(),
            serial: files.auth_serial,
            key: Arc::new(PrivateKey::from_pkcs8(&files.auth_key, random()).expect("a key")),
        }
    }

    /// The same card, for another sign-in.
    pub fn twin(&self) -> Self {
        let (certificate, serial, key) = (self.certificate.clone(), self.serial, Arc::clone(&self.key));
        Self { certificate, serial, key }
    }

    /// The card's signature over a statement, as after the right PIN.
    pub fn sign(&self, statement: &SignInStatement) -> Vec<u8> {
        self.key.sign(&statement.to_der(), random()).expect("a signature")
    }
}

//! The card's signature over a sign-in statement.

use madoguchi_protocol::{Octets, SignInStatement};

use crate::{Certificate, Error, SignatureAlgorithm};

/// Proof: the key of this certificate signed a [`SignInStatement`] that names the certificate.
///
/// Made only from a typed statement, never from octets or a digest.
#[derive(Debug)]
pub struct StatementSigned {
    certificate: Octets<32>,
}

impl StatementSigned {
    /// SHA-256 of the certificate that the proof is about.
    pub fn certificate_sha256(&self) -> Octets<32> {
        self.certificate
    }

    /// The same, and the proof is used up: one signature makes one holder.
    pub(crate) fn into_certificate_sha256(self) -> Octets<32> {
        self.certificate
    }
}

/// Verifies the card's signature under the hash that the key prescribes: SHA-256 for RSA (PKCS#1 v1.5, exact
/// encoding) and P-256, SHA-384 for P-384; an ECDSA signature is DER.
pub fn verify_statement(
    statement: &SignInStatement,
    certificate: &Certificate,
    signature: &[u8],
) -> Result<StatementSigned, Error> {
    if statement.certificate_hash() != certificate.sha256() {
        return Err(Error::StatementOfOtherCertificate);
    }
    let key = certificate.public_key();
    key.is_supported()?;
    let algorithm = SignatureAlgorithm::prescribed_by(key.kind()).ok_or(Error::StatementSignatureInvalid)?;
    if !algorithm.verifies(key, &statement.to_der(), signature) {
        return Err(Error::StatementSignatureInvalid);
    }
    Ok(StatementSigned { certificate: certificate.sha256() })
}

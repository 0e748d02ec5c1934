//! The hypothetical next card's ECDSA on P-384 over a hash that comes in (FIPS 186-5 section 6.4). Nothing is published
//! about that card; this exists so that software can be tried for its agility.

use madoguchi_iso7816::StatusWord;
use p384::ecdsa::{DerSignature, Signature, SigningKey, signature::hazmat::PrehashSigner as _};
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::der::{INTEGER, OCTET_STRING, SEQUENCE, value};

/// How the card writes an ECDSA signature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EcdsaForm {
    /// r‖s, 96 octets, as most cards do.
    #[default]
    Raw,
    /// `ECDSA-Sig-Value` in DER.
    Der,
}

impl EcdsaForm {
    /// The most octets.
    pub(crate) fn octets(self) -> usize {
        match self {
            Self::Raw => 2 * HASH_OCTETS,
            Self::Der => 2 * HASH_OCTETS + 8,
        }
    }
}

/// A P-384 private key.
pub(crate) struct EcKey(SigningKey);

impl EcKey {
    /// Reads PKCS#8 (RFC 5958) with an `ECPrivateKey` (RFC 5915) in it.
    pub(crate) fn from_der(der: &[u8]) -> Result<Self, &'static str> {
        let (fields, _) = value(der, SEQUENCE)?;
        let (_, after_version) = value(fields, INTEGER)?;
        let (algorithm, rest) = value(after_version, SEQUENCE)?;
        if algorithm != P384_ALGORITHM {
            return Err("not a P-384 key");
        }
        let (inner, _) = value(rest, OCTET_STRING)?;
        let (fields, _) = value(inner, SEQUENCE)?;
        let (_, after_version) = value(fields, INTEGER)?;
        let (scalar, _) = value(after_version, OCTET_STRING)?;
        let scalar = Zeroizing::new(scalar.to_vec());
        SigningKey::from_slice(&scalar).map(Self).map_err(|_| "not a private key of P-384")
    }

    /// Signs a SHA-384 hash, with the k of RFC 6979.
    pub(crate) fn sign(&self, hash: &[u8], form: EcdsaForm) -> Result<Vec<u8>, StatusWord> {
        if hash.len() != HASH_OCTETS {
            return Err(StatusWord::WrongLength);
        }
        let signature: Signature = self.0.sign_prehash(hash).map_err(|_| StatusWord::ExecutionError)?;
        Ok(match form {
            EcdsaForm::Raw => signature.to_bytes().to_vec(),
            EcdsaForm::Der => DerSignature::from(signature).as_bytes().to_vec(),
        })
    }
}

const HASH_OCTETS: usize = 48;
/// id-ecPublicKey with secp384r1 (RFC 5480).
const P384_ALGORITHM: &[u8] =
    &[0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x22];

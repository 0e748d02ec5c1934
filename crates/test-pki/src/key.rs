//! Private keys of authorities and holders, and the signatures they make.

use std::fmt;

use clap::ValueEnum;
use ring::{
    rand::SecureRandom,
    signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
        KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
    },
};
use zeroize::Zeroizing;

use crate::{Error, der, oid, rsa};

/// Kind of a key, and with it the one algorithm that it signs with here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum KeyKind {
    /// RSA with 2048 bits, PKCS#1 v1.5 with SHA-256: the card of today.
    #[default]
    Rsa2048,
    /// ECDSA on P-256 with SHA-256.
    P256,
    /// ECDSA on P-384 with SHA-384.
    P384,
}

/// A private key of the test PKI.
pub struct PrivateKey {
    pkcs8: Zeroizing<Vec<u8>>,
    pair: Pair,
}

enum Pair {
    Rsa(Box<RsaKeyPair>),
    Ec(KeyKind, Box<EcdsaKeyPair>),
}

impl PrivateKey {
    /// Makes a key.
    pub fn generate(kind: KeyKind, random: &dyn SecureRandom) -> Result<Self, Error> {
        let pkcs8 = match kind {
            KeyKind::Rsa2048 => rsa::generate(random)?,
            KeyKind::P256 => generate_ec(&ECDSA_P256_SHA256_ASN1_SIGNING, random)?,
            KeyKind::P384 => generate_ec(&ECDSA_P384_SHA384_ASN1_SIGNING, random)?,
        };
        let key = Self::from_pkcs8(&pkcs8, random)?;
        // ring checks the CRT numbers of an RSA key only when it signs.
        key.sign(b"pairwise consistency", random)?;
        Ok(key)
    }

    /// Loads a key of any kind from PKCS#8.
    pub fn from_pkcs8(pkcs8: &[u8], random: &dyn SecureRandom) -> Result<Self, Error> {
        let pair = match RsaKeyPair::from_pkcs8(pkcs8) {
            Ok(pair) => Pair::Rsa(Box::new(pair)),
            Err(reason) => {
                let p256 = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8, random);
                let p384 = EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_ASN1_SIGNING, pkcs8, random);
                match (p256, p384) {
                    (Ok(pair), _) => Pair::Ec(KeyKind::P256, Box::new(pair)),
                    (_, Ok(pair)) => Pair::Ec(KeyKind::P384, Box::new(pair)),
                    _ => return Err(Error::KeyRejected { reason }),
                }
            }
        };
        Ok(Self { pkcs8: Zeroizing::new(pkcs8.to_vec()), pair })
    }

    /// Kind of this key.
    pub fn kind(&self) -> KeyKind {
        match &self.pair {
            Pair::Rsa(_) => KeyKind::Rsa2048,
            Pair::Ec(kind, _) => *kind,
        }
    }

    /// The PKCS#8 `PrivateKeyInfo`, DER.
    pub fn pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }

    /// Contents of the `subjectPublicKey` BIT STRING: what key identifiers are hashes of.
    pub fn public_key(&self) -> &[u8] {
        match &self.pair {
            Pair::Rsa(pair) => pair.public_key().as_ref(),
            Pair::Ec(_, pair) => pair.public_key().as_ref(),
        }
    }

    /// `SubjectPublicKeyInfo`, DER.
    pub fn subject_public_key_info(&self) -> Result<Vec<u8>, Error> {
        let algorithm = match self.kind() {
            KeyKind::Rsa2048 => der::sequence(&[&der::oid(oid::RSA_ENCRYPTION)?, &der::null()]),
            KeyKind::P256 => der::sequence(&[&der::oid(oid::EC_PUBLIC_KEY)?, &der::oid(oid::SECP256R1)?]),
            KeyKind::P384 => der::sequence(&[&der::oid(oid::EC_PUBLIC_KEY)?, &der::oid(oid::SECP384R1)?]),
        };
        Ok(der::sequence(&[&algorithm, &der::bit_string(self.public_key())]))
    }

    /// `AlgorithmIdentifier` of the signatures, DER.
    pub fn signature_algorithm(&self) -> Result<Vec<u8>, Error> {
        Ok(match self.kind() {
            // RFC 4055 section 5 wants the NULL, RFC 5758 section 3.2 wants none.
            KeyKind::Rsa2048 => der::sequence(&[&der::oid(oid::SHA256_WITH_RSA)?, &der::null()]),
            KeyKind::P256 => der::sequence(&[&der::oid(oid::ECDSA_WITH_SHA256)?]),
            KeyKind::P384 => der::sequence(&[&der::oid(oid::ECDSA_WITH_SHA384)?]),
        })
    }

    /// Signs a message with the algorithm of the key.
    pub fn sign(&self, message: &[u8], random: &dyn SecureRandom) -> Result<Vec<u8>, Error> {
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, random, message, &mut signature)
                    .map_err(|_| Error::NoRandomness)?;
                Ok(signature)
            }
            Pair::Ec(_, pair) => {
                let signature = pair.sign(random, message).map_err(|_| Error::NoRandomness)?;
                Ok(signature.as_ref().to_vec())
            }
        }
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({:?}, ..)", self.kind())
    }
}

fn generate_ec(
    algorithm: &'static EcdsaSigningAlgorithm,
    random: &dyn SecureRandom,
) -> Result<Zeroizing<Vec<u8>>, Error> {
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, random).map_err(|_| Error::NoRandomness)?;
    Ok(Zeroizing::new(pkcs8.as_ref().to_vec()))
}

#[cfg(test)]
mod tests {
    use ring::{rand::SystemRandom, signature};

    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test is its own edge")]
    fn keys_of_each_kind_sign_and_load_again() {
        let random = SystemRandom::new();
        let algorithms: [(KeyKind, &dyn signature::VerificationAlgorithm); 3] = [
            (KeyKind::Rsa2048, &signature::RSA_PKCS1_2048_8192_SHA256),
            (KeyKind::P256, &signature::ECDSA_P256_SHA256_ASN1),
            (KeyKind::P384, &signature::ECDSA_P384_SHA384_ASN1),
        ];
        for (kind, algorithm) in algorithms {
            let made = PrivateKey::generate(kind, &random).unwrap();
            let key = PrivateKey::from_pkcs8(made.pkcs8(), &random).unwrap();
            assert_eq!(key.kind(), kind);
            let signature = key.sign(b"message", &random).unwrap();
            let public = signature::UnparsedPublicKey::new(algorithm, made.public_key());
            public.verify(b"message", &signature).unwrap();
            assert!(public.verify(b"another", &signature).is_err());
            assert_eq!(format!("{key:?}"), format!("PrivateKey({kind:?}, ..)"));
        }
    }
}

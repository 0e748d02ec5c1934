//! A private key on the card, and what COMPUTE DIGITAL SIGNATURE makes of its P1.

use madoguchi_iso7816::StatusWord;
use ring::digest::{SHA256, digest};

use crate::{
    EcdsaForm, MockCardError,
    chance::Chance,
    ec::EcKey,
    persona::KeyAlgorithm,
    rsa::{MODULUS_OCTETS, RsaKey},
};

/// A private key of either profile.
pub(crate) enum SigningKey {
    Rsa(RsaKey),
    P384(EcKey, EcdsaForm),
}

impl SigningKey {
    /// Reads PKCS#8. `name` is for the error.
    pub(crate) fn from_der(
        der: &[u8],
        algorithm: KeyAlgorithm,
        form: EcdsaForm,
        name: &'static str,
    ) -> Result<Self, MockCardError> {
        match algorithm {
            KeyAlgorithm::Rsa2048 => match RsaKey::from_der(der) {
                Err(_) if EcKey::from_der(der).is_ok() => Err(ONLY_FOR_THE_NEXT_CARD),
                key => key.map(Self::Rsa),
            },
            KeyAlgorithm::P384 => match EcKey::from_der(der) {
                Err(_) if RsaKey::from_der(der).is_ok() => Err(ONLY_FOR_TODAY_S_CARD),
                key => key.map(|key| Self::P384(key, form)),
            },
        }
        .map_err(|reason| MockCardError::Key { key: name, reason })
    }

    /// Octets that the longest signature has: an Ne below that is refused.
    pub(crate) fn signature_octets(&self) -> usize {
        match self {
            Self::Rsa(_) => MODULUS_OCTETS,
            Self::P384(_, form) => form.octets(),
        }
    }

    /// Signs as the proprietary P1 says. P1 00 is all that several sources confirm: the input, whatever it is, padded
    /// and signed; 01 to 05 were measured on one card.
    pub(crate) fn sign(&self, p1: u8, input: &[u8], chance: &mut Chance) -> Result<Vec<u8>, StatusWord> {
        match (self, p1) {
            (Self::P384(key, form), 0x00) => key.sign(input, *form),
            (Self::Rsa(key), 0x00) => key.sign(input),
            (Self::Rsa(key), 0x01..=0x05) => sign_hashing(key, p1, input, chance),
            _ => Err(StatusWord::IncorrectP1P2),
        }
    }
}

/// P1 01: bare hash made on the card; 02, 03: DigestInfo; 04, 05: PSS. Even: the input is the hash.
fn sign_hashing(key: &RsaKey, p1: u8, input: &[u8], chance: &mut Chance) -> Result<Vec<u8>, StatusWord> {
    let hash = if p1 & 0x01 == 0 { input.to_vec() } else { digest(&SHA256, input).as_ref().to_vec() };
    if input.is_empty() || hash.len() != SHA256.output_len() {
        return Err(StatusWord::WrongLength);
    }
    match p1 {
        0x01 => key.sign(&hash),
        0x02 | 0x03 => key.sign(&[SHA256_DIGEST_INFO, &hash].concat()),
        // How long the salt is was not measured: as long as the hash, the usual choice.
        _ => Ok(key.sign_pss(&hash, &chance.octets(SHA256.output_len()))),
    }
}

const ONLY_FOR_THE_NEXT_CARD: &str = "it is a P-384 key, and only persona next-generation-p384 takes those";
const ONLY_FOR_TODAY_S_CARD: &str = "it is an RSA key; issue a card with `--key p384`";
/// RFC 8017 section 9.2 note 1.
const SHA256_DIGEST_INFO: &[u8] = &[
    0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00,
    0x04, 0x20,
];

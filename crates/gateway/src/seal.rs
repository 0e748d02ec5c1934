//! Authenticated encryption of what leaves the process and comes back: the start page's form, the holder in a
//! session, the keys in the database.

use ring::{aead, hkdf, rand::SecureRandom};
use zeroize::Zeroizing;

/// Seals octets so that only a holder of the same key can read them, and only for the same use.
///
/// Each message is encrypted under a key of its own, derived by HKDF-SHA-256 (RFC 5869) from 32 random octets that
/// travel with it: the random 96-bit nonces of AES-GCM would limit one key to 2^32 messages, and a country presses
/// the button more often than that.
pub struct Sealer(hkdf::Prk);

impl Sealer {
    /// A sealer with this key.
    pub fn new(key: &[u8; 32]) -> Self {
        Self(hkdf::Salt::new(hkdf::HKDF_SHA256, b"madoguchi seal v1").extract(key))
    }

    /// Seals `plaintext` for `use_`, which must be given again to open it.
    pub fn seal(
        &self,
        random: &dyn SecureRandom,
        use_: &str,
        plaintext: &[u8],
    ) -> Result<Vec<u8>, SealError> {
        let mut sealed = vec![0; SALT];
        random.fill(&mut sealed).map_err(|_| SealError::NoRandomness)?;
        let key = self.message_key(&sealed)?;
        let mut body = plaintext.to_vec();
        key.seal_in_place_append_tag(NONCE(), aead::Aad::from(use_), &mut body)
            .map_err(|_| SealError::TooLong)?;
        sealed.extend_from_slice(&body);
        Ok(sealed)
    }

    /// Opens what [`seal`](Self::seal) made for the same use. `None` says that it was not.
    pub fn open(&self, use_: &str, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (salt, body) = sealed.split_at_checked(SALT)?;
        let key = self.message_key(salt).ok()?;
        let mut body = Zeroizing::new(body.to_vec());
        let length = key.open_in_place(NONCE(), aead::Aad::from(use_), &mut body).ok()?.len();
        body.truncate(length);
        Some(body)
    }

    fn message_key(&self, salt: &[u8]) -> Result<aead::LessSafeKey, SealError> {
        let info = [salt];
        let material = self.0.expand(&info, &aead::AES_256_GCM).map_err(|_| SealError::TooLong)?;
        Ok(aead::LessSafeKey::new(material.into()))
    }
}

/// Why something could not be sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The operating system gave no randomness.
    #[error("the system's random number generator failed")]
    NoRandomness,
    /// More than AES-GCM can take at once.
    #[error("too long to seal")]
    TooLong,
}

const SALT: usize = 32;

/// Each message has its own key, so one nonce serves.
const NONCE: fn() -> aead::Nonce = || aead::Nonce::assume_unique_for_key([0; aead::NONCE_LEN]);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::random;

    #[test]
    fn what_is_sealed_opens_for_the_same_key_and_use_only() {
        let sealer = Sealer::new(&[1; 32]);
        let sealed = sealer.seal(random(), "form", b"octets").expect("sealed");
        assert_eq!(sealer.open("form", &sealed).map(|open| open.to_vec()), Some(b"octets".to_vec()));
        assert!(sealer.open("holder", &sealed).is_none());
        assert!(Sealer::new(&[2; 32]).open("form", &sealed).is_none());
    }

    #[test]
    fn any_changed_or_missing_octet_is_noticed() {
        let sealer = Sealer::new(&[1; 32]);
        let sealed = sealer.seal(random(), "form", b"octets").expect("sealed");
        for index in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[index] ^= 1;
            assert!(sealer.open("form", &changed).is_none(), "octet {index}");
            assert!(sealer.open("form", &sealed[..index]).is_none(), "cut at {index}");
        }
    }

    #[test]
    fn two_seals_of_the_same_octets_differ() {
        let sealer = Sealer::new(&[1; 32]);
        let seal = || sealer.seal(random(), "form", b"octets").expect("sealed");
        assert_ne!(seal(), seal());
    }
}

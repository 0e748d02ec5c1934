//! Codes, access tokens and client secrets: 256 random bits that say nothing by themselves.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{digest, rand::SecureRandom};
use zeroize::Zeroizing;

use crate::{CryptoError, RequestReferenceHash};

macro_rules! opaque {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        pub struct $name(Zeroizing<[u8; 32]>);

        impl $name {
            /// 256 fresh random bits.
            pub fn generate(random: &dyn SecureRandom) -> Result<Self, CryptoError> {
                let mut octets = Zeroizing::new([0; 32]);
                random.fill(octets.as_mut_slice()).map_err(|_| CryptoError::NoRandomness)?;
                Ok(Self(octets))
            }

            /// Reads the base64url form: exactly 43 characters, canonical. A truncated one is no token
            /// (CVE-2026-27840).
            pub fn parse(text: &str) -> Result<Self, CryptoError> {
                let mut octets = Zeroizing::new([0; 32]);
                match URL_SAFE_NO_PAD.decode_slice(text, octets.as_mut_slice()) {
                    Ok(32) => Ok(Self(octets)),
                    _ => Err(CryptoError::MalformedToken),
                }
            }

            /// The base64url form, for the one place that hands it over.
            pub fn encode(&self) -> Zeroizing<String> {
                Zeroizing::new(URL_SAFE_NO_PAD.encode(self.0.as_slice()))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    };
}

opaque! {
    /// Opaque access token (RFC 6749 section 1.4), good for userinfo.
    AccessToken
}

opaque! {
    /// Authorization code (RFC 6749 section 4.1.2). Nothing about the grant is carried in it.
    AuthorizationCode
}

opaque! {
    /// Secret of a confidential client. Always generated, so one SHA-256 is enough to store it.
    ClientSecret
}

opaque! {
    /// Refresh token (RFC 6749 section 1.5).
    RefreshToken
}

opaque! {
    /// What a `request_uri` of ours refers by to a pushed authorization request (RFC 9126 section 2.2).
    RequestReference
}

opaque! {
    /// Initial access token (RFC 7591 section 3): whoever holds it may register one client.
    RegistrationToken
}

// Codes and tokens are hashed with their kind, so that a code is never found among tokens even if two tables were
// one (CVE-2026-4282).

impl AccessToken {
    /// What is stored and looked up instead: SHA-256 over the kind and the octets.
    pub fn hash(&self) -> [u8; 32] {
        tagged_hash(b"access token\0", self.0.as_slice())
    }
}

impl RefreshToken {
    /// What is stored and looked up instead: SHA-256 over the kind and the octets.
    pub fn hash(&self) -> [u8; 32] {
        tagged_hash(b"refresh token\0", self.0.as_slice())
    }
}

impl AuthorizationCode {
    /// What is stored and looked up instead: SHA-256 over the kind and the octets.
    pub fn hash(&self) -> [u8; 32] {
        tagged_hash(b"authorization code\0", self.0.as_slice())
    }
}

impl RegistrationToken {
    /// What is stored and looked up instead: SHA-256 over the kind and the octets.
    pub fn hash(&self) -> [u8; 32] {
        tagged_hash(b"registration token\0", self.0.as_slice())
    }
}

impl ClientSecret {
    /// What is stored and compared instead: SHA-256 of the base64url form, as `sha256sum` gives it.
    pub fn hash(&self) -> [u8; 32] {
        sha256(self.encode().as_bytes())
    }
}

impl RequestReference {
    /// What is stored and looked up instead: SHA-256 over the kind and the octets.
    pub fn hash(&self) -> RequestReferenceHash {
        RequestReferenceHash(tagged_hash(b"request reference\0", self.0.as_slice()))
    }
}

/// SHA-256 (FIPS 180-4).
pub(crate) fn sha256(octets: &[u8]) -> [u8; 32] {
    tagged_hash(b"", octets)
}

/// A hash in records: base64url.
pub(crate) fn encode_hash(hash: &[u8; 32]) -> String {
    URL_SAFE_NO_PAD.encode(hash)
}

/// Reads what [`encode_hash`] wrote.
pub(crate) fn decode_hash(text: &str) -> Option<[u8; 32]> {
    let mut hash = [0; 32];
    (URL_SAFE_NO_PAD.decode_slice(text, &mut hash) == Ok(hash.len())).then_some(hash)
}

/// SHA-256 over parts, each after its length in 8 octets, big-endian: no two lists of parts have one hash.
pub(crate) fn sha256_of(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        // Unwrap safety: no machine that Rust runs on has lengths of more than 64 bits.
        context.update(&u64::try_from(part.len()).expect("a length fits 64 bits").to_be_bytes());
        context.update(part);
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

fn tagged_hash(tag: &[u8], octets: &[u8]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(tag);
    context.update(octets);
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::random;

    fn text() -> String {
        URL_SAFE_NO_PAD.encode([7; 32])
    }

    #[test]
    fn what_is_generated_reads_back_and_is_fresh() {
        let random = random();
        let code = AuthorizationCode::generate(&random).expect("randomness");
        let read = AuthorizationCode::parse(&code.encode()).expect("a code");
        assert_eq!(read.hash(), code.hash());
        assert_ne!(AuthorizationCode::generate(&random).expect("randomness").hash(), code.hash());
        assert_ne!(*code.encode(), URL_SAFE_NO_PAD.encode([0; 32]));
    }

    /// CVE-2026-27840: a truncated token was still valid.
    #[test]
    fn c13_only_the_exact_text_is_a_token() {
        let text = text();
        assert!(AccessToken::parse(&text).is_ok());
        let (short, last) = text.split_at(42);
        assert_eq!(last, "c");
        for wrong in [
            "",
            short,
            &format!("{text}="),
            &format!("{text}A"),
            &format!(" {short}"),
            // The last character carries four bits; a set unused bit is a second spelling.
            &format!("{short}d"),
            &format!("{short}+"),
        ] {
            assert_eq!(AccessToken::parse(wrong).err(), Some(CryptoError::MalformedToken), "{wrong}");
            assert_eq!(AuthorizationCode::parse(wrong).err(), Some(CryptoError::MalformedToken), "{wrong}");
            assert_eq!(RefreshToken::parse(wrong).err(), Some(CryptoError::MalformedToken), "{wrong}");
        }
    }

    /// CVE-2026-4282: the same octets are another value in another keyspace.
    #[test]
    fn c4_kinds_do_not_share_hashes() {
        let token = AccessToken::parse(&text()).expect("a token").hash();
        let code = AuthorizationCode::parse(&text()).expect("a code").hash();
        let refresh = RefreshToken::parse(&text()).expect("a token").hash();
        assert_ne!(token, code);
        assert_ne!(refresh, code);
        assert_ne!(refresh, token);
        assert_ne!(token, sha256(&[7; 32]));
        assert_ne!(code, sha256(&[7; 32]));
    }

    #[test]
    fn the_hash_of_a_secret_is_that_of_its_text() {
        let secret = ClientSecret::parse(&text()).expect("a secret");
        assert_eq!(secret.hash(), sha256(text().as_bytes()));
    }

    #[test]
    fn nothing_prints() {
        let text = text();
        assert_eq!(format!("{:?}", AccessToken::parse(&text).expect("a token")), "AccessToken(..)");
        assert_eq!(
            format!("{:?}", AuthorizationCode::parse(&text).expect("a code")),
            "AuthorizationCode(..)"
        );
        assert_eq!(format!("{:?}", RefreshToken::parse(&text).expect("a token")), "RefreshToken(..)");
        assert_eq!(format!("{:?}", ClientSecret::parse(&text).expect("a secret")), "ClientSecret(..)");
    }
}

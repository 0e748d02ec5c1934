//! Proof Key for Code Exchange (RFC 7636), method S256 only: `plain` protects against nothing that can read the
//! request.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::opaque::sha256;

/// SHA-256 of the code verifier, as the authorization request carries it (RFC 7636 section 4.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeChallenge([u8; 32]);

impl CodeChallenge {
    /// Reads the base64url form; `None` unless it is exactly 43 characters of canonical base64url.
    pub fn parse(text: &str) -> Option<Self> {
        let mut octets = [0; 32];
        let length = URL_SAFE_NO_PAD.decode_slice(text, &mut octets).ok()?;
        (length == octets.len()).then_some(Self(octets))
    }

    /// The base64url form.
    pub fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// RFC 7636 section 4.6.
    pub fn matches(&self, verifier: &CodeVerifier) -> bool {
        let hash = sha256(verifier.0.as_bytes());
        hash.ct_eq(&self.0).into()
    }
}

impl Serialize for CodeChallenge {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.encode())
    }
}

impl<'de> Deserialize<'de> for CodeChallenge {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom("not an S256 code challenge"))
    }
}

/// The secret whose hash was the challenge (RFC 7636 section 4.1).
pub struct CodeVerifier(Zeroizing<String>);

impl CodeVerifier {
    /// Reads a verifier: 43 to 128 unreserved characters.
    pub fn parse(text: &str) -> Option<Self> {
        let unreserved = |octet: u8| octet.is_ascii_alphanumeric() || b"-._~".contains(&octet);
        let good = (43..=128).contains(&text.len()) && text.bytes().all(unreserved);
        good.then(|| Self(Zeroizing::new(text.to_owned())))
    }
}

impl fmt::Debug for CodeVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeVerifier(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{CHALLENGE, VERIFIER};

    #[test]
    fn the_vector_of_rfc_7636_appendix_b() {
        let challenge = CodeChallenge::parse(CHALLENGE).expect("a challenge");
        assert!(challenge.matches(&CodeVerifier::parse(VERIFIER).expect("a verifier")));
        assert_eq!(challenge.encode(), CHALLENGE);
        let other = VERIFIER.replace("dBjf", "dBjg");
        assert!(!challenge.matches(&CodeVerifier::parse(&other).expect("a verifier")));
        // `plain` would accept the challenge as its own verifier.
        assert!(!challenge.matches(&CodeVerifier::parse(CHALLENGE).expect("a verifier")));
    }

    #[test]
    fn a_challenge_is_43_characters_of_canonical_base64url() {
        let (short, _) = CHALLENGE.split_at(42);
        for wrong in [
            short,
            // Canonical, but 31 octets.
            &CHALLENGE.replace("-cM", "-A"),
            &format!("{CHALLENGE}="),
            &format!("{CHALLENGE}A"),
            &format!("{short}N"),
            &CHALLENGE.replace('-', "+"),
            &CHALLENGE.replace("E9", "E~"),
        ] {
            assert_eq!(CodeChallenge::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_verifier_is_43_to_128_unreserved_characters() {
        for (length, good) in [(42, false), (43, true), (128, true), (129, false)] {
            assert_eq!(CodeVerifier::parse(&"~".repeat(length)).is_some(), good, "{length}");
        }
        let base = "-._~aZ09".repeat(6);
        assert!(CodeVerifier::parse(&base).is_some());
        for wrong in [" ", "+", "/", "=", "%", "窓"] {
            assert!(CodeVerifier::parse(&format!("{base}{wrong}")).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_challenge_is_stored_as_it_was_sent_and_a_verifier_does_not_print() {
        let challenge = CodeChallenge::parse(CHALLENGE).expect("a challenge");
        let json = serde_json::to_string(&challenge).expect("serialises");
        assert_eq!(json, format!("\"{CHALLENGE}\""));
        assert_eq!(serde_json::from_str::<CodeChallenge>(&json).expect("a challenge"), challenge);
        assert!(serde_json::from_str::<CodeChallenge>("\"E9\"").is_err());
        let verifier = CodeVerifier::parse(VERIFIER).expect("a verifier");
        assert_eq!(format!("{verifier:?}"), "CodeVerifier(..)");
    }
}

//! The thumbprint of a key (RFC 7638) with SHA-256: `dpop_jkt`, `cnf.jkt`, key ids.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::opaque::{decode_hash, encode_hash};

/// SHA-256 over a key's required members.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JwkThumbprint(pub [u8; 32]);

impl JwkThumbprint {
    /// Reads the base64url form; `None` unless it is exactly 43 characters of canonical base64url.
    pub fn parse(text: &str) -> Option<Self> {
        decode_hash(text).map(Self)
    }

    /// The base64url form.
    pub fn encode(&self) -> String {
        encode_hash(&self.0)
    }
}

impl Serialize for JwkThumbprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.encode())
    }
}

impl<'de> Deserialize<'de> for JwkThumbprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom("not a thumbprint of RFC 7638 with SHA-256"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_text_is_a_thumbprint() {
        let text = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
        let thumbprint = JwkThumbprint::parse(text).expect("a thumbprint");
        assert_eq!(thumbprint.encode(), text);
        let json = serde_json::to_string(&thumbprint).expect("serialises");
        assert_eq!(serde_json::from_str::<JwkThumbprint>(&json).expect("a thumbprint"), thumbprint);
        let (short, _) = text.split_at(42);
        for wrong in [
            "",
            short,
            &format!("{text}="),
            &format!("{text}A"),
            &format!("{short}J"),
            &text.replace('-', "+"),
        ] {
            assert_eq!(JwkThumbprint::parse(wrong), None, "{wrong}");
        }
    }
}

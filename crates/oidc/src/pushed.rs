//! The name of a pushed authorization request (RFC 9126 section 2.2).

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::RequestReference;
use crate::opaque::{decode_hash, encode_hash};

/// Seconds that a pushed request waits for its browser. The service redirects at once; a slow network, and a page
/// loaded twice, still fit.
pub const PUSHED_REQUEST_SECONDS: u64 = 90;

impl RequestReference {
    /// The `request_uri` of this reference.
    pub fn to_uri(&self) -> String {
        format!("{URN}{}", *self.encode())
    }

    /// Reads a `request_uri` of ours. `None` for every other: nothing is ever fetched (CVE-2020-10770).
    pub fn from_uri(uri: &str) -> Option<Self> {
        Self::parse(uri.strip_prefix(URN)?).ok()
    }
}

/// What is stored of a [`RequestReference`] and travels with the request, so that whoever ends the request can end its
/// reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestReferenceHash(pub [u8; 32]);

impl Serialize for RequestReferenceHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        encode_hash(&self.0).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for RequestReferenceHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        decode_hash(&text).map(Self).ok_or_else(|| de::Error::custom("not a SHA-256 in base64url"))
    }
}

const URN: &str = "urn:ietf:params:oauth:request_uri:";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::random;

    #[test]
    fn a_reference_is_read_back_from_its_urn_and_from_nothing_else() {
        let reference = RequestReference::generate(&random()).expect("randomness");
        let uri = reference.to_uri();
        assert!(uri.starts_with("urn:ietf:params:oauth:request_uri:"));
        assert_eq!(RequestReference::from_uri(&uri).expect("a reference").hash(), reference.hash());
        let opaque = uri.strip_prefix(URN).expect("the prefix");
        for wrong in [
            opaque,
            &uri.to_uppercase(),
            &format!("{uri}A"),
            &uri.replacen("urn:", "URN:", 1),
            &format!("https://service.example/{opaque}"),
            &format!(" {uri}"),
            URN,
            "",
        ] {
            assert!(RequestReference::from_uri(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn its_hash_travels_with_the_request() {
        let hash = RequestReference::generate(&random()).expect("randomness").hash();
        let json = serde_json::to_string(&hash).expect("serialises");
        assert_eq!(serde_json::from_str::<RequestReferenceHash>(&json).expect("a hash"), hash);
        assert!(serde_json::from_str::<RequestReferenceHash>("\"AA\"").is_err());
    }
}

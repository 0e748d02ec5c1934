//! Pairwise subject and session identifiers (OpenID Connect Core section 8.1): two services cannot tell that they know
//! the same resident, neither by `sub` nor by `sid`.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::hmac;
use url::Url;

/// The `sub` of an account for one sector: HMAC-SHA-256 under the municipality's salt over sector and account id,
/// each after its length in 8 octets, big-endian. The account id is one the gateway made; nothing of the
/// certificate goes in.
pub fn pairwise_sub(salt: &[u8; 32], sector: &str, account_id: &[u8; 16]) -> String {
    URL_SAFE_NO_PAD.encode(tag_of(salt, &[sector.as_bytes(), account_id]))
}

/// The `sid` of a session for one sector: the first 16 octets of the same HMAC over the word `sid`, the sector and the
/// session's own name. One that all services heard would join the subjects that they were given apart.
pub fn pairwise_sid(salt: &[u8; 32], sector: &str, session: &[u8; 16]) -> String {
    let tag = tag_of(salt, &[b"sid", sector.as_bytes(), session]);
    URL_SAFE_NO_PAD.encode(tag.as_ref().split_at(16).0)
}

/// Three parts are never the octets of two: each stands after its length.
fn tag_of(salt: &[u8; 32], parts: &[&[u8]]) -> hmac::Tag {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, salt));
    for part in parts {
        // Unwrap safety: no machine that Rust runs on has lengths of more than 64 bits.
        let length = u64::try_from(part.len()).expect("a length fits 64 bits");
        context.update(&length.to_be_bytes());
        context.update(part);
    }
    context.sign()
}

/// The sector of a client: the host of its redirect URI. `None` when there is no host; a registered redirect URI
/// always has one.
pub fn sector_identifier(redirect_uri: &str) -> Option<String> {
    Url::parse(redirect_uri).ok()?.host_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed once with Python's `hmac`.
    #[test]
    fn the_sub_is_the_documented_hmac() {
        let sub = pairwise_sub(&[1; 32], "service.example", &[2; 16]);
        assert_eq!(sub, "HFcclPFTK0NPnsWkaB9_AfHCQ9zW8qLc6c0ui4OyXhQ");
    }

    #[test]
    fn every_part_changes_the_sub() {
        let sub = pairwise_sub(&[1; 32], "service.example", &[2; 16]);
        assert_ne!(pairwise_sub(&[9; 32], "service.example", &[2; 16]), sub);
        assert_ne!(pairwise_sub(&[1; 32], "other.example", &[2; 16]), sub);
        assert_ne!(pairwise_sub(&[1; 32], "service.example", &[9; 16]), sub);
    }

    /// Computed once with Python's `hmac`.
    #[test]
    fn the_sid_is_the_documented_hmac() {
        assert_eq!(pairwise_sid(&[1; 32], "service.example", &[2; 16]), "YfP-R57OZKL7j-2JFVJxAw");
    }

    #[test]
    fn every_part_changes_the_sid() {
        let sid = pairwise_sid(&[1; 32], "service.example", &[2; 16]);
        assert_ne!(pairwise_sid(&[9; 32], "service.example", &[2; 16]), sid);
        assert_ne!(pairwise_sid(&[1; 32], "other.example", &[2; 16]), sid);
        assert_ne!(pairwise_sid(&[1; 32], "service.example", &[9; 16]), sid);
        assert!(!pairwise_sub(&[1; 32], "service.example", &[2; 16]).starts_with(&sid), "a label of its own");
    }

    #[test]
    fn the_sector_is_the_host() {
        for (uri, host) in [
            ("https://service.example:8443/callback?a=b", Some("service.example")),
            ("http://127.0.0.1:24830/callback", Some("127.0.0.1")),
            ("callback", None),
        ] {
            assert_eq!(sector_identifier(uri).as_deref(), host, "{uri}");
        }
    }
}

//! The two cookies of a sign-in (RFC 6265): `__Host-b-<tag>` holds the browser secret `b`, `__Host-s-<tag>` the
//! session secret. Each sign-in has a tag of its own, so that two tabs do not disturb each other.

use http::{HeaderMap, HeaderValue, header};
use ring::rand::SecureRandom;

use madoguchi_protocol::{CLAIMED_SECONDS, Octets, OctetsError, PROVEN_SECONDS, STARTED_SECONDS, Secret};

/// The random characters in a cookie's name: `[a-z0-9]{6}`. Not secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CookieTag(String);

impl CookieTag {
    /// A fresh tag.
    pub(crate) fn generate(random: &dyn SecureRandom) -> Result<Self, OctetsError> {
        let Octets(octets) = Octets::<TAG>::generate(random)?;
        // 256 is not a multiple of 36; a tag is a name, not a secret, so the slight bias does not matter.
        Ok(Self(
            octets.iter().map(|octet| char::from(ALPHABET[usize::from(*octet) % ALPHABET.len()])).collect(),
        ))
    }

    /// Reads a tag.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let good = text.len() == TAG && text.bytes().all(|octet| ALPHABET.contains(&octet));
        good.then(|| Self(text.to_owned()))
    }

    /// The tag as text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// A cookie of ours in a request.
#[derive(Debug)]
pub(crate) struct SignInCookie {
    /// Which sign-in page of the browser it belongs to.
    pub(crate) tag: CookieTag,
    /// SHA-256 of its secret. The secret itself is not kept.
    pub(crate) hash: Octets<32>,
}

/// Which of the two cookies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CookieKind {
    /// Set at `/authorize`: this browser asked.
    Browser,
    /// Set at the return leg: in this browser a card was shown.
    Session,
}

impl CookieKind {
    const fn prefix(self) -> &'static str {
        match self {
            Self::Browser => "__Host-b-",
            Self::Session => "__Host-s-",
        }
    }

    /// All cookies of this kind, in the order of the header: the oldest first (RFC 6265 section 5.4).
    pub(crate) fn all(self, headers: &HeaderMap) -> Vec<SignInCookie> {
        cookies(headers)
            .filter_map(|(name, value)| {
                let tag = CookieTag::parse(name.strip_prefix(self.prefix())?)?;
                let secret = Secret::<32>::decode(value).ok()?;
                Some(SignInCookie { tag, hash: secret.hash() })
            })
            .collect()
    }

    /// SHA-256 of the secret in the cookie with this tag.
    pub(crate) fn with_tag(self, headers: &HeaderMap, tag: &CookieTag) -> Option<Octets<32>> {
        self.all(headers).into_iter().find(|cookie| cookie.tag == *tag).map(|cookie| cookie.hash)
    }

    /// `Set-Cookie` that gives the browser a secret.
    pub(crate) fn set(self, tag: &CookieTag, secret: &Secret<32>) -> HeaderValue {
        let (prefix, tag, value) = (self.prefix(), tag.as_str(), secret.encode());
        let attributes = format!("Max-Age={MAX_AGE_SECONDS}; {ATTRIBUTES}");
        header_value(&format!("{prefix}{tag}={}; {attributes}", *value))
    }

    /// `Set-Cookie` that takes it away.
    pub(crate) fn clear(self, tag: &CookieTag) -> HeaderValue {
        header_value(&format!("{}{}=; Max-Age=0; {ATTRIBUTES}", self.prefix(), tag.as_str()))
    }

    /// `Set-Cookie` values that take the oldest away so that one more makes at most [`MAX_COOKIES`].
    pub(crate) fn make_room(self, headers: &HeaderMap) -> Vec<HeaderValue> {
        let present = self.all(headers);
        let surplus = (present.len() + 1).saturating_sub(MAX_COOKIES);
        present.iter().take(surplus).map(|cookie| self.clear(&cookie.tag)).collect()
    }
}

/// Names and values of all cookies of a request, in their order.
pub(crate) fn cookies(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
}

pub(crate) fn header_value(text: &str) -> HeaderValue {
    // Unwrap safety: a fixed alphabet of visible ASCII.
    HeaderValue::from_str(text).expect("cookie text is visible ASCII")
}

/// Cookies of one kind that a browser holds at most.
pub(crate) const MAX_COOKIES: usize = 8;
/// How long the start page's form may be used.
pub(crate) const FORM_SECONDS: u64 = 30 * 60;
/// Lifetime of a cookie: a form used in its last minute, the whole sign-in after it, and another try from its end.
/// A browser that comes back without its cookie would look like somebody else's.
const MAX_AGE_SECONDS: u64 = 2 * (FORM_SECONDS + STARTED_SECONDS + CLAIMED_SECONDS + PROVEN_SECONDS);
pub(crate) const ATTRIBUTES: &str = "Path=/; Secure; HttpOnly; SameSite=Lax";
const TAG: usize = 6;
const ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::random;

    fn headers(cookies: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_str(cookies).expect("a cookie header"))])
    }

    #[test]
    fn a_cookie_set_is_the_cookie_read() {
        let tag = CookieTag::generate(random()).expect("a tag");
        let secret = Secret::generate(random()).expect("a secret");
        let set = CookieKind::Browser.set(&tag, &secret);
        let set = set.to_str().expect("text");
        assert!(set.ends_with("; Max-Age=5520; Path=/; Secure; HttpOnly; SameSite=Lax"), "{set}");
        let headers = headers(set.split(';').next().expect("a pair"));
        assert_eq!(CookieKind::Browser.with_tag(&headers, &tag), Some(secret.hash()));
        assert_eq!(CookieKind::Session.with_tag(&headers, &tag), None);
    }

    #[test]
    fn other_names_and_values_are_not_ours() {
        let value = Octets([1; 32]).encode();
        for cookies in [
            format!("__Host-b-abcde={value}"),
            format!("__Host-b-ABCDEF={value}"),
            format!("b-abcdef={value}"),
            "__Host-b-abcdef=short".to_owned(),
            "__Host-b-abcdef".to_owned(),
        ] {
            assert!(CookieKind::Browser.all(&headers(&cookies)).is_empty(), "{cookies}");
        }
        assert_eq!(CookieKind::Browser.all(&headers(&format!("x=y; __Host-b-abcdef={value}"))).len(), 1);
    }

    #[test]
    fn the_oldest_goes_when_a_ninth_comes() {
        let value = Octets([1; 32]).encode();
        let cookies = |count: u8| {
            let pair = |n: u8| format!("__Host-b-aaaaa{}={value}", char::from(b'a' + n));
            headers(&(0..count).map(pair).collect::<Vec<_>>().join("; "))
        };
        assert!(CookieKind::Browser.make_room(&cookies(7)).is_empty());
        let room = CookieKind::Browser.make_room(&cookies(8));
        assert_eq!(room.len(), 1);
        assert!(room[0].to_str().expect("text").starts_with("__Host-b-aaaaaa=; Max-Age=0"));
    }
}

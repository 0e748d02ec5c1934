//! The browser's session cookie, `__Host-session`: it outlives a sign-in and answers later requests. Its secret is new at
//! each sign-in, so that one planted before signs nobody in (session fixation), and it goes when the browser closes.

use http::{HeaderMap, HeaderValue};

use madoguchi_protocol::{Octets, Secret};

use crate::cookie::{ATTRIBUTES, cookies, header_value};

/// SHA-256 of the secret in the cookie. `None` when there is none of ours, or two: nobody knows then which is right.
pub(crate) fn session_hash(headers: &HeaderMap) -> Option<Octets<32>> {
    let mut ours = cookies(headers).filter(|(name, _)| *name == NAME);
    let (_, value) = ours.next()?;
    match ours.next() {
        None => Secret::<32>::decode(value).ok().map(|secret| secret.hash()),
        Some(_) => None,
    }
}

/// `Set-Cookie` that gives the browser a secret.
pub(crate) fn set_session(secret: &Secret<32>) -> HeaderValue {
    header_value(&format!("{NAME}={}; {ATTRIBUTES}", *secret.encode()))
}

/// `Set-Cookie` that takes it away.
pub(crate) fn clear_session() -> HeaderValue {
    header_value(&format!("{NAME}=; Max-Age=0; {ATTRIBUTES}"))
}

const NAME: &str = "__Host-session";

#[cfg(test)]
mod tests {
    use http::header;

    use super::*;
    use crate::test_support::random;

    fn headers(cookies: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_str(cookies).expect("a cookie header"))])
    }

    #[test]
    fn the_cookie_set_is_the_cookie_read() {
        let secret = Secret::generate(random()).expect("a secret");
        let set = set_session(&secret);
        let set = set.to_str().expect("text");
        assert!(set.ends_with("; Path=/; Secure; HttpOnly; SameSite=Lax"), "{set}");
        assert!(!set.contains("Max-Age"), "it goes with the browser");
        let pair = set.split(';').next().expect("a pair");
        assert_eq!(session_hash(&headers(pair)), Some(secret.hash()));
        assert_eq!(session_hash(&headers(&format!("a=b; {pair}"))), Some(secret.hash()));
    }

    #[test]
    fn two_of_them_or_another_one_are_none() {
        let value = Octets([1; 32]).encode();
        for cookies in [
            format!("__Host-session={value}; __Host-session={value}"),
            format!("session={value}"),
            format!("__Host-s-abcdef={value}"),
            "__Host-session=short".to_owned(),
        ] {
            assert_eq!(session_hash(&headers(&cookies)), None, "{cookies}");
        }
    }
}

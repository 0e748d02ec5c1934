//! The origin of a gateway in the form of RFC 6454 section 6.2, and the tag that names it in the loopback
//! address.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use url::{Host, Url};

use crate::sha256;

/// Scheme, host and port of a gateway: lower case, A-labels, no default port, no path. `https`, or `http` for a
/// loopback host. Equality is equality of these octets.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origin(String);

impl Origin {
    /// Reads an origin that is already in canonical form; the error names the canonical form when it is not.
    pub fn parse(text: &str) -> Result<Self, OriginError> {
        let url = Url::parse(text).map_err(|_| OriginError::NotAUrl)?;
        let loopback = is_loopback(&url);
        match url.scheme() {
            "https" => {}
            "http" if loopback => {}
            "http" => return Err(OriginError::PlainHttp),
            _ => return Err(OriginError::Scheme),
        }
        let canonical = url.origin().ascii_serialization();
        if text == canonical { Ok(Self(canonical)) } else { Err(OriginError::NotCanonical { canonical }) }
    }

    /// The origin as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Host and port as they stand in a `Host` header.
    pub fn authority(&self) -> &str {
        self.0.split_once("://").map_or("", |(_, authority)| authority)
    }

    /// True for `localhost`, 127.0.0.0/8 and `[::1]`.
    pub fn is_loopback(&self) -> bool {
        Url::parse(&self.0).is_ok_and(|url| is_loopback(&url))
    }

    /// True when the host is an IP address rather than a name.
    pub fn host_is_address(&self) -> bool {
        Url::parse(&self.0).is_ok_and(|url| matches!(url.host(), Some(Host::Ipv4(_) | Host::Ipv6(_))))
    }
}

/// The gateway's part of the loopback address `/t/<tag>/<ticket>`: the first 8 octets of SHA-256 of the origin in
/// lower-case hexadecimal. An agent asks only the gateway that the tag names, so a ticket never travels to another.
pub fn gateway_tag(origin: &Origin) -> String {
    use fmt::Write as _;
    sha256(origin.as_str().as_bytes()).0.iter().take(8).fold(String::new(), |mut tag, octet| {
        // Writing to a String cannot fail.
        let _ = write!(tag, "{octet:02x}");
        tag
    })
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        Self::parse(text)
    }
}

impl Serialize for Origin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Origin {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// Why a text is not the origin of a gateway.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OriginError {
    /// It does not parse as a URL (RFC 3986).
    #[error("not a URL; an origin looks like https://madoguchi.example.jp")]
    NotAUrl,
    /// It says the same in another spelling.
    #[error("not in canonical form; write {canonical}")]
    NotCanonical {
        /// The spelling to use.
        canonical: String,
    },
    /// Plain http to a host that is not loopback: the PIN's signature would meet the network unprotected.
    #[error("plain http is accepted only for loopback hosts; use https")]
    PlainHttp,
    /// Neither https nor http.
    #[error("the scheme must be https")]
    Scheme,
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_origins_are_accepted() {
        for text in [
            "https://madoguchi.example.jp",
            "https://madoguchi.example.jp:8443",
            "http://localhost:24810",
            "http://[::1]:24810",
            "https://xn--wgv71a119e.example",
        ] {
            assert_eq!(Origin::parse(text).map(|origin| origin.to_string()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn every_other_spelling_is_told_the_right_one() {
        for text in [
            "https://Madoguchi.example.jp",
            "https://madoguchi.example.jp:443",
            "https://madoguchi.example.jp/",
            "https://madoguchi.example.jp/path",
            "https://user@madoguchi.example.jp",
            "https://madoguchi.example.jp?x",
        ] {
            let canonical = "https://madoguchi.example.jp".to_owned();
            assert_eq!(Origin::parse(text), Err(OriginError::NotCanonical { canonical }), "{text}");
        }
    }

    #[test]
    fn plain_http_stays_on_loopback() {
        assert_eq!(Origin::parse("http://madoguchi.example.jp"), Err(OriginError::PlainHttp));
        assert_eq!(Origin::parse("http://localhost.example.jp"), Err(OriginError::PlainHttp));
        assert_eq!(Origin::parse("http://127.0.0.1.example.jp"), Err(OriginError::PlainHttp));
        assert_eq!(Origin::parse("ftp://localhost"), Err(OriginError::Scheme));
        assert_eq!(Origin::parse("localhost"), Err(OriginError::NotAUrl));
    }

    #[test]
    fn the_tag_is_sixteen_hexadecimal_digits() {
        let origin = Origin::parse("http://localhost:24810").expect("an origin");
        let tag = gateway_tag(&origin);
        assert_eq!(tag.len(), 16);
        assert!(tag.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)));
    }
}

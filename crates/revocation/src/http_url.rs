//! Where something is fetched from or asked for: an `http` or `https` URL that an operator wrote.

use std::fmt;

use http::Uri;

/// An absolute URL with a host, without user information or fragment.
#[derive(Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct HttpUrl {
    text: String,
    uri: Uri,
    tls: bool,
}

/// What is wrong with a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write http://HOST[:PORT]/PATH or https://HOST[:PORT]/PATH, {rule}")]
pub struct HttpUrlError {
    rule: &'static str,
}

impl HttpUrl {
    /// Reads a URL.
    pub fn parse(text: &str) -> Result<Self, HttpUrlError> {
        let wrong = |rule| HttpUrlError { rule };
        if text.contains('#') {
            return Err(wrong("without a fragment"));
        }
        let uri: Uri = text.parse().map_err(|_| wrong("in ASCII"))?;
        let tls = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(wrong("with its scheme")),
        };
        let authority = uri.authority().ok_or_else(|| wrong("with its host"))?;
        if authority.as_str().contains('@') {
            return Err(wrong("without user and password"));
        }
        if authority.host().is_empty() {
            return Err(wrong("with its host"));
        }
        // A port that is none is not "no port": the authority is more than its host then.
        if authority.as_str() != authority.host() && authority.port_u16().is_none_or(|port| port == 0) {
            return Err(wrong("with a port from 1 to 65535"));
        }
        if uri.path_and_query().is_some_and(|path| path.as_str().starts_with('?')) {
            return Err(wrong("with a path before its query"));
        }
        Ok(Self { text: text.to_owned(), uri, tls })
    }

    /// The URL as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it is `https`.
    pub fn is_tls(&self) -> bool {
        self.tls
    }

    /// The host, without the brackets of an IPv6 address.
    pub fn host(&self) -> &str {
        let host = self.uri.host().unwrap_or_default();
        host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
    }

    /// The port, written or usual.
    pub fn port(&self) -> u16 {
        self.uri.port_u16().unwrap_or(if self.tls { 443 } else { 80 })
    }

    /// Host and port as they were written: the `Host` of a request.
    pub fn authority(&self) -> &str {
        self.uri.authority().map_or("", http::uri::Authority::as_str)
    }

    /// Path and query, at least `/`.
    pub fn path(&self) -> &str {
        let path = self.uri.path_and_query().map(http::uri::PathAndQuery::as_str);
        path.filter(|path| !path.is_empty()).unwrap_or("/")
    }

    /// Whether there is a query.
    pub fn has_query(&self) -> bool {
        self.uri.query().is_some()
    }
}

impl TryFrom<String> for HttpUrl {
    type Error = HttpUrlError;

    fn try_from(text: String) -> Result<Self, HttpUrlError> {
        Self::parse(&text)
    }
}

impl fmt::Display for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpUrl({})", self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_those_that_were_written() {
        for (text, tls, host, port, authority, path) in [
            ("http://ocsp.example.jp", false, "ocsp.example.jp", 80, "ocsp.example.jp", "/"),
            ("https://ocsp.example.jp/a/b", true, "ocsp.example.jp", 443, "ocsp.example.jp", "/a/b"),
            ("http://crl.example.jp/?list=1", false, "crl.example.jp", 80, "crl.example.jp", "/?list=1"),
            ("http://[::1]:8080/", false, "::1", 8080, "[::1]:8080", "/"),
        ] {
            let url = HttpUrl::parse(text).unwrap();
            let parts = (url.is_tls(), url.host(), url.port(), url.authority(), url.path());
            assert_eq!(parts, (tls, host, port, authority, path));
            assert_eq!(url.to_string(), text);
        }
    }

    #[test]
    fn what_nobody_means_is_refused() {
        for text in [
            "",
            "ocsp.example.jp",
            "/path",
            "ftp://host/",
            "ldap://host/",
            "file:///tmp/x",
            "http://",
            "http:///path",
            "http://user@host/",
            "http://user@host:80/",
            "http://user:secret@host/",
            "http://host:0/",
            "http://host:99999/",
            "http://host:/",
            "http://[::1]:99999/",
            "http://host?q",
            "http://host/#f",
            "http://ホスト/",
            "http://a b/",
        ] {
            assert!(HttpUrl::parse(text).is_err(), "{text}");
        }
    }
}

//! The parameters of a request, from a query or a form body (RFC 6749 sections 3.1 and 3.2).
//!
//! One extractor for every endpoint, strict because providers have been deceived by repeated parameters
//! (CVE-2026-9689) and exhausted by large ones: it refuses before anything looks at a value.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;
use zeroize::Zeroizing;

use crate::form::decode_component;

/// Decoded parameters, each name once. Values are zeroized and never printed: some are secrets.
pub struct Parameters(BTreeMap<String, Zeroizing<String>>);

impl Parameters {
    /// Reads a query (without `?`) or a body of `application/x-www-form-urlencoded`.
    pub fn from_urlencoded(octets: &[u8]) -> Result<Self, ParameterError> {
        Self::within(octets, MAX_VALUE_OCTETS)
    }

    /// Reads a body under the `Content-Type` that came with it: parameters of the media type change nothing, another
    /// type is refused (RFC 6749 appendix B).
    pub fn from_body(content_type: Option<&str>, octets: &[u8]) -> Result<Self, ParameterError> {
        is_urlencoded(content_type)?;
        Self::from_urlencoded(octets)
    }

    /// The same for a form of our own, whose hidden field carries a whole request and is longer than any parameter of
    /// a client may be.
    pub fn from_own_body(content_type: Option<&str>, octets: &[u8]) -> Result<Self, ParameterError> {
        is_urlencoded(content_type)?;
        Self::within(octets, MAX_OWN_VALUE_OCTETS)
    }

    /// The parameters that a request object carries as claims (RFC 9101 section 4). Texts are taken as they are, a number
    /// or an object as its JSON (`max_age`, `claims`). The bounds are those of a request, and apply after decoding.
    pub(crate) fn from_claims<'c>(
        claims: impl Iterator<Item = (&'c str, &'c Value)>,
    ) -> Result<Self, ParameterError> {
        let mut parameters = BTreeMap::new();
        for (name, value) in claims {
            let value = match value {
                Value::String(text) => text.clone(),
                Value::Null => continue,
                other => other.to_string(),
            };
            if parameters.len() == MAX_PARAMETERS {
                return Err(ParameterError::TooMany);
            }
            if name.len() > MAX_VALUE_OCTETS || value.len() > MAX_VALUE_OCTETS {
                return Err(ParameterError::ValueTooLong);
            }
            if name.chars().chain(value.chars()).any(char::is_control) {
                return Err(ParameterError::Control);
            }
            parameters.insert(name.to_owned(), Zeroizing::new(value));
        }
        Ok(Self(parameters))
    }

    fn within(octets: &[u8], longest: usize) -> Result<Self, ParameterError> {
        if octets.len() > MAX_OCTETS {
            return Err(ParameterError::TooLong);
        }
        let mut parameters = BTreeMap::new();
        for pair in octets.split(|&octet| octet == b'&').filter(|pair| !pair.is_empty()) {
            if parameters.len() == MAX_PARAMETERS {
                return Err(ParameterError::TooMany);
            }
            let mut halves = pair.splitn(2, |&octet| octet == b'=');
            let name = decode_component(halves.next().unwrap_or_default())?;
            let value = decode_component(halves.next().unwrap_or_default())?;
            if name.is_empty() {
                return Err(ParameterError::NoName);
            }
            let most = if *name == REQUEST_OBJECT { longest.max(MAX_REQUEST_OBJECT_OCTETS) } else { longest };
            if name.len() > longest || value.len() > most {
                return Err(ParameterError::ValueTooLong);
            }
            if parameters.insert(name.to_string(), value).is_some() {
                return Err(ParameterError::Repeated);
            }
        }
        Ok(Self(parameters))
    }

    /// The value of a parameter. One without a value counts as omitted (RFC 6749 section 3.1).
    pub fn value(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.as_str()).filter(|value| !value.is_empty())
    }

    /// True when the name was sent, with a value or without.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}

fn is_urlencoded(content_type: Option<&str>) -> Result<(), ParameterError> {
    let media_type = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    let good = media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded");
    if good { Ok(()) } else { Err(ParameterError::ContentType) }
}

impl fmt::Debug for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Why the parameters of a request are refused as a whole: `invalid_request`, and no redirect, since nothing in
/// them can be believed. The offending text is not repeated: it may be a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParameterError {
    /// A body of another media type than `application/x-www-form-urlencoded`.
    #[error("the body is not application/x-www-form-urlencoded")]
    ContentType,
    /// A control character, NUL among them.
    #[error("a parameter holds a control character")]
    Control,
    /// A pair without a name.
    #[error("a parameter has no name")]
    NoName,
    /// `%` without two hexadecimal digits.
    #[error("a percent encoding is malformed")]
    PercentEncoding,
    /// The same name twice.
    #[error("a parameter is repeated")]
    Repeated,
    /// More octets than any honest request has.
    #[error("the parameters are longer than {MAX_OCTETS} octets")]
    TooLong,
    /// More parameters than any honest request has.
    #[error("more than {MAX_PARAMETERS} parameters")]
    TooMany,
    /// A space, a control character or a character outside ASCII that is not percent-encoded.
    #[error("a character is not encoded")]
    Unencoded,
    /// Percent-encoded octets that are no UTF-8.
    #[error("a parameter is not UTF-8")]
    Utf8,
    /// One name or value that is too long.
    #[error("a parameter is too long")]
    ValueTooLong,
}

const MAX_OCTETS: usize = 64 * 1024;
const MAX_PARAMETERS: usize = 64;
const MAX_VALUE_OCTETS: usize = 4096;
const MAX_OWN_VALUE_OCTETS: usize = 48 * 1024;
/// A signed request object (RFC 9101) carries a whole request.
const REQUEST_OBJECT: &str = "request";
const MAX_REQUEST_OBJECT_OCTETS: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Parameters, ParameterError> {
        Parameters::from_urlencoded(text.as_bytes())
    }

    #[test]
    fn names_and_values_are_decoded() {
        let parameters = read("&a=1+2&%62=%E7%AA%93&c=x%3Dy=z&&").expect("parameters");
        assert_eq!(parameters.value("a"), Some("1 2"));
        assert_eq!(parameters.value("b"), Some("窓"));
        assert_eq!(parameters.value("c"), Some("x=y=z"));
        assert_eq!(parameters.value("d"), None);
    }

    /// RFC 6749 section 3.1.
    #[test]
    fn a_parameter_without_a_value_is_omitted() {
        let parameters = read("a=&b").expect("parameters");
        assert_eq!((parameters.value("a"), parameters.value("b")), (None, None));
    }

    /// CVE-2026-9689: whatever the spelling, and even when one of them is empty.
    #[test]
    fn c7_repeated_parameters_are_refused() {
        for text in ["a=1&a=1", "a=1&b=2&a=3", "a=1&%61=2", "a=&a=1", "a&a"] {
            assert_eq!(read(text).err(), Some(ParameterError::Repeated), "{text}");
        }
    }

    #[test]
    fn what_is_not_exactly_encoded_is_refused() {
        for (text, error) in [
            ("a=%", ParameterError::PercentEncoding),
            ("a=%4", ParameterError::PercentEncoding),
            ("a=%4g", ParameterError::PercentEncoding),
            ("a=%+1", ParameterError::PercentEncoding),
            ("a=%u0041", ParameterError::PercentEncoding),
            ("a=%ff", ParameterError::Utf8),
            ("a=%C0%AF", ParameterError::Utf8),
            ("a=%ED%A0%80", ParameterError::Utf8),
            ("a=%00", ParameterError::Control),
            ("a=%0d%0A", ParameterError::Control),
            ("%7F=a", ParameterError::Control),
            ("a=%C2%85", ParameterError::Control),
            ("a=窓", ParameterError::Unencoded),
            ("a=b c", ParameterError::Unencoded),
            ("a=\0", ParameterError::Unencoded),
            ("=a", ParameterError::NoName),
        ] {
            assert_eq!(read(text).err(), Some(error), "{text}");
        }
    }

    #[test]
    fn c18_sizes_are_bounded() {
        let many = |count: usize| (0..count).map(|n| format!("p{n}=1")).collect::<Vec<_>>().join("&");
        assert!(read(&many(64)).is_ok());
        assert_eq!(read(&many(65)).err(), Some(ParameterError::TooMany));

        let long = |name: usize, value: usize| format!("{}={}", "n".repeat(name), "v".repeat(value));
        assert!(read(&long(4096, 4096)).is_ok());
        assert_eq!(read(&long(1, 4097)).err(), Some(ParameterError::ValueTooLong));
        assert_eq!(read(&long(4097, 1)).err(), Some(ParameterError::ValueTooLong));

        // The separators cost nothing to parse, and so reach the outer bound alone.
        assert!(read(&"&".repeat(64 * 1024)).is_ok());
        assert_eq!(read(&"&".repeat(64 * 1024 + 1)).err(), Some(ParameterError::TooLong));
    }

    #[test]
    fn a_request_object_may_be_longer_than_a_parameter() {
        let request = |octets: usize| format!("request={}", "v".repeat(octets));
        assert!(read(&request(16 * 1024)).is_ok());
        assert_eq!(read(&request(16 * 1024 + 1)).err(), Some(ParameterError::ValueTooLong));
    }

    #[test]
    fn a_body_is_a_form() {
        let body =
            |content_type| Parameters::from_body(content_type, b"a=1").map(|form| form.value("a").is_some());
        for good in [
            "application/x-www-form-urlencoded",
            "Application/X-WWW-Form-Urlencoded; charset=UTF-8",
            "application/x-www-form-urlencoded ;charset=utf-8",
        ] {
            assert_eq!(body(Some(good)), Ok(true), "{good}");
        }
        for wrong in [
            None,
            Some(""),
            Some("application/json"),
            Some("text/plain"),
            Some("multipart/form-data; boundary=a"),
            Some("application/x-www-form-urlencodedx"),
        ] {
            assert_eq!(body(wrong), Err(ParameterError::ContentType), "{wrong:?}");
        }
    }

    #[test]
    fn claims_become_parameters_within_the_same_bounds() {
        let of = |claims: Value| {
            let members = claims.as_object().expect("an object").clone();
            Parameters::from_claims(members.iter().map(|(name, value)| (name.as_str(), value)))
        };
        let read = of(serde_json::json!({"state": "a b", "max_age": 0, "claims": {"userinfo": {}}, "nonce": null, "x": ""}))
            .expect("parameters");
        let values = ["state", "max_age", "claims", "nonce", "x"].map(|name| read.value(name));
        assert_eq!(values, [Some("a b"), Some("0"), Some(r#"{"userinfo":{}}"#), None, None]);
        assert_eq!(of(serde_json::json!({"a": "b\u{0}"})).err(), Some(ParameterError::Control));
        assert_eq!(of(serde_json::json!({"a\n": "b"})).err(), Some(ParameterError::Control));
        assert_eq!(of(serde_json::json!({"a": "b".repeat(4097)})).err(), Some(ParameterError::ValueTooLong));
        let many: serde_json::Map<String, Value> =
            (0..65).map(|n| (format!("p{n}"), Value::from(1))).collect();
        assert_eq!(of(Value::Object(many)).err(), Some(ParameterError::TooMany));
    }

    #[test]
    fn values_do_not_print() {
        assert_eq!(
            format!("{:?}", read("client_secret=s3cret").expect("parameters")),
            r#"{"client_secret"}"#
        );
    }
}

//! The parameters of a request, from a query or a form body (RFC 6749 sections 3.1 and 3.2).
//!
//! One extractor for every endpoint, strict because providers have been deceived by repeated parameters
//! (CVE-2026-9689) and exhausted by large ones: it refuses before anything looks at a value.

use std::collections::BTreeMap;
use std::fmt;

use zeroize::Zeroizing;

use crate::form::decode_component;

/// Decoded parameters, each name once. Values are zeroized and never printed: some are secrets.
pub struct Parameters(BTreeMap<String, Zeroizing<String>>);

impl Parameters {
    /// Reads a query (without `?`) or a body of `application/x-www-form-urlencoded`.
    pub fn from_urlencoded(octets: &[u8]) -> Result<Self, ParameterError> {
        Self::within(octets, MAX_VALUE_OCTETS)
    }

    /// The same for a form of our own, whose hidden field carries a whole request and is longer than any parameter of
    /// a client may be.
    pub fn from_own_form(octets: &[u8]) -> Result<Self, ParameterError> {
        Self::within(octets, MAX_OWN_VALUE_OCTETS)
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
            if name.len() > longest || value.len() > longest {
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
    fn values_do_not_print() {
        assert_eq!(
            format!("{:?}", read("client_secret=s3cret").expect("parameters")),
            r#"{"client_secret"}"#
        );
    }
}

//! The claims of a verified JWT (RFC 7519 section 4), read by type.
//!
//! A claim that a purpose requires and that is absent, or of another type, is an error there and then: libraries
//! that took either for "no limit" have accepted tokens without an end (CVE-2026-56665, jsonwebtoken before 10.3).

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::jose::JoseError;

/// Claims whose signature verified. Only [`CompactJws::verify`](crate::jose::CompactJws::verify) makes them.
#[derive(Clone, Debug, PartialEq)]
pub struct Claims(Map<String, Value>);

impl Claims {
    pub(super) fn new(members: Map<String, Value>) -> Self {
        Self(members)
    }

    /// Claims for the tests of whoever reads them.
    #[cfg(test)]
    pub(crate) fn of(value: Value) -> Self {
        match value {
            Value::Object(members) => Self(members),
            _ => panic!("claims are an object"),
        }
    }

    /// A text that must be there and not empty.
    pub fn string(&self, name: &'static str) -> Result<&str, JoseError> {
        self.optional_string(name)?.ok_or(JoseError::ClaimMissing { name })
    }

    /// A text that may be absent. When it is there, it is a text and not empty.
    pub fn optional_string(&self, name: &'static str) -> Result<Option<&str>, JoseError> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::String(text)) if !text.is_empty() => Ok(Some(text)),
            Some(_) => Err(JoseError::ClaimType { name }),
        }
    }

    /// A NumericDate (RFC 7519 section 2) that must be there, in whole seconds since 1970-01-01 UTC.
    pub fn numeric_date(&self, name: &'static str) -> Result<u64, JoseError> {
        self.optional_numeric_date(name)?.ok_or(JoseError::ClaimMissing { name })
    }

    /// A NumericDate that may be absent. When it is there, it is a number from 0 to 2^53; a fraction is cut off.
    pub fn optional_numeric_date(&self, name: &'static str) -> Result<Option<u64>, JoseError> {
        match self.0.get(name) {
            None => Ok(None),
            Some(value) => whole_seconds(value).map(Some).ok_or(JoseError::ClaimType { name }),
        }
    }

    /// True when a claim has exactly this text as its one value: no list, not even of one.
    pub fn is(&self, name: &str, text: &str) -> bool {
        self.0.get(name).and_then(Value::as_str) == Some(text)
    }

    /// True when `aud` is this text or a list of texts that holds it (RFC 7519 section 4.1.3).
    pub fn audience_holds(&self, text: &str) -> bool {
        match self.0.get("aud") {
            Some(Value::String(audience)) => audience == text,
            Some(Value::Array(audiences)) => {
                audiences.iter().all(Value::is_string)
                    && audiences.iter().any(|audience| audience.as_str() == Some(text))
            }
            _ => false,
        }
    }

    /// A claim as it is.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// The claims as a struct, when they are one.
    pub(crate) fn read<T: DeserializeOwned>(self) -> Option<T> {
        serde_json::from_value(Value::Object(self.0)).ok()
    }

    /// Every claim by its name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }
}

fn whole_seconds(value: &Value) -> Option<u64> {
    let number = value.as_number()?;
    if let Some(seconds) = number.as_u64() {
        return (seconds <= LATEST).then_some(seconds);
    }
    // A fraction, or a number with an exponent. Its decimal form without the fraction is exact below 2^53, and one with a
    // sign is not read.
    let seconds = number.as_f64()?.trunc();
    format!("{seconds:.0}").parse().ok().filter(|seconds| *seconds <= LATEST)
}

/// 2^53: beyond it a double has no seconds.
const LATEST: u64 = 1 << 53;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const MISSING: JoseError = JoseError::ClaimMissing { name: "x" };
    const TYPE: JoseError = JoseError::ClaimType { name: "x" };

    fn claims(value: impl Into<Value>) -> Claims {
        Claims::of(json!({ "x": value.into() }))
    }

    /// CVE-2026-56665 and jsonwebtoken before 10.3: a missing or mistyped date is no date without an end.
    #[test]
    fn c11_numeric_dates_are_numbers_and_there() {
        assert_eq!(Claims::of(json!({})).numeric_date("x"), Err(MISSING));
        assert_eq!(Claims::of(json!({})).optional_numeric_date("x"), Ok(None));
        for wrong in [
            json!("1800000000"),
            json!(null),
            json!(true),
            json!([1]),
            json!({}),
            json!(-1),
            json!(-0.5),
            json!(1e300),
            json!(u64::MAX),
        ] {
            assert_eq!(claims(wrong.clone()).numeric_date("x"), Err(TYPE), "{wrong}");
            assert_eq!(claims(wrong.clone()).optional_numeric_date("x"), Err(TYPE), "{wrong}");
        }
        for (right, seconds) in [
            (json!(0), 0),
            (json!(1_800_000_000), 1_800_000_000),
            (json!(1.9), 1),
            (json!(1.8e9), 1_800_000_000),
        ] {
            assert_eq!(claims(right).numeric_date("x"), Ok(seconds));
        }
    }

    #[test]
    fn c11_texts_are_texts_and_there() {
        assert_eq!(Claims::of(json!({})).string("x"), Err(MISSING));
        assert_eq!(Claims::of(json!({})).optional_string("x"), Ok(None));
        for wrong in [json!(""), json!(1), json!(null), json!(["a"]), json!({"a": "a"})] {
            assert_eq!(claims(wrong.clone()).string("x"), Err(TYPE), "{wrong}");
            assert_eq!(claims(wrong).optional_string("x"), Err(TYPE));
        }
        assert_eq!(claims(json!("a")).string("x"), Ok("a"));
    }

    #[test]
    fn an_exact_text_is_not_a_list_and_an_audience_may_be() {
        assert!(claims(json!("a")).is("x", "a"));
        for other in [json!(["a"]), json!("b"), json!(""), json!(null)] {
            assert!(!claims(other.clone()).is("x", "a"), "{other}");
        }
        let audience = |value: Value| Claims::of(json!({ "aud": value })).audience_holds("a");
        assert!(audience(json!("a")) && audience(json!(["b", "a"])));
        for other in [json!("ab"), json!([]), json!(["b"]), json!(["a", 1]), json!({"a": "a"}), json!(null)] {
            assert!(!audience(other.clone()), "{other}");
        }
        assert!(!Claims::of(json!({})).audience_holds("a"));
    }
}

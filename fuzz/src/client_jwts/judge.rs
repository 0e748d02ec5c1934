//! What the judges have in common: how a member of JSON is to be understood.

use serde_json::{Map, Value};

/// A text that is there and not empty.
pub(super) fn text<'m>(members: &'m Map<String, Value>, name: &str) -> Option<&'m str> {
    members.get(name)?.as_str().filter(|text| !text.is_empty())
}

/// A header without `alg`, or whose `alg`, `kid` or `typ` is no text, belongs to no JWS; neither does one with `crit`.
pub(super) fn is_header(header: &Map<String, Value>) -> bool {
    let texts = ["alg", "kid", "typ"].into_iter().all(|name| header.get(name).is_none_or(Value::is_string));
    texts && header.contains_key("alg") && !header.contains_key("crit")
}

pub(super) enum Date {
    Absent,
    At(u64),
    Wrong,
}

/// Seconds, from 0 to 2^53, without their fraction.
pub(super) fn date(members: &Map<String, Value>, name: &str) -> Date {
    let Some(value) = members.get(name) else { return Date::Absent };
    if let Some(whole) = value.as_u64() {
        return if whole <= 1 << 53 { Date::At(whole) } else { Date::Wrong };
    }
    match value.as_f64() {
        // A negative one, -0.5 too, is before the beginning of time.
        Some(seconds) if !seconds.is_sign_negative() && seconds < 9_007_199_254_740_993.0 => (0..=53)
            .rev()
            .fold((0u64, seconds), |(whole, rest), bit| {
                let step = (1u64 << bit) as f64;
                if rest >= step { (whole + (1 << bit), rest - step) } else { (whole, rest) }
            })
            .0
            .into(),
        _ => Date::Wrong,
    }
}

impl From<u64> for Date {
    fn from(seconds: u64) -> Self {
        Self::At(seconds)
    }
}

impl Date {
    /// One that must be there.
    pub(super) fn needed(self) -> Option<u64> {
        match self {
            Self::At(seconds) => Some(seconds),
            Self::Absent | Self::Wrong => None,
        }
    }

    /// One that may be left out: `None` when it is there and no date.
    pub(super) fn or(self, otherwise: u64) -> Option<u64> {
        match self {
            Self::At(seconds) => Some(seconds),
            Self::Absent => Some(otherwise),
            Self::Wrong => None,
        }
    }
}

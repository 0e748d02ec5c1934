//! Moments as RFC 3339 writes them.

use std::time::Duration;

use rustls_pki_types::UnixTime;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A moment of 1970 or later, to the second below.
pub(crate) fn parse(text: &str) -> Result<UnixTime, String> {
    let moment = OffsetDateTime::parse(text, &Rfc3339)
        .map_err(|error| format!("{error}; write it like 2026-11-22T09:00:00Z"))?;
    let seconds = u64::try_from(moment.unix_timestamp()).map_err(|_| "before 1970".to_owned())?;
    Ok(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
}

/// The same the other way round, in UTC.
pub(crate) fn format(moment: UnixTime) -> String {
    let seconds = i64::try_from(moment.as_secs()).ok();
    let moment = seconds.and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
    moment.and_then(|moment| moment.format(&Rfc3339).ok()).unwrap_or_else(|| "after the year 9999".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2026-11-22T18:00:00+09:00", 1_795_338_000),
            ("2026-11-22T09:00:00.999Z", 1_795_338_000),
        ] {
            assert_eq!(parse(text).map(|moment| moment.as_secs()), Ok(seconds), "{text}");
        }
        for text in
            ["", "now", "2026-11-22", "2026-11-22 09:00:00", "2026-13-01T00:00:00Z", "1969-12-31T23:59:59Z"]
        {
            assert!(parse(text).is_err(), "{text}");
        }
        assert_eq!(format(parse("2026-11-22T18:00:00+09:00").expect("a moment")), "2026-11-22T09:00:00Z");
    }
}

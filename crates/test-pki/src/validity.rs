//! Arithmetic on the times that certificates and lists begin and end at.

use std::time::Duration;

use rustls_pki_types::UnixTime;
use time::{Date, Month, OffsetDateTime, macros::time};

use crate::Error;

/// So many days earlier, but not before 1970.
pub(crate) fn days_before(at: UnixTime, days: u64) -> UnixTime {
    unix(at.as_secs().saturating_sub(days * 86_400))
}

/// So many days later.
pub(crate) fn days_after(at: UnixTime, days: u64) -> UnixTime {
    unix(at.as_secs().saturating_add(days * 86_400))
}

/// So much later, in whole seconds.
pub(crate) fn later(at: UnixTime, by: Duration) -> UnixTime {
    unix(at.as_secs().saturating_add(by.as_secs()))
}

/// 14:59:59Z, the end of the day in Japan, on the same day so many years later.
pub(crate) fn end_of_day_after_years(at: UnixTime, years: i32) -> Result<UnixTime, Error> {
    let out_of_range = || Error::TimeOutOfRange { seconds: at.as_secs() };
    let (year, month, day) = date_time(at)?.to_calendar_date();
    let last = Date::from_calendar_date(year + years, month, day)
        // Only 29 February is missing in other years.
        .or_else(|_| Date::from_calendar_date(year + years, Month::February, 28))
        .map_err(|_| out_of_range())?;
    let end = last.with_time(time!(14:59:59)).assume_utc().unix_timestamp();
    Ok(unix(u64::try_from(end).map_err(|_| out_of_range())?))
}

/// In calendar form, UTC.
pub(crate) fn date_time(at: UnixTime) -> Result<OffsetDateTime, Error> {
    let seconds = i64::try_from(at.as_secs()).ok();
    seconds
        .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
        .ok_or(Error::TimeOutOfRange { seconds: at.as_secs() })
}

fn unix(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_with_the_day_in_japan() {
        // 2026-11-22T05:00:00Z and 2031-11-22T14:59:59Z
        assert_eq!(end_of_day_after_years(unix(1_795_323_600), 5).unwrap(), unix(1_953_125_999));
        // 2028-02-29T12:00:00Z and 2033-02-28T14:59:59Z
        assert_eq!(end_of_day_after_years(unix(1_835_438_400), 5).unwrap(), unix(1_993_215_599));
        assert!(end_of_day_after_years(unix(u64::MAX), 5).is_err());
    }
}

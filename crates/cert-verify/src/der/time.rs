//! UTCTime and GeneralizedTime in the only forms RFC 5280 section 4.1.2.5 has: seconds, `Z`, no fraction.

use std::time::Duration;

use rustls_pki_types::UnixTime;

use crate::der::DerError;

/// `YYMMDDHHMMSSZ`; the years 50 to 99 are of the twentieth century. A moment before 1970 reads as 1970.
#[inline]
pub fn utc_time(value: &[u8]) -> Result<UnixTime, DerError> {
    let [y1, y2, rest @ ..] = value else { return Err(DerError::Time) };
    let year = two_digits(*y1, *y2)?;
    date(if year >= 50 { 1900 + year } else { 2000 + year }, rest)
}

/// `YYYYMMDDHHMMSSZ`. A moment before 1970 reads as 1970.
#[inline]
pub fn generalized_time(value: &[u8]) -> Result<UnixTime, DerError> {
    let [y1, y2, y3, y4, rest @ ..] = value else { return Err(DerError::Time) };
    date(two_digits(*y1, *y2)? * 100 + two_digits(*y3, *y4)?, rest)
}

// Inlined, so that the walk, which only wants to know whether it is a date, does not count its seconds.
#[inline]
fn date(year: i64, rest: &[u8]) -> Result<UnixTime, DerError> {
    let &[mo1, mo2, d1, d2, h1, h2, mi1, mi2, s1, s2, b'Z'] = rest else { return Err(DerError::Time) };
    let (month, day) = (two_digits(mo1, mo2)?, two_digits(d1, d2)?);
    let (hour, minute, second) = (two_digits(h1, h2)?, two_digits(mi1, mi2)?, two_digits(s1, s2)?);
    if day < 1 || day > days_in_month(year, month)? || hour > 23 || minute > 59 || second > 59 {
        return Err(DerError::Time);
    }
    let seconds = days_since_1970(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second;
    Ok(UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(seconds).unwrap_or(0))))
}

fn two_digits(tens: u8, ones: u8) -> Result<i64, DerError> {
    if tens.is_ascii_digit() && ones.is_ascii_digit() {
        Ok(i64::from(tens - b'0') * 10 + i64::from(ones - b'0'))
    } else {
        Err(DerError::Time)
    }
}

fn days_in_month(year: i64, month: i64) -> Result<i64, DerError> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => Ok(31),
        4 | 6 | 9 | 11 => Ok(30),
        2 => Ok(if leap { 29 } else { 28 }),
        _ => Err(DerError::Time),
    }
}

/// Counts in years that start in March, so that the leap day is the last day of its year.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + (153 * month + 2) / 5 + day - 1 - DAYS_FROM_YEAR_0_TO_1970
}

const DAYS_FROM_YEAR_0_TO_1970: i64 = 719_468;

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn seconds(value: &str, expected: u64) {
        let time =
            if value.len() == 13 { utc_time(value.as_bytes()) } else { generalized_time(value.as_bytes()) };
        assert_eq!(time.map(|time| time.as_secs()), Ok(expected), "{value}");
    }

    #[test]
    fn known_moments() {
        seconds("700101000000Z", 0);
        seconds("000229235959Z", 951_868_799);
        seconds("290914145959Z", 1_884_092_399);
        seconds("491231235959Z", 2_524_607_999);
        seconds("20500101000000Z", 2_524_608_000);
        seconds("99991231235959Z", 253_402_300_799);
        seconds("500101000000Z", 0);
    }

    #[test]
    fn other_forms_and_impossible_dates_are_refused() {
        for wrong in [
            "2909141459Z",
            "290914145959",
            "290914145959+0900",
            "290931145959Z",
            "290229000000Z",
            "291314145959Z",
            "290014145959Z",
            "290900145959Z",
            "290914245959Z",
            "290914146059Z",
            "290914145960Z",
            "2909141459 9Z",
            "",
        ] {
            assert_eq!(utc_time(wrong.as_bytes()), Err(DerError::Time), "{wrong}");
        }
        for wrong in
            ["20290914145959.5Z", "202909141459Z", "20290914145959", "21000229000000Z", "290914145959Z"]
        {
            assert_eq!(generalized_time(wrong.as_bytes()), Err(DerError::Time), "{wrong}");
        }
    }
}

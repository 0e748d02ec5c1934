//! UTCTime and GeneralizedTime in the only forms RFC 5280 section 4.1.2.5 has: seconds, `Z`, no fraction.

use std::time::Duration;

use rustls_pki_types::UnixTime;

use crate::der::DerError;

/// `YYMMDDHHMMSSZ`; the years 50 to 99 are of the twentieth century. A moment before 1970 reads as 1970.
#[inline]
pub fn utc_time(value: &[u8]) -> Result<UnixTime, DerError> {
    let &[y1, y2, ref rest @ ..] = value else { return Err(DerError::Time) };
    let [year, ..] = pairs([y1, y2, b'0', b'0', b'0', b'0', b'0', b'0'])?;
    date(i64::from(year) + if year >= 50 { 1900 } else { 2000 }, rest)
}

/// `YYYYMMDDHHMMSSZ`. A moment before 1970 reads as 1970.
#[inline]
pub fn generalized_time(value: &[u8]) -> Result<UnixTime, DerError> {
    let &[y1, y2, y3, y4, ref rest @ ..] = value else { return Err(DerError::Time) };
    let [century, year, ..] = pairs([y1, y2, y3, y4, b'0', b'0', b'0', b'0'])?;
    date(i64::from(century) * 100 + i64::from(year), rest)
}

/// A list has a date for each of its ten million entries: no branch here depends on which right date it is.
#[inline]
fn date(year: i64, rest: &[u8]) -> Result<UnixTime, DerError> {
    let &[mo1, mo2, d1, d2, h1, h2, mi1, mi2, s1, s2, b'Z'] = rest else { return Err(DerError::Time) };
    let [month, day, hour, minute] = pairs([mo1, mo2, d1, d2, h1, h2, mi1, mi2])?.map(i64::from);
    let [second, ..] = pairs([s1, s2, b'0', b'0', b'0', b'0', b'0', b'0'])?.map(i64::from);
    let is_date = (1..=12).contains(&month) && (1..=days_in_month(year, month)).contains(&day);
    if !is_date || hour > 23 || minute > 59 || second > 59 {
        return Err(DerError::Time);
    }
    let seconds = days_since_1970(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second;
    Ok(UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(seconds).unwrap_or(0))))
}

/// Four numbers of two digits each, all at once.
#[inline]
fn pairs(digits: [u8; 8]) -> Result<[u8; 4], DerError> {
    // Of a digit the low half is left, 0 to 9; of anything else more.
    let values = u64::from_le_bytes(digits) ^ (EACH_OCTET * 0x30);
    // What is more than 9 reaches the octet's first bit, or has it already.
    if (values.wrapping_add(EACH_OCTET * (0x80 - 10)) | values) & (EACH_OCTET * 0x80) != 0 {
        return Err(DerError::Time);
    }
    // In the first octet of each pair: ten times itself and its neighbour.
    let [first, _, second, _, third, _, fourth, _] = (values * 10 + (values >> 8)).to_le_bytes();
    Ok([first, second, third, fourth])
}

/// Of a month from 1 to 12.
#[inline]
fn days_in_month(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let others = 30 + (MONTHS_OF_31_DAYS >> (month & 0xf) & 1);
    if month == 2 { 28 + i64::from(leap) } else { others }
}

/// Counts in years that start in March, so that the leap day is the last day of its year.
#[inline]
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + (153 * month + 2) / 5 + day - 1 - DAYS_FROM_YEAR_0_TO_1970
}

const EACH_OCTET: u64 = 0x0101_0101_0101_0101;
/// A bit for each, from the second: January, March, May, July, August, October, December.
const MONTHS_OF_31_DAYS: i64 = 0b1_0101_1010_1010;
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
    fn every_octet_of_a_date_is_a_digit_of_a_date() {
        let slow = |value: &[u8; 13]| {
            let (digits, zone) = value.split_at(12);
            let number = |place: usize| {
                let text = std::str::from_utf8(digits.get(place..place + 2)?).ok()?;
                text.bytes().all(|octet| octet.is_ascii_digit()).then(|| text.parse::<u32>().ok())?
            };
            let (year, month, day) = (number(0)?, number(2)?, number(4)?);
            let leap = year % 4 == 0;
            let days = match month {
                4 | 6 | 9 | 11 => 30,
                2 => 28 + u32::from(leap),
                1..=12 => 31,
                _ => 0,
            };
            let right = day > 0 && day <= days && number(6)? < 24 && number(8)? < 60 && number(10)? < 60;
            (right && zone == b"Z").then_some(())
        };
        for good in [*b"290914145959Z", *b"240229235959Z", *b"231001000000Z"] {
            for place in 0..good.len() {
                for octet in 0..=u8::MAX {
                    let mut value = good;
                    *value.get_mut(place).expect("within") = octet;
                    assert_eq!(utc_time(&value).ok().map(drop), slow(&value), "{value:02x?}");
                }
            }
        }
        for month in 0..=19 {
            for day in 0..=39 {
                for year in [23, 24, 0] {
                    let text = format!("{year:02}{month:02}{day:02}000000Z");
                    let value: [u8; 13] = text.as_bytes().try_into().expect("13 octets");
                    assert_eq!(utc_time(&value).ok().map(drop), slow(&value), "{text}");
                }
            }
        }
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

//! This computer's clock against the gateway's.

use rustls_pki_types::UnixTime;
use time::PrimitiveDateTime;
use time::macros::format_description;

use super::{About, Finding, State};

/// `date` is the field of that name in the gateway's answer.
pub(super) fn examine(date: &str, now: UnixTime) -> Option<Finding> {
    let theirs = seconds(date)?;
    let off = i64::try_from(now.as_secs()).ok()?.checked_sub(theirs)?;
    let (state, code) = match off.unsigned_abs() {
        0..=TOLERATED_SECONDS => (State::Ok, "clock_right"),
        // Certificates are judged by it, TLS's among them.
        A_DAY.. => (State::Ng, "clock_wrong"),
        _ => (State::Warn, "clock_wrong"),
    };
    Some(Finding::new(About::Clock, state, code, &[("seconds", format!("{off:+}"))]))
}

/// IMF-fixdate (RFC 9110 section 5.6.7) as seconds since 1970.
fn seconds(date: &str) -> Option<i64> {
    let form = format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    Some(PrimitiveDateTime::parse(date, form).ok()?.assume_utc().unix_timestamp())
}

const TOLERATED_SECONDS: u64 = 60;
const A_DAY: u64 = 24 * 60 * 60;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn more_than_a_minute_is_told() {
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        let theirs = 784_111_777;
        let judged = |seconds: u64| {
            let finding =
                examine(date, UnixTime::since_unix_epoch(Duration::from_secs(seconds))).expect("a finding");
            (finding.code, finding.state)
        };
        assert_eq!(judged(theirs), ("clock_right", State::Ok));
        assert_eq!(judged(theirs + 60), ("clock_right", State::Ok));
        assert_eq!(judged(theirs - 61), ("clock_wrong", State::Warn));
        assert_eq!(judged(theirs + 61), ("clock_wrong", State::Warn));
        assert_eq!(judged(theirs - A_DAY), ("clock_wrong", State::Ng));
        assert_eq!(examine("yesterday", UnixTime::since_unix_epoch(Duration::ZERO)), None);
    }
}

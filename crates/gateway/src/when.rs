//! Moments as residents read them: in Japan's time, which has no summer time.

use rustls_pki_types::UnixTime;
use time::{OffsetDateTime, UtcOffset};

use madoguchi_protocol::Lang;

/// Day and minute, without the year: nothing that is shown is older than a day.
pub(crate) fn when(moment: UnixTime, lang: Lang) -> String {
    let Some(local) = japan(moment) else { return String::new() };
    let (month, day, hour, minute) = (u8::from(local.month()), local.day(), local.hour(), local.minute());
    match lang {
        Lang::Japanese => format!("{month}月{day}日 {hour}時{minute:02}分"),
        Lang::PlainJapanese => format!("{month}月(がつ){day}日(にち) {hour}時(じ){minute}分(ふん)"),
        Lang::English => format!("{day} {}, {hour}:{minute:02}", local.month()),
    }
}

fn japan(moment: UnixTime) -> Option<OffsetDateTime> {
    let utc = OffsetDateTime::from_unix_timestamp(i64::try_from(moment.as_secs()).ok()?).ok()?;
    Some(utc.to_offset(UtcOffset::from_hms(9, 0, 0).ok()?))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_moment_is_told_in_japans_time() {
        // 2026-11-22T18:03:09Z
        let moment = UnixTime::since_unix_epoch(Duration::from_secs(1_795_370_589));
        assert_eq!(when(moment, Lang::Japanese), "11月23日 3時03分");
        assert_eq!(when(moment, Lang::PlainJapanese), "11月(がつ)23日(にち) 3時(じ)3分(ふん)");
        assert_eq!(when(moment, Lang::English), "23 November, 3:03");
        assert_eq!(when(UnixTime::since_unix_epoch(Duration::MAX), Lang::English), "");
    }
}

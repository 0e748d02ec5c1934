//! Lines of the log that anybody can cause as often as they like: at most one a second for each of what they are about.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::state::Gateway;

/// What was told last, by what it was about.
#[derive(Debug, Default)]
pub(crate) struct LogBound(Mutex<BTreeMap<Subject, Told>>);

/// As many as there are clients, for each kind of line.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Subject {
    kind: &'static str,
    municipality: String,
    client_id: Option<String>,
}

#[derive(Debug, Default)]
struct Told {
    /// The second of the last line.
    at: Option<u64>,
    /// Left out since.
    left_out: u64,
    /// All of them since the start, told or not.
    count: u64,
}

impl LogBound {
    fn may_tell(&self, subject: Subject, now: u64) -> Option<u64> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let told = all.entry(subject).or_default();
        told.count = told.count.saturating_add(1);
        if told.at == Some(now) {
            told.left_out = told.left_out.saturating_add(1);
            return None;
        }
        told.at = Some(now);
        Some(std::mem::take(&mut told.left_out))
    }

    fn counts(&self) -> BTreeMap<&'static str, u64> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut counts = BTreeMap::<_, u64>::new();
        for (subject, told) in &*all {
            let count = counts.entry(subject.kind).or_default();
            *count = count.saturating_add(told.count);
        }
        counts
    }
}

impl Gateway {
    /// Whether a line of this kind may be written now, and how many were left out since the last one. `client_id` is a
    /// registered one: what a stranger made up is not counted by its name, or the memory for it would have no end.
    pub(crate) fn may_tell(
        &self,
        kind: &'static str,
        municipality: &str,
        client_id: Option<&str>,
    ) -> Option<u64> {
        let (municipality, client_id) = (municipality.to_owned(), client_id.map(str::to_owned));
        let subject = Subject { kind, municipality, client_id };
        self.0.log_bound.may_tell(subject, self.0.clock.now().as_secs())
    }

    /// How often each kind of request was refused since the start that anybody can send, in the log or left out of it.
    pub fn refusals(&self) -> BTreeMap<&'static str, u64> {
        self.0.log_bound.counts()
    }
}

/// As much of a stranger's text as a line of the log needs.
pub(crate) fn cut(text: &str) -> &str {
    text.char_indices().nth(MOST_CHARACTERS).and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}

const MOST_CHARACTERS: usize = 300;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_has_one_line_for_each_subject() {
        let bound = LogBound::default();
        let about = |kind: &'static str, town: &str, client: Option<&str>, now: u64| {
            let (municipality, client_id) = (town.to_owned(), client.map(str::to_owned));
            bound.may_tell(Subject { kind, municipality, client_id }, now)
        };
        assert_eq!(about("uri", "midori", Some("tosho"), 10), Some(0));
        assert_eq!(about("uri", "midori", Some("tosho"), 10), None);
        assert_eq!(about("uri", "midori", Some("tosho"), 10), None);
        assert_eq!(about("uri", "midori", Some("kosodate"), 10), Some(0));
        assert_eq!(about("uri", "aoi", Some("tosho"), 10), Some(0));
        assert_eq!(about("client", "midori", None, 10), Some(0));
        assert_eq!(about("uri", "midori", Some("tosho"), 11), Some(2));
        assert_eq!(about("uri", "midori", Some("tosho"), 12), Some(0));
        assert_eq!(bound.counts(), BTreeMap::from([("client", 1), ("uri", 7)]));
    }

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(cut("緑"), "緑");
        assert_eq!(cut(&"緑".repeat(301)), "緑".repeat(300));
    }
}

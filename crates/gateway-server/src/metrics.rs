//! Prometheus' text format, version 0.0.4.

use std::collections::BTreeMap;
use std::fmt::{Display, Write as _};

use madoguchi_revocation::{BreakerState, OcspHealth, RevocationHealth};

/// Samples by the name of their family, in the order of the names.
#[derive(Default)]
pub(crate) struct Metrics(BTreeMap<&'static str, (&'static str, String)>);

impl Metrics {
    /// What health knows.
    pub(crate) fn of(health: &RevocationHealth) -> Self {
        let mut metrics = Self::default();
        for partition in &health.partitions {
            let labels = [("partition", &*partition.partition), ("name", &*partition.label)];
            let newest = partition.delta.as_ref().unwrap_or(&partition.complete);
            metrics.gauge("madoguchi_crl_age_seconds", &labels, partition.age_seconds);
            metrics.gauge("madoguchi_crl_entries", &labels, partition.complete.entries);
            metrics.gauge("madoguchi_crl_next_update_timestamp_seconds", &labels, newest.next_update);
            if let Some(milliseconds) = newest.build_milliseconds {
                metrics.gauge("madoguchi_crl_build_milliseconds", &labels, milliseconds);
            }
        }
        if let Some(worst) = health.worst_age_seconds {
            metrics.gauge("madoguchi_crl_worst_age_seconds", &[], worst);
        }
        metrics.gauge("madoguchi_crl_partitions", &[], health.partitions.len());
        metrics.gauge("madoguchi_crl_expired_partitions", &[], health.expired);
        metrics.gauge("madoguchi_crl_problems", &[], health.problems.len());
        metrics.gauge("madoguchi_crl_rejected_files", &[], health.rejected);
        for download in &health.downloads {
            let labels = [("url", &*download.url)];
            if let Some(last_good) = download.last_good {
                metrics.gauge("madoguchi_crl_download_last_good_timestamp_seconds", &labels, last_good);
            }
            metrics.gauge("madoguchi_crl_download_failing", &labels, u8::from(download.problem.is_some()));
        }
        for anchor in &health.anchors {
            metrics.gauge("madoguchi_anchor_days_left", &[("key", &*anchor.key)], anchor.days_left);
        }
        if let Some(ocsp) = &health.ocsp {
            metrics.ocsp(ocsp);
        }
        metrics
    }

    fn ocsp(&mut self, ocsp: &OcspHealth) {
        for responder in &ocsp.responders {
            let labels = [("responder", &*responder.url)];
            self.counter("madoguchi_ocsp_requests_total", &labels, responder.requests);
            self.counter("madoguchi_ocsp_failures_total", &labels, responder.failures);
            if let Some(seconds) = responder.seconds_since_last_good {
                self.gauge("madoguchi_ocsp_seconds_since_last_good", &labels, seconds);
            }
            for state in [BreakerState::Closed, BreakerState::HalfOpen, BreakerState::Open] {
                let labels = [("responder", &*responder.url), ("state", state.name())];
                self.gauge("madoguchi_ocsp_breaker", &labels, u8::from(state == responder.breaker));
            }
        }
        self.counter("madoguchi_ocsp_questions_total", &[], ocsp.questions);
        self.counter("madoguchi_ocsp_cache_hits_total", &[], ocsp.cache_hits);
        self.counter("madoguchi_ocsp_joined_total", &[], ocsp.joined);
        self.counter("madoguchi_ocsp_unanswered_total", &[], ocsp.unanswered);
        self.counter("madoguchi_ocsp_retries_refused_total", &[], ocsp.retries_refused);
        self.gauge("madoguchi_ocsp_cached_answers", &[], ocsp.cached);
    }

    /// What goes up only.
    pub(crate) fn counter(&mut self, name: &'static str, labels: &[(&str, &str)], value: impl Display) {
        self.sample(name, "counter", labels, &value);
    }

    /// What goes up and down.
    pub(crate) fn gauge(&mut self, name: &'static str, labels: &[(&str, &str)], value: impl Display) {
        self.sample(name, "gauge", labels, &value);
    }

    fn sample(
        &mut self,
        name: &'static str,
        kind: &'static str,
        labels: &[(&str, &str)],
        value: &dyn Display,
    ) {
        let (_, lines) = self.0.entry(name).or_insert((kind, String::new()));
        lines.push_str(name);
        for (index, (label, text)) in labels.iter().enumerate() {
            let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let open = if index == 0 { '{' } else { ',' };
            // Writing to a String does not fail.
            let _ = write!(lines, "{open}{label}=\"{text}\"");
        }
        let close = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(lines, "{close} {value}");
    }

    pub(crate) fn into_text(self) -> String {
        let mut text = String::new();
        for (name, (kind, lines)) in self.0 {
            let _ = write!(text, "# TYPE {name} {kind}\n{lines}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_told_once_and_labels_are_escaped() {
        let mut metrics = Metrics::default();
        metrics.counter("b_total", &[("x", "1"), ("y", "a\"b\\c\nd")], 7);
        metrics.gauge("a", &[], -1);
        metrics.counter("b_total", &[], 8);
        let expected = concat!(
            "# TYPE a gauge\n",
            "a -1\n",
            "# TYPE b_total counter\n",
            "b_total{x=\"1\",y=\"a\\\"b\\\\c\\nd\"} 7\n",
            "b_total 8\n",
        );
        assert_eq!(metrics.into_text(), expected);
    }
}

//! Stored or fresh evidence of a decision, in lines for a terminal of 80 columns.

use std::fmt;
use std::time::Duration;

use rustls_pki_types::UnixTime;
use serde_json::Value;

use madoguchi_cert_verify::Rule;

use crate::verify::instant;

/// Evidence as it is stored. What a field says that a later program wrote is shown as it stands.
pub(super) struct Evidence<'a>(pub(super) &'a Value);

impl Evidence<'_> {
    /// What each source said.
    pub(super) fn sources(&self) -> Vec<String> {
        let mut lines = source("OCSP", &self.0["ocsp"]);
        lines.extend(source("CRL", &self.0["crl"]));
        lines
    }

    /// Which rule decided, what had been kept, and what was wanting.
    pub(super) fn ruling(&self) -> Vec<String> {
        let name = text(&self.0["rule"]);
        let meaning = RULES.into_iter().find(|rule| rule.name() == name).map(Rule::meaning);
        let mut lines = match meaning {
            Some(meaning) => wrapped(&format!("rule {name}: {meaning}")),
            None => vec![format!("rule {name}")],
        };
        for kept in self.0["kept"].as_array().into_iter().flatten() {
            lines.push(format!("kept before, on the word of {}", text(&kept["source"])));
            lines.extend(source("", kept).iter().map(|line| format!("  {}", line.trim_start())));
        }
        if let Some(shortfalls) = self.0["shortfalls"].as_array().filter(|names| !names.is_empty()) {
            let names: Vec<_> = shortfalls.iter().map(text).collect();
            lines.extend(wrapped(&format!("wanting: {}", names.join(", "))));
        }
        lines
    }
}

/// What one source said, its name in front.
fn source(title: &str, answer: &Value) -> Vec<String> {
    let mut lines = vec![format!("{title:<6}{}", says(answer))];
    let times: Vec<String> = [("thisUpdate", "this_update"), ("nextUpdate", "next_update")]
        .into_iter()
        .filter_map(|(name, field)| Some(format!("{name} {}", time(&answer[field])?)))
        .collect();
    if !times.is_empty() {
        lines.push(format!("      {}", times.join(", ")));
    }
    if let Some(produced_at) = time(&answer["produced_at"]) {
        lines.push(format!("      producedAt {produced_at}"));
    }
    if answer["signer_key"].is_string() {
        lines.push(format!("      signer {}", text(&answer["signer_key"])));
    }
    lines
}

fn says(answer: &Value) -> String {
    match (&*text(&answer["says"]), time(&answer["revoked_at"])) {
        ("revoked", Some(at)) => format!("revoked at {at} ({})", text(&answer["reason"])),
        ("good", _) => "good".to_owned(),
        ("unknown", _) => "unknown: the responder does not know the certificate".to_owned(),
        ("not_asked", _) => "not asked (--offline)".to_owned(),
        (other, _) => format!("nothing to go by: {other}"),
    }
}

/// The lines of a text that is longer than a terminal is wide, behind an indent of four.
pub(super) fn wrapped(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last().map_or(0, |line| line.chars().count());
        match lines.last_mut() {
            Some(last) if line > 0 && line + 1 + word.chars().count() <= WIDTH => {
                last.push(' ');
                last.push_str(word);
            }
            Some(last) if line == 0 => last.push_str(word),
            _ => lines.push(format!("  {word}")),
        }
    }
    lines
}

/// Writes lines behind an indent.
pub(super) fn write_lines(f: &mut fmt::Formatter<'_>, indent: &str, lines: &[String]) -> fmt::Result {
    lines.iter().try_for_each(|line| writeln!(f, "{indent}{line}"))
}

/// What comes from the database is shown and commands no terminal.
pub(super) fn text(value: &Value) -> String {
    let text = value.as_str().unwrap_or("?");
    text.chars().map(|character| if character.is_control() { '\u{fffd}' } else { character }).collect()
}

fn time(seconds: &Value) -> Option<String> {
    seconds.as_u64().map(|seconds| instant::format(UnixTime::since_unix_epoch(Duration::from_secs(seconds))))
}

const RULES: [Rule; 9] = [
    Rule::CrlGood,
    Rule::CrlRevoked,
    Rule::KeptOnHold,
    Rule::KeptRevoked,
    Rule::NoSource,
    Rule::OcspAndCrlGood,
    Rule::OcspGood,
    Rule::OcspRevoked,
    Rule::OcspUnknown,
];
/// Of a terminal's 80, less the deepest indent.
const WIDTH: usize = 74;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn stored_evidence_fits_a_terminal_and_has_every_time() {
        let key = "5b".repeat(32);
        let evidence = json!({
            "rule": "kept_on_hold", "source": "crl",
            "ocsp": { "says": "good", "this_update": 0, "next_update": 1, "produced_at": 2 },
            "crl": { "says": "revoked", "reason": "keyCompromise", "revoked_at": 3, "this_update": 4,
                     "next_update": 5, "signer_key": key },
            "kept": [{ "source": "crl", "says": "revoked", "reason": "certificateHold", "revoked_at": 6,
                       "this_update": 7, "signer_key": key }],
            "shortfalls": ["ocsp_unavailable", "sources_disagree"],
        });
        let evidence = Evidence(&evidence);
        let lines = [evidence.sources(), evidence.ruling()].concat();
        // Behind an indent of two.
        assert!(lines.iter().all(|line| line.chars().count() <= 78), "{lines:#?}");
        let all = lines.join("\n");
        for part in [
            "OCSP  good\n      thisUpdate 1970-01-01T00:00:00Z, nextUpdate 1970-01-01T00:00:01Z\n      producedAt 1970-01-01T00:00:02Z\n",
            "CRL   revoked at 1970-01-01T00:00:03Z (keyCompromise)\n      thisUpdate 1970-01-01T00:00:04Z",
            &format!("      signer {key}\n"),
            "rule kept_on_hold: it was on hold before, and not every source has said\n  good",
            "kept before, on the word of crl\n  revoked at 1970-01-01T00:00:06Z (certificateHold)\n",
            "wanting: ocsp_unavailable, sources_disagree",
        ] {
            assert!(all.contains(part), "{part} is not in\n{all}");
        }
    }

    #[test]
    fn what_nobody_here_wrote_is_shown_and_commands_nothing() {
        let evidence = json!({ "rule": "a\u{1b}[2J", "ocsp": { "says": "x" }, "crl": 7 });
        let lines = [Evidence(&evidence).sources(), Evidence(&evidence).ruling()].concat();
        assert_eq!(lines, ["OCSP  nothing to go by: x", "CRL   nothing to go by: ?", "rule a\u{fffd}[2J"]);
    }
}

//! What `explain` found, in words for an operator or as JSON. Without name and serial number.

use std::fmt;

use rustls_pki_types::UnixTime;
use serde_json::{Value, json};

use madoguchi_cert_verify::{Decision, KeptRevocation, Shortfall};
use madoguchi_gateway::EvidenceRecord;
use madoguchi_storage::KeptRecord;

use crate::revocation::evidence::{Evidence, wrapped, write_lines};
use crate::verify::instant;

/// All that was found.
pub(super) struct Explanation {
    pub(super) at: UnixTime,
    pub(super) judged: Vec<Judged>,
    /// What an operator should know about how it was found.
    pub(super) notes: Vec<String>,
}

/// What one municipality's gateway would decide now.
pub(super) struct Judged {
    pub(super) municipality: String,
    pub(super) decision: Decision,
    pub(super) kept: Vec<KeptRecord>,
    pub(super) evidence: EvidenceRecord,
    pub(super) has_ocsp: bool,
}

impl Explanation {
    /// One object.
    pub(super) fn to_json(&self) -> Value {
        let judged: Vec<Value> = self
            .judged
            .iter()
            .map(|judged| {
                json!({
                    "id": judged.municipality,
                    "verdict": judged.decision.verdict.name(),
                    "rule": judged.decision.rule.name(),
                    "meaning": judged.decision.rule.meaning(),
                    "sources_disagree": judged.decision.sources_disagree,
                    "kept": kept_json(&judged.kept),
                    "evidence": judged.evidence(),
                })
            })
            .collect();
        json!({ "at": instant::format(self.at), "municipalities": judged, "notes": self.notes })
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "at {}", instant::format(self.at))?;
        // The sources said the same to all.
        if let Some(judged) = self.judged.first() {
            write_lines(f, "", &Evidence(&judged.evidence()).sources())?;
        }
        self.judged.iter().try_for_each(|judged| write!(f, "{judged}"))?;
        self.notes.iter().try_for_each(|note| write_lines(f, "", &wrapped(&format!("note: {note}"))))
    }
}

impl fmt::Display for Judged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Decision { verdict, sources_disagree, hold_over, .. } = &self.decision;
        writeln!(f, "{}: {}", self.municipality, verdict.name())?;
        let mut evidence = self.evidence();
        // Told below with its dates.
        evidence["kept"] = Value::Null;
        write_lines(f, "  ", &Evidence(&evidence).ruling())?;
        write_lines(f, "  ", &kept_lines(&self.kept))?;
        if hold_over.is_some() {
            writeln!(f, "  the hold that is kept is over, and is let go at the next sign-in")?;
        }
        if *sources_disagree {
            writeln!(f, "  ALARM: the sources disagree")?;
        }
        Ok(())
    }
}

impl Judged {
    /// The evidence as it would be stored, but for a responder that nobody asked: it is not said to be silent.
    fn evidence(&self) -> Value {
        // Unwrap safety: names, numbers and lists of them always serialize.
        let mut evidence = serde_json::to_value(&self.evidence).expect("plain values");
        if !self.has_ocsp {
            evidence["ocsp"] = json!({ "says": "not_asked" });
            if let Some(shortfalls) = evidence.get_mut("shortfalls") {
                let names = self.decision.shortfalls().into_iter().map(|shortfall| match shortfall {
                    Shortfall::OcspUnavailable => "ocsp_not_asked",
                    shortfall => shortfall.name(),
                });
                *shortfalls = names.collect();
            }
        }
        evidence
    }
}

/// What is kept, with its dates.
pub(super) fn kept_json(kept: &[KeptRecord]) -> Vec<Value> {
    let record = |record: &KeptRecord| {
        json!({
            "source": record.kept.source.name(),
            "reason": record.kept.revocation.reason.name(),
            "signer_key": record.kept.revocation.signer_key.to_hex(),
            "kept_at": instant::format(record.kept_at),
            "until": instant::format(record.not_after),
        })
    };
    kept.iter().map(record).collect()
}

/// The same in words.
pub(super) fn kept_lines(kept: &[KeptRecord]) -> Vec<String> {
    let mut lines = Vec::new();
    for KeptRecord { kept: KeptRevocation { source, revocation }, kept_at, not_after } in kept {
        let (kept_at, until) = (instant::format(*kept_at), instant::format(*not_after));
        lines.push(format!("kept since {kept_at}, until {until}"));
        let (source, at) = (source.name(), instant::format(revocation.revoked_at));
        lines.push(format!("  on the word of {source}: revoked at {at} ({})", revocation.reason.name()));
        lines.push(format!("  thisUpdate {}", instant::format(revocation.times.this_update)));
        lines.push(format!("  signer {}", revocation.signer_key.to_hex()));
    }
    lines
}

//! What `explain` found, in words for an operator or as JSON. Without name and serial number.

use std::fmt;

use rustls_pki_types::UnixTime;
use serde_json::{Value, json};

use madoguchi_cert_verify::{
    CrlAnswer, Decision, KeptRevocation, OcspAnswer, Revocation, Shortfall, SourceTimes,
};
use madoguchi_gateway::EvidenceRecord;
use madoguchi_storage::KeptRecord;

use crate::verify::instant;

/// All that was found.
pub(super) struct Explanation {
    pub(super) at: UnixTime,
    /// Absent when nobody was asked.
    pub(super) ocsp: Option<OcspAnswer>,
    pub(super) crl: CrlAnswer,
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
                let kept = judged.kept.iter().map(|record| {
                    json!({
                        "source": record.kept.source.name(),
                        "kept_at": instant::format(record.kept_at),
                        "until": instant::format(record.not_after),
                    })
                });
                json!({
                    "id": judged.municipality,
                    "verdict": judged.decision.verdict.name(),
                    "rule": judged.decision.rule.name(),
                    "meaning": judged.decision.rule.meaning(),
                    "sources_disagree": judged.decision.sources_disagree,
                    "kept": kept.collect::<Vec<_>>(),
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
        match self.ocsp {
            None => writeln!(f, "OCSP  not asked (--offline)")?,
            Some(OcspAnswer::Good(times)) => writeln!(f, "OCSP  good; {}", of(times))?,
            Some(OcspAnswer::None(absence)) => writeln!(f, "OCSP  nothing to go by: {}", absence.code())?,
            Some(OcspAnswer::Revoked(revocation)) => writeln!(f, "OCSP  {}", revoked(&revocation))?,
            Some(OcspAnswer::Unknown(times)) => writeln!(f, "OCSP  unknown; {}", of(times))?,
        }
        match self.crl {
            CrlAnswer::Good(times) => writeln!(f, "CRL   good; {}", of(times))?,
            CrlAnswer::None(absence) => writeln!(f, "CRL   nothing to go by: {}", absence.code())?,
            CrlAnswer::Revoked(revocation) => writeln!(f, "CRL   {}", revoked(&revocation))?,
        }
        for judged in &self.judged {
            writeln!(f, "{judged}")?;
        }
        self.notes.iter().try_for_each(|note| writeln!(f, "note: {note}"))
    }
}

impl fmt::Display for Judged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Decision { verdict, rule, sources_disagree, hold_over, .. } = &self.decision;
        write!(f, "{}: {}, by rule {}: {}", self.municipality, verdict.name(), rule.name(), rule.meaning())?;
        for KeptRecord { kept: KeptRevocation { source, revocation }, kept_at, not_after } in &self.kept {
            let (kept_at, until) = (instant::format(*kept_at), instant::format(*not_after));
            write!(
                f,
                "\n  kept since {kept_at}, until {until}, on the word of {}: {}",
                source.name(),
                revoked(revocation)
            )?;
        }
        if hold_over.is_some() {
            write!(f, "\n  the hold that is kept is over, and is let go at the next sign-in")?;
        }
        if *sources_disagree {
            write!(f, "\n  ALARM: the sources disagree")?;
        }
        let shortfalls = self.decision.shortfalls();
        if !shortfalls.is_empty() {
            let names: Vec<&str> = shortfalls.into_iter().map(|shortfall| self.name(shortfall)).collect();
            write!(f, "\n  wanting: {}", names.join(", "))?;
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
            evidence["ocsp"]["says"] = json!("not_asked");
            if let Some(shortfalls) = evidence.get_mut("shortfalls") {
                let names = self.decision.shortfalls().into_iter().map(|shortfall| self.name(shortfall));
                *shortfalls = names.collect();
            }
        }
        evidence
    }

    fn name(&self, shortfall: Shortfall) -> &'static str {
        match shortfall {
            Shortfall::OcspUnavailable if !self.has_ocsp => "ocsp_not_asked",
            shortfall => shortfall.name(),
        }
    }
}

fn revoked(revocation: &Revocation) -> String {
    format!(
        "revoked at {} ({}); {}; signer {}",
        instant::format(revocation.revoked_at),
        revocation.reason.name(),
        of(revocation.times),
        revocation.signer_key.to_hex()
    )
}

fn of(times: SourceTimes) -> String {
    let mut text = format!("thisUpdate {}", instant::format(times.this_update));
    if let Some(next_update) = times.next_update {
        text.push_str(", nextUpdate ");
        text.push_str(&instant::format(next_update));
    }
    if let Some(produced_at) = times.produced_at {
        text.push_str(", producedAt ");
        text.push_str(&instant::format(produced_at));
    }
    text
}

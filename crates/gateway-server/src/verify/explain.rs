//! `--explain`: every check in order, readable by an operator.

use std::fmt::{Display, Write as _};
use std::io::Write;

use madoguchi_cert_verify::{
    Certificate, Check, CrlRole, CrlSeen, Error, Name, Observer, OcspAnswer, OcspError, Place, SourceSeen,
    Watch,
};

use crate::verify::instant;

/// Writes each check as it is made.
pub(super) struct Explain<'w> {
    errors: &'w mut dyn Write,
    paths: usize,
}

impl<'w> Explain<'w> {
    pub(super) fn new(errors: &'w mut dyn Write) -> Self {
        Self { errors, paths: 0 }
    }

    fn line(&mut self, line: &str) {
        // When standard error is gone there is nobody to tell.
        let _ = writeln!(self.errors, "{line}");
    }

    fn certificate(&mut self, place: &str, certificate: &Certificate) {
        let mut serial = String::new();
        for octet in certificate.serial() {
            let _ = write!(serial, "{octet:02x}");
        }
        let (from, until) =
            (instant::format(certificate.not_before()), instant::format(certificate.not_after()));
        let subject = printable(certificate.subject());
        self.line(&format!("  {place}: {subject}; serial {serial}; valid {from} to {until}"));
    }
}

impl Observer for Explain<'_> {
    fn path(&mut self, anchor: &Certificate, certificates: &[&Certificate]) {
        self.paths += 1;
        self.line(&format!("path {}", self.paths));
        self.certificate(&Place::Anchor.to_string(), anchor);
        for (index, certificate) in certificates.iter().enumerate() {
            let place = match certificates.len() - 1 - index {
                0 => Place::Target,
                steps => Place::Intermediate(steps),
            };
            self.certificate(&place.to_string(), certificate);
        }
    }

    fn checked(&mut self, place: Place, _subject: &Name, check: Check, result: Result<(), &Error>) {
        match result {
            Ok(()) => self.line(&format!("  passed  {place}: {check}")),
            Err(error) => self.line(&format!("  FAILED  {place}: {check}: {} ({error})", error.code())),
        }
    }
}

impl Watch for Explain<'_> {
    fn put_aside(&mut self, kind: &str, index: usize, why: &dyn Display) {
        self.line(&format!("put aside: {kind} {}: {why}", index.saturating_add(1)));
    }

    fn not_shown(&mut self, place: Place, _subject: &Name, why: &dyn Display) {
        self.line(&format!("  unknown {place}: {}: {why}", Check::Revocation));
    }

    fn wants_sources(&self) -> bool {
        true
    }

    fn source(&mut self, place: Place, _subject: &Name, source: &SourceSeen) {
        let text = match source {
            SourceSeen::Crl { index, seen } => list(index.saturating_add(1), seen),
            SourceSeen::Ocsp { index, said } => response(index.saturating_add(1), said.as_ref()),
            _ => return,
        };
        self.line(&format!("  source  {place}: {text}"));
    }
}

/// What a revocation list is and does.
fn list(number: usize, seen: &CrlSeen) -> String {
    let mut text = format!("revocation list {number}");
    if let Some(issuer) = &seen.issuer {
        let _ = write!(text, " of {}", printable(issuer));
    }
    if let Some((this_update, next_update)) = seen.times {
        let until = next_update.map_or_else(|| "(no end)".to_owned(), instant::format);
        let _ = write!(text, ", {} to {until}", instant::format(this_update));
    }
    for words in &seen.scope {
        let _ = write!(text, ", {}", without_control(words));
    }
    let at = match &seen.role {
        CrlRole::Revoked(revocation) | CrlRole::OnHold(revocation) => {
            format!(" since {}", instant::format(revocation.revoked_at))
        }
        _ => String::new(),
    };
    let decides = if seen.decides { " (decides)" } else { "" };
    format!("{text}: {}{at}{decides}", without_control(&seen.role.to_string()))
}

/// What an OCSP response says.
fn response(number: usize, said: Option<&Result<OcspAnswer, OcspError>>) -> String {
    let said = match said {
        None => "about other certificates".to_owned(),
        Some(Ok(OcspAnswer::Good(times))) => {
            format!("good, as of {}", instant::format(times.this_update))
        }
        Some(Ok(OcspAnswer::Unknown(times))) => {
            format!("unknown to the responder, as of {}", instant::format(times.this_update))
        }
        Some(Ok(OcspAnswer::Revoked(revocation))) => {
            format!("revoked since {}: {}", instant::format(revocation.revoked_at), revocation.reason.name())
        }
        Some(Ok(OcspAnswer::None(_))) => "says nothing".to_owned(),
        Some(Err(error)) => format!("does not count: {} ({error})", error.code()),
    };
    format!("OCSP response {number}: {}", without_control(&said))
}

fn printable(name: &Name) -> String {
    let text = name.to_text();
    if text.is_empty() { "(no name)".to_owned() } else { without_control(&text) }
}

/// A name is the CA's text: what could move the cursor of a terminal is written out.
fn without_control(text: &str) -> String {
    text.chars()
        .flat_map(|character| {
            let escaped: Vec<char> =
                if character.is_control() { character.escape_default().collect() } else { vec![character] };
            escaped
        })
        .collect()
}

//! `--explain`: every check in order, readable by an operator.

use std::fmt::{Display, Write as _};
use std::io::Write;

use madoguchi_cert_verify::{Certificate, Check, Error, Name, Observer, Place, Watch};

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
}

/// A name is the CA's text: what could move the cursor of a terminal is written out.
fn printable(name: &Name) -> String {
    let text = name.to_text();
    if text.is_empty() {
        return "(no subject)".to_owned();
    }
    text.chars()
        .flat_map(|character| {
            let escaped: Vec<char> =
                if character.is_control() { character.escape_default().collect() } else { vec![character] };
            escaped
        })
        .collect()
}

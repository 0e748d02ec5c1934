//! What happens, in JSON lines or in words.

use std::io::{IsTerminal as _, Write};
use std::sync::{Mutex, PoisonError};

use madoguchi_revocation::{CrlEvent, CrlObserver};
use serde_json::{Value, json};

/// How what happens is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// JSON lines, progress too.
    EveryEvent,
    /// JSON lines of what came of each file.
    Json,
    /// Words.
    Words,
}

/// Tells what happens on standard output, and progress on standard error when a person looks at it.
pub(super) struct Teller<W> {
    form: Form,
    output: Mutex<W>,
    /// The percentage that the terminal shows.
    shown: Mutex<Option<u64>>,
}

impl<W: Write> Teller<W> {
    pub(super) fn new(form: Form, output: W) -> Self {
        Self { form, output: Mutex::new(output), shown: Mutex::new(None) }
    }

    pub(super) fn line(&self, line: &str) {
        self.clear_progress();
        let mut output = self.output.lock().unwrap_or_else(PoisonError::into_inner);
        // A reader that went away stops nothing: what counts is in the folder.
        let _ = writeln!(output, "{line}").and_then(|()| output.flush());
    }

    pub(super) fn json(&self, value: &Value) {
        self.line(&value.to_string());
    }

    fn progress(&self, place: &str, done: u64, octets: u64) {
        let mut stderr = std::io::stderr();
        let percent = done.saturating_mul(100) / octets.max(1);
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if *shown != Some(percent) && stderr.is_terminal() {
            *shown = Some(percent);
            let _ = write!(stderr, "\r\x1b[K{percent:3} %  {}", printable(place));
        }
    }

    fn clear_progress(&self) {
        if self.shown.lock().unwrap_or_else(PoisonError::into_inner).take().is_some() {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}

impl<W: Write + Send> CrlObserver for Teller<W> {
    fn event(&self, event: &CrlEvent<'_>) {
        match (event, self.form) {
            (CrlEvent::Building { place, done, octets }, Form::EveryEvent) => {
                self.json(&json!({ "event": "building", "place": place, "done": done, "octets": octets }));
            }
            (CrlEvent::Building { place, done, octets }, _) => self.progress(place, *done, *octets),
            (event, Form::Words) => {
                if let Some(words) = words(event) {
                    self.line(&words);
                }
            }
            (event, _) => {
                if let Some(value) = value(event) {
                    self.json(&value);
                }
            }
        }
    }
}

fn value(event: &CrlEvent<'_>) -> Option<Value> {
    Some(match event {
        CrlEvent::FolderBack { path } => json!({ "event": "folder_back", "place": path }),
        CrlEvent::FolderLost { path, problem } => json!({
            "event": "folder_lost",
            "place": path,
            "code": problem.code,
            "message": problem.message,
        }),
        CrlEvent::Gone { path, why } => json!({ "event": "gone", "path": path, "why": why }),
        CrlEvent::Refused { problem, moved_to } => json!({
            "event": "refused",
            "place": problem.place,
            "code": problem.code,
            "message": problem.message,
            "moved_to": moved_to,
        }),
        CrlEvent::Taken(taken) => json!({
            "event": "taken",
            "place": taken.place,
            "partition": taken.partition.to_string(),
            "delta": taken.is_delta,
            "number": taken.number.to_string(),
            "entries": taken.entries,
            "milliseconds": taken.milliseconds,
        }),
        CrlEvent::Unchanged { place } => json!({ "event": "unchanged", "place": place }),
        _ => return None,
    })
}

fn words(event: &CrlEvent<'_>) -> Option<String> {
    Some(match event {
        CrlEvent::FolderBack { path } => format!("{}: is back", printable(&path.display().to_string())),
        CrlEvent::FolderLost { problem, .. } => {
            format!("{}: {} ({})", printable(&problem.place), printable(&problem.message), problem.code)
        }
        CrlEvent::Gone { path, why } => format!("{}: gone: {why}", printable(&path.display().to_string())),
        CrlEvent::Refused { problem, .. } => {
            format!(
                "{}: refused: {} ({})",
                printable(&problem.place),
                printable(&problem.message),
                problem.code
            )
        }
        CrlEvent::Taken(taken) => format!(
            "{}: {}list {} of {}, {}, {} ms",
            printable(&taken.place),
            if taken.is_delta { "delta " } else { "" },
            taken.number,
            label(&taken.partition.to_string()),
            counted(taken.entries, "entry", "entries"),
            taken.milliseconds,
        ),
        CrlEvent::Unchanged { place } => format!("{}: is there already", printable(place)),
        _ => return None,
    })
}

/// A partition's name for a person.
pub(super) fn label(partition: &str) -> String {
    if partition.is_empty() { "the whole issuer".to_owned() } else { format!("\"{}\"", printable(partition)) }
}

/// A number with the word for one or for many.
pub(super) fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// Names are a CA's or a stranger's text: nothing of it may command a terminal.
pub(super) fn printable(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { '\u{fffd}' } else { character }).collect()
}

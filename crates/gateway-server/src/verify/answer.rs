//! One line of output.

use std::fmt::Write as _;
use std::io::Write;

use madoguchi_cert_verify::Judgement;
use serde::Serialize;
use serde_json::value::RawValue;

/// The answer about one certificate or one line.
#[derive(Debug, Serialize)]
pub(super) struct Answer<'a> {
    /// As it came; only in a batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<&'a RawValue>,
    verdict: &'static str,
    error: Option<&'static str>,
    detail: &'a str,
}

impl<'a> Answer<'a> {
    pub(super) fn of(judgement: &'a Judgement) -> Self {
        Self {
            id: None,
            verdict: judgement.outcome.name(),
            error: judgement.error,
            detail: &judgement.detail,
        }
    }

    /// A case that cannot be read.
    pub(super) fn unreadable(code: &'static str, detail: &'a str) -> Self {
        // It may quote what was sent, however long.
        let detail = &detail[..detail.floor_char_boundary(MAX_DETAIL_OCTETS)];
        Self { id: None, verdict: "error", error: Some(code), detail }
    }

    pub(super) fn with_id(self, id: &'a RawValue) -> Self {
        Self { id: Some(id), ..self }
    }

    /// One line, at once.
    pub(super) fn write(&self, output: &mut dyn Write) -> std::io::Result<()> {
        output.write_all(one_line(&serde_json::to_string(self)?).as_bytes())?;
        output.write_all(b"\n")?;
        output.flush()
    }
}

/// JSON without a character that any reader of lines or terminal takes for an end of line or an order. What came as
/// JSON has them as white space or, behind ASCII, inside strings.
fn one_line(json: &str) -> String {
    let mut line = String::with_capacity(json.len());
    for character in json.chars() {
        match character {
            '\t' | '\n' | '\r' => line.push(' '),
            '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' => {
                // Unwrap safety: a String takes whatever is written.
                write!(line, "\\u{:04x}", u32::from(character)).expect("a String takes all");
            }
            other => line.push(other),
        }
    }
    line
}

const MAX_DETAIL_OCTETS: usize = 4096;

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn an_answer_is_one_line_for_every_reader() {
        let id = "{\"a\":\t1,\r\"b\u{2028}\":[\"\u{85}\u{2029}\u{7f}\",\"\u{9f}あ\"]}";
        let id: Box<RawValue> = serde_json::from_str(id).expect("JSON");
        let mut output = Vec::new();
        let detail = "\u{2028}\u{1b}[2J\u{9b}";
        Answer::unreadable("case_invalid", detail).with_id(&id).write(&mut output).expect("a vector");
        let text = String::from_utf8(output).expect("UTF-8");
        let line = text.strip_suffix('\n').expect("an end of line");
        let order = |character: char| character.is_control() || matches!(character, '\u{2028}' | '\u{2029}');
        assert!(!line.contains(order), "{line:?}");
        let read: Value = serde_json::from_str(line).expect("JSON");
        assert_eq!(read["id"], json!({ "a": 1, "b\u{2028}": ["\u{85}\u{2029}\u{7f}", "\u{9f}あ"] }));
        assert_eq!(read["detail"], detail);
    }
}

//! Many cases: one JSON object a line in, one answer a line out, in order, each at once.

use std::io::{self, BufRead, Read as _, Write};

use madoguchi_cert_verify::{Budget, NoObserver, judge};
use rustls_pki_types::UnixTime;
use serde_json::Value;

use crate::verify::answer::Answer;
use crate::verify::json_case;
use crate::verify::material::CaseError;

/// Answers every line until the end of input. An error is one of a stream: no line can cause it.
pub(super) fn answer_all(now: UnixTime, input: &mut dyn BufRead, output: &mut dyn Write) -> io::Result<()> {
    let mut line = Vec::new();
    loop {
        match next_line(input, &mut line)? {
            Line::End => return Ok(()),
            Line::Blank => {}
            Line::TooLong => {
                let error = CaseError::LineTooLong { limit: MAX_LINE_OCTETS };
                Answer::unreadable(error.code(), &error.to_string()).with_id(&Value::Null).write(output)?;
            }
            Line::Case => answer(&line, now, output)?,
        }
    }
}

fn answer(line: &[u8], now: UnixTime, output: &mut dyn Write) -> io::Result<()> {
    let mut id = Value::Null;
    let read = serde_json::from_slice(line)
        .map_err(|error| CaseError::Json { reason: error.to_string() })
        .and_then(|value: Value| {
            id = value.get("id").cloned().unwrap_or_default();
            json_case::read(value)
        });
    match read {
        Ok((case, at)) => {
            let judgement = judge(&case, at.unwrap_or(now), &mut Budget::default(), &mut NoObserver);
            Answer::of(&judgement).with_id(&id).write(output)
        }
        Err(error) => Answer::unreadable(error.code(), &error.to_string()).with_id(&id).write(output),
    }
}

enum Line {
    /// In the buffer.
    Case,
    /// White space alone, which is no case.
    Blank,
    /// Passed over.
    TooLong,
    /// There is no more.
    End,
}

fn next_line(input: &mut dyn BufRead, line: &mut Vec<u8>) -> io::Result<Line> {
    line.clear();
    // The line, its end, and one octet that shows that it is longer.
    let limit = u64::try_from(MAX_LINE_OCTETS).unwrap_or(u64::MAX).saturating_add(1);
    let read = (&mut *input).take(limit).read_until(b'\n', line)?;
    if read == 0 {
        return Ok(Line::End);
    }
    if line.len() > MAX_LINE_OCTETS && line.last() != Some(&b'\n') {
        input.skip_until(b'\n')?;
        return Ok(Line::TooLong);
    }
    if line.iter().all(u8::is_ascii_whitespace) { Ok(Line::Blank) } else { Ok(Line::Case) }
}

const MAX_LINE_OCTETS: usize = 64 * 1024 * 1024;

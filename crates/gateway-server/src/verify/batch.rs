//! Many cases: one JSON object a line in, one answer a line out, in order, each at once.

use std::io::{self, BufRead, Read as _, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use madoguchi_cert_verify::{Case, Judgement};
use rustls_pki_types::UnixTime;
use serde_json::value::RawValue;

use crate::verify::answer::Answer;
use crate::verify::json_case;
use crate::verify::material::CaseError;

/// Whoever judges a case.
pub(super) type Judge<'j> = &'j dyn Fn(&Case, UnixTime) -> Judgement;

/// Answers every line until the end of input. An error is one of a stream: no line can cause it.
pub(super) fn answer_all(
    now: UnixTime,
    input: &mut dyn BufRead,
    output: &mut dyn Write,
    judge: Judge<'_>,
) -> io::Result<()> {
    let mut line = Vec::new();
    let mut is_first = true;
    loop {
        match next_line(input, &mut line)? {
            Line::End => return Ok(()),
            Line::Blank => {}
            Line::TooLong => {
                let error = CaseError::LineTooLong { limit: MAX_LINE_OCTETS };
                Answer::unreadable(error.code(), &error.to_string()).with_id(RawValue::NULL).write(output)?;
            }
            Line::Case => answer(without_mark(&line, is_first), now, judge, output)?,
        }
        is_first = false;
    }
}

fn answer(line: &[u8], now: UnixTime, judge: Judge<'_>, output: &mut dyn Write) -> io::Result<()> {
    let mut id = RawValue::NULL.to_owned();
    // A panic is a fault of this program's. It costs one answer, not those of all lines after it.
    let judged = catch_unwind(AssertUnwindSafe(|| {
        let line = json_case::text(line)?;
        id = json_case::id(line)?;
        let (case, at) = json_case::read(line)?;
        Ok(judge(&case, at.unwrap_or(now)))
    }));
    match judged.unwrap_or(Err(CaseError::Internal)) {
        Ok(judgement) => Answer::of(&judgement).with_id(&id).write(output),
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

/// RFC 8259 section 8.1 lets a reader pass over the mark with which some editors start a file.
fn without_mark(line: &[u8], is_first: bool) -> &[u8] {
    if is_first { line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line) } else { line }
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
const MAX_LINE_OCTETS: usize = 64 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use madoguchi_cert_verify::Outcome;
    use serde_json::{Value, json};

    use super::*;

    fn accept() -> Judgement {
        Judgement { outcome: Outcome::Accepted, error: None, detail: String::new() }
    }

    fn answers(lines: &[u8], judge: Judge<'_>) -> Vec<Value> {
        let (mut input, mut output) = (lines, Vec::new());
        let now = UnixTime::since_unix_epoch(Duration::from_secs(7));
        answer_all(now, &mut input, &mut output, judge).expect("no stream breaks");
        output
            .split_inclusive(|&octet| octet == b'\n')
            .map(|line| serde_json::from_slice(line).expect("JSON"))
            .collect()
    }

    /// Needs a fault of ours, so that one is put where the judge is.
    #[test]
    fn a_panic_costs_one_answer() {
        let judge = |case: &Case, _: UnixTime| {
            assert!(case.target != [1], "planted");
            accept()
        };
        let line = |id: u8| {
            format!("{}\n", json!({ "id": id, "cert": { "der": if id == 1 { "AQ==" } else { "Ag==" } } }))
        };
        let answers = answers((0..3).map(line).collect::<String>().as_bytes(), &judge);
        let (right, internal) = (json!("accepted"), json!("internal"));
        assert_eq!(answers[0]["verdict"], right);
        assert_eq!((&answers[1]["verdict"], &answers[1]["error"]), (&json!("error"), &internal));
        assert_eq!(answers[1]["id"], 1);
        assert_eq!((&answers[2]["id"], &answers[2]["verdict"]), (&json!(2), &right));
    }

    #[test]
    fn the_first_line_may_have_a_mark() {
        let case = json!({ "cert": { "der": "" } }).to_string();
        let marked = [BYTE_ORDER_MARK, case.as_bytes(), b"\n", BYTE_ORDER_MARK, case.as_bytes()].concat();
        let answers = answers(&marked, &|_, _| accept());
        assert_eq!(answers[0]["verdict"], "accepted");
        assert_eq!(answers[1]["error"], "case_invalid");
    }

    #[test]
    fn now_counts_unless_the_case_has_a_moment() {
        let lines = b"{\"cert\":{\"der\":\"\"}}\n{\"cert\":{\"der\":\"\"},\"at\":\"1970-01-01T00:00:09Z\"}";
        let judge = |_: &Case, at: UnixTime| Judgement { detail: at.as_secs().to_string(), ..accept() };
        let details: Vec<Value> =
            answers(lines, &judge).iter().map(|answer| answer["detail"].clone()).collect();
        assert_eq!(details, ["7", "9"]);
    }
}

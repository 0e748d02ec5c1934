//! One line of output.

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
        serde_json::to_writer(&mut *output, self)?;
        output.write_all(b"\n")?;
        output.flush()
    }
}

const MAX_DETAIL_OCTETS: usize = 4096;

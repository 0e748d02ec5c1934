//! Traces: what went over the wire, as JSON lines, without anything that is somebody's.
//!
//! The format is described in `docs/mock-card.md`. What VERIFY and CHANGE REFERENCE DATA carry is never written, and of
//! answers only the token information and the availability: of everything else, length and SHA-256.

use std::{
    io::{self, Write},
    time::Duration,
};

use madoguchi_iso7816::CommandApdu;
use serde::{Deserialize, Serialize};

use crate::{SlotError, hex::to_hex};

/// Where a slot writes down what happens.
pub struct Trace {
    output: Box<dyn Write + Send>,
    clock: Box<dyn FnMut() -> Duration + Send>,
}

/// The first line.
#[derive(Serialize, Deserialize)]
pub(crate) struct Head {
    pub(crate) format: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) program: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) atr: Option<String>,
}

/// Every other line: a command with its answer, or an event.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Line {
    pub(crate) ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) command: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) lc: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) data: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) le: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) response_octets: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) response: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) response_sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) event: Option<String>,
}

impl Trace {
    /// A trace whose first line is written now. The clock tells the time since the trace began.
    pub fn new(
        output: impl Write + Send + 'static,
        clock: impl FnMut() -> Duration + Send + 'static,
        atr: &[u8],
    ) -> io::Result<Self> {
        let mut trace = Self { output: Box::new(output), clock: Box::new(clock) };
        let head = Head {
            format: FORMAT.to_owned(),
            program: Some(concat!("madoguchi-mock-card ", env!("CARGO_PKG_VERSION")).to_owned()),
            atr: Some(to_hex(atr)),
        };
        trace.write(&head)?;
        Ok(trace)
    }

    /// Writes down a command and how it ended; `file` is what it reads, if anything.
    pub(crate) fn exchange(&mut self, apdu: &[u8], file: Option<u16>, end: &Result<Vec<u8>, SlotError>) {
        let mut line = Line { ms: self.ms(), ..command_of(apdu) };
        match end.as_ref().map(|answer| answer.split_last_chunk::<2>()) {
            Ok(Some((data, status))) => {
                line.status = Some(to_hex(status));
                line.response_octets = Some(data.len());
                let shown =
                    apdu.get(1) == Some(&READ_BINARY) && file.is_some_and(|file| SHOWN.contains(&file));
                match data {
                    [] => {}
                    data if shown => line.response = Some(to_hex(data)),
                    data => {
                        let hash = ring::digest::digest(&ring::digest::SHA256, data);
                        line.response_sha256 = Some(to_hex(hash.as_ref()));
                    }
                }
            }
            Ok(None) => line.error = Some("no answer".to_owned()),
            Err(error) => line.error = Some(error.to_string()),
        }
        self.write_or_tell(&line);
    }

    /// Writes down that something happened to the card.
    pub(crate) fn event(&mut self, event: &str) {
        let line = Line { ms: self.ms(), event: Some(event.to_owned()), ..Line::default() };
        self.write_or_tell(&line);
    }

    fn ms(&mut self) -> u64 {
        u64::try_from((self.clock)().as_millis()).unwrap_or(u64::MAX)
    }

    fn write(&mut self, line: &impl Serialize) -> io::Result<()> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        self.output.write_all(&text)?;
        self.output.flush()
    }

    /// A card does not stop because its diary is full.
    fn write_or_tell(&mut self, line: &Line) {
        if let Err(error) = self.write(line) {
            tracing::warn!(%error, "the trace cannot be written");
        }
    }
}

/// What a trace shows of a command.
fn command_of(apdu: &[u8]) -> Line {
    let mut line = Line { command: Some(to_hex(&apdu[..apdu.len().min(4)])), ..Line::default() };
    if let Ok(command) = CommandApdu::parse(apdu) {
        line.lc = Some(command.data().len());
        line.le = command.le();
        if DATA_SHOWN.contains(&command.instruction()) && !command.data().is_empty() {
            line.data = Some(to_hex(command.data()));
        }
    } else {
        // Extended length, or nothing that adds up: how much there was.
        line.lc = Some(apdu.len().saturating_sub(4));
    }
    line
}

pub(crate) const FORMAT: &str = "madoguchi-card-trace-1";

const READ_BINARY: u8 = 0xB0;
/// SELECT and COMPUTE DIGITAL SIGNATURE.
const DATA_SHOWN: [u8; 2] = [0xA4, 0x2A];
/// Token information and availability: nobody's.
const SHOWN: [u16; 2] = [0x0006, 0x0008];

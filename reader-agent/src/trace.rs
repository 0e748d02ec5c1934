//! A record of what was said to a card, for `madoguchi-agent card --trace`: JSON lines with commands, status words and lengths.
//! The format is that of `docs/mock-card.md`, so that the mock card can replay it.
//!
//! No PIN: of a command with a PIN in it only header and length are kept. No certificate: the data of an answer is kept only
//! for the files that are the same on every card, the token's label and which certificates there are.

use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use madoguchi_iso7816::{CardTransaction, CommandApdu, PinEntry, PinPad, ResponseApdu, StatusWord};
use serde::Serialize;

use crate::{CardSource, Clock, InsertedCard, Notice, Patience, ReaderError};

/// A file of lines. Clones write to the same one.
#[derive(Clone)]
pub(crate) struct Trace {
    book: Arc<Mutex<Book>>,
    clock: Arc<dyn Clock>,
    begun: Duration,
}

struct Book {
    file: File,
    path: PathBuf,
    /// Whether anything was said to a card.
    recorded: bool,
    /// The first thing that went wrong; nothing is written after it.
    failed: Option<io::Error>,
}

impl Trace {
    /// A new file that only its owner reads. One that exists is left as it is.
    pub(crate) fn create(path: &Path, clock: Arc<dyn Clock>) -> Result<Self, TraceError> {
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        let file = file.map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => TraceError::Exists,
            ErrorKind::NotFound => TraceError::NoFolder,
            _ => TraceError::Io(error),
        })?;
        let book = Book { file, path: path.to_owned(), recorded: false, failed: None };
        let book = Arc::new(Mutex::new(book));
        let trace = Self { book, begun: clock.monotonic(), clock };
        trace.write(&FirstLine {
            format: "madoguchi-card-trace-1",
            program: concat!("madoguchi-agent ", env!("CARGO_PKG_VERSION")),
        });
        Ok(trace)
    }

    /// Tells whether there is a record. Where nothing was said to a card the file goes, so that its name is free.
    pub(crate) fn finish(&self) -> Result<bool, TraceError> {
        let mut book = self.book();
        if let Some(error) = book.failed.take() {
            return Err(TraceError::Io(error));
        }
        if !book.recorded {
            fs::remove_file(&book.path).map_err(TraceError::Io)?;
        }
        Ok(book.recorded)
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, line: &impl Serialize) {
        let mut book = self.book();
        if book.failed.is_none() {
            let text = serde_json::to_string(line).map_err(io::Error::from);
            let written = text.and_then(|text| writeln!(book.file, "{text}"));
            book.failed = written.err();
        }
    }

    fn ms(&self) -> u64 {
        u64::try_from(self.clock.monotonic().saturating_sub(self.begun).as_millis()).unwrap_or(u64::MAX)
    }
}

/// Why there is no record.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum TraceError {
    /// A file of this name is there already.
    #[error("there is such a file already")]
    Exists,
    /// The folder that it would be in is not there.
    #[error("there is no such folder")]
    NoFolder,
    /// It cannot be written.
    #[error("{0}")]
    Io(#[source] io::Error),
}

/// What the file is.
#[derive(Serialize)]
struct FirstLine {
    format: &'static str,
    program: &'static str,
}

/// One command and its answer.
#[derive(Serialize)]
struct Line {
    /// Milliseconds from the start of the trace to the answer.
    ms: u64,
    /// CLA INS P1 P2.
    command: String,
    lc: usize,
    /// What SELECT selects. Of every other command the data stays out: it may be a PIN, and none that `card` sends has any.
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    le: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_octets: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response: Option<String>,
    /// Why there was no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
}

/// A source whose cards are traced.
pub(crate) struct TracedSource<S> {
    source: S,
    trace: Trace,
}

impl<S> TracedSource<S> {
    pub(crate) fn new(source: S, trace: Trace) -> Self {
        Self { source, trace }
    }
}

impl<S: CardSource> CardSource for TracedSource<S> {
    type Card = TracedCard<S::Card>;

    fn wait(
        &mut self,
        tried: &[InsertedCard],
        patience: &Patience<'_>,
        notice: &mut dyn FnMut(Notice),
    ) -> Result<Vec<InsertedCard>, ReaderError> {
        self.source.wait(tried, patience, notice)
    }

    fn open(&mut self, card: &InsertedCard, patience: &Patience<'_>) -> Result<Self::Card, ReaderError> {
        let card = self.source.open(card, patience)?;
        Ok(TracedCard { card, trace: self.trace.clone(), current_ef: None })
    }

    fn left_within(&mut self, limit: Duration) -> bool {
        self.source.left_within(limit)
    }
}

/// A card whose commands are written down.
pub(crate) struct TracedCard<C> {
    card: C,
    trace: Trace,
    /// The EF that the last SELECT chose.
    current_ef: Option<u16>,
}

impl<C: CardTransaction<Error = ReaderError>> CardTransaction for TracedCard<C> {
    type Error = ReaderError;

    fn transmit(&mut self, command: &CommandApdu) -> Result<ResponseApdu, ReaderError> {
        let result = self.card.transmit(command);
        let answer = result.as_ref().ok();
        if command.instruction() == SELECT {
            let done = answer.is_some_and(|answer| answer.status() == StatusWord::Ok);
            self.current_ef = match (command.p1(), command.data()) {
                (BY_FILE_ID, [high, low]) if done => Some(u16::from_be_bytes([*high, *low])),
                (BY_FILE_ID, _) => self.current_ef,
                _ => None,
            };
        }
        let same_everywhere = self.says_nothing_of_its_holder(command);
        self.trace.book().recorded = true;
        self.trace.write(&Line {
            ms: self.trace.ms(),
            command: hex(&[command.class(), command.instruction(), command.p1(), command.p2()]),
            lc: command.data().len(),
            data: (command.instruction() == SELECT && !command.data().is_empty())
                .then(|| hex(command.data())),
            le: command.le(),
            status: answer.map(|answer| answer.status().to_string()),
            response_octets: answer.map(|answer| answer.data().len()),
            response: answer
                .filter(|answer| same_everywhere && !answer.data().is_empty())
                .map(|answer| hex(answer.data())),
            error: result.as_ref().err().map(|error| error.code().as_str()),
        });
        result
    }
}

impl<C> TracedCard<C> {
    /// Whether the command reads data that is the same on every card of a kind. The token's label is the beginning of its file;
    /// a serial number comes after it.
    fn says_nothing_of_its_holder(&self, command: &CommandApdu) -> bool {
        let end = usize::from(command.p1()) * 256 + usize::from(command.p2()) + command.ne();
        command.class() == 0x00
            && command.instruction() == READ_BINARY
            && match self.current_ef {
                Some(TOKEN_INFO) => end <= TOKEN_LABEL_OCTETS,
                Some(AVAILABILITY) => end <= AVAILABILITY_OCTETS,
                _ => false,
            }
    }
}

impl<C: PinPad<Error = ReaderError>> PinPad for TracedCard<C> {
    fn has_pin_pad(&self) -> bool {
        self.card.has_pin_pad()
    }

    fn verify_pin_direct(&mut self, entry: &PinEntry) -> Result<StatusWord, ReaderError> {
        self.card.verify_pin_direct(entry)
    }
}

fn hex(octets: &[u8]) -> String {
    octets.iter().fold(String::with_capacity(octets.len() * 2), |mut text, octet| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{octet:02X}");
        text
    })
}

/// ISO 7816-4 section 11.
const SELECT: u8 = 0xA4;
const READ_BINARY: u8 = 0xB0;
/// P1 of SELECT: an EF under the current DF.
const BY_FILE_ID: u8 = 0x02;
/// EF with the token's information, which begins with its label.
const TOKEN_INFO: u16 = 0x0006;
const TOKEN_LABEL_OCTETS: usize = 32;
/// EF that tells which certificates there are.
const AVAILABILITY: u16 = 0x0008;
const AVAILABILITY_OCTETS: usize = 3;

#[cfg(test)]
mod tests;

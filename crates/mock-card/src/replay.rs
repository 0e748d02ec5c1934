//! A card that answers as a trace says.
//!
//! A trace has no PIN and no certificate. What it lacks comes from the mock card's own: data of files that a trace
//! does not show, what VERIFY with a PIN answers, and everything that was never asked in the trace. What a command
//! without a name asks about is what was selected before it: a question is looked for in the trace with that.

use std::{fs, path::Path};

use madoguchi_iso7816::CommandApdu;
use thiserror::Error;

use crate::{
    Card, MockCardError,
    hex::from_hex,
    selection::Selection,
    trace::{FORMAT, Head, Line},
};

/// The answers of a trace.
pub struct Replay {
    atr: Option<Vec<u8>>,
    exchanges: Vec<Exchange>,
    /// The exchange after the one that answered last: what comes twice is answered in turn.
    next: usize,
    /// From the first PIN on, the counters are those of the mock's own card.
    pin_sent: bool,
}

/// Why a text is no trace.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TraceError {
    /// The first line is not the one of a trace.
    #[error("line 1 does not say {FORMAT:?}: this is not a trace")]
    NotATrace,
    /// A line is not JSON of the documented form.
    #[error("line {line}: {reason}")]
    Line {
        /// Which, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// There is no command in it.
    #[error("there is no command with an answer in this trace")]
    Empty,
}

struct Exchange {
    /// What was selected, as far as the answer depends on it.
    meant: Selection,
    header: [u8; 4],
    lc: usize,
    data: Option<Vec<u8>>,
    le: Option<u8>,
    status: [u8; 2],
    response_octets: usize,
    response: Option<Vec<u8>>,
}

impl Replay {
    /// Reads a trace file.
    pub fn read(path: &Path) -> Result<Self, MockCardError> {
        let text = fs::read_to_string(path)
            .map_err(|source| MockCardError::Unreadable { path: path.to_owned(), source })?;
        Self::parse(&text).map_err(|source| MockCardError::Trace { path: path.to_owned(), source })
    }

    /// Reads a trace.
    pub fn parse(text: &str) -> Result<Self, TraceError> {
        let mut lines = text.lines().zip(1..);
        let head = lines.next().and_then(|(line, _)| serde_json::from_str::<Head>(line).ok());
        let head = head.filter(|head| head.format == FORMAT).ok_or(TraceError::NotATrace)?;
        let wrong = |line, reason: &str| TraceError::Line { line, reason: reason.to_owned() };
        let atr = match head.atr.as_deref().map(from_hex) {
            Some(None) => return Err(wrong(1, "atr is not hexadecimal")),
            Some(atr) => atr,
            None => None,
        };
        let mut exchanges = Vec::new();
        let mut selection = Selection::default();
        for (text, number) in lines.filter(|(line, _)| !line.trim().is_empty()) {
            let line: Line = serde_json::from_str(text).map_err(|error| wrong(number, &error.to_string()))?;
            if line.event.as_deref().is_some_and(|event| POWER.contains(&event)) {
                selection.forget();
            }
            let exchange = Exchange::of(&line, &selection).map_err(|reason| wrong(number, reason))?;
            if let Some(exchange) = &exchange {
                selection.note(&exchange.command(), &exchange.status);
            }
            exchanges.extend(exchange);
        }
        if exchanges.is_empty() {
            return Err(TraceError::Empty);
        }
        Ok(Self { atr, exchanges, next: 0, pin_sent: false })
    }

    /// The answer to reset, if the trace knows it.
    pub(crate) fn atr(&self) -> Option<&[u8]> {
        self.atr.as_deref()
    }

    /// Gives the card the tries that the trace saw first, so that both tell the same.
    pub(crate) fn set_counters(&self, card: &mut Card) {
        let mut seen = (None, None);
        for exchange in &self.exchanges {
            let tries = match exchange.status {
                [0x63, sw2 @ 0xC0..=0xCF] => Some(sw2 & 0x0F),
                [0x69, 0x83 | 0x84] => Some(0),
                _ => None,
            };
            if let (0x20, 0, Some(tries)) = (exchange.header[1], exchange.lc, tries) {
                match exchange.meant.file_of(&exchange.command()) {
                    Some(AUTH_PIN) => _ = seen.0.get_or_insert(tries),
                    Some(SIGN_PIN) => _ = seen.1.get_or_insert(tries),
                    _ => {}
                }
            }
        }
        if let Some(tries) = seen.0 {
            card.set_auth_tries_left(tries);
        }
        if let Some(tries) = seen.1 {
            card.set_sign_tries_left(tries);
        }
    }

    /// Power came: a session begins, and the trace with it.
    pub(crate) fn begin(&mut self) {
        self.next = 0;
    }

    /// What the trace answers with this selected, or else the mock's own card.
    pub(crate) fn answer(&mut self, apdu: &[u8], selection: &Selection, own: Vec<u8>) -> Vec<u8> {
        let Ok(command) = CommandApdu::parse(apdu) else { return own };
        let verify = command.instruction() == 0x20;
        self.pin_sent |= verify && !command.data().is_empty();
        if verify && self.pin_sent {
            return own;
        }
        let meant = selection.meant_by(apdu);
        let (before, after) = self.exchanges.split_at(self.next);
        let mut in_turn = (self.next..).zip(after).chain((0..).zip(before));
        let Some((index, exchange)) =
            in_turn.find(|(_, exchange)| exchange.is_of(&command) && exchange.meant == meant)
        else {
            tracing::info!(?command, "not in the trace: the mock card's own answer");
            return own;
        };
        self.next = index + 1;
        match (&exchange.response, exchange.response_octets) {
            (Some(response), _) => [response, &exchange.status[..]].concat(),
            (None, 0) => exchange.status.to_vec(),
            (None, _) => own,
        }
    }
}

impl Exchange {
    /// None for an event, and for a command that got no answer.
    fn of(line: &Line, selection: &Selection) -> Result<Option<Self>, &'static str> {
        let Some(command) = &line.command else {
            return match line.event {
                Some(_) => Ok(None),
                None => Err("neither a command nor an event"),
            };
        };
        if line.event.is_some() {
            return Err("both a command and an event");
        }
        let octets = |text: &str| from_hex(text).ok_or("not hexadecimal");
        let header: [u8; 4] = octets(command)?.try_into().map_err(|_| "command is not four octets")?;
        let data = line.data.as_deref().map(octets).transpose()?;
        if data.as_ref().is_some_and(|data| Some(data.len()) != line.lc) {
            return Err("lc is not the length of data");
        }
        let status = match (&line.status, &line.error) {
            (Some(status), None) => status,
            (None, Some(_)) => return Ok(None),
            _ => return Err("a command has either a status or an error"),
        };
        let response = line.response.as_deref().map(octets).transpose()?;
        let response_octets = line.response_octets.unwrap_or(0);
        if response.as_ref().is_some_and(|response| response.len() != response_octets) {
            return Err("response_octets is not the length of response");
        }
        let mut exchange = Self {
            meant: Selection::default(),
            header,
            lc: line.lc.unwrap_or(0),
            data,
            le: line.le,
            status: octets(status)?.try_into().map_err(|_| "status is not two octets")?,
            response_octets,
            response,
        };
        exchange.meant = selection.meant_by(&exchange.command());
        Ok(Some(exchange))
    }

    fn is_of(&self, command: &CommandApdu) -> bool {
        self.header == [command.class(), command.instruction(), command.p1(), command.p2()]
            && self.lc == command.data().len()
            && self.data.as_ref().is_none_or(|data| data == command.data())
            && self.le == command.le()
    }

    /// Enough of the command to follow selections.
    fn command(&self) -> Vec<u8> {
        let mut command = self.header.to_vec();
        if let Some(data) = &self.data {
            command.extend(u8::try_from(data.len()));
            command.extend_from_slice(data);
        }
        command
    }
}

/// Events after which nothing is selected.
const POWER: [&str; 2] = ["power-on", "power-off"];
const AUTH_PIN: u16 = 0x0018;
const SIGN_PIN: u16 = 0x001B;

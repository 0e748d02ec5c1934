//! Steps of a scenario: what is sent or done, and what must come of it.

use std::fmt;

use serde::Deserialize;
use thiserror::Error;

use crate::hex::{from_hex, to_hex};

/// One step of a scenario file, a `[[step]]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Step {
    say: String,
    act: Act,
    expected: Expected,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Act {
    /// Sends this command.
    Command(Vec<u8>),
    /// Resets the card without taking its power.
    WarmReset,
    /// Takes the card's power and gives it back.
    PowerCycle,
    /// Takes the card out.
    Remove,
    /// Puts it in again.
    Insert,
}

/// An answer, or a counter, that is not as the step says.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("expected {expected}, got {given}")]
pub struct Unexpected {
    /// What the step says.
    pub expected: String,
    /// What came.
    pub given: String,
}

/// A step that says nothing, or two things at once.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum StepError {
    #[error("a step has either `command` or `do`")]
    Act,
    #[error("`do` is \"warm-reset\", \"power-cycle\", \"remove\" or \"insert\", not {0:?}")]
    Do(String),
    #[error("`command` is hexadecimal and has at least CLA INS P1 P2")]
    Command,
    #[error("only a step with `command` has an answer: `status`, `data` or `octets`")]
    Answer,
    #[error("`status` is missing: which status word must come after `command`, for instance \"9000\"")]
    StatusAbsent,
    #[error("`status` is four hexadecimal digits, or x for any: \"9000\", \"63Cx\"")]
    Status,
    #[error("`data` is hexadecimal, with \"…\" at the end when more may follow")]
    Data,
}

/// The step as the file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    say: String,
    command: Option<String>,
    #[serde(rename = "do")]
    act: Option<String>,
    status: Option<String>,
    data: Option<String>,
    octets: Option<usize>,
    tries: Option<u8>,
    sign_tries: Option<u8>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Expected {
    /// Four digits or x; empty when nothing answers.
    status: String,
    data: Option<Vec<u8>>,
    /// Whether more may follow `data`.
    open: bool,
    octets: Option<usize>,
    tries: Option<u8>,
    sign_tries: Option<u8>,
}

impl Step {
    /// Why the step is there.
    pub fn say(&self) -> &str {
        &self.say
    }

    /// What it does.
    pub fn act(&self) -> &Act {
        &self.act
    }

    /// Tries that the user-authentication PIN must have left afterwards, if the step says.
    pub fn tries(&self) -> Option<u8> {
        self.expected.tries
    }

    /// Tries that the signature password must have left afterwards, if the step says.
    pub fn sign_tries(&self) -> Option<u8> {
        self.expected.sign_tries
    }

    /// Compares an answer, data and SW1-SW2, with what the step says. What it does not say may be anything, except that
    /// a step that says nothing of data means none.
    pub fn check_answer(&self, answer: &[u8]) -> Result<(), Unexpected> {
        let unexpected = || Unexpected { expected: self.expected.to_string(), given: to_hex(answer) };
        let (data, status) = answer.split_last_chunk::<2>().ok_or_else(unexpected)?;
        let Expected { status: expected, data: start, open, octets, .. } = &self.expected;
        let status_fits = expected
            .chars()
            .zip(to_hex(status).chars())
            .all(|(expected, given)| [given, 'x'].contains(&expected));
        let data_fits = match start {
            Some(start) if *open => data.starts_with(start),
            Some(whole) => data == whole,
            None => octets.is_some() || data.is_empty(),
        };
        let length_fits = octets.is_none_or(|octets| data.len() == octets);
        if status_fits && data_fits && length_fits { Ok(()) } else { Err(unexpected()) }
    }
}

impl TryFrom<Written> for Step {
    type Error = StepError;

    fn try_from(written: Written) -> Result<Self, StepError> {
        let Written { say, command, act, status, data, octets, tries, sign_tries } = written;
        let act = match (command, act.as_deref()) {
            (Some(command), None) => {
                Act::Command(from_hex(&command).filter(|octets| octets.len() >= 4).ok_or(StepError::Command)?)
            }
            (None, Some("warm-reset")) => Act::WarmReset,
            (None, Some("power-cycle")) => Act::PowerCycle,
            (None, Some("remove")) => Act::Remove,
            (None, Some("insert")) => Act::Insert,
            (None, Some(other)) => return Err(StepError::Do(other.to_owned())),
            _ => return Err(StepError::Act),
        };
        let is_command = matches!(act, Act::Command(_));
        if !is_command && (status.is_some() || data.is_some() || octets.is_some()) {
            return Err(StepError::Answer);
        }
        if is_command && status.is_none() {
            return Err(StepError::StatusAbsent);
        }
        let status = status.unwrap_or_default();
        let digits = status.chars().all(|digit| digit == 'x' || digit.is_ascii_hexdigit());
        if is_command && (status.len() != 4 || !digits) {
            return Err(StepError::Status);
        }
        let status = status.chars().map(|digit| if digit == 'x' { 'x' } else { digit.to_ascii_uppercase() });
        let (data, open) = match data.as_deref() {
            Some(text) => {
                let start = text.strip_suffix('…');
                (Some(from_hex(start.unwrap_or(text)).ok_or(StepError::Data)?), start.is_some())
            }
            None => (None, false),
        };
        let expected = Expected { status: status.collect(), data, open, octets, tries, sign_tries };
        Ok(Self { say, act, expected })
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(data) = &self.data {
            write!(f, "{}{} ", to_hex(data), if self.open { "…" } else { "" })?;
        }
        if let Some(octets) = self.octets {
            write!(f, "({octets} octets) ")?;
        }
        f.write_str(&self.status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(text: &str) -> Result<Step, toml::de::Error> {
        toml::from_str(text)
    }

    #[test]
    fn answers_are_compared_with_what_the_step_says() {
        let command = "say = \"why\"\ncommand = \"00 B0 00 00 04\"\n";
        for (expected, fits, does_not) in [
            ("status = \"9000\"", "9000", "6A82"),
            ("status = \"9000\"", "9000", "00 9000"),
            ("status = \"63Cx\"", "63C2", "6382"),
            ("status = \"63c2\"", "63C2", "63C1"),
            ("status = \"9000\"\ndata = \"30 82\"", "3082 9000", "308200 9000"),
            ("status = \"9000\"\ndata = \"30 82 …\"", "308200 9000", "308100 9000"),
            ("status = \"9000\"\noctets = 2", "ABCD 9000", "AB 9000"),
            ("status = \"9000\"\noctets = 3\ndata = \"30…\"", "308200 9000", "3082 9000"),
            ("status = \"xxxx\"", "1234", "90"),
        ] {
            let step = step(&format!("{command}{expected}")).expect("a step");
            assert_eq!(step.check_answer(&from_hex(fits).expect("octets")), Ok(()), "{expected}");
            step.check_answer(&from_hex(does_not).expect("octets")).expect_err(expected);
        }
    }

    #[test]
    fn a_step_that_makes_no_sense_says_why() {
        for (text, reason) in [
            ("", "either `command` or `do`"),
            ("do = \"remove\"\ncommand = \"00200080\"", "either `command` or `do`"),
            ("do = \"eject\"", "not \"eject\""),
            ("do = \"remove\"\nstatus = \"9000\"", "only a step with `command` has an answer"),
            ("do = \"remove\"\ndata = \"00\"", "only a step with `command` has an answer"),
            ("command = \"00200080\"", "`status` is missing"),
            ("command = \"00200080\"\nstatus = \"\"", "four hexadecimal digits"),
            ("command = \"002000\"\nstatus = \"9000\"", "at least CLA INS P1 P2"),
            ("command = \"0020008\"\nstatus = \"9000\"", "is hexadecimal"),
            ("command = \"00200080\"\nstatus = \"900\"", "four hexadecimal digits"),
            ("command = \"00200080\"\nstatus = \"90é0\"", "four hexadecimal digits"),
            ("command = \"00200080\"\nstatus = \"9000\"\ndata = \"3\"", "`data` is hexadecimal"),
            ("command = \"00200080\"\nstatus = \"9000\"\nanswer = \"3\"", "unknown field `answer`"),
        ] {
            let error = step(&format!("say = \"why\"\n{text}")).expect_err(text).to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
        assert!(step("do = \"remove\"").expect_err("no why").to_string().contains("say"));
        let remove = step("say = \"why\"\ndo = \"remove\"\ntries = 3\nsign_tries = 5").expect("a step");
        assert_eq!((remove.act(), remove.tries(), remove.sign_tries()), (&Act::Remove, Some(3), Some(5)));
    }
}

//! The name of a list in the state folder: partition, kind, cRLNumber and thisUpdate, so that names sort as lists do.

use std::fmt;
use std::str::FromStr;

use madoguchi_cert_verify::{CrlNumber, Partition};
use rustls_pki_types::UnixTime;

/// `PARTITION-KIND-NUMBER-THISUPDATE`, all but the kind hexadecimal and of fixed width.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stem {
    /// The first half of the partition's identifier.
    partition: String,
    pub(crate) kind: Kind,
    number: String,
    this_update: String,
}

/// Whether a list is complete. What replaces what is told for both apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    Complete,
    Delta,
}

impl Stem {
    pub(crate) fn new(partition: &Partition, kind: Kind, number: &CrlNumber, this_update: UnixTime) -> Self {
        let mut partition = partition.id().to_hex();
        partition.truncate(PARTITION);
        let number = format!("{:0>width$}", number.to_string(), width = NUMBER);
        Self { partition, kind, number, this_update: format!("{:016x}", this_update.as_secs()) }
    }

    /// The first half of the partition's identifier, hexadecimal.
    pub(crate) fn partition(&self) -> &str {
        &self.partition
    }

    /// Whether both are of the same partition and kind.
    pub(crate) fn replaces(&self, other: &Self) -> bool {
        (&self.partition, self.kind) == (&other.partition, other.kind)
    }

    /// Whether this list may take the place of another of its partition: cRLNumber and thisUpdate never fall.
    pub(crate) fn is_older_than(&self, other: &Self) -> bool {
        self.number < other.number || self.this_update < other.this_update
    }

    /// Whether this is a delta that says more than a complete list: its number is above that one's.
    pub(crate) fn is_delta_above(&self, complete: &Self) -> bool {
        self.kind == Kind::Delta && self.partition == complete.partition && self.number > complete.number
    }

    /// cRLNumber as an operator reads it.
    pub(crate) fn number(&self) -> &str {
        let digits = self.number.trim_start_matches("00");
        if digits.is_empty() { "0" } else { digits }
    }
}

impl fmt::Display for Stem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            Kind::Complete => COMPLETE,
            Kind::Delta => DELTA,
        };
        write!(f, "{}-{kind}-{}-{}", self.partition, self.number, self.this_update)
    }
}

impl FromStr for Stem {
    type Err = NotAStem;

    fn from_str(text: &str) -> Result<Self, NotAStem> {
        let parts: Vec<&str> = text.split('-').collect();
        let [partition, kind, number, this_update] = parts.as_slice() else { return Err(NotAStem) };
        let kind = match *kind {
            COMPLETE => Kind::Complete,
            DELTA => Kind::Delta,
            _ => return Err(NotAStem),
        };
        for (part, width) in [(partition, PARTITION), (number, NUMBER), (this_update, TIME)] {
            let hexadecimal = |octet: u8| octet.is_ascii_digit() || (b'a'..=b'f').contains(&octet);
            if part.len() != width || !part.bytes().all(hexadecimal) {
                return Err(NotAStem);
            }
        }
        Ok(Self {
            partition: (*partition).to_owned(),
            kind,
            number: (*number).to_owned(),
            this_update: (*this_update).to_owned(),
        })
    }
}

/// The name of something else.
#[derive(Debug)]
pub(crate) struct NotAStem;

const PARTITION: usize = 32;
/// A cRLNumber has at most 20 octets.
const NUMBER: usize = 40;
const TIME: usize = 16;
const COMPLETE: &str = "complete";
const DELTA: &str = "delta";

#[cfg(test)]
mod tests {
    use super::*;

    fn stem(number: &str, this_update: u64) -> Stem {
        let text = format!("{}-complete-{number:0>40}-{this_update:016x}", "ab".repeat(16));
        let stem: Stem = text.parse().expect("a stem");
        assert_eq!(stem.to_string(), text);
        stem
    }

    #[test]
    fn neither_number_nor_time_ever_falls() {
        let shelved = stem("0100", 1000);
        for (number, this_update, is_older) in [
            ("0100", 1000, false),
            ("0100", 1001, false),
            ("0101", 1000, false),
            ("ff", 1001, true),
            ("0101", 999, true),
            ("0100", 999, true),
        ] {
            assert_eq!(stem(number, this_update).is_older_than(&shelved), is_older, "{number} {this_update}");
        }
        assert_eq!((stem("0100", 1).number(), stem("0", 1).number()), ("0100", "0"));
    }

    #[test]
    fn other_names_are_none() {
        let id = "ab".repeat(16);
        for text in [
            String::new(),
            id.clone(),
            format!("{id}-complete-{:040x}-{:016x}-1", 1, 1),
            format!("{id}-whole-{:040x}-{:016x}", 1, 1),
            format!("{id}-complete-{:039x}-{:016x}", 1, 1),
            format!("{id}-complete-{:040X}-{:016x}", 10, 1),
            format!("{}-complete-{:040x}-{:016x}", id.to_uppercase(), 1, 1),
        ] {
            assert!(text.parse::<Stem>().is_err(), "{text}");
        }
    }
}

//! `madoguchi crl lookup`.

use std::io::Write;

use madoguchi_revocation::{CrlShelf, Listing, Problem, StateDir};
use rustls_pki_types::UnixTime;
use serde_json::{Value, json};

use crate::crl::arguments::LookupArguments;
use crate::crl::parts::anchors;
use crate::crl::serial::SerialNumber;
use crate::crl::tell::{label, printable};
use crate::crl::{CrlEnd, CrlUsage};
use crate::verify::instant;

/// Looks each serial up in every list. All answers are of one moment: a list that is replaced meanwhile is not.
pub(super) fn lookup(
    arguments: &LookupArguments,
    now: UnixTime,
    output: &mut dyn Write,
) -> Result<CrlEnd, CrlUsage> {
    let unusable = |error: madoguchi_revocation::Error| CrlUsage::of_state(&arguments.folder, &error);
    let state = StateDir::open_to_read(&arguments.folder).map_err(unusable)?;
    let anchors = if arguments.anchor.is_empty() {
        state.anchors().map_err(unusable)?
    } else {
        anchors(&arguments.anchor)?
    };
    let (shelf, unread) = CrlShelf::read(&state, &anchors).map_err(unusable)?;
    let mut end = if shelf.is_empty() || !unread.is_empty() { CrlEnd::Refused } else { CrlEnd::Done };
    let mut all = Vec::new();
    for serial in &arguments.serial {
        let answer = Answer::of(serial, &shelf, &unread, now);
        if !answer.damaged.is_empty() {
            end = CrlEnd::Refused;
        }
        all.push(answer);
    }
    write_all(arguments.json, &all, output).map_err(|error| CrlUsage::of_output(&error))?;
    Ok(end)
}

fn write_all(json: bool, all: &[Answer<'_>], output: &mut dyn Write) -> std::io::Result<()> {
    for answer in all {
        if json {
            writeln!(output, "{}", answer.json())?;
        } else {
            answer.write(output)?;
        }
    }
    if let Some(answer) = all.first().filter(|_| !json) {
        answer.write_of_lists(output)?;
    }
    output.flush()
}

/// What all lists say about one serial.
struct Answer<'a> {
    serial: &'a SerialNumber,
    listed: Vec<(Listing<'a>, &'static str, String)>,
    not_listed_in: usize,
    damaged: Vec<Listing<'a>>,
    /// Lists past their nextUpdate: what they do not list may be revoked since.
    expired: Vec<Listing<'a>>,
    /// Files that cannot be used.
    unread: &'a [Problem],
}

impl<'a> Answer<'a> {
    fn of(serial: &'a SerialNumber, shelf: &'a CrlShelf, unread: &'a [Problem], now: UnixTime) -> Self {
        let (listed, damaged, expired) = (Vec::new(), Vec::new(), Vec::new());
        let mut answer = Self { serial, listed, not_listed_in: 0, damaged, expired, unread };
        for listing in shelf.listings(serial.octets()) {
            if listing.next_update < now {
                answer.expired.push(listing.clone());
            }
            match listing.found {
                Ok(Some(entry)) => {
                    let (reason, when) = (entry.reason.name(), instant::format(entry.revoked_at));
                    answer.listed.push((listing, reason, when));
                }
                Ok(None) => answer.not_listed_in += 1,
                Err(_) => answer.damaged.push(listing),
            }
        }
        answer
    }

    fn json(&self) -> Value {
        let listed: Vec<Value> = self
            .listed
            .iter()
            .map(|(listing, reason, when)| {
                let mut value = list(listing);
                value["reason"] = json!(reason);
                value["revoked_at"] = json!(when);
                value
            })
            .collect();
        json!({
            "serial": self.serial.to_string(),
            "listed": listed,
            "not_listed_in": self.not_listed_in,
            "damaged": self.damaged.iter().map(list).collect::<Vec<_>>(),
            "expired": self.expired.iter().map(list).collect::<Vec<_>>(),
            "unread": self.unread,
        })
    }

    fn write(&self, output: &mut dyn Write) -> std::io::Result<()> {
        let serial = self.serial;
        for (listing, reason, when) in &self.listed {
            let of = name(listing);
            writeln!(output, "{serial}: listed in {of}: {reason}, revoked {when}")?;
        }
        for listing in &self.damaged {
            writeln!(output, "{serial}: the index of {} is damaged and says nothing", name(listing))?;
        }
        match self.not_listed_in {
            _ if !self.listed.is_empty() => Ok(()),
            0 if !self.damaged.is_empty() => Ok(()),
            0 => writeln!(output, "{serial}: no list, and nothing to say"),
            1 => writeln!(output, "{serial}: not listed in the one list that is there"),
            count => writeln!(output, "{serial}: not listed in any of {count} lists"),
        }
    }

    /// What is the same for every serial number.
    fn write_of_lists(&self, output: &mut dyn Write) -> std::io::Result<()> {
        for listing in &self.expired {
            let since = instant::format(listing.next_update);
            writeln!(output, "{}: past nextUpdate since {since}", name(listing))?;
        }
        for Problem { place, message, code } in self.unread {
            writeln!(output, "{}\n  {} ({code})", printable(place), printable(message))?;
        }
        Ok(())
    }
}

fn list(listing: &Listing<'_>) -> Value {
    json!({
        "partition": listing.partition.to_string(),
        "issuer_key": listing.partition.issuer_key_hash().to_hex(),
        "delta": listing.is_delta,
        "number": listing.number.to_string(),
        "this_update": instant::format(listing.this_update),
        "next_update": instant::format(listing.next_update),
    })
}

fn name(listing: &Listing<'_>) -> String {
    let kind = if listing.is_delta { "delta list" } else { "list" };
    let of = label(&listing.partition.to_string());
    let key: String = listing.partition.issuer_key_hash().to_hex().chars().take(16).collect();
    format!(
        "{kind} {} of {} of {of} (issuer key {key})",
        listing.number,
        instant::format(listing.this_update)
    )
}

//! `madoguchi crl lookup`.

use std::io::Write;

use madoguchi_revocation::{CrlShelf, Listing, StateDir};
use serde_json::{Value, json};

use crate::crl::arguments::LookupArguments;
use crate::crl::parts::anchors;
use crate::crl::serial::SerialNumber;
use crate::crl::tell::label;
use crate::crl::{CrlEnd, CrlUsage};
use crate::verify::instant;

/// Looks each serial up in every list. All answers are of one moment: a list that is replaced meanwhile is not.
pub(super) fn lookup(arguments: &LookupArguments, output: &mut dyn Write) -> Result<CrlEnd, CrlUsage> {
    let unusable = |error: madoguchi_revocation::Error| CrlUsage::of_file(&arguments.folder, &error);
    let state = StateDir::open_to_read(&arguments.folder).map_err(unusable)?;
    let anchors = if arguments.anchor.is_empty() {
        state.anchors().map_err(unusable)?
    } else {
        anchors(&arguments.anchor)?
    };
    let shelf = CrlShelf::read(&state, &anchors).map_err(unusable)?;
    let mut end = CrlEnd::Done;
    for serial in &arguments.serial {
        let answer = Answer::of(serial, &shelf);
        if !answer.damaged.is_empty() {
            end = CrlEnd::Refused;
        }
        let written =
            if arguments.json { writeln!(output, "{}", answer.json()) } else { answer.write(output) };
        written.and_then(|()| output.flush()).map_err(|error| CrlUsage::of_output(&error))?;
    }
    Ok(end)
}

/// What all lists say about one serial.
struct Answer<'a> {
    serial: &'a SerialNumber,
    listed: Vec<(Listing<'a>, &'static str, String)>,
    not_listed_in: usize,
    damaged: Vec<Listing<'a>>,
}

impl<'a> Answer<'a> {
    fn of(serial: &'a SerialNumber, shelf: &'a CrlShelf) -> Self {
        let mut answer = Self { serial, listed: Vec::new(), not_listed_in: 0, damaged: Vec::new() };
        for listing in shelf.listings(serial.octets()) {
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
        if self.listed.is_empty() {
            writeln!(output, "{serial}: not listed in {} lists", self.not_listed_in)?;
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

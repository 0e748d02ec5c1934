//! Entries of a list by the million: all of one length, so that one is made by filling a form in.

use std::time::Duration;

use clap::ValueEnum;
use rustls_pki_types::UnixTime;

use crate::{BulkSerials, Error, Extension, RevocationReason, bulk_serial::scramble, der, extension};

/// Which reasons the entries of a large list have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum BulkReasons {
    /// A reasonCode in each entry, one of those that residents' certificates are revoked for.
    #[default]
    Mixed,
    /// The same, and about one in sixteen is certificateHold.
    MixedHold,
    /// No entry has extensions.
    None,
}

/// The entries that a seed makes.
#[derive(Clone)]
pub(crate) struct EntryForm {
    serials: BulkSerials,
    reasons: BulkReasons,
    /// An entry with places for serial number, date and reason.
    form: Vec<u8>,
    /// "YYMMDD" of so many days before thisUpdate, from none on.
    days: Vec<[u8; 6]>,
}

impl BulkReasons {
    /// The reason of the entry at an index.
    pub fn at(self, index: u64) -> RevocationReason {
        let chance = scramble(index) >> 32;
        match self {
            Self::None => RevocationReason::Unspecified,
            Self::MixedHold if chance & 0xf0 == 0 => RevocationReason::CertificateHold,
            Self::Mixed | Self::MixedHold => match chance & 0x0f {
                0 => RevocationReason::KeyCompromise,
                1..=5 => RevocationReason::AffiliationChanged,
                6..=12 => RevocationReason::Superseded,
                _ => RevocationReason::CessationOfOperation,
            },
        }
    }
}

impl EntryForm {
    pub(crate) fn new(
        serials: BulkSerials,
        reasons: BulkReasons,
        this_update: UnixTime,
    ) -> Result<Self, Error> {
        let mut days = Vec::new();
        for day in 0..=DAYS {
            let at = midnight(this_update).saturating_sub(u64::from(day) * DAY);
            let date = der::time(UnixTime::since_unix_epoch(Duration::from_secs(at)))?;
            // Tag and length before it. From 2050 on dates are longer, and entries are not all alike.
            match date.as_slice() {
                [0x17, 13, date @ ..] => days.extend(date.first_chunk::<6>().copied()),
                _ => return Err(Error::TimeOutOfRange { seconds: at }),
            }
        }
        let form = form(serials, reasons != BulkReasons::None)?;
        Ok(Self { serials, reasons, form, days })
    }

    /// Entries of a delta that take revocations back, whatever reason they had.
    pub(crate) fn for_removal(&self) -> Result<Self, Error> {
        Ok(Self { form: form(self.serials, true)?, ..self.clone() })
    }

    /// Octets of each entry.
    pub(crate) fn length(&self) -> usize {
        self.form.len()
    }

    /// The entry at an index, after those that `out` holds.
    pub(crate) fn write(&self, index: u64, out: &mut Vec<u8>) {
        self.write_word(self.serials.word_at(index), self.reasons.at(index).code(), index, out);
    }

    /// The entry at an index with reason removeFromCRL.
    pub(crate) fn write_removal(&self, index: u64, out: &mut Vec<u8>) {
        self.write_word(self.serials.word_at(index), REMOVE_FROM_CRL, index, out);
    }

    fn write_word(&self, word: u64, reason: u8, index: u64, out: &mut Vec<u8>) {
        let serial = self.serials.of_word(word);
        let start = out.len();
        out.extend_from_slice(&self.form);
        let entry = &mut out[start..];
        let serial_end = BEFORE_SERIAL + serial.octets().len();
        entry[BEFORE_SERIAL..serial_end].copy_from_slice(serial.octets());
        let (day, second) = day_and_second(index);
        let date = &mut entry[serial_end + 2..serial_end + 14];
        date[..6].copy_from_slice(&self.days[usize::from(day)]);
        for (place, number) in [(6, second / 3600), (8, second / 60 % 60), (10, second % 60)] {
            date[place] = digit(number / 10);
            date[place + 1] = digit(number % 10);
        }
        // The reason is the last octet of an entry that has one.
        if let Some(last) = entry.get_mut(serial_end + 15..).and_then(<[u8]>::last_mut) {
            *last = reason;
        }
    }
}

/// revocationDate of the entry at an index of a list of this thisUpdate: some second of the five years before its day.
pub(crate) fn revoked_at(index: u64, this_update: UnixTime) -> UnixTime {
    let (day, second) = day_and_second(index);
    let at = midnight(this_update).saturating_sub(u64::from(day) * DAY) + u64::from(second);
    UnixTime::since_unix_epoch(Duration::from_secs(at))
}

fn midnight(at: UnixTime) -> u64 {
    at.as_secs() / DAY * DAY
}

/// An entry to be filled in.
fn form(serials: BulkSerials, has_reason: bool) -> Result<Vec<u8>, Error> {
    let serial = der::unsigned(serials.at(0).octets());
    let date = der::time(UnixTime::since_unix_epoch(Duration::ZERO))?;
    let reason = Extension::crl_reason(REMOVE_FROM_CRL);
    let extensions = if has_reason { extension::extensions(&[reason])? } else { Vec::new() };
    Ok(der::sequence(&[&serial, &date, &extensions]))
}

/// How many days before the last midnight, at least one, and the second of that day.
fn day_and_second(index: u64) -> (u16, u32) {
    let chance = scramble(index ^ DAY);
    let (day, second) = (chance >> 32, chance & 0xffff_ffff);
    // Unwrap safety: what is left of a division by a small number is smaller.
    (1 + u16::try_from(day % u64::from(DAYS)).expect("small"), u32::try_from(second % DAY).expect("small"))
}

fn digit(number: u32) -> u8 {
    b'0' + u8::try_from(number).unwrap_or(0)
}

const DAY: u64 = 86_400;
/// Five years, for which certificates are good.
const DAYS: u16 = 1826;
/// Tag and length of entry and serial number; an entry has less than 128 octets.
const BEFORE_SERIAL: usize = 4;
const REMOVE_FROM_CRL: u8 = 8;

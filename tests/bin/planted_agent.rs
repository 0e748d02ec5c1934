//! An agent that keeps a copy of the PIN, in one of four ways. Everything else is what ships. For the test of the memory scan, which
//! must catch every one of them: `madoguchi-planted-agent PLANT [options of madoguchi-agent]`.

use std::error::Error;
use std::io::{self, BufReader, Read};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clap::Parser as _;
use madoguchi_agent::{
    CardSource, InsertedCard, Notice, Options, Patience, PcscCard, PcscReaders, ReaderError, StandardInput,
    run,
};
use madoguchi_iso7816::{CardTransaction, CommandApdu, PinEntry, PinPad, ResponseApdu, StatusWord};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut words = std::env::args();
    let program = words.next().ok_or("no program name")?;
    let plant = words.next().ok_or("no plant")?;
    let options = Options::parse_from([program].into_iter().chain(words));
    let readers = |options: &Options| PcscReaders::new(options.reader.clone());
    Ok(match plant.as_str() {
        // What `std::io::stdin` is.
        "buffered-stdin" => run(options, BufReader::new(StandardInput), readers),
        "retained-string" => run(options, Keeping { kept: Kept::Text(String::new()) }, readers),
        "utf-16" => run(options, Keeping { kept: Kept::Utf16(Vec::new()) }, readers),
        "retained-apdu" => {
            let kept = Arc::default();
            run(options, StandardInput, |options| KeepingReaders { readers: readers(options), kept })
        }
        other => return Err(format!("no such plant: {other}").into()),
    })
}

/// Standard input whose octets are kept.
struct Keeping {
    kept: Kept,
}

enum Kept {
    Text(String),
    Utf16(Vec<u16>),
}

impl Read for Keeping {
    fn read(&mut self, octets: &mut [u8]) -> io::Result<usize> {
        let read = StandardInput.read(octets)?;
        for octet in &octets[..read] {
            match &mut self.kept {
                Kept::Text(text) => text.push(char::from(*octet)),
                Kept::Utf16(units) => units.push(u16::from(*octet)),
            }
        }
        Ok(read)
    }
}

/// Readers that keep every command.
struct KeepingReaders {
    readers: PcscReaders,
    kept: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl CardSource for KeepingReaders {
    type Card = KeepingCard;

    fn wait(
        &mut self,
        tried: &[InsertedCard],
        patience: &Patience<'_>,
        notice: &mut dyn FnMut(Notice),
    ) -> Result<Vec<InsertedCard>, ReaderError> {
        self.readers.wait(tried, patience, notice)
    }

    fn open(&mut self, card: &InsertedCard, patience: &Patience<'_>) -> Result<KeepingCard, ReaderError> {
        Ok(KeepingCard { card: self.readers.open(card, patience)?, kept: Arc::clone(&self.kept) })
    }

    fn left_within(&mut self, limit: Duration) -> bool {
        self.readers.left_within(limit)
    }
}

struct KeepingCard {
    card: PcscCard,
    kept: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl CardTransaction for KeepingCard {
    type Error = ReaderError;

    fn transmit(&mut self, command: &CommandApdu) -> Result<ResponseApdu, ReaderError> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push(command.to_octets().to_vec());
        self.card.transmit(command)
    }
}

impl PinPad for KeepingCard {
    fn has_pin_pad(&self) -> bool {
        self.card.has_pin_pad()
    }

    fn verify_pin_direct(&mut self, entry: &PinEntry) -> Result<StatusWord, ReaderError> {
        self.card.verify_pin_direct(entry)
    }
}

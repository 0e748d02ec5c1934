//! `madoguchi-agent`: the reader agent of the resident's session.

use std::process::ExitCode;

use clap::Parser as _;
use madoguchi_agent::{Options, PcscReaders, StandardInput, run};

fn main() -> ExitCode {
    run(Options::parse(), StandardInput, |options| {
        let readers = PcscReaders::new(options.reader.clone());
        // With --pin-stdin nobody is there to type on a keypad.
        if options.no_pin_pad || options.pin_stdin { readers.without_pin_pads() } else { readers }
    })
}

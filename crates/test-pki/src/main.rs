//! `madoguchi-test-pki`: makes, changes and serves a throw-away PKI in the shape of JPKI. For tests only.

mod arguments;
mod commands;
mod large;

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use clap::Parser as _;
use madoguchi_test_pki::Error;
use ring::rand::SystemRandom;
use rustls_pki_types::UnixTime;

use crate::{arguments::Arguments, commands::Context};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    #[expect(clippy::disallowed_methods, reason = "the program's edge makes the random source")]
    let random = SystemRandom::new();
    let context = Context { now: UnixTime::now(), clock: UnixTime::now, random };
    match commands::run(arguments, context) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // A standard error that is closed leaves only the exit code to tell.
            let _ = writeln!(io::stderr(), "madoguchi-test-pki: {error}");
            exit_code(&error)
        }
    }
}

/// 2 when the command line was wrong, 1 for everything else.
fn exit_code(error: &Error) -> ExitCode {
    match error {
        Error::MalformedCardName { .. }
        | Error::MalformedPin
        | Error::MalformedSignPassword
        | Error::NotLoopback { .. }
        | Error::UnknownMunicipality { .. } => ExitCode::from(2),
        _ => ExitCode::FAILURE,
    }
}

//! `madoguchi-mock-card`: a My Number card in software, in the virtual reader of the real PC/SC service.

use std::{
    io,
    net::{SocketAddr, ToSocketAddrs as _},
    path::PathBuf,
    process::ExitCode,
};

use clap::Parser;
use madoguchi_mock_card::{Card, CardContents, MockCardError, Scenario, Slot, program};

/// A My Number card in software, for tests. Steered by lines on standard input: insert, remove, tries N, quit.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Where vsmartcard's reader driver (libifdvpcd) listens, for instance 127.0.0.1:35963.
    #[arg(long, value_name = "HOST:PORT", value_parser = address)]
    vpcd: SocketAddr,
    /// Folder written by madoguchi-test-pki.
    #[arg(long, value_name = "DIR")]
    pki: PathBuf,
    /// Which of its cards.
    #[arg(long, value_name = "NAME", default_value = "default")]
    card: String,
    /// TOML file that says what is special about the card.
    #[arg(long, value_name = "FILE")]
    scenario: Option<PathBuf>,
}

fn main() -> ExitCode {
    tracing_subscriber::fmt().with_writer(io::stderr).with_ansi(false).without_time().init();
    match start(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let causes = std::iter::successors(std::error::Error::source(&error), |cause| cause.source());
            let text = causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"));
            tracing::error!("{text}");
            ExitCode::FAILURE
        }
    }
}

fn start(arguments: &Arguments) -> Result<(), MockCardError> {
    let scenario = match &arguments.scenario {
        Some(path) => Scenario::read(path)?,
        None => Scenario::default(),
    };
    let contents = CardContents::read(&arguments.pki, &arguments.card)?;
    let slot = Slot::new(Card::new(&contents, &scenario)?, &scenario);
    program::run(slot, arguments.vpcd, io::BufReader::new(io::stdin()), io::stdout())
}

/// A loopback address: what the card answers, PINs and keys of a test, is nobody else's business.
fn address(text: &str) -> Result<SocketAddr, String> {
    let mut addresses = text.to_socket_addrs().map_err(|error| error.to_string())?;
    addresses.find(|address| address.ip().is_loopback()).ok_or_else(|| "not a loopback address".to_owned())
}

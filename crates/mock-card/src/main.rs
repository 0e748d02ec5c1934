//! `madoguchi-mock-card`: a My Number card in software, in the virtual reader of the real PC/SC service.

use std::{
    fs::File,
    io::{self, Write as _},
    net::{SocketAddr, ToSocketAddrs as _},
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Instant, SystemTime},
};

use clap::Parser;
use madoguchi_mock_card::{
    Card, CardContents, FaultPlan, MockCardError, Persona, Replay, Scenario, Slot, Trace, program::Program,
};
use rustls_pki_types::UnixTime;

/// A My Number card in software, for tests, in the virtual reader of the real PC/SC service.
///
/// The program writes `ready` when the reader has seen the card, and is then steered by lines on standard input: insert,
/// remove, tries N, sign-tries N, reset-counters, fault PLAN, fault none, go on, warm-reset, state, quit. It runs until
/// `quit`, or until the virtual reader is gone.
#[derive(Parser)]
#[command(version, after_help = "Everything about it: docs/mock-card.md")]
struct Arguments {
    /// Where vsmartcard's reader driver (libifdvpcd) listens, for instance 127.0.0.1:35963. Loopback only. Not for --play.
    #[arg(long, value_name = "HOST:PORT", value_parser = address, required_unless_present = "play")]
    vpcd: Option<SocketAddr>,
    /// Folder written by `madoguchi-test-pki init`.
    #[arg(long, value_name = "DIR")]
    pki: PathBuf,
    /// Which of its cards (`madoguchi-test-pki issue --name`).
    #[arg(long, value_name = "NAME", default_value = "default")]
    card: String,
    /// TOML file that says what is special about the card. Its steps, if it has any, are for --play.
    #[arg(long, value_name = "FILE")]
    scenario: Option<PathBuf>,
    /// Plays the steps of this scenario file without any reader, says how each came out, and ends: with exit code 1 when
    /// one came out otherwise than it says.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["vpcd", "scenario", "control"])]
    play: Option<PathBuf>,
    /// Whose card it is, instead of the scenario's: adult, child-under-15, face-authentication, …
    #[arg(long, value_name = "NAME")]
    persona: Option<Persona>,
    /// What goes wrong and at which command, instead of the scenario's: remove@7, or seed:42 for one by chance.
    #[arg(long, value_name = "PLAN")]
    fault: Option<FaultPlan>,
    /// Writes commands and status words to this new file, without PINs and certificates.
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// Answers as this trace of another card says; what the trace lacks comes from the mock's own card.
    #[arg(long, value_name = "FILE")]
    replay: Option<PathBuf>,
    /// Takes the same lines as standard input on this Unix socket, which only you may use.
    #[cfg(unix)]
    #[arg(long, value_name = "PATH")]
    control: Option<PathBuf>,
}

fn main() -> ExitCode {
    tracing_subscriber::fmt().with_writer(io::stderr).with_ansi(false).without_time().init();
    match start(&Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            let causes = std::iter::successors(std::error::Error::source(&error), |cause| cause.source());
            let text = causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"));
            tracing::error!("{text}");
            ExitCode::FAILURE
        }
    }
}

fn start(arguments: &Arguments) -> Result<ExitCode, MockCardError> {
    let mut scenario = match arguments.scenario.as_ref().or(arguments.play.as_ref()) {
        Some(path) => Scenario::read(path)?,
        None => Scenario::default(),
    };
    if let Some(persona) = arguments.persona {
        scenario.persona = persona;
    }
    scenario.fault = arguments.fault.or(scenario.fault);
    check_folder(&arguments.pki, &arguments.card)?;
    let contents = CardContents::read(&arguments.pki, &arguments.card)?;
    contents.check_persona(scenario.persona, now(), &arguments.pki)?;
    let mut slot = Slot::new(Card::new(&contents, &scenario)?, &scenario);
    if let Some(path) = &arguments.replay {
        slot.set_replay(Replay::read(path)?);
    }
    if let Some(path) = &arguments.trace {
        let unwritable = |source| MockCardError::TraceUnwritable { path: path.clone(), source };
        let file = File::create_new(path).map_err(unwritable)?;
        #[expect(clippy::disallowed_methods, reason = "a program's main reads the clock")]
        let began = Instant::now();
        let trace = Trace::new(file, move || began.elapsed(), slot.atr()).map_err(unwritable)?;
        slot.set_trace(trace);
    }
    let Some(vpcd) = arguments.vpcd else { return play(&mut slot, &scenario) };
    let program = Program::new(slot, vpcd, io::stdout());
    #[cfg(unix)]
    let program = match &arguments.control {
        Some(path) => program.with_control(madoguchi_mock_card::control::Control::bind(path)?),
        None => program,
    };
    program.run(io::BufReader::new(io::stdin()))?;
    Ok(ExitCode::SUCCESS)
}

/// One line for each step, and one for all.
fn play(slot: &mut Slot, scenario: &Scenario) -> Result<ExitCode, MockCardError> {
    let mut failed = 0;
    let mut output = io::stdout().lock();
    let mut tell =
        |line: String| writeln!(output, "{line}").map_err(|source| MockCardError::Unsteered { source });
    for (number, step) in (1..).zip(&scenario.steps) {
        let say = step.say();
        match slot.play(step) {
            Ok(()) => tell(format!("ok {number} {say}"))?,
            Err(failure) => {
                failed += 1;
                tell(format!("FAILED {number} {say} ({failure})"))?;
            }
        }
    }
    tell(format!("{} steps, {failed} failed", scenario.steps.len()))?;
    // A file without steps shows nothing, and must not look as if it did.
    Ok(if failed > 0 || scenario.steps.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// What people get wrong first has messages of its own.
fn check_folder(pki: &Path, card: &str) -> Result<(), MockCardError> {
    if !pki.join("auth-ca.der").exists() {
        return Err(MockCardError::PkiAbsent { pki: pki.to_owned() });
    }
    if pki.join("cards").join(card).exists() {
        return Ok(());
    }
    let folders = std::fs::read_dir(pki.join("cards")).into_iter().flatten().flatten();
    let mut others: Vec<_> =
        folders.map(|folder| folder.file_name().to_string_lossy().into_owned()).collect();
    others.sort();
    Err(MockCardError::CardAbsent { name: card.to_owned(), pki: pki.to_owned(), others })
}

#[expect(clippy::disallowed_methods, reason = "a program's main reads the clock")]
fn now() -> UnixTime {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    // Before 1970 nothing has run out yet.
    UnixTime::since_unix_epoch(since.unwrap_or_default())
}

/// A loopback address: what the card answers, PINs and keys of a test, is nobody else's business.
fn address(text: &str) -> Result<SocketAddr, String> {
    let example = "HOST:PORT on loopback, for instance 127.0.0.1:35963";
    let mut addresses = text.to_socket_addrs().map_err(|error| format!("{error}; it is {example}"))?;
    addresses
        .find(|address| address.ip().is_loopback())
        .ok_or_else(|| format!("not a loopback address; it is {example}"))
}

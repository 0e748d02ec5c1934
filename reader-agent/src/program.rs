//! The program around the agent: options in, parts wired, an exit code out. `main` gives it the command line, standard input
//! and the readers; a test may wrap those and shares everything else with what ships.

mod reports;

use std::io::{self, Read, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use clap::{CommandFactory as _, error::ErrorKind};
use madoguchi_cert_verify::Anchor;
use ring::rand::SystemRandom;
use rustix::time::{ClockId, clock_gettime};
use rustls_pki_types::UnixTime;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing::{error, info};
use tracing_subscriber::EnvFilter;

use crate::options::{Command, Options};
use crate::{
    Agent, AgentError, AutomationPrompt, CardPolicy, CardSource, Clock, HttpTransport, Prompt,
    TerminalPrompt, TestAnchors, bind, hygiene,
};

/// Runs the program to its end. `input` is where automation's PINs come from; `source` makes the readers.
pub fn run<S: CardSource + 'static>(
    options: Options,
    input: impl Read + Send + 'static,
    source: impl FnOnce(&Options) -> S,
) -> ExitCode {
    let log = options.log.as_deref().unwrap_or(if options.pin_stdin { "info" } else { "warn" });
    let Ok(filter) = EnvFilter::try_new(log) else {
        usage(ErrorKind::InvalidValue, "--log FILTER is not a filter such as info or madoguchi_agent=debug");
    };
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(false).init();
    hygiene::forbid_dumps();
    hygiene::lock_memory();
    if let Err(error) = options.check_guards() {
        usage(ErrorKind::ArgumentConflict, &error.to_string());
    }
    if options.command.is_none() && options.connections.gateways.is_empty() {
        usage(ErrorKind::MissingRequiredArgument, "at least one --gateway ORIGIN is needed");
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            error!(%error, "no runtime");
            return ExitCode::FAILURE;
        }
    };
    let source = source(&options);
    let result = runtime.block_on(command(options, input, source));
    // A thread that waits for a line of standard input is not waited for.
    runtime.shutdown_background();
    match result {
        Ok(code) => code,
        Err(error) => {
            let source = std::error::Error::source(&error).map(ToString::to_string);
            error!(%error, source, "the agent stops");
            ExitCode::FAILURE
        }
    }
}

/// Tells what is wrong with the options, and ends with status 2.
fn usage(kind: ErrorKind, message: &str) -> ! {
    Options::command().error(kind, message).exit()
}

async fn command<S: CardSource + 'static>(
    options: Options,
    input: impl Read + Send + 'static,
    source: S,
) -> Result<ExitCode, AgentError> {
    match &options.command {
        Some(Command::Card(asked)) => Ok(reports::card(source, &options, asked)),
        Some(Command::Doctor(asked)) => reports::doctor(&options, asked).await,
        None => {
            // The port comes last: whoever finds it open finds an agent that can ask.
            if options.pin_stdin {
                let anchors = TestAnchors::new(read_anchors(&options)?)
                    .unwrap_or_else(|error| usage(ErrorKind::ValueValidation, &error.to_string()));
                let policy = CardPolicy::TestOnly(anchors);
                let mut prompt = AutomationPrompt::new(input, io::stdout());
                let (listener, port) = listen(&options).await?;
                prompt.tell_ready(port);
                serve(options, source, listener, policy, prompt).await
            } else {
                let prompt = TerminalPrompt::open()?;
                let (listener, _) = listen(&options).await?;
                serve(options, source, listener, CardPolicy::Resident, prompt).await
            }
        }
    }
}

async fn listen(options: &Options) -> Result<(TcpListener, u16), AgentError> {
    let listener = bind(&options.connections.ports()).await?;
    let port = listener.local_addr().map_err(AgentError::Listener)?.port();
    info!(port, "listening on 127.0.0.1");
    Ok((listener, port))
}

async fn serve<S: CardSource + 'static, P: Prompt + 'static>(
    options: Options,
    source: S,
    listener: TcpListener,
    policy: CardPolicy,
    prompt: P,
) -> Result<ExitCode, AgentError> {
    let mut terminate = signal(SignalKind::terminate()).map_err(AgentError::Listener)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(AgentError::Listener)?;
    let mut hangup = signal(SignalKind::hangup()).map_err(AgentError::Listener)?;
    // Ctrl-\ too leaves the card before it ends the program.
    let mut quit = signal(SignalKind::quit()).map_err(AgentError::Listener)?;
    let stopped = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = hangup.recv() => {}
            _ = quit.recv() => {}
        }
        info!("stopping");
    };
    // Nobody is there to fetch a card.
    let automatic = options.pin_stdin.then_some(AUTOMATIC_CARD_WAIT);
    let agent = Agent {
        transport: Arc::new(HttpTransport::new(options.connections.gateway_ca.as_deref())?),
        gateways: options.connections.gateways,
        counter: options.counter,
        card_wait: options.card_wait.map(Duration::from_secs).or(automatic),
        policy,
        source,
        prompt,
        clock: Arc::new(SystemClock),
        random: Arc::new(system_random()),
    };
    agent.serve(listener, stopped).await?;
    Ok(ExitCode::SUCCESS)
}

fn read_anchors(options: &Options) -> Result<Vec<Anchor>, AgentError> {
    options.test_anchors.iter().map(|file| read_anchor(file)).collect()
}

fn read_anchor(file: &Path) -> Result<Anchor, AgentError> {
    let unusable = |reason: String| AgentError::UnusableFile { file: file.to_owned(), reason };
    let octets = std::fs::read(file).map_err(|error| unusable(error.to_string()))?;
    Anchor::new(&octets).map_err(|error| unusable(error.to_string()))
}

/// The one place that writes answers to standard output; events of automation are the prompt's.
fn say(line: &str) {
    // A reader that has gone away needs no answer.
    let _ = writeln!(io::stdout(), "{line}");
}

/// Standard input without a buffer of the standard library, in which PINs would stay.
#[derive(Debug)]
pub struct StandardInput;

impl Read for StandardInput {
    fn read(&mut self, octets: &mut [u8]) -> io::Result<usize> {
        Ok(rustix::io::read(rustix::stdio::stdin(), octets)?)
    }
}

struct SystemClock;

impl Clock for SystemClock {
    /// Time since the start of the computer with the time that it slept: a sign-in expires at the gateway meanwhile.
    fn monotonic(&self) -> Duration {
        Duration::try_from(clock_gettime(ClockId::Boottime)).unwrap_or_default()
    }

    #[expect(clippy::disallowed_methods, reason = "the program is the edge that reads the clock")]
    fn unix(&self) -> UnixTime {
        UnixTime::since_unix_epoch(
            SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default(),
        )
    }
}

#[expect(clippy::disallowed_methods, reason = "the program makes the system's random number generator once")]
fn system_random() -> SystemRandom {
    SystemRandom::new()
}

const AUTOMATIC_CARD_WAIT: Duration = Duration::from_secs(5);

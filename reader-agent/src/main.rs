//! `madoguchi-agent`: the reader agent of the resident's session.

mod options;

use std::io::{self, Read, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use clap::{CommandFactory as _, Parser as _, error::ErrorKind};
use madoguchi_agent::{
    Agent, AgentError, AutomationPrompt, CardPolicy, CardReport, Clock, Finding, HttpTransport, Interrupt,
    Patience, PcscReaders, Prompt, TerminalPrompt, bind,
};
use madoguchi_cert_verify::Anchor;
use madoguchi_protocol::{ErrorCode, Lang, error_text};
use ring::rand::SystemRandom;
use rustix::time::{ClockId, clock_gettime};
use rustls_pki_types::UnixTime;
use time::OffsetDateTime;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing::{error, info};
use tracing_subscriber::EnvFilter;

use crate::options::{Command, Options};

fn main() -> ExitCode {
    let options = Options::parse();
    let log = options.log.as_deref().unwrap_or(if options.pin_stdin { "info" } else { "warn" });
    let Ok(filter) = EnvFilter::try_new(log) else {
        usage(ErrorKind::InvalidValue, "--log FILTER is not a filter such as info or madoguchi_agent=debug");
    };
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(false).init();
    if let Err(error) = options.check_guards() {
        usage(ErrorKind::ArgumentConflict, &error.to_string());
    }
    if options.command.is_none() && options.gateways.is_empty() {
        usage(ErrorKind::MissingRequiredArgument, "at least one --gateway ORIGIN is needed");
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            error!(%error, "no runtime");
            return ExitCode::FAILURE;
        }
    };
    let result = runtime.block_on(run(options));
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

async fn run(options: Options) -> Result<ExitCode, AgentError> {
    let readers = PcscReaders::new(options.reader.clone());
    match options.command {
        Some(Command::Card { json }) => Ok(card(readers, options.card_wait, json)),
        Some(Command::Doctor { json }) => doctor(&options, &readers, json).await,
        None => {
            // The port comes last: whoever finds it open finds an agent that can ask.
            if options.pin_stdin {
                let policy = CardPolicy::TestOnly(read_anchors(&options)?);
                let mut prompt = AutomationPrompt::new(StandardInput, io::stdout());
                let (listener, port) = listen(&options).await?;
                prompt.tell_ready(port);
                serve(options, readers, listener, policy, prompt).await
            } else {
                let prompt = TerminalPrompt::open()?;
                let (listener, _) = listen(&options).await?;
                serve(options, readers, listener, CardPolicy::Resident, prompt).await
            }
        }
    }
}

async fn listen(options: &Options) -> Result<(TcpListener, u16), AgentError> {
    let listener = bind(&options.ports()).await?;
    let port = listener.local_addr().map_err(AgentError::Listener)?.port();
    info!(port, "listening on 127.0.0.1");
    Ok((listener, port))
}

async fn serve<P: Prompt + 'static>(
    options: Options,
    source: PcscReaders,
    listener: TcpListener,
    policy: CardPolicy,
    prompt: P,
) -> Result<ExitCode, AgentError> {
    let mut terminate = signal(SignalKind::terminate()).map_err(AgentError::Listener)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(AgentError::Listener)?;
    let mut hangup = signal(SignalKind::hangup()).map_err(AgentError::Listener)?;
    let stopped = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = hangup.recv() => {}
        }
        info!("stopping");
    };
    // Nobody is there to fetch a card.
    let automatic = options.pin_stdin.then_some(AUTOMATIC_CARD_WAIT);
    let agent = Agent {
        transport: Arc::new(HttpTransport::new(options.gateway_ca.as_deref())?),
        gateways: options.gateways,
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

fn card(mut readers: PcscReaders, wait: Option<u64>, json: bool) -> ExitCode {
    let clock = SystemClock;
    let deadline = clock.monotonic() + wait.map_or(Duration::ZERO, Duration::from_secs);
    let patience = Patience::new(&clock, deadline, Interrupt::default());
    let report = CardReport::read(&mut readers, &patience, clock.unix());
    let text = match (&report, json) {
        (Ok(report), true) => serde_json::json!(report).to_string(),
        (Err(code), true) => serde_json::json!({"error": code}).to_string(),
        (Ok(report), false) => card_text(report),
        (Err(code), false) => error_lines(*code),
    };
    say(&text);
    if matches!(report, Ok(CardReport { problem: None, .. })) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn card_text(report: &CardReport) -> String {
    let day = |seconds: u64| {
        let date = i64::try_from(seconds).ok().and_then(|s| OffsetDateTime::from_unix_timestamp(s).ok());
        date.map_or_else(String::new, |date| date.date().to_string())
    };
    let mut text = format!(
        "利用者証明用電子証明書の有効期限 / certificate expires: {} (UTC)\n\
         暗証番号の残り回数 / tries left: {}",
        day(report.not_after),
        report.tries_left
    );
    if let Some(code) = report.problem {
        text.push('\n');
        text.push_str(&error_lines(code));
    }
    text
}

fn error_lines(code: ErrorCode) -> String {
    let (ja, en) = (error_text(code, Lang::Japanese), error_text(code, Lang::English));
    format!("{} {}\n{} {}\n({code})", ja.what, ja.action, en.what, en.action)
}

async fn doctor(options: &Options, readers: &PcscReaders, json: bool) -> Result<ExitCode, AgentError> {
    let transport = HttpTransport::new(options.gateway_ca.as_deref())?;
    let mut findings = vec![Finding::about_readers(readers), Finding::about_ports(&options.ports()).await];
    findings.extend(options.gateways.iter().map(|gateway| Finding::about_gateway(gateway, &transport)));
    if json {
        say(&serde_json::json!(findings).to_string());
    } else {
        for finding in &findings {
            say(&format!("{} {}: {}", if finding.ok { "ok " } else { "NG " }, finding.about, finding.found));
        }
    }
    Ok(if findings.iter().all(|finding| finding.ok) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The one place that writes answers to standard output; events of automation are the prompt's.
fn say(line: &str) {
    // A reader that has gone away needs no answer.
    let _ = writeln!(io::stdout(), "{line}");
}

/// Standard input without a buffer of the standard library, in which PINs would stay.
struct StandardInput;

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

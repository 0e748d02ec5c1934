//! `card` and `doctor`: what they are asked for, and where their answers go.

use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use madoguchi_protocol::{ErrorCode, Lang};

use super::{SystemClock, say, system_random};
use crate::card_report::{line, no_such_reader, notice_text};
use crate::doctor::{self, Surroundings};
use crate::options::{CardOptions, DoctorOptions, Options};
use crate::trace::{Trace, TraceError, TracedSource};
use crate::{AgentError, CardReport, CardSource, Clock as _, HttpTransport, Interrupt, Notice, Patience};

pub(super) fn card<S: CardSource>(mut source: S, options: &Options, asked: &CardOptions) -> ExitCode {
    let lang = language(asked.lang.map(Lang::from));
    let file = asked.trace.as_deref();
    let trace = match file.map(|file| Trace::create(file, Arc::new(SystemClock))).transpose() {
        Ok(trace) => trace,
        Err(error) => return trace_failed(&error, file, lang),
    };
    let clock = SystemClock;
    let wait = asked.card_wait.or(options.card_wait);
    let deadline = clock.monotonic().saturating_add(wait.map_or(Duration::ZERO, Duration::from_secs));
    let patience = Patience::new(&clock, deadline, Interrupt::default());
    let mut tell = |notice: Notice| {
        // Without a wait the report itself says what is missing.
        if let (Some(_), false, Some(text)) = (wait, asked.json, notice_text(notice, lang)) {
            say(&text);
        }
    };
    let report = match &trace {
        None => CardReport::read(&mut source, &patience, clock.unix(), &mut tell),
        Some(trace) => {
            let mut source = TracedSource::new(source, trace.clone());
            CardReport::read(&mut source, &patience, clock.unix(), &mut tell)
        }
    };
    if asked.json {
        say(&CardReport::json(&report).to_string());
    } else {
        let other_name = matches!(report, Err(ErrorCode::NoReader))
            .then(|| no_such_reader(options.reader.as_deref()?, &doctor::all_readers(), lang))
            .flatten();
        say(&other_name.unwrap_or_else(|| CardReport::text(&report, lang)));
    }
    match trace.map(|trace| trace.finish()).transpose() {
        Ok(Some(true)) if !asked.json => say(&line("traced", lang, &[("file", shown(file))])),
        Ok(_) => {}
        Err(error) => return trace_failed(&error, file, lang),
    }
    let usable = matches!(report, Ok(CardReport { problem: None, .. }));
    if usable { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Beside the answer, which may be read by a program.
fn trace_failed(error: &TraceError, file: Option<&Path>, lang: Lang) -> ExitCode {
    let values = [("file", shown(file)), ("reason", error.to_string())];
    let key = match error {
        TraceError::Exists => "trace_exists",
        TraceError::NoFolder => "trace_without_folder",
        TraceError::Io(_) => "trace_not_written",
    };
    let _ = writeln!(io::stderr(), "{}", line(key, lang, &values));
    ExitCode::FAILURE
}

fn shown(file: Option<&Path>) -> String {
    file.map_or_else(String::new, |file| file.display().to_string())
}

pub(super) async fn doctor(options: &Options, asked: &DoctorOptions) -> Result<ExitCode, AgentError> {
    let connections = asked.connections.or(&options.connections);
    let surroundings = Surroundings {
        ports: connections.ports(),
        reader: options.reader.clone(),
        transport: Arc::new(HttpTransport::new(connections.gateway_ca.as_deref())?),
        gateways: connections.gateways,
        clock: Arc::new(SystemClock),
        random: Arc::new(system_random()),
        variables: doctor::VARIABLES
            .iter()
            .filter_map(|name| variable(name).map(|value| (*name, value)))
            .collect(),
    };
    let lang = language(asked.lang.map(Lang::from));
    let findings = doctor::examine(surroundings, asked.browser, lang, &mut say).await;
    if asked.json {
        say(&doctor::json(&findings, lang).to_string());
    } else {
        say(doctor::text(&findings, lang).trim_end());
    }
    Ok(if doctor::all_well(&findings) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The language of a report: as asked for, or English where the computer's language is English.
fn language(asked: Option<Lang>) -> Lang {
    let locale = || ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(variable);
    asked.unwrap_or_else(|| {
        if locale().is_some_and(|locale| locale.starts_with("en")) { Lang::English } else { Lang::Japanese }
    })
}

/// A variable of the environment that is set to something. No secret travels there, and no option.
#[expect(
    clippy::disallowed_methods,
    reason = "locale, proxies and the PC/SC socket are the environment's to name"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

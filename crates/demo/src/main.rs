//! `madoguchi-demo`: everything wired on loopback. `script/demo` builds and starts it.

mod arguments;

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::SystemTime;

use madoguchi_demo::{Browser, DemoError, Outcome, Ready, Stack, StackOptions, sign_in};
use tokio::runtime::Handle;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing_subscriber::EnvFilter;

use arguments::Arguments;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::read();
    tracing_subscriber::fmt().with_writer(io::stderr).with_env_filter(EnvFilter::new("warn")).init();
    match run(arguments).await {
        Ok(code) => code,
        Err(error) => {
            // Without the log's own frame: it ends with lines of the failed part's log.
            let _ = writeln!(io::stderr(), "madoguchi-demo: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<ExitCode, DemoError> {
    let (once, json) = (arguments.once, arguments.json);
    // The PIN of an external card is read first: nothing runs yet that would have to be stopped.
    let options = arguments.stack_options()?;
    let terminal = matches!(options.agent, madoguchi_demo::AgentFront::Terminal);
    let mut stop = Stop::listen()?;
    let mut stack = tokio::select! {
        stack = start(options) => stack?,
        // What was started so far is killed as its owner is dropped.
        () = stop.asked() => return Ok(ExitCode::SUCCESS),
    };
    let ended = if once {
        tokio::select! {
            ended = sign_in_once(stack.ready().clone()) => ended,
            died = stack.died() => Err(died),
            // Asked to stop before there was an answer.
            () = stop.asked() => Ok(ExitCode::FAILURE),
        }
    } else {
        announce(stack.ready(), json, terminal);
        tokio::select! {
            // In this order: Ctrl+C at the terminal ends the agent too, and is no accident.
            biased;
            () = stop.asked() => Ok(ExitCode::SUCCESS),
            died = stack.died() => Err(died),
        }
    };
    stack.stop().await;
    ended
}

async fn start(options: StackOptions) -> Result<Stack, DemoError> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a program's main reads the clock and makes the randomness"
    )]
    let (now, random) = (SystemTime::now(), ring::rand::SystemRandom::new());
    Stack::start(options, now.into(), &random).await
}

async fn sign_in_once(ready: Ready) -> Result<ExitCode, DemoError> {
    let runtime = Handle::current();
    let browsing = tokio::task::spawn_blocking(move || {
        let mut wait = |delay| runtime.block_on(tokio::time::sleep(delay));
        sign_in(&mut Browser::new(), &ready.service_url, &mut wait)
    });
    let outcome = browsing
        .await
        .map_err(|error| DemoError::Start { name: "browser".to_owned(), source: error.into() })?;
    let (line, code) = match outcome? {
        Outcome::Claims(claims) => (claims, ExitCode::SUCCESS),
        Outcome::Failed(error) => (error, ExitCode::FAILURE),
        _ => return Ok(ExitCode::FAILURE),
    };
    print(&format!("{}\n", serde_json::Value::from(line)));
    Ok(code)
}

fn announce(ready: &Ready, json: bool, terminal: bool) {
    if json {
        let line = serde_json::to_string(ready).unwrap_or_default();
        return print(&format!("{line}\n"));
    }
    let mut text = String::from("\n準備ができました。 / Ready.\n\n");
    text.extend(["  ブラウザーで開くアドレス / Open in a browser: ", &ready.service_url, "\n"]);
    if let Some(pin) = ready.pin {
        text.extend(["  テスト用の暗証番号 / Test PIN: ", pin, "\n"]);
    }
    if let (Some(id), Some(file)) = (ready.client_id, &ready.client_secret_file) {
        let file = file.to_string_lossy();
        text.extend(["  あなたのサービス / Your service:\n    issuer         ", &ready.issuer]);
        text.extend(["\n    client_id      ", id, "\n    client_secret  in ", &file, "\n"]);
    }
    text += if terminal {
        "\nカードの確認と暗証番号は、この画面でたずねます。\nYou are asked for consent and PIN in this terminal.\n"
    } else {
        "\nエージェントが自動で答えます。 / The agent answers by itself.\n"
    };
    text += "終わるには Ctrl+C を押してください。 / Press Ctrl+C to stop.\n\n";
    print(&text);
}

/// The one place that writes to standard output. A reader that went away is no reason to fail.
fn print(text: &str) {
    let mut stdout = io::stdout().lock();
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}

/// SIGINT and SIGTERM.
struct Stop {
    interrupt: Signal,
    terminate: Signal,
}

impl Stop {
    fn listen() -> Result<Self, DemoError> {
        let listen =
            |kind| signal(kind).map_err(|source| DemoError::Start { name: "signals".to_owned(), source });
        Ok(Self { interrupt: listen(SignalKind::interrupt())?, terminate: listen(SignalKind::terminate())? })
    }

    async fn asked(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

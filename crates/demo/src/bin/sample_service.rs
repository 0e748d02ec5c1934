//! `madoguchi-sample-service`: 「子育て手続き」 of みどり市, a relying party to look at and to test with.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use madoguchi_demo::{Service, ServiceError, ServiceOptions};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;
use url::Url;

/// The sample online service, on loopback only.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Loopback address and port.
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: SocketAddr,
    /// The gateway's issuer.
    #[arg(long, value_name = "URL")]
    issuer: String,
    /// The client identifier.
    #[arg(long, value_name = "ID")]
    client_id: String,
    /// The file with the client secret.
    #[arg(long, value_name = "FILE")]
    client_secret_file: PathBuf,
    /// Where to send the browser after a sign-in, instead of the front page.
    #[arg(long, value_name = "URL")]
    after_login: Option<Url>,
    /// What to log to standard error.
    #[arg(long, value_name = "FILTER", default_value = "info")]
    log: String,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(EnvFilter::new(&arguments.log))
        .init();
    match run(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the sample service ends");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), ServiceError> {
    let options = ServiceOptions {
        listen: arguments.listen,
        issuer: arguments.issuer,
        client_id: arguments.client_id,
        client_secret_file: arguments.client_secret_file,
        after_login: arguments.after_login,
    };
    #[expect(clippy::disallowed_methods, reason = "a program's main makes the randomness")]
    let random = Box::new(ring::rand::SystemRandom::new());
    let service = Service::bind(options, random).await?;
    let serve = |source| ServiceError::Serve { source };
    let mut terminate = signal(SignalKind::terminate()).map_err(serve)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(serve)?;
    writeln!(std::io::stdout(), "ready").map_err(serve)?;
    service
        .serve(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        })
        .await
}

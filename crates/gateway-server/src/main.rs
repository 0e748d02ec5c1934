//! `madoguchi`: the gateway and its operator commands.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand};
use ring::rand::{SecureRandom, SystemRandom};
use tracing_subscriber::EnvFilter;

use madoguchi_gateway_server::{
    AccountsCommand, AuditCommand, BackupArguments, ClientsCommand, CommandEdge, Config, CrlArguments,
    DatabaseCommand, Edge, KeysCommand, MigrateCommand, MunicipalitiesCommand, RestoreArguments,
    RevocationCommand, ServerError, SystemClock, VerifyArguments, accounts, advice, audit, backup, clients,
    crl, database, keys, migrate, municipalities, os_user, restore, revocation, serve, told, verify,
};
use madoguchi_storage::Clock as _;

/// Sign-in gateway for the My Number card.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serves sign-ins until SIGTERM or SIGINT. Prints one JSON line on standard output when ready.
    #[command(after_help = SERVE_ENDS)]
    Serve {
        /// The configuration file.
        #[arg(long)]
        config: PathBuf,
        /// What to log to standard error, such as `info` or `madoguchi_gateway=debug`.
        #[arg(long, default_value = "info")]
        log: String,
    },
    /// Accounts of residents: linking one to a renewed card.
    #[command(subcommand)]
    Accounts(AccountsCommand),
    /// The audit logs: whether they are whole, and what they say.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Online services: who may send residents here.
    #[command(subcommand)]
    Clients(ClientsCommand),
    /// Keys that sign ID tokens.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Municipalities beside those of the configuration file.
    #[command(subcommand)]
    Municipalities(MunicipalitiesCommand),
    /// Copies the database while the gateway runs. Without the key-encryption key's file the copy is useless.
    Backup(BackupArguments),
    /// Puts a backup where the configuration has the database.
    Restore(RestoreArguments),
    /// Looks at the database.
    #[command(subcommand)]
    Database(DatabaseCommand),
    /// Moves to another database.
    #[command(subcommand)]
    Migrate(MigrateCommand),
    /// Revocation lists and their indexes, by hand.
    #[command(subcommand)]
    Crl(Box<CrlArguments>),
    /// Judges certificates by the files that are given. Nothing of the gateway is used.
    Verify(Box<VerifyArguments>),
    /// What the sources say of a certificate, what is kept against it, and letting go of that.
    #[command(subcommand)]
    Revocation(RevocationCommand),
    /// Looks at the configuration.
    Config {
        #[command(subcommand)]
        command: ConfigCommand,
    },
}

#[derive(Subcommand)]
enum ConfigCommand {
    /// Checks the file and everything it names, and starts nothing.
    ///
    /// Run it as the service's user: sudo -u USER madoguchi config check --config FILE. What should be known although the
    /// gateway would start is a warning on standard error.
    #[command(after_help = CHECK_ENDS)]
    Check {
        /// The configuration file.
        #[arg(long)]
        config: PathBuf,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            // When standard error is gone there is nobody to tell.
            let _ = writeln!(std::io::stderr(), "madoguchi: {}", told(&error));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<ExitCode, ServerError> {
    match arguments.command {
        Command::Serve { config, log } => {
            tracing_subscriber::fmt()
                .with_env_filter(EnvFilter::new(log))
                .with_writer(std::io::stderr)
                .with_ansi(false)
                .init();
            let config = Config::read(&config)?;
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .enable_all()
                .build()
                .map_err(ServerError::Runtime)?;
            runtime.block_on(serve(config, Arc::new(SystemClock), system_random(), |address| {
                print_line(&format!(r#"{{"event":"ready","listen":"{address}"}}"#));
            }))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Config { command: ConfigCommand::Check { config } } => {
            let path = config;
            let (config, now) = (Config::read(&path)?, SystemClock.now());
            // Before the check: who runs it may be the reason why it fails.
            warn(advice(&config, &path, rustix::process::geteuid().as_raw(), now));
            warn(madoguchi_gateway_server::check(&config, system_random(), now)?);
            print_line(&format!("{}: ok", path.display()));
            Ok(ExitCode::SUCCESS)
        }
        Command::Backup(arguments) => run_beside(async |edge, errors| backup(&arguments, edge, errors).await),
        Command::Restore(arguments) => {
            run_beside(async |edge, errors| restore(&arguments, edge, errors).await)
        }
        Command::Database(command) => run_beside(async |edge, errors| database(&command, edge, errors).await),
        Command::Migrate(command) => run_beside(async |edge, errors| migrate(&command, edge, errors).await),
        Command::Accounts(command) => run_beside(async |edge, errors| accounts(&command, edge, errors).await),
        Command::Audit(command) => run_beside(async |edge, errors| audit(&command, edge, errors).await),
        Command::Clients(command) => run_beside(async |edge, errors| clients(&command, edge, errors).await),
        Command::Keys(command) => run_beside(async |edge, errors| keys(&command, edge, errors).await),
        Command::Municipalities(command) => {
            run_beside(async |edge, errors| municipalities(&command, edge, errors).await)
        }
        Command::Revocation(command) => {
            let (mut output, mut errors) = (std::io::stdout().lock(), std::io::stderr().lock());
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .map_err(ServerError::Runtime)?;
            let clock = Arc::new(SystemClock);
            let code =
                runtime.block_on(revocation(&command, clock, system_random(), &mut output, &mut errors));
            Ok(ExitCode::from(code))
        }
        Command::Crl(arguments) => {
            let edge = Edge { clock: Arc::new(SystemClock), random: system_random() };
            let end = crl(&arguments, &edge, Box::new(std::io::stdout()), &mut std::io::stderr());
            Ok(ExitCode::from(end.code()))
        }
        Command::Verify(arguments) => {
            let (input, output, errors) = (std::io::stdin(), std::io::stdout(), std::io::stderr());
            let now = SystemClock.now();
            let end = verify(&arguments, now, &mut input.lock(), &mut output.lock(), &mut errors.lock());
            Ok(ExitCode::from(end.code()))
        }
    }
}

/// Runs a command that works on the gateway's database.
fn run_beside(
    command: impl AsyncFnOnce(CommandEdge<'_>, &mut dyn std::io::Write) -> u8,
) -> Result<ExitCode, ServerError> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(ServerError::Runtime)?;
    let (mut output, mut errors) = (std::io::stdout().lock(), std::io::stderr().lock());
    let random = system_random();
    let edge = CommandEdge {
        clock: Arc::new(SystemClock),
        random: &*random,
        os_user: os_user(),
        output: &mut output,
    };
    Ok(ExitCode::from(runtime.block_on(command(edge, &mut errors))))
}

fn warn(warnings: Vec<String>) {
    for warning in warnings {
        // When standard error is gone there is nobody to tell.
        let _ = writeln!(std::io::stderr(), "madoguchi: warning: {warning}");
    }
}

#[expect(clippy::disallowed_methods, reason = "the edge: the one place where the program takes randomness")]
fn system_random() -> Arc<dyn SecureRandom + Send + Sync> {
    Arc::new(SystemRandom::new())
}

const SERVE_ENDS: &str = concat!(
    "Exit codes:\n",
    "  0  ended by a signal\n",
    "  1  it does not start; standard error says why\n",
    "  2  the command line cannot be used",
);
const CHECK_ENDS: &str = concat!(
    "Exit codes:\n",
    "  0  the gateway would start\n",
    "  1  it would not; standard error says why\n",
    "  2  the command line cannot be used",
);

fn print_line(line: &str) {
    let mut stdout = std::io::stdout();
    // A reader that went away does not stop the gateway.
    let _ = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
}

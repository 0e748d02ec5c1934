//! The command line of `madoguchi audit`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use rustls_pki_types::UnixTime;

use crate::operator::words;
use crate::registry::{Common, EXIT_CODES, OfMunicipality, Ordered};
use crate::verify::instant;

/// `madoguchi audit …`.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Verifies the audit logs: every record, the chain, the checkpoints. Changes nothing.
    #[command(after_help = VERIFY_ENDS)]
    Verify(VerifyArguments),
    /// Writes a municipality's log as JSON lines, which other programs can verify.
    #[command(after_help = EXIT_CODES)]
    Export(ExportArguments),
    /// Shows the newest records.
    #[command(after_help = EXIT_CODES)]
    Tail(TailArguments),
    /// Shows the public key that a municipality's checkpoints are signed with, as a JWK. Keep it elsewhere.
    #[command(after_help = EXIT_CODES)]
    Key(KeyArguments),
    /// Gives records their places and signs checkpoints, where no gateway runs that does so.
    #[command(after_help = EXIT_CODES)]
    Seal(SealArguments),
    /// Retires the records before a day: verifies them, signs the chain's new beginning and deletes them.
    #[command(after_help = EXIT_CODES)]
    Retire(RetireArguments),
    /// Erases the content of one record. Its place and its hash stay, and so does the order.
    #[command(after_help = EXIT_CODES)]
    Erase(EraseArguments),
}

/// `madoguchi audit verify`.
#[derive(Args, Debug)]
pub struct VerifyArguments {
    #[command(flatten)]
    pub(super) common: Common,
    /// This municipality alone.
    #[arg(long, value_name = "ID")]
    pub(super) municipality: Option<String>,
    /// Checkpoints that were kept elsewhere: bare, or in the gateway's log lines.
    #[arg(long, value_name = "FILE")]
    pub(super) checkpoint: Option<PathBuf>,
    /// The public key, as `madoguchi audit key` showed it, instead of the one in the database.
    #[arg(long, value_name = "FILE", requires = "municipality")]
    pub(super) key: Option<PathBuf>,
}

/// `madoguchi audit export`.
#[derive(Args, Debug)]
pub struct ExportArguments {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(flatten)]
    pub(super) of: OfMunicipality,
    /// Only what has a place after this one.
    #[arg(long, value_name = "POSITION")]
    pub(super) after: Option<u64>,
}

/// `madoguchi audit tail`.
#[derive(Args, Debug)]
pub struct TailArguments {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(flatten)]
    pub(super) of: OfMunicipality,
    /// How many.
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(super) lines: u32,
    /// Goes on with each new record, until SIGTERM or SIGINT.
    #[arg(long)]
    pub(super) follow: bool,
    /// In which language kinds are named.
    #[arg(long, value_enum, default_value_t = NameLang::En)]
    pub(super) lang: NameLang,
}

/// A language of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum NameLang {
    /// English.
    En,
    /// Japanese.
    Ja,
}

/// `madoguchi audit key`.
#[derive(Args, Debug)]
pub struct KeyArguments {
    /// The configuration file.
    #[arg(long)]
    pub(super) config: PathBuf,
    #[command(flatten)]
    pub(super) of: OfMunicipality,
}

/// `madoguchi audit seal`.
#[derive(Args, Debug)]
pub struct SealArguments {
    #[command(flatten)]
    pub(super) common: Common,
}

/// `madoguchi audit retire`.
#[derive(Args, Debug)]
pub struct RetireArguments {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(flatten)]
    pub(super) ordered: Ordered,
    #[command(flatten)]
    pub(super) of: OfMunicipality,
    /// A day (in UTC) or a moment: 2026-04-01, 2026-04-01T00:00:00+09:00.
    #[arg(long, value_name = "DATE", value_parser = moment)]
    pub(super) before: UnixTime,
    /// Why, for the audit log.
    #[arg(long, value_name = "TEXT", value_parser = words)]
    pub(super) reason: String,
}

/// `madoguchi audit erase`.
#[derive(Args, Debug)]
pub struct EraseArguments {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(flatten)]
    pub(super) ordered: Ordered,
    #[command(flatten)]
    pub(super) of: OfMunicipality,
    /// The record's place, as `tail` and `export` show it.
    #[arg(long, value_name = "POSITION")]
    pub(super) position: u64,
    /// Why, for the audit log.
    #[arg(long, value_name = "TEXT", value_parser = words)]
    pub(super) reason: String,
}

fn moment(text: &str) -> Result<UnixTime, String> {
    instant::parse(&format!("{text}T00:00:00Z")).or_else(|_| instant::parse(text))
}

const VERIFY_ENDS: &str = "Exit code 0: every log is whole. 1: one is damaged, or cannot be verified. 2: the command line \
                           cannot be used.";

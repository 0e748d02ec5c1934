//! The command lines of `madoguchi crl`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::crl::serial::SerialNumber;

/// Revocation lists and their indexes.
#[derive(Subcommand, Debug)]
pub enum CrlArguments {
    /// Takes the lists of a partition away that its CA gave up, while no gateway runs on the folder.
    Forget(ForgetArguments),
    /// Verifies and indexes lists into a folder.
    Index(IndexArguments),
    /// Looks serial numbers up in a folder of indexed lists.
    Lookup(LookupArguments),
    /// Shows every partition with its age, how downloads go and which files were rejected, as the disk has it.
    Status(StatusArguments),
    /// Keeps indexing what appears in a folder, until SIGTERM or SIGINT. Prints one JSON line for each thing that
    /// happens.
    Watch(WatchArguments),
}

/// `madoguchi crl forget`.
#[derive(Args, Debug)]
#[command(after_help = FORGET_ENDS)]
pub struct ForgetArguments {
    /// A folder that `crl index`, `crl watch` or a gateway writes.
    #[arg(value_name = "DIR")]
    pub(super) folder: PathBuf,
    /// The partition, as `crl status --json` names it.
    #[arg(value_name = "PARTITION")]
    pub(super) partition: String,
}

/// `madoguchi crl index`.
#[derive(Args, Debug)]
#[command(after_help = INDEX_ENDS)]
pub struct IndexArguments {
    /// Lists, DER or PEM.
    #[arg(value_name = "FILE", required = true)]
    pub(super) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) target: Target,
    /// Prints JSON lines.
    #[arg(long)]
    pub(super) json: bool,
}

/// `madoguchi crl lookup`.
#[derive(Args, Debug)]
#[command(after_help = LOOKUP_ENDS)]
pub struct LookupArguments {
    /// A folder that `crl index`, `crl watch` or a gateway writes.
    #[arg(value_name = "DIR")]
    pub(super) folder: PathBuf,
    /// A serial number, hexadecimal.
    #[arg(long, value_name = "HEX", required = true)]
    pub(super) serial: Vec<SerialNumber>,
    /// Who may have signed the lists; by default whom the folder's writer was told.
    #[arg(long, value_name = "FILE")]
    pub(super) anchor: Vec<PathBuf>,
    /// Prints one JSON line for each serial number.
    #[arg(long)]
    pub(super) json: bool,
}

/// `madoguchi crl status`.
#[derive(Args, Debug)]
#[command(after_help = STATUS_ENDS, override_usage = "madoguchi crl status [--json] <DIR | --config <FILE>>")]
pub struct StatusArguments {
    /// A folder that `crl index`, `crl watch` or a gateway writes.
    #[arg(value_name = "DIR", required_unless_present = "config", conflicts_with = "config")]
    pub(super) folder: Option<PathBuf>,
    /// A gateway's configuration file, for its folder.
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Prints one JSON line.
    #[arg(long)]
    pub(super) json: bool,
}

/// `madoguchi crl watch`.
#[derive(Args, Debug)]
#[command(after_help = WATCH_ENDS)]
pub struct WatchArguments {
    /// The folder where lists appear, `*.crl`.
    #[arg(value_name = "DIR")]
    pub(super) folder: PathBuf,
    #[command(flatten)]
    pub(super) target: Target,
    /// Seconds between looks.
    #[arg(long, value_name = "SECONDS", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(super) every: u64,
}

/// Where indexed lists go.
#[derive(Args, Debug)]
pub(super) struct Target {
    /// Who may sign lists: a CA certificate, DER or PEM.
    #[arg(long, value_name = "FILE", required = true)]
    pub(super) anchor: Vec<PathBuf>,
    /// The folder for private copies and their indexes. It is made when absent, and nobody else may write there.
    #[arg(long, value_name = "DIR")]
    pub(super) out: PathBuf,
    /// The longest list that is read, in octets.
    #[arg(long, value_name = "OCTETS", default_value_t = 4 * 1024 * 1024 * 1024 - 1)]
    pub(super) max_octets: u64,
}

const FORGET_ENDS: &str = concat!(
    "Exit codes:\n",
    "  0  forgotten; nothing older is taken again\n",
    "  1  the list is not past its nextUpdate, and stays\n",
    "  2  the command line or the folder cannot be used, or there is no such list",
);
const INDEX_ENDS: &str = concat!(
    "Exit codes:\n",
    "  0  every list was taken, or is there already\n",
    "  1  a list was refused; the others were taken\n",
    "  2  the command line, an anchor or the folder cannot be used",
);
const LOOKUP_ENDS: &str = concat!(
    "Exit codes:\n",
    "  0  answered, whatever the answer is, also by a list past its nextUpdate\n",
    "  1  there is no list, or a file is damaged; the others answer\n",
    "  2  the command line, an anchor or the folder cannot be used",
);
const STATUS_ENDS: &str = concat!(
    "Exit codes:\n",
    "  0  well, also when a download fails or a file was rejected\n",
    "  1  a list is past its nextUpdate, a file is damaged, or there is no list\n",
    "  2  the command line, the configuration or the folder cannot be used",
);
const WATCH_ENDS: &str = concat!(
    "Exit codes:\n",
    "  0  ended by a signal\n",
    "  2  the command line, an anchor or a folder cannot be used",
);

//! The command line.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use madoguchi_protocol::Origin;

use crate::registry::{Common, EXIT_CODES, Ordered};
use crate::values::{colour, municipality_id, origin, text};

/// `madoguchi municipalities …`.
#[derive(Debug, Subcommand)]
pub enum MunicipalitiesCommand {
    /// Adds a municipality. A gateway that runs serves it within seconds.
    ///
    /// Its keys are made when it is first served. Its origin must lead to this gateway, and the listener's certificate must
    /// name it.
    #[command(after_help = EXIT_CODES)]
    Add(AddArguments),
    /// Changes what is named and leaves the rest. Id and origin stay: accounts and services hang on them.
    #[command(after_help = EXIT_CODES)]
    Change(ChangeArguments),
    /// Answers a municipality as if it were not there, within seconds. Nothing of it is lost.
    #[command(after_help = EXIT_CODES)]
    Disable(OrderArguments),
    /// Answers a disabled municipality again.
    #[command(after_help = EXIT_CODES)]
    Enable(OrderArguments),
    /// Removes a municipality that has neither clients nor accounts, such as one with a slip in its id or origin.
    #[command(after_help = EXIT_CODES)]
    Remove(OrderArguments),
    /// Lists the municipalities of the configuration file and of the database.
    #[command(after_help = EXIT_CODES)]
    List(ListArguments),
    /// Shows one municipality.
    #[command(after_help = EXIT_CODES)]
    Show(ShowArguments),
}

/// `madoguchi municipalities add`.
#[derive(Args, Debug)]
pub struct AddArguments {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(flatten)]
    pub(super) ordered: Ordered,
    /// Short name in records: a-z 0-9 -. It never changes.
    #[arg(long, value_parser = municipality_id)]
    pub(super) id: String,
    /// Scheme, host and port as browsers see it: its issuer. It never changes.
    #[arg(long, value_parser = origin)]
    pub(super) origin: Origin,
    /// Its name in Japanese.
    #[arg(long, value_name = "TEXT", value_parser = text)]
    pub(super) name: String,
    #[command(flatten)]
    pub(super) look: Look,
}

/// `madoguchi municipalities change`.
#[derive(Args, Debug)]
pub struct ChangeArguments {
    #[command(flatten)]
    pub(super) order: OrderArguments,
    /// Its name in Japanese. The names in other languages are those given with it.
    #[arg(long, value_name = "TEXT", value_parser = text)]
    pub(super) name: Option<String>,
    #[command(flatten)]
    pub(super) look: Look,
    /// The standard colour.
    #[arg(long, conflicts_with = "accent")]
    pub(super) no_accent: bool,
    /// No logo.
    #[arg(long, conflicts_with = "logo")]
    pub(super) no_logo: bool,
}

/// What residents see of it.
#[derive(Args, Debug)]
pub(super) struct Look {
    /// Its name in English.
    #[arg(long, value_name = "TEXT", requires = "name", value_parser = text)]
    pub(super) name_en: Option<String>,
    /// Its name in plain Japanese.
    #[arg(long, value_name = "TEXT", requires = "name", value_parser = text)]
    pub(super) name_plain: Option<String>,
    /// The colour of its pages. White must be readable on it.
    #[arg(long, value_name = "#RRGGBB", value_parser = colour)]
    pub(super) accent: Option<String>,
    /// The logo beside its name on its pages: PNG of at most 64 KiB; 96 pixels high are enough.
    #[arg(long, value_name = "FILE")]
    pub(super) logo: Option<PathBuf>,
}

/// `madoguchi municipalities disable`, `enable` and `remove`.
#[derive(Args, Debug)]
pub struct OrderArguments {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(flatten)]
    pub(super) ordered: Ordered,
    /// Its short name.
    #[arg(value_name = "ID")]
    pub(super) id: String,
}

/// `madoguchi municipalities list`.
#[derive(Args, Debug)]
pub struct ListArguments {
    #[command(flatten)]
    pub(super) common: Common,
}

/// `madoguchi municipalities show`.
#[derive(Args, Debug)]
pub struct ShowArguments {
    #[command(flatten)]
    pub(super) common: Common,
    /// Its short name.
    #[arg(value_name = "ID")]
    pub(super) id: String,
}

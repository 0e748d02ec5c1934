//! The command line.

use clap::{Args, Subcommand};

use madoguchi_protocol::Origin;

use crate::registry::{Common, EXIT_CODES, Ordered};

/// `madoguchi municipalities …`.
#[derive(Debug, Subcommand)]
pub enum MunicipalitiesCommand {
    /// Adds a municipality. A gateway that runs serves it within seconds.
    ///
    /// Its keys are made when it is first served. Its origin must lead to this gateway, and the listener's certificate must
    /// name it.
    #[command(after_help = EXIT_CODES)]
    Add(AddArguments),
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
    #[arg(long)]
    pub(super) id: String,
    /// Scheme, host and port as browsers see it: its issuer.
    #[arg(long)]
    pub(super) origin: Origin,
    /// Its name in Japanese.
    #[arg(long, value_name = "TEXT")]
    pub(super) name: String,
    /// Its name in English.
    #[arg(long, value_name = "TEXT")]
    pub(super) name_en: Option<String>,
    /// Its name in plain Japanese.
    #[arg(long, value_name = "TEXT")]
    pub(super) name_plain: Option<String>,
    /// The colour of its pages. White must be readable on it.
    #[arg(long, value_name = "#RRGGBB")]
    pub(super) accent: Option<String>,
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

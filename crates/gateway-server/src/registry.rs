//! What the commands about municipalities and clients share: where things are registered, and how it is told.

use std::io::Write;
use std::sync::Arc;

use clap::Args;
use ring::rand::SecureRandom;
use serde_json::Value;

use madoguchi_protocol::{LocalText, Octets, Origin};
use madoguchi_storage::{Clock, Storage, StorageError};

use crate::Config;
use crate::operator::words;
use crate::register_error::RegisterError;

/// What a command is run with.
pub struct CommandEdge<'a> {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: &'a (dyn SecureRandom + Send + Sync),
    /// The user of the operating system, for the audit log.
    pub os_user: String,
    /// Standard output.
    pub output: &'a mut dyn Write,
}

/// What every command takes.
#[derive(Args, Debug)]
pub(crate) struct Common {
    /// The configuration file.
    #[arg(long)]
    pub(crate) config: std::path::PathBuf,
    /// Prints one JSON line.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Which municipality.
#[derive(Args, Debug)]
pub(crate) struct OfMunicipality {
    /// The municipality.
    #[arg(long, value_name = "ID")]
    pub(crate) municipality: String,
}

/// A list of what every municipality has, or one of them.
#[derive(Args, Debug)]
pub struct ListArguments {
    #[command(flatten)]
    pub(crate) common: Common,
    /// This municipality alone.
    #[arg(long, value_name = "ID")]
    pub(crate) municipality: Option<String>,
}

impl ListArguments {
    /// The one that was named, or all.
    pub(crate) fn chosen(
        &self,
        all: Vec<KnownMunicipality>,
    ) -> Result<Vec<KnownMunicipality>, RegisterError> {
        match &self.municipality {
            Some(id) => Ok(vec![of_id(all, id)?]),
            None => Ok(all),
        }
    }
}

/// What every command takes that changes something.
#[derive(Args, Debug)]
pub(crate) struct Ordered {
    /// Who orders it, for the audit log, beside the user that runs the command.
    #[arg(long, value_name = "NAME", value_parser = words)]
    pub(crate) operator: Option<String>,
}

/// A municipality as far as registering needs it.
#[derive(Clone, Debug)]
pub(crate) struct KnownMunicipality {
    pub(crate) id: String,
    pub(crate) origin: Origin,
    pub(crate) name: LocalText,
    pub(crate) accent: Option<String>,
    /// SHA-256 of its logo, of one of the database.
    pub(crate) logo: Option<Octets<32>>,
    pub(crate) disabled: bool,
    pub(crate) in_file: bool,
}

/// Every municipality, those of the file first.
pub(crate) async fn known(
    config: &Config,
    store: Option<&dyn Storage>,
) -> Result<Vec<KnownMunicipality>, StorageError> {
    let mut known: Vec<_> = config
        .municipalities
        .iter()
        .map(|municipality| KnownMunicipality {
            id: municipality.id.clone(),
            origin: municipality.origin.clone(),
            name: municipality.name.clone(),
            accent: municipality.accent.clone(),
            logo: None,
            disabled: false,
            in_file: true,
        })
        .collect();
    if let Some(store) = store {
        known.extend(store.municipalities().await?.into_iter().map(|record| KnownMunicipality {
            id: record.new.id,
            origin: record.new.origin,
            name: record.new.name,
            accent: record.new.accent,
            logo: record.logo,
            disabled: record.disabled,
            in_file: false,
        }));
    }
    Ok(known)
}

pub(crate) fn of_id(all: Vec<KnownMunicipality>, id: &str) -> Result<KnownMunicipality, RegisterError> {
    let found = all.into_iter().find(|municipality| municipality.id == id);
    found.ok_or_else(|| RegisterError::MunicipalityUnknown { municipality: id.to_owned() })
}

/// Names and values, one a line, the values under each other.
pub(crate) fn write_fields(output: &mut dyn Write, fields: &[(&str, String)]) -> std::io::Result<()> {
    let width = fields.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    fields.iter().try_for_each(|(name, value)| writeln!(output, "{name:width$}  {value}"))
}

/// One JSON line.
pub(crate) fn write_json(output: &mut dyn Write, value: &Value) -> std::io::Result<()> {
    writeln!(output, "{value}")
}

/// Exit codes, for the help of every command. docs/clients.md says what they mean.
pub(crate) const EXIT_CODES: &str =
    "Exit code 0: done. 1: not done, standard error says why. 2: the command line cannot be used.";

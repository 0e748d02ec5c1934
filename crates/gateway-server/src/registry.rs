//! What the commands about municipalities and clients share: where things are registered, why an order is not done, and how
//! it is told.

use std::io::Write;
use std::sync::Arc;

use clap::Args;
use ring::rand::SecureRandom;
use serde_json::Value;

use madoguchi_oidc::{ClientError, CryptoError};
use madoguchi_protocol::{LocalText, Origin};
use madoguchi_storage::{Clock, Municipalities, StorageError};

use crate::operator::words;
use crate::{Config, ServerError, told};

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
    pub(crate) in_file: bool,
}

/// Every municipality, those of the file first.
pub(crate) async fn known(
    config: &Config,
    storage: Option<&dyn Municipalities>,
) -> Result<Vec<KnownMunicipality>, StorageError> {
    let mut known: Vec<_> = config
        .municipalities
        .iter()
        .map(|municipality| KnownMunicipality {
            id: municipality.id.clone(),
            origin: municipality.origin.clone(),
            name: municipality.name.clone(),
            accent: municipality.accent.clone(),
            in_file: true,
        })
        .collect();
    if let Some(storage) = storage {
        known.extend(storage.municipalities().await?.into_iter().map(|record| KnownMunicipality {
            id: record.new.id,
            origin: record.new.origin,
            name: record.new.name,
            accent: record.new.accent,
            in_file: false,
        }));
    }
    Ok(known)
}

/// Why an order about municipalities or clients is not done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum RegisterError {
    /// The audit log cannot be sealed or retired.
    #[error(transparent)]
    Audit(#[from] madoguchi_gateway::AuditLogError),
    /// What was signed cannot be verified.
    #[error(
        "the audit log of {municipality} has no key: nothing was ever sealed there, or its key was taken away; with a \
         public key that was kept elsewhere: --key FILE"
    )]
    AuditKeyMissing {
        /// The municipality.
        municipality: String,
    },
    /// No such record.
    #[error("the audit log of {municipality} has no record at {position}")]
    AuditUnknown {
        /// The municipality.
        municipality: String,
        /// What was asked for.
        position: u64,
    },
    /// A client cannot be registered so.
    #[error("the client cannot be registered: {0}")]
    Client(#[from] ClientError),
    /// Somebody else changed it in between.
    #[error("client {client_id} was changed at the same moment by somebody else; look at it and try again")]
    ClientChanged {
        /// The client.
        client_id: String,
    },
    /// The file is the operator's to edit.
    #[error("client {client_id} is in the configuration file; change it there")]
    ClientInFile {
        /// The client.
        client_id: String,
    },
    /// No such client.
    #[error("{municipality} has no client {client_id}")]
    ClientUnknown {
        /// The municipality.
        municipality: String,
        /// What was asked for.
        client_id: String,
    },
    /// No randomness, or a key that cannot be made.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    /// An id is given once.
    #[error("{municipality} has, or had, a client {client_id}; an id is never given twice")]
    IdTaken {
        /// The municipality.
        municipality: String,
        /// The id.
        client_id: String,
    },
    /// A key set cannot be used.
    #[error("{path}: {error}")]
    Jwks {
        /// The file.
        path: std::path::PathBuf,
        /// What is wrong with it.
        error: madoguchi_oidc::jose::JwkError,
    },
    /// The keys of a municipality cannot be opened, or a key cannot be made.
    #[error(transparent)]
    Key(#[from] madoguchi_gateway::KeyError),
    /// A file with a private key cannot be used.
    #[error("{path}: {error}")]
    KeyFile {
        /// The file.
        path: std::path::PathBuf,
        /// What is wrong with it.
        error: CryptoError,
    },
    /// The key's state does not allow it.
    #[error("key {kid} is {state}; that cannot be done with it")]
    KeyState {
        /// The key.
        kid: String,
        /// Where it stands.
        state: &'static str,
    },
    /// Services have not all fetched it.
    #[error(
        "key {kid} is published too short a time: services may not have it yet. It may be activated from {from}"
    )]
    KeyTooEarly {
        /// The key.
        kid: String,
        /// The first moment.
        from: String,
    },
    /// No such key.
    #[error("{municipality} has no key {kid}")]
    KeyUnknown {
        /// The municipality.
        municipality: String,
        /// What was asked for.
        kid: String,
    },
    /// A file of checkpoints proves nothing.
    #[error("there is no checkpoint in that file")]
    NoCheckpoints,
    /// The options do not go together.
    #[error("{0}")]
    Options(&'static str),
    /// A municipality cannot be added so.
    #[error("{key}: {message}")]
    Municipality {
        /// The option.
        key: &'static str,
        /// What is wrong, and what to write instead.
        message: String,
    },
    /// The origin or id is another's.
    #[error("the id {id} or the origin {origin} is another municipality's")]
    MunicipalityTaken {
        /// The id.
        id: String,
        /// The origin.
        origin: Origin,
    },
    /// No such municipality.
    #[error("no municipality {municipality}, neither in the configuration file nor in the database")]
    MunicipalityUnknown {
        /// What was asked for.
        municipality: String,
    },
    /// It has no secret.
    #[error("client {client_id} authenticates by {method} and has no secret")]
    NoSecret {
        /// The client.
        client_id: String,
        /// How it authenticates.
        method: &'static str,
    },
    /// Standard output is gone.
    #[error("standard output")]
    Output(#[from] std::io::Error),
    /// Configuration or database.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// The store.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A text cannot be shown to residents.
    #[error("a text cannot be shown: {0}")]
    Text(#[from] madoguchi_protocol::DisplayError),
}

impl RegisterError {
    /// The exit code: 2 when the command line cannot be used.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Options(_) => 2,
            _ => 1,
        }
    }

    /// Tells it, with its causes.
    pub(crate) fn tell(&self, command: &str, errors: &mut dyn Write) {
        // When standard error is gone there is nobody to tell.
        let _ = writeln!(errors, "madoguchi {command}: {}", told(self));
    }
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

/// Exit codes, for the help of every command.
pub(crate) const EXIT_CODES: &str =
    "Exit code 0: done. 1: not done, standard error says why. 2: the command line cannot be used.";

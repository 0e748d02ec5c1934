//! `madoguchi revocation`: what each source says of a certificate and which rule decides, what is kept, and letting go of
//! it. The gateway may be running: what only looks opens its database and its lists to read.

mod arguments;
mod asked;
mod error;
mod evidence;
mod explain;
mod explanation;
mod kept;
mod release;
mod store;
mod traced;

pub use arguments::RevocationCommand;

use std::io::Write;
use std::sync::Arc;

use ring::rand::SecureRandom;

use madoguchi_storage::Clock;

use crate::revocation::error::CommandError;
use crate::{Config, told};

/// Runs a command. Answers the exit code; what went wrong is told on `errors`.
pub async fn revocation(
    command: &RevocationCommand,
    clock: Arc<dyn Clock>,
    random: Arc<dyn SecureRandom + Send + Sync>,
    output: &mut dyn Write,
    errors: &mut dyn Write,
) -> u8 {
    let done = match command {
        RevocationCommand::Explain(arguments) => explain::explain(arguments, clock, random, output).await,
        RevocationCommand::Kept(arguments) => kept::kept(arguments, clock, output).await,
        RevocationCommand::Release(arguments) => release::release(arguments, clock, random, output).await,
    };
    if let Err(error) = &done {
        // When standard error is gone there is nobody to tell.
        let _ = writeln!(errors, "madoguchi revocation: {}", told(error));
    }
    done.map_or_else(|error| error.code(), |()| 0)
}

/// The configuration's municipalities that a command is about: all, or the one that is named.
fn municipalities<'a>(config: &'a Config, named: Option<&str>) -> Result<Vec<&'a str>, CommandError> {
    let ids = config.municipalities.iter().map(|municipality| municipality.id.as_str());
    let chosen: Vec<&str> = ids.filter(|id| named.is_none_or(|named| named == *id)).collect();
    match named {
        Some(named) if chosen.is_empty() => {
            Err(CommandError::MunicipalityUnknown { municipality: named.to_owned() })
        }
        _ => Ok(chosen),
    }
}

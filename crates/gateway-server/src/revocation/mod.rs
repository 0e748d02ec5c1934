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
use rustls_pki_types::UnixTime;

use madoguchi_cert_verify::{CrlAnswer, VerifiedPath};
use madoguchi_gateway::Trust;
use madoguchi_storage::Clock;

use crate::registry::known;
use crate::revocation::error::CommandError;
use crate::{Config, beside, told};

/// Whether the lists of the state folder say now that a certificate is revoked. False when there are none.
pub(crate) fn revoked_by_lists(
    config: &Config,
    trust: &Trust,
    path: &VerifiedPath,
    now: UnixTime,
) -> Result<bool, String> {
    let Some(lists) = asked::lists(config, trust).map_err(|error| error.to_string())? else {
        return Ok(false);
    };
    let evidence = lists.evidence(path, now, Some(config.revocation.max_age()));
    Ok(matches!(evidence.answer(), CrlAnswer::Revoked(_)))
}

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

/// The municipalities that a command is about, of the configuration file and of the database: all, or the one that is named.
async fn municipalities(
    config: &Config,
    clock: &Arc<dyn Clock>,
    named: Option<&str>,
) -> Result<Vec<String>, CommandError> {
    let store = beside::to_read(config, Arc::clone(clock)).await?;
    let known = known(config, store.as_deref()).await?;
    let ids = known.into_iter().map(|municipality| municipality.id);
    let chosen: Vec<String> = ids.filter(|id| named.is_none_or(|named| named == *id)).collect();
    match named {
        Some(named) if chosen.is_empty() => {
            Err(CommandError::MunicipalityUnknown { municipality: named.to_owned() })
        }
        _ => Ok(chosen),
    }
}

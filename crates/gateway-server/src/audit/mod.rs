//! `madoguchi audit`: verifies the audit logs and hands them out. docs/audit.md says what they are.

mod arguments;
mod kept;
mod names;
mod orders;
mod record;
mod show;
mod verify;

pub use arguments::AuditCommand;

use std::io::Write;

use madoguchi_storage::Storage;

use crate::Config;
use crate::register_error::RegisterError;
use crate::registry::{CommandEdge, known, of_id};

/// Runs a command. Answers the exit code; what went wrong is told on `errors`.
pub async fn audit(command: &AuditCommand, mut edge: CommandEdge<'_>, errors: &mut dyn Write) -> u8 {
    let edge = &mut edge;
    let done = match command {
        AuditCommand::Verify(arguments) => verify::verify(arguments, edge).await,
        AuditCommand::Export(arguments) => show::export(arguments, edge).await.map(|()| true),
        AuditCommand::Tail(arguments) => show::tail(arguments, edge).await.map(|()| true),
        AuditCommand::Key(arguments) => show::key(arguments, edge).await.map(|()| true),
        AuditCommand::Seal(arguments) => orders::seal(arguments, edge).await.map(|()| true),
        AuditCommand::Retire(arguments) => orders::retire(arguments, edge).await.map(|()| true),
        AuditCommand::Erase(arguments) => orders::erase(arguments, edge).await.map(|()| true),
    };
    match done {
        Ok(whole) => u8::from(!whole),
        Err(error) => RegisterError::end(Err(error), "audit", errors),
    }
}

/// The municipality of a log: one that is known, or one that was removed and left its log.
async fn log_of(config: &Config, store: Option<&dyn Storage>, id: &str) -> Result<String, RegisterError> {
    let unknown = match of_id(known(config, store).await?, id) {
        Ok(municipality) => return Ok(municipality.id),
        Err(unknown) => unknown,
    };
    match store {
        Some(store) if store.audit_chain(id).await?.end.position > 0 => Ok(id.to_owned()),
        _ => Err(unknown),
    }
}

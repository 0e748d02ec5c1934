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

use crate::registry::CommandEdge;

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
        Err(error) => {
            error.tell("audit", errors);
            error.code()
        }
    }
}

//! `madoguchi clients`: those of the database. Those of the configuration file are shown with them, and changed there.

mod add;
mod arguments;
mod change;
mod jwk;
mod look;
mod signing;
mod tell;

pub use arguments::ClientsCommand;

use std::io::Write;

use crate::clients::arguments::RegistrationTokenCommand;
use crate::register_error::RegisterError;
use crate::registry::CommandEdge;

/// Runs a command. Answers the exit code; what went wrong is told on `errors`.
pub async fn clients(command: &ClientsCommand, mut edge: CommandEdge<'_>, errors: &mut dyn Write) -> u8 {
    let edge = &mut edge;
    let done = match command {
        ClientsCommand::Add(arguments) => add::add(arguments, edge).await,
        ClientsCommand::Change(arguments) => change::change(arguments, edge).await,
        ClientsCommand::Show(arguments) => look::show(arguments, edge).await,
        ClientsCommand::List(arguments) => look::list(arguments, edge).await,
        ClientsCommand::Disable(arguments) => change::set_disabled(arguments, true, edge).await,
        ClientsCommand::Enable(arguments) => change::set_disabled(arguments, false, edge).await,
        ClientsCommand::RotateSecret(arguments) => change::rotate_secret(arguments, edge).await,
        ClientsCommand::Remove(arguments) => change::remove(arguments, edge).await,
        ClientsCommand::Jwk(arguments) => jwk::jwk(arguments, edge),
        ClientsCommand::RegistrationToken(RegistrationTokenCommand::New(arguments)) => {
            add::registration_token(arguments, edge).await
        }
    };
    RegisterError::end(done, "clients", errors)
}

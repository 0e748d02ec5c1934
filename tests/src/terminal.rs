//! A program in a terminal: a pseudo-terminal of util-linux's `script`.

use madoguchi_demo::{Child, Program};

use crate::town::Town;

/// `command` in a terminal; what is told to it is typed, and its lines are the screen's. Its status is that of the command, 128
/// and the signal's number when a signal ended it.
fn in_terminal(command: &str) -> Program {
    // `script` asks the user's shell, and a shell that stays beside the command is ended by Ctrl-C itself.
    let command = format!("exec {command}");
    Program::new("terminal", "script").args([
        "--quiet",
        "--return",
        "--flush",
        "--command",
        &command,
        "/dev/null",
    ])
}

/// Ends the town's agent and starts the same one in a terminal, through `launcher` when that is not empty: the words of a
/// program that takes the agent's command as its last arguments.
pub async fn agent_in_terminal(town: &mut Town, launcher: &[&str]) -> Child {
    town.stack.child("agent").expect("the agent").stop().await;
    let agent = format!(
        "{} --terminal --gateway {} --port {}",
        town.binary("madoguchi-agent").display(),
        town.ports.issuer(),
        town.ports.agent
    );
    let child = in_terminal(&[launcher, &[agent.as_str()]].concat().join(" "))
        .env("PCSCLITE_CSOCK_NAME", town.socket())
        .spawn(town.stack.folder())
        .expect("script of util-linux starts");
    town.agent_listens().await;
    child
}

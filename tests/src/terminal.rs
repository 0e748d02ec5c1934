//! A program in a terminal: a pseudo-terminal of util-linux's `script`.

use madoguchi_demo::Program;

/// `command` in a terminal; what is told to it is typed, and its lines are the screen's. Its status is that of the command, 128
/// and the signal's number when a signal ended it.
pub fn in_terminal(command: &str) -> Program {
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

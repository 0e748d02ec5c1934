//! `madoguchi crl`: lists and their indexes by hand, without a gateway or beside one. The rules are in `revocation`;
//! here are command lines, files and answers.

mod arguments;
mod forget;
mod index;
mod lookup;
mod parts;
mod serial;
pub(crate) mod state;
mod status;
mod tell;
mod watch;

pub use arguments::CrlArguments;
pub use parts::Edge;

use std::fmt::Display;
use std::io::Write;
use std::path::Path;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CrlEnd {
    /// Everything was taken, or answered.
    Done,
    /// A list was refused, is damaged, or there is none; of `status` also: one is past its nextUpdate.
    Refused,
    /// The command line, a folder or a file that it names cannot be used.
    Usage,
}

impl CrlEnd {
    /// The exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Refused => 1,
            Self::Usage => 2,
        }
    }
}

/// Runs a command.
pub fn crl(
    arguments: &CrlArguments,
    edge: &Edge,
    mut output: Box<dyn Write + Send>,
    errors: &mut dyn Write,
) -> CrlEnd {
    let ended = match arguments {
        CrlArguments::Forget(arguments) => forget::forget(arguments, edge.clock.now(), &mut output),
        CrlArguments::Index(arguments) => index::index(arguments, edge, output),
        CrlArguments::Lookup(arguments) => lookup::lookup(arguments, edge.clock.now(), &mut output),
        CrlArguments::Status(arguments) => status::status(arguments, edge.clock.now(), &mut output),
        CrlArguments::Watch(arguments) => watch::watch(arguments, edge, output),
    };
    ended.unwrap_or_else(|usage| {
        // When standard error is gone there is nobody to tell.
        let _ = writeln!(errors, "madoguchi crl: {}", usage.0);
        CrlEnd::Usage
    })
}

/// Why a command does not run, in words.
struct CrlUsage(String);

impl CrlUsage {
    fn new(message: String) -> Self {
        Self(message)
    }

    fn of_file(path: &Path, error: &dyn Display) -> Self {
        Self(format!("{}: {error}", path.display()))
    }

    fn of_state(folder: &Path, error: &madoguchi_revocation::Error) -> Self {
        Self(state::unusable(folder, error))
    }

    /// With what is behind it.
    fn of_error(error: &dyn std::error::Error) -> Self {
        let mut message = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            message.push_str(": ");
            message.push_str(&cause.to_string());
            source = cause.source();
        }
        Self(message)
    }

    fn of_output(error: &std::io::Error) -> Self {
        Self(format!("standard output: {error}"))
    }
}

//! Where the server's programs are, and as whom they run.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The newest version's program of this name.
///
/// # Panics
/// When no PostgreSQL is installed: `script/setup test` installs it.
pub fn program(name: &str) -> PathBuf {
    let versions = std::fs::read_dir(VERSIONS).expect("PostgreSQL is installed (script/setup test)");
    let newest = versions
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok())
        .max()
        .expect("a version of PostgreSQL");
    let program = Path::new(VERSIONS).join(newest.to_string()).join("bin").join(name);
    assert!(program.is_file(), "{} is missing", program.display());
    program
}

/// A command that runs as whoever may run a server: not root.
pub fn run_as_server(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid", "postgres", "--regid", "postgres", "--clear-groups", "--"]).arg(program);
    command
}

/// True when the tests run as root.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

const VERSIONS: &str = "/usr/lib/postgresql";

//! Programs of the same user, as proc(5) shows them. What belongs to others is not readable and stays out.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// A running program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Program {
    pub(super) name: String,
    pub(super) pid: u32,
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.pid)
    }
}

/// Programs that have the client library of the smart card service loaded. The kernel does not tell simply who is at the other
/// end of a Unix socket.
pub(super) fn clients_of_pcsc() -> Vec<Program> {
    let mut found = programs(|folder| {
        fs::read_to_string(folder.join("maps")).is_ok_and(|maps| maps.contains("/libpcsclite.so"))
    });
    // We are one too.
    found.retain(|program| program.pid != std::process::id());
    found
}

/// Programs that hold the socket with this inode.
pub(super) fn holders_of_socket(inode: u64) -> Vec<Program> {
    let wanted = PathBuf::from(format!("socket:[{inode}]"));
    programs(|folder| {
        fs::read_dir(folder.join("fd")).is_ok_and(|descriptors| {
            descriptors
                .filter_map(Result::ok)
                .any(|descriptor| fs::read_link(descriptor.path()).is_ok_and(|target| target == wanted))
        })
    })
}

/// Other programs of this user that are called so. A program that keeps its memory to itself, as the agent does, does not show
/// its sockets either; its name and its user are there for everybody.
pub(super) fn of_ours_called(name: &str) -> Vec<Program> {
    let ours = rustix::process::geteuid().as_raw().to_string();
    let is_ours = |folder: &Path| {
        let status = fs::read_to_string(folder.join("status")).unwrap_or_default();
        // Real, effective, saved and file system user.
        let users = status.lines().find_map(|line| line.strip_prefix("Uid:"));
        users.and_then(|users| users.split_whitespace().nth(1)) == Some(ours.as_str())
    };
    let mut found = programs(is_ours);
    found.retain(|program| program.name == name && program.pid != std::process::id());
    found
}

fn programs(wanted: impl Fn(&Path) -> bool) -> Vec<Program> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let mut found: Vec<Program> = entries
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
            if !wanted(&entry.path()) {
                return None;
            }
            let name = fs::read_to_string(entry.path().join("comm")).ok()?;
            Some(Program { name: name.trim().to_owned(), pid })
        })
        .collect();
    found.sort_by_key(|program| program.pid);
    found
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn a_program_of_ours_is_found_by_its_name_and_we_are_not() {
        let mut cat = Command::new("cat").stdin(Stdio::piped()).spawn().expect("cat(1)");
        let pid = cat.id();
        assert!(of_ours_called("cat").contains(&Program { name: "cat".to_owned(), pid }));
        assert!(!of_ours_called("cat").iter().any(|program| program.pid == std::process::id()));
        assert_eq!(of_ours_called("no-such-program"), []);
        drop(cat.stdin.take());
        cat.wait().expect("it ends");
    }

    #[test]
    fn the_holder_of_a_socket_is_somebody_else() {
        assert_eq!(holders_of_socket(u64::MAX), []);
        assert_eq!(Program { name: "cat".to_owned(), pid: 7 }.to_string(), "cat (7)");
    }
}

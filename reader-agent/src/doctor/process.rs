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
    use std::net::TcpListener;
    use std::os::fd::AsRawFd as _;

    use super::*;

    #[test]
    fn the_holder_of_a_socket_is_found() {
        let socket = TcpListener::bind("127.0.0.1:0").expect("a port");
        let link = fs::read_link(format!("/proc/self/fd/{}", socket.as_raw_fd())).expect("proc(5)");
        let inode = link.to_str().and_then(|link| link.strip_prefix("socket:[")?.strip_suffix(']'));
        let inode = inode.and_then(|inode| inode.parse().ok()).expect("an inode");
        let ours = std::process::id();
        assert!(holders_of_socket(inode).iter().any(|program| program.pid == ours));
        assert_eq!(holders_of_socket(u64::MAX), []);
    }

    #[test]
    fn a_program_is_told_by_its_name_and_number() {
        assert_eq!(Program { name: "cat".to_owned(), pid: 7 }.to_string(), "cat (7)");
    }
}

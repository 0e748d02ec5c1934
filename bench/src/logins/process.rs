//! A server's process, with those that it started.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::crl::memory::resident;
use crate::crl::timing::cpu_of_process;
use crate::sign_ins::town::RunningGateway;

/// One that ends with this value.
pub(crate) enum Process {
    Gateway(RunningGateway),
    Other(Other),
}

/// Not the gateway.
pub(crate) struct Other(Child);

impl Process {
    /// Starts a server, gives it this line, and waits for its own.
    pub(crate) fn start(mut command: Command, line: &str) -> Result<Self, String> {
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = Other(child.map_err(|error| format!("{command:?}: {error}"))?);
        let mut stdin = child.0.stdin.take().expect("piped");
        stdin.write_all(format!("{line}\n").as_bytes()).map_err(|error| error.to_string())?;
        let mut said = String::new();
        let mut stdout = BufReader::new(child.0.stdout.take().expect("piped"));
        // Past what it may say first.
        while !said.contains("ready") {
            said.clear();
            if stdout.read_line(&mut said).map_err(|error| error.to_string())? == 0 {
                return Err(format!("{command:?} ended"));
            }
        }
        Ok(Self::Other(child))
    }

    fn id(&self) -> u32 {
        match self {
            Self::Gateway(gateway) => gateway.id(),
            Self::Other(Other(child)) => child.id(),
        }
    }

    /// CPU time that it and those it started have used, of the kernel for them too.
    pub(crate) fn cpu(&self) -> Duration {
        cpu_of_tree(self.id())
    }

    /// Memory that is resident.
    pub(crate) fn memory(&self) -> u64 {
        tree(self.id()).iter().filter_map(|id| resident(&of(*id, "status"))).sum()
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// CPU time of a process and those it started that have not ended.
pub(crate) fn cpu_of_tree(id: u32) -> Duration {
    tree(id).iter().filter_map(|id| cpu_of_process(&of(*id, "stat"))).sum()
}

/// A process and all that it started, and they.
fn tree(id: u32) -> Vec<u32> {
    let mut all = vec![id];
    for thread in fs::read_dir(of(id, "task")).into_iter().flatten().flatten() {
        let children = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
        all.extend(children.split_whitespace().filter_map(|child| child.parse().ok()).flat_map(tree));
    }
    all
}

fn of(id: u32, what: &str) -> PathBuf {
    Path::new("/proc").join(id.to_string()).join(what)
}

/// A port that is free now.
pub(crate) fn free_port() -> Result<u16, String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let address = listener.and_then(|listener| listener.local_addr());
    Ok(address.map_err(|error| error.to_string())?.port())
}

//! A second server that has all of the first and follows it, for what happens when the first is lost.

use std::sync::atomic::AtomicU32;

use crate::database::USER;
use crate::server::{folder, free_port, run};
use crate::{TestServer, program, run_as_server};

impl TestServer {
    /// A standby with everything that this server has, which follows it.
    ///
    /// # Panics
    /// When it does not come up.
    pub fn standby(&self) -> Self {
        let standby = Self { folder: folder(), port: free_port(), databases: AtomicU32::new(0) };
        let conninfo = format!("host=127.0.0.1 port={} user={USER} application_name={STANDBY}", self.port());
        run(run_as_server(&program("pg_basebackup"))
            .args(["--write-recovery-conf", "--wal-method=stream", "--checkpoint=fast", "--no-sync"])
            .args(["--dbname", &conninfo, "--pgdata"])
            .arg(standby.data()));
        let socket = format!("unix_socket_directories = '{}'", standby.folder().display());
        standby.configure(&[&format!("port = {}", standby.port), &socket]);
        standby.start_again();
        standby
    }

    /// From now on every commit waits until the standby has it on its disk.
    pub fn require_standby(&self) {
        self.configure(&[&format!("synchronous_standby_names = '{STANDBY}'")]);
        self.reload();
    }

    /// Whether the standby has everything, and commits wait for it.
    pub fn is_followed(&self) -> bool {
        self.query("postgres", "SELECT sync_state FROM pg_stat_replication") == "sync"
    }

    /// Makes a standby a server of its own.
    pub fn promote(&self) {
        run(self.control().args(["--wait", "promote"]));
    }
}

/// The name under which a primary knows its standby.
const STANDBY: &str = "standby";

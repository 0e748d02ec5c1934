//! One server: made, started, stopped in the ways that a server stops, and gone with its folder.

use std::fs;
use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;

use crate::database::USER;
use crate::{Database, is_root, program, run_as_server, template};

/// A server on a free port of 127.0.0.1. Dropped, it ends at once, and its folder goes.
#[derive(Debug)]
pub struct TestServer {
    pub(crate) folder: TempDir,
    pub(crate) port: u16,
    pub(crate) databases: AtomicU32,
}

/// How a server is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It ends its sessions and writes everything.
    Fast,
    /// As if its power had gone: the next start recovers.
    Immediate,
}

impl TestServer {
    /// A server that trusts loopback. It syncs nothing to disk, which no test without a loss of power can see.
    pub fn start() -> Self {
        Self::start_with(&["fsync = off", "shared_buffers = 32MB"])
    }

    /// The same with lines for `postgresql.conf`, and nothing but these and where it listens.
    ///
    /// # Panics
    /// When the server does not come up; its log is in the message.
    pub fn start_with(configuration: &[&str]) -> Self {
        let server = Self { folder: folder(), port: free_port(), databases: AtomicU32::new(0) };
        template::copy_to(&server.data());
        server.configure(&["listen_addresses = '127.0.0.1'", &format!("port = {}", server.port)]);
        server.configure(&[&format!("unix_socket_directories = '{}'", server.folder().display())]);
        server.configure(configuration);
        server.start_again();
        server
    }

    /// Adds lines to `postgresql.conf`; the last one of a setting counts. Effective at the next start or reload.
    pub fn configure(&self, lines: &[&str]) {
        let path = self.data().join("postgresql.conf");
        let mut file = fs::OpenOptions::new().append(true).open(&path).expect("postgresql.conf");
        for line in lines {
            writeln!(file, "{line}").expect("a line");
        }
    }

    /// Has it read its configuration again.
    pub fn reload(&self) {
        run(self.control().arg("reload"));
    }

    /// Starts it after it was stopped, and waits until it answers.
    ///
    /// # Panics
    /// When it does not come up.
    pub fn start_again(&self) {
        let log = self.folder().join("log");
        let started =
            self.control().args(["--wait", "--timeout=60", "--log"]).arg(&log).arg("start").output();
        let started = started.expect("pg_ctl");
        let log = || fs::read_to_string(&log).unwrap_or_default();
        assert!(started.status.success(), "{}\n{}", String::from_utf8_lossy(&started.stderr), log());
    }

    /// Stops it and waits for its end.
    pub fn stop(&self, how: Stop) {
        let mode = match how {
            Stop::Fast => "--mode=fast",
            Stop::Immediate => "--mode=immediate",
        };
        run(self.control().args(["--wait", mode, "stop"]));
    }

    /// Makes an empty database.
    pub fn database(&self) -> Database {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::SeqCst));
        self.query("postgres", &format!("CREATE DATABASE {name} TEMPLATE template0"));
        Database { name, port: self.port }
    }

    /// Runs SQL as the server's owner; what it answers, unaligned.
    pub fn query(&self, database: &str, sql: &str) -> String {
        let mut psql = Command::new(program("psql"));
        psql.args(["--no-psqlrc", "--tuples-only", "--no-align", "--quiet", "--set=ON_ERROR_STOP=1"])
            .args(["--host=127.0.0.1", "--username", USER, "--dbname", database])
            .arg(format!("--port={}", self.port))
            .args(["--command", sql]);
        String::from_utf8(run(&mut psql).stdout).expect("text").trim_end().to_owned()
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The folder of its socket and its log. The server may read what is in it.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Its data folder.
    pub fn data(&self) -> PathBuf {
        self.folder().join("data")
    }

    /// What it logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder().join("log")).unwrap_or_default()
    }

    pub(crate) fn control(&self) -> Command {
        let mut command = run_as_server(&program("pg_ctl"));
        command.arg("--silent").arg("--pgdata").arg(self.data());
        command
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        // It may be stopped already.
        let _ = self.control().args(["--mode=immediate", "stop"]).output();
    }
}

/// A folder that the server's user may enter and write to.
pub(crate) fn folder() -> TempDir {
    let folder = tempfile::Builder::new().prefix("pg-").tempdir().expect("a folder");
    if is_root() {
        run(Command::new("chown").arg("postgres:postgres").arg(folder.path()));
    }
    folder
}

/// A port that was free a moment ago. It is below those that the system gives to whoever connects: a server that is
/// started again must find its own still free.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        // Test programs run beside each other: each begins somewhere else.
        let number = std::process::id().wrapping_mul(31).wrapping_add(NEXT.fetch_add(1, Ordering::SeqCst));
        let port = 10_000 + u16::try_from(number % 20_000).expect("below 20,000");
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}

pub(crate) fn run(command: &mut Command) -> Output {
    let output = command.output().expect("a program of PostgreSQL");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {told}");
    output
}

//! PgBouncer before a server, in the mode that gives a client a connection for one transaction alone.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::database::USER;
use crate::server::{folder, free_port};
use crate::{Database, TestServer, run_as_server};

/// A pooler on a free port of 127.0.0.1, as Debian has it. Dropped, it ends.
#[derive(Debug)]
pub struct Pooler {
    process: Child,
    port: u16,
    _folder: TempDir,
}

impl Pooler {
    /// A pooler with `connections` to each database, and more lines for its configuration.
    ///
    /// # Panics
    /// When it does not come up; what it said is in the message.
    pub fn start(server: &TestServer, connections: u32, configuration: &[&str]) -> Self {
        let (folder, port) = (folder(), free_port());
        let (settings, users) = (folder.path().join("pgbouncer.ini"), folder.path().join("users"));
        fs::write(&users, format!("\"{USER}\" \"\"\n")).expect("a file of users");
        let lines = [
            "[databases]".to_owned(),
            format!("* = host=127.0.0.1 port={}", server.port()),
            "[pgbouncer]".to_owned(),
            "listen_addr = 127.0.0.1".to_owned(),
            format!("listen_port = {port}"),
            "unix_socket_dir =".to_owned(),
            "auth_type = trust".to_owned(),
            format!("auth_file = {}", users.display()),
            "pool_mode = transaction".to_owned(),
            format!("default_pool_size = {connections}"),
            "max_client_conn = 500".to_owned(),
        ];
        fs::write(&settings, format!("{}\n{}\n", lines.join("\n"), configuration.join("\n")))
            .expect("a file");
        let mut process = run_as_server(Path::new(PROGRAM))
            .arg(&settings)
            .stderr(Stdio::piped())
            .spawn()
            .expect("pgbouncer (script/setup test)");
        let mut said = BufReader::new(process.stderr.take().expect("a pipe"));
        let (mut all, mut line) = (String::new(), String::new());
        while !line.contains("process up") {
            line.clear();
            let read = said.read_line(&mut line).expect("a line");
            all.push_str(&line);
            assert!(read > 0, "pgbouncer did not come up: {all}");
        }
        // It goes on talking, and must find somebody who listens.
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        Self { process, port, _folder: folder }
    }

    /// The same database through the pooler.
    pub fn before(&self, database: &Database) -> Database {
        Database { name: database.name.clone(), port: self.port }
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        // `setpriv` became the pooler: this is its process.
        let _ = Command::new("kill").arg(self.process.id().to_string()).status();
        let _ = self.process.wait();
    }
}

const PROGRAM: &str = "/usr/sbin/pgbouncer";

//! One process of the shipped gateway.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use madoguchi_demo::{Child, Program};
use rustix::process::{Pid, Signal, kill_process};

use crate::town::binaries;

/// A node: it may run or not.
pub struct Node {
    /// Where it listens.
    pub address: SocketAddr,
    /// Where operators look.
    pub operations: SocketAddr,
    /// Its configuration file.
    pub config: PathBuf,
    name: String,
    /// What is done before it starts, where only it sees that, and the folder that it is done to.
    inside: Option<(&'static str, PathBuf)>,
    child: Option<Child>,
}

impl Node {
    /// One that does not run yet.
    pub(super) fn new(name: &str, config: PathBuf, address: SocketAddr, operations: SocketAddr) -> Self {
        Self { address, operations, config, name: name.to_owned(), inside: None, child: None }
    }

    /// Before it starts, this is done to a folder (`$1`) in a mount namespace of its own.
    #[must_use]
    pub fn inside(mut self, script: &'static str, folder: &Path) -> Self {
        self.inside = Some((script, folder.to_owned()));
        self
    }

    /// Waits until it ended by itself, and answers what it said.
    pub async fn refused(&mut self) -> String {
        let mut child = self.child.take().expect("it was started");
        assert!(!child.wait().await.expect("it ended").success());
        child.log_end()
    }

    /// Starts it. It is not ready yet.
    pub fn spawn(&mut self) {
        let madoguchi = binaries().path("madoguchi").expect("cargo build --bins");
        let program = match &self.inside {
            None => Program::new(&self.name, madoguchi),
            // Entering the namespace clears the parent-death signal, which is therefore set again inside.
            Some((script, folder)) => Program::new(&self.name, "unshare")
                .args(["--user", "--map-root-user", "--mount", "--", "sh", "-ec"])
                .arg(format!("{script}\nshift\nexec setpriv --pdeathsig TERM -- \"$@\""))
                .args(["sh".as_ref(), folder.as_os_str(), madoguchi.as_os_str()]),
        };
        let program = program.args(["serve", "--log", "warn", "--config"]).arg(&self.config);
        self.child = Some(program.spawn(self.folder()).expect("starts"));
    }

    /// Waits until it serves.
    pub async fn ready(&mut self) {
        let child = self.child.as_mut().expect("it was started");
        child.wait_until_ready().await.expect("the gateway is ready");
    }

    /// Starts it and waits until it serves.
    pub async fn start(&mut self) {
        self.spawn();
        self.ready().await;
    }

    /// `kill -9`.
    pub async fn kill(&mut self) {
        let mut child = self.child.take().expect("it runs");
        if let Some(pid) = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw) {
            kill_process(pid, Signal::KILL).expect("it is ours");
        }
        child.wait().await.expect("it ended");
    }

    /// SIGTERM, and waits for its end.
    pub async fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.stop().await;
        }
    }

    /// Its process id while it runs.
    pub fn id(&self) -> Option<u32> {
        self.child.as_ref().and_then(Child::id)
    }

    /// What `GET` of an address for operators answers: status and JSON.
    pub fn look(&self, path: &str) -> (u16, serde_json::Value) {
        let url = format!("http://{}{path}", self.operations);
        tokio::task::block_in_place(|| {
            let mut answer = crate::http::get(&url, &[]);
            let body = answer.body_mut().read_to_string().expect("text");
            (answer.status().as_u16(), serde_json::from_str(&body).unwrap_or(serde_json::Value::String(body)))
        })
    }

    /// Runs an operator's command on this node's configuration, which must succeed; answers what it says.
    pub fn command(&self, words: &[&str]) -> String {
        let mut command =
            std::process::Command::new(binaries().path("madoguchi").expect("cargo build --bins"));
        command.args(words).arg("--config").arg(&self.config);
        let output = tokio::task::block_in_place(|| command.output()).expect("runs");
        let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
        let told = || format!("{words:?}: {}\n{}", text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{}", told());
        text(&output.stdout)
    }

    /// Its log so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder().join(format!("{}.log", self.name))).unwrap_or_default()
    }

    fn folder(&self) -> &Path {
        self.config.parent().expect("in a folder")
    }
}

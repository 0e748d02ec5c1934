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
    child: Option<Child>,
}

impl Node {
    /// One that does not run yet.
    pub(super) fn new(name: &str, config: PathBuf, address: SocketAddr, operations: SocketAddr) -> Self {
        Self { address, operations, config, name: name.to_owned(), child: None }
    }

    /// Starts it. It is not ready yet.
    pub fn spawn(&mut self) {
        let program = Program::new(&self.name, binaries().path("madoguchi").expect("cargo build --bins"));
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

    /// Its log so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder().join(format!("{}.log", self.name))).unwrap_or_default()
    }

    fn folder(&self) -> &Path {
        self.config.parent().expect("in a folder")
    }
}

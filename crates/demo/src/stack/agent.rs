//! The agent: at our terminal, or answering every request by itself.

use std::io;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::process::ChildStdin;
use tokio::sync::mpsc;
use tokio::time::{interval, timeout};

use super::{AGENT, AgentFront, Pin, Ports, Starting};
use crate::child::event;
use crate::{Child, DemoError, Program};

/// What an unattended agent reports.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AgentEvent {
    /// A sign-in ended: `proven`, or the error code.
    Finished {
        /// How.
        result: String,
    },
    /// It asked for a PIN line, and got one.
    PinWanted,
}

impl Starting {
    pub(super) async fn agent(
        &mut self,
        front: &AgentFront,
        more: &[String],
        ports: Ports,
        anchors: &[PathBuf],
        socket: Option<&Path>,
    ) -> Result<Option<mpsc::UnboundedReceiver<AgentEvent>>, DemoError> {
        let mut program = Program::new(AGENT, self.binaries.path("madoguchi-agent")?)
            .args(["--gateway", &ports.issuer(), "--port", &ports.agent.to_string()])
            .args(more);
        if let Some(socket) = socket {
            program = program.env("PCSCLITE_CSOCK_NAME", socket);
        }
        if matches!(front, AgentFront::Terminal) {
            let mut child = program.arg("--terminal").on_terminal().spawn(&self.logs)?;
            listens(&mut child, ports.agent).await?;
            self.children.push(child);
            return Ok(None);
        }
        program = program.arg("--pin-stdin");
        for anchor in anchors {
            program = program.arg("--test-anchor").arg(anchor);
        }
        let mut child = program.spawn(&self.logs)?;
        child.wait_until_ready().await?;
        let events = match front {
            AgentFront::Unattended(pin) => feed(&mut child, pin),
            AgentFront::Driven | AgentFront::Terminal => None,
        };
        self.children.push(child);
        Ok(events)
    }
}

/// An agent at the terminal says nothing to us; it is ready when its port answers.
async fn listens(child: &mut Child, port: u16) -> Result<(), DemoError> {
    let answered = async {
        let mut tick = interval(POLL);
        loop {
            tick.tick().await;
            if let Some(status) = child.ended() {
                return Err(DemoError::Ended { name: AGENT.to_owned(), status, log: child.log_end() });
            }
            if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_ok() {
                return Ok(());
            }
        }
    };
    timeout(LISTENS_WITHIN, answered)
        .await
        .unwrap_or_else(|_| Err(DemoError::NotReady { name: AGENT.to_owned(), log: String::new() }))
}

/// Answers each `pin_wanted` with the PIN line, and passes the events on.
fn feed(child: &mut Child, pin: &Pin) -> Option<mpsc::UnboundedReceiver<AgentEvent>> {
    let (mut lines, mut stdin) = (child.take_lines()?, child.take_stdin()?);
    let pin_line = pin.line();
    let (events, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Some(line) = lines.recv().await {
            let reported = match event(&line).as_deref() {
                Some("pin_wanted") => {
                    if let Err(error) = give(&mut stdin, &pin_line).await {
                        tracing::warn!(%error, "the agent takes no PIN");
                    }
                    AgentEvent::PinWanted
                }
                Some("finished") => AgentEvent::Finished { result: result(&line) },
                _ => continue,
            };
            // Nobody needs to listen.
            let _ = events.send(reported);
        }
    });
    Some(receiver)
}

async fn give(stdin: &mut ChildStdin, line: &[u8]) -> io::Result<()> {
    stdin.write_all(line).await?;
    stdin.flush().await
}

fn result(line: &str) -> String {
    let line: serde_json::Value = serde_json::from_str(line).unwrap_or_default();
    line.get("result").and_then(|result| result.as_str()).unwrap_or_default().to_owned()
}

const POLL: Duration = Duration::from_millis(50);
const LISTENS_WITHIN: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_wish_for_a_pin_gets_one_line() {
        let folder = tempfile::tempdir().expect("a folder");
        let script = r#"for i in 1 2; do
            echo '{"event":"pin_wanted"}'; read pin
            echo "{\"event\":\"finished\",\"result\":\"got $pin\"}"
        done; read more"#;
        let mut child =
            Program::new("agent", "sh").args(["-c", script]).spawn(folder.path()).expect("starts");
        let mut events = feed(&mut child, &Pin::new(b"5678").expect("a PIN")).expect("pipes");
        for _ in 0..2 {
            assert_eq!(events.recv().await, Some(AgentEvent::PinWanted));
            let result = "got 5678".to_owned();
            assert_eq!(events.recv().await, Some(AgentEvent::Finished { result }));
        }
        child.stop().await;
        assert_eq!(events.recv().await, None);
    }
}

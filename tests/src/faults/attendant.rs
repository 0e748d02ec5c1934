//! Who stands by during a sign-in, and does what neither card nor browser can.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use madoguchi_demo::{Child, Pcscd};
use serde_json::Value;
use tokio::process::Command;
use tokio::sync::oneshot;

/// Gives the agent its PIN, and does what the card says that others must do now.
pub(super) struct Attendant {
    pub(super) pcscd: u32,
    pub(super) folder: PathBuf,
    pub(super) socket: PathBuf,
    pub(super) pin: &'static str,
    /// The card said so.
    pub(super) moment_came: bool,
    /// The smart card service that took the place of the one with the reader.
    pub(super) without_readers: Option<Pcscd>,
    /// What the agent said in the end.
    pub(super) outcome: Option<String>,
    pub(super) wrong: Vec<String>,
}

impl Attendant {
    /// Until the sign-in is over in the browser and at the agent.
    pub(super) async fn attend(
        mut self,
        mut card: Child,
        mut agent: Child,
        mut over: oneshot::Receiver<()>,
    ) -> (Self, Child, Child) {
        let (mut card_runs, mut browsing) = (true, true);
        while browsing || self.outcome.is_none() {
            tokio::select! {
                line = card.line(), if card_runs => match line {
                    Some(line) => self.answer_card(&line, &mut card).await,
                    // It ended with its reader.
                    None => card_runs = false,
                },
                line = agent.line() => {
                    let Some(line) = line else {
                        self.wrong.push(format!("the agent ended: {}", agent.log_end()));
                        break;
                    };
                    self.answer_agent(&line, &mut agent).await;
                }
                _ = &mut over, if browsing => browsing = false,
            }
        }
        (self, card, agent)
    }

    async fn answer_agent(&mut self, line: &str, agent: &mut Child) {
        let event: Value = serde_json::from_str(line).expect("a JSON line");
        match event["event"].as_str() {
            Some("pin_wanted") => agent.tell(self.pin).await.expect("told"),
            Some("finished") => self.outcome = event["result"].as_str().map(str::to_owned),
            _ => {}
        }
    }

    async fn answer_card(&mut self, line: &str, card: &mut Child) {
        if line.starts_with("event hold") {
            self.moment_came = true;
            if let Some(answer) = another_program(&self.socket).await {
                self.wrong.push(format!("another program got an answer from the card: {answer}"));
            }
            card.tell("go on").await.expect("told");
        } else if line.starts_with("event unplug") {
            self.moment_came = true;
            let stopped = Command::new("kill").arg(self.pcscd.to_string()).status().await.expect("kill runs");
            assert!(stopped.success(), "pcscd was not there to be stopped");
            self.without_readers = Some(Pcscd::without_readers(&self.folder).await.expect("pcscd starts"));
        }
    }
}

/// A second program asks the card something; answers what it was told, if anything.
async fn another_program(socket: &Path) -> Option<String> {
    let output = Command::new("opensc-tool")
        .args(["--reader", "0", "--send-apdu", "00A4040C07A0000001510000"])
        .env("PCSCLITE_CSOCK_NAME", socket)
        .stdin(Stdio::null())
        .output()
        .await
        .expect("opensc-tool is installed: script/setup test");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.contains("SW1=").then_some(text)
}

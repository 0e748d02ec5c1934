//! A town whose sources of revocation information can be made to say anything: the shipped gateway asks the test PKI's
//! responder over HTTP and finds its lists in a folder.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use madoguchi_demo::{Page, Program};
use serde::Deserialize;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;

use crate::http::get;
use crate::town::Town;

/// What a sign-in must come to, and what an operator must learn of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    /// The resident's error code; none when they are signed in.
    pub code: Option<String>,
    /// The rule that decided.
    pub rule: String,
    /// What log, evidence and metrics name as wanting.
    #[serde(default)]
    pub wanting: Vec<String>,
    /// What somebody must look at.
    #[serde(default)]
    pub alarm: Vec<String>,
}

/// What OCSP does, each with the line that makes the responder do so. What was revoked stays so, so that it comes last; and the
/// breaker opens after five failures in a row.
pub const OCSP: [(&str, &str); 10] = [
    ("good", "status good"),
    ("stale", "status good fault stale"),
    ("wrong-signer", "status good fault other-responder"),
    ("wrong-certificate", "status good fault other-certificate"),
    ("responder-unchecked", "status good fault responder-unchecked"),
    ("unknown", "status unknown"),
    ("wrong-nonce", "status good fault other-nonce"),
    ("slow", "http silent"),
    ("unavailable", "http unavailable"),
    ("revoked", "status revoked"),
];

/// What the folder of lists holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lists {
    /// Fresh lists, without the card.
    Good,
    /// Fresh lists, one of them with the card.
    Revoked,
    /// Lists past their nextUpdate.
    Stale,
    /// Another municipality's list alone.
    MissingPartition,
    /// None.
    Unavailable,
    /// This municipality's file holds another's list.
    OtherPoint,
}

impl Lists {
    /// The table of `tests/revocation.toml`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Revoked => "revoked",
            Self::Stale => "stale",
            Self::MissingPartition => "missing-partition",
            Self::Unavailable => "unavailable",
            Self::OtherPoint => "other-point",
        }
    }
}

/// A town with a responder that obeys.
pub struct Sources {
    /// The town.
    pub town: Town,
    control: PathBuf,
}

impl Sources {
    /// A town with these lists.
    pub async fn with(lists: Lists) -> Self {
        let mut town = Town::usual().await;
        let control = town.stack.folder().join("ocsp-control");
        town.stack.child("pki").expect("the responder").stop().await;
        let responder = Program::new("pki", town.binary("madoguchi-test-pki"))
            .args(["serve-ocsp", "--listen", &format!("127.0.0.1:{}", town.ports.ocsp), "--pki"])
            .arg(pki(&town))
            .arg("--control")
            .arg(&control)
            .spawn(town.stack.folder())
            .expect("starts");
        *town.stack.child("pki").expect("the responder") = responder;
        town.stack.child("pki").expect("the responder").wait_until_ready().await.expect("it listens");
        let mut sources = Self { town, control };
        sources.stop_gateway().await;
        sources.forget();
        sources.put(lists).await;
        sources.start_gateway().await;
        sources
    }

    /// Makes the responder do so from its next answer on.
    pub async fn ocsp(&self, line: &str) {
        assert_eq!(self.tell_responder(line).await, "ok", "{line}");
    }

    /// How many requests the responder has had.
    pub async fn ocsp_requests(&self) -> u64 {
        let answer = self.tell_responder("requests").await;
        answer.strip_prefix("ok ").and_then(|number| number.parse().ok()).expect("a number")
    }

    async fn tell_responder(&self, line: &str) -> String {
        let mut stream =
            BufReader::new(UnixStream::connect(&self.control).await.expect("the control socket"));
        stream.write_all(format!("{line}\n").as_bytes()).await.expect("told");
        let mut answer = String::new();
        stream.read_line(&mut answer).await.expect("an answer");
        answer.trim_end().to_owned()
    }

    /// Runs a command of the test PKI.
    pub async fn pki(&self, command: &str, args: &[&str]) {
        let program = Program::new("test-pki", self.town.binary("madoguchi-test-pki"));
        let program = program.arg(command).arg("--pki").arg(pki(&self.town)).args(args);
        program.run(self.town.stack.folder()).await.unwrap_or_else(|error| panic!("{command}: {error}"));
    }

    /// Puts lists into the folder.
    pub async fn put(&self, lists: Lists) {
        let (here, other) = (self.lists().join("99201.crl"), self.lists().join("99202.crl"));
        match lists {
            Lists::Good => self.pki("crl", &[]).await,
            Lists::Revoked => {
                self.pki("revoke", &["--card", "default", "--reason", "keyCompromise"]).await;
                self.pki("crl", &[]).await;
            }
            Lists::Stale => self.pki("crl", &["--fault", "stale"]).await,
            Lists::MissingPartition => std::fs::remove_file(here).expect("removed"),
            Lists::Unavailable => {
                std::fs::remove_file(here).expect("removed");
                std::fs::remove_file(other).expect("removed");
            }
            Lists::OtherPoint => {
                std::fs::rename(other, here).expect("renamed");
            }
        }
    }

    /// The folder of lists.
    pub fn lists(&self) -> PathBuf {
        pki(&self.town).join("crl")
    }

    /// Ends the gateway.
    pub async fn stop_gateway(&mut self) {
        self.town.stack.child("gateway").expect("the gateway").stop().await;
    }

    /// Starts it again, with what it left.
    pub async fn start_gateway(&mut self) {
        let folder = self.town.stack.folder().to_owned();
        let mut gateway = Program::new("gateway", self.town.binary("madoguchi"))
            .args(["serve", "--config"])
            .arg(folder.join("gateway.toml"))
            .spawn(&folder)
            .expect("starts");
        gateway.wait_until_ready().await.expect("the gateway is ready");
        *self.town.stack.child("gateway").expect("the gateway") = gateway;
    }

    /// Removes the verified lists that a stopped gateway kept.
    pub fn forget(&self) {
        let state = self.town.stack.folder().join("crl-state");
        std::fs::remove_dir_all(&state).unwrap_or_else(|error| panic!("{}: {error}", state.display()));
    }

    /// One sign-in, and everything that anybody learns of it.
    pub async fn sign_in(&mut self) -> (Page, Learnt) {
        let before = self.counters();
        // A browser that nobody used: no session helps.
        self.town.browser = madoguchi_demo::Browser::new();
        let page = self.town.sign_in();
        let evidence = self.evidence(page.has("#done")).await;
        let after = self.counters();
        let risen = |family: &str| {
            let rose = after.iter().filter(|(name, value)| {
                name.starts_with(family) && before.get(*name).is_none_or(|earlier| earlier < value)
            });
            let label = |name: &String| name.split('"').nth(1).expect("a label").to_owned();
            rose.filter(|(_, value)| **value > 0).map(|(name, _)| label(name)).collect::<Vec<_>>()
        };
        let learnt = Learnt {
            evidence,
            wanting: risen("madoguchi_revocation_shortfalls_total{"),
            alarm: risen("madoguchi_revocation_alarms_total{"),
        };
        (page, learnt)
    }

    /// The gateway's health.
    pub fn health(&self) -> Value {
        let url = format!("{}/health/revocation", self.town.ports.operations_url());
        tokio::task::block_in_place(|| crate::http::json(get(&url, &[])))
    }

    /// Waits until the health is so.
    pub async fn health_until(&self, so: impl Fn(&Value) -> bool) {
        // Another program's state: there is nothing to wake us, and it needs the processor more than we do.
        let mut look = tokio::time::interval(Duration::from_millis(50));
        while !so(&self.health()) {
            look.tick().await;
        }
    }

    /// The counters among the metrics, by name and labels.
    fn counters(&self) -> BTreeMap<String, u64> {
        let url = format!("{}/metrics", self.town.ports.operations_url());
        let text =
            tokio::task::block_in_place(|| get(&url, &[]).body_mut().read_to_string().expect("the metrics"));
        let counters = text.lines().filter_map(|line| {
            let (name, value) = line.rsplit_once(' ')?;
            Some((name.to_owned(), value.parse().ok()?))
        });
        counters.filter(|(name, _): &(String, u64)| name.contains("_total{")).collect()
    }

    /// The evidence of the last decision: in the audit record of who signed in, in the log of who did not.
    async fn evidence(&self, signed_in: bool) -> Value {
        let text = if signed_in {
            self.town.newest_audit_record().await.evidence.expect("evidence")
        } else {
            let log = std::fs::read_to_string(self.town.stack.folder().join("gateway.log")).expect("a log");
            let refused = log.lines().rfind(|line| line.contains("finish refused")).expect("a refusal");
            refused.split_once("cause=").expect("a cause").1.to_owned()
        };
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }
}

/// What an operator learns of a sign-in.
#[derive(Clone, Debug, PartialEq)]
pub struct Learnt {
    /// The evidence of the decision.
    pub evidence: Value,
    /// Shortfalls that the metrics counted, in the alphabet's order.
    pub wanting: Vec<String>,
    /// Alarms that the metrics counted, the same.
    pub alarm: Vec<String>,
}

impl Learnt {
    /// The rule that decided.
    pub fn rule(&self) -> &str {
        self.evidence["rule"].as_str().expect("a rule")
    }
}

fn pki(town: &Town) -> PathBuf {
    town.stack.ready().pki_dir.clone().expect("a PKI")
}

/// The expectations of `tests/revocation.toml`: by lists, then by OCSP.
pub fn expectations() -> BTreeMap<String, BTreeMap<String, Cell>> {
    let file = crate::repository().join("tests/revocation.toml");
    let text = std::fs::read_to_string(file).expect("the matrix");
    toml::from_str(&text).expect("well formed")
}

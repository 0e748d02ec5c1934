//! The command line.

use std::path::PathBuf;

use clap::{ArgAction, Parser, Subcommand};
use madoguchi_agent::AgentError;
use madoguchi_protocol::{AGENT_PORTS, Origin};

/// マイナンバーカードでサインインするためのエージェント / signs in with a My Number card
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Options {
    /// A gateway that this agent may talk to, as https://host[:port]; repeat for more
    #[arg(long = "gateway", value_name = "ORIGIN", global = true, action = ArgAction::Append)]
    pub(crate) gateways: Vec<Origin>,
    /// Listen on this port of 127.0.0.1 only [default: the first free of 24817 to 24820]
    #[arg(long, value_name = "N", global = true)]
    port: Option<u16>,
    /// Ask in the terminal
    #[arg(long)]
    pub(crate) terminal: bool,
    /// For automation with test cards: each sign-in takes one line of standard input as the PIN
    #[arg(long, conflicts_with = "terminal")]
    pub(crate) pin_stdin: bool,
    /// This is a shared computer: nobody stays signed in
    #[arg(long)]
    pub(crate) counter: bool,
    /// Authorities trusted for TLS besides the system's (PEM)
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) gateway_ca: Option<PathBuf>,
    /// Authority of test cards (DER or PEM); --pin-stdin uses no other card; repeat for more
    #[arg(long = "test-anchor", value_name = "FILE", action = ArgAction::Append)]
    pub(crate) test_anchors: Vec<PathBuf>,
    /// Use only readers whose name contains this
    #[arg(long, value_name = "NAME", global = true)]
    pub(crate) reader: Option<String>,
    /// Wait at most this long for reader and card [default: as long as the sign-in lasts; 5 with --pin-stdin]
    #[arg(long, value_name = "SECONDS", global = true)]
    pub(crate) card_wait: Option<u64>,
    /// What to log to standard error [default: warn where a person reads the terminal; info with --pin-stdin]
    #[arg(long, value_name = "FILTER", global = true)]
    pub(crate) log: Option<String>,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// Other things than serving browsers.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show the card on the reader and its tries left, without using one
    Card {
        /// One JSON line
        #[arg(long)]
        json: bool,
    },
    /// Look for what could keep sign-ins from working
    Doctor {
        /// One JSON line
        #[arg(long)]
        json: bool,
    },
}

impl Options {
    /// The ports to try, in order.
    pub(crate) fn ports(&self) -> Vec<u16> {
        self.port.map_or_else(|| AGENT_PORTS.to_vec(), |port| vec![port])
    }

    /// `--pin-stdin` is for test cards on a developer's own machine and for nothing else.
    pub(crate) fn check_guards(&self) -> Result<(), AgentError> {
        let guarded = !self.test_anchors.is_empty() && self.gateways.iter().all(Origin::is_loopback);
        if self.pin_stdin && !guarded { Err(AgentError::AutomationUnguarded) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(arguments: &[&str]) -> Options {
        Options::try_parse_from(["madoguchi-agent"].iter().chain(arguments)).expect("options")
    }

    #[test]
    fn automation_needs_loopback_gateways_and_a_test_anchor() {
        let local = "--gateway=http://localhost:24810";
        let anchor = "--test-anchor=ca.der";
        assert!(options(&["--pin-stdin", local, anchor]).check_guards().is_ok());
        for arguments in [
            &["--pin-stdin", local][..],
            &["--pin-stdin", anchor, "--gateway=https://madoguchi.example.jp"],
            &["--pin-stdin", anchor, local, "--gateway=https://madoguchi.example.jp"],
        ] {
            let error = options(arguments).check_guards().expect_err("unguarded");
            assert!(matches!(error, AgentError::AutomationUnguarded), "{arguments:?}");
        }
        assert!(options(&["--gateway=https://madoguchi.example.jp"]).check_guards().is_ok());
    }

    #[test]
    fn the_port_is_exact_or_the_first_free() {
        assert_eq!(options(&["--port", "4711"]).ports(), [4711]);
        assert_eq!(options(&[]).ports(), AGENT_PORTS);
    }

    #[test]
    fn an_origin_is_canonical() {
        for gateway in ["http://madoguchi.example.jp", "https://madoguchi.example.jp/", "localhost"] {
            assert!(Options::try_parse_from(["madoguchi-agent", "--gateway", gateway]).is_err(), "{gateway}");
        }
    }
}

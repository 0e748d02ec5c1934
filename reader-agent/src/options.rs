//! The command line.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use madoguchi_protocol::{AGENT_PORTS, Lang, Origin};

use crate::AgentError;

/// マイナンバーカードでサインインするためのエージェント / signs in with a My Number card
#[derive(Debug, Parser)]
#[command(version)]
#[expect(clippy::struct_excessive_bools, reason = "switches of a command line")]
pub struct Options {
    /// A gateway that this agent may talk to, as https://host or https://host:port; repeat for more
    #[arg(long = "gateway", value_name = "ORIGIN", global = true, action = ArgAction::Append)]
    pub gateways: Vec<Origin>,
    /// Listen on this port of 127.0.0.1 only [default: the first free of 24817 to 24820]
    #[arg(long, value_name = "N", global = true)]
    port: Option<u16>,
    /// Ask in the terminal
    #[arg(long)]
    pub terminal: bool,
    /// For automation with test cards: each sign-in takes one line of standard input as the PIN
    #[arg(long, conflicts_with = "terminal")]
    pub pin_stdin: bool,
    /// This is a shared computer: nobody stays signed in
    #[arg(long)]
    pub counter: bool,
    /// Authorities trusted for TLS besides the system's (PEM)
    #[arg(long, value_name = "FILE", global = true)]
    pub gateway_ca: Option<PathBuf>,
    /// Authority of test cards (DER or PEM); --pin-stdin uses no other card; repeat for more
    #[arg(long = "test-anchor", value_name = "FILE", action = ArgAction::Append)]
    pub test_anchors: Vec<PathBuf>,
    /// Use only readers whose name contains this
    #[arg(long, value_name = "NAME", global = true)]
    pub reader: Option<String>,
    /// Have the PIN typed on the computer even where the reader has a keypad
    #[arg(long)]
    pub no_pin_pad: bool,
    /// Wait at most this long for reader and card [default: as long as the sign-in lasts; 5 with --pin-stdin]
    #[arg(long, value_name = "SECONDS", global = true)]
    pub card_wait: Option<u64>,
    /// What to log to standard error [default: warn where a person reads the terminal; info with --pin-stdin]
    #[arg(long, value_name = "FILTER", global = true)]
    pub log: Option<String>,
    /// What else to do than serving browsers
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Other things than serving browsers.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show the card on the reader and its tries left, without using one
    Card(CardOptions),
    /// Look for what could keep sign-ins from working
    Doctor(DoctorOptions),
}

/// Options of `card`.
#[derive(Debug, Args)]
pub struct CardOptions {
    /// One JSON line
    #[arg(long)]
    pub json: bool,
    /// Language of the text [default: en if the computer's language is English, otherwise ja]
    #[arg(long)]
    pub lang: Option<ReportLang>,
    /// Record commands and status words in a new file: no PIN, no certificate
    #[arg(long, value_name = "FILE")]
    pub trace: Option<PathBuf>,
}

/// Options of `doctor`.
#[derive(Debug, Args)]
pub struct DoctorOptions {
    /// One JSON line
    #[arg(long)]
    pub json: bool,
    /// Language of the text [default: en if the computer's language is English, otherwise ja]
    #[arg(long)]
    pub lang: Option<ReportLang>,
    /// Show an address to open in the browser, and wait until it was opened; at most two minutes
    #[arg(long)]
    pub browser: bool,
}

/// The languages of reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReportLang {
    /// 日本語
    Ja,
    /// English
    En,
}

impl From<ReportLang> for Lang {
    fn from(lang: ReportLang) -> Self {
        match lang {
            ReportLang::Ja => Self::Japanese,
            ReportLang::En => Self::English,
        }
    }
}

impl Options {
    /// The ports to try, in order.
    pub fn ports(&self) -> Vec<u16> {
        self.port.map_or_else(|| AGENT_PORTS.to_vec(), |port| vec![port])
    }

    /// `--pin-stdin` is for test cards on a developer's own machine and for nothing else.
    pub fn check_guards(&self) -> Result<(), AgentError> {
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

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
    /// Gateways and port.
    #[command(flatten)]
    pub connections: ConnectionOptions,
    /// Ask in the terminal
    #[arg(long)]
    pub terminal: bool,
    /// For automation with test cards: each sign-in takes one line of standard input as the PIN
    #[arg(long, conflicts_with = "terminal")]
    pub pin_stdin: bool,
    /// This is a shared computer: nobody stays signed in
    #[arg(long)]
    pub counter: bool,
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
    #[arg(long, value_name = "SECONDS")]
    pub card_wait: Option<u64>,
    /// What to log to standard error [default: warn where a person reads the terminal; info with --pin-stdin]
    #[arg(long, value_name = "FILTER", global = true)]
    pub log: Option<String>,
    /// What else to do than serving browsers
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Which gateways there are and how they are reached, and where browsers come in.
#[derive(Clone, Debug, Default, Args)]
pub struct ConnectionOptions {
    /// A gateway that this agent may talk to, as https://host or https://host:port; repeat for more
    #[arg(long = "gateway", value_name = "ORIGIN", action = ArgAction::Append)]
    pub gateways: Vec<Origin>,
    /// Listen on this port of 127.0.0.1 only [default: the first free of 24817 to 24820]
    #[arg(long, value_name = "N")]
    port: Option<u16>,
    /// Authorities trusted for TLS besides the system's (PEM)
    #[arg(long, value_name = "FILE")]
    pub gateway_ca: Option<PathBuf>,
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
    /// Wait at most this long for reader and card [default: do not wait]
    #[arg(long, value_name = "SECONDS")]
    pub card_wait: Option<u64>,
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
    /// Gateways and port to look at.
    #[command(flatten)]
    pub connections: ConnectionOptions,
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

impl ConnectionOptions {
    /// The ports to try, in order.
    pub fn ports(&self) -> Vec<u16> {
        self.port.map_or_else(|| AGENT_PORTS.to_vec(), |port| vec![port])
    }

    /// These, and those of `before` where these say nothing: `doctor` may come before its options or after them.
    pub(crate) fn or(&self, before: &Self) -> Self {
        let gateways = if self.gateways.is_empty() { &before.gateways } else { &self.gateways };
        Self {
            gateways: gateways.clone(),
            port: self.port.or(before.port),
            gateway_ca: self.gateway_ca.as_ref().or(before.gateway_ca.as_ref()).cloned(),
        }
    }
}

impl Options {
    /// `--pin-stdin` is for test cards on a developer's own machine and for nothing else.
    pub fn check_guards(&self) -> Result<(), AgentError> {
        let guarded =
            !self.test_anchors.is_empty() && self.connections.gateways.iter().all(Origin::is_loopback);
        if self.pin_stdin && !guarded { Err(AgentError::AutomationUnguarded) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

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
        assert_eq!(options(&["--port", "4711"]).connections.ports(), [4711]);
        assert_eq!(options(&[]).connections.ports(), AGENT_PORTS);
    }

    /// The long options that the help of a subcommand shows.
    fn shown(subcommand: &str) -> Vec<String> {
        // As wide as it likes: at the start of a line stands an option, and no other word.
        let mut command = Options::command().term_width(0);
        command.build();
        let subcommand = command.find_subcommand_mut(subcommand).expect("a subcommand");
        let help = subcommand.render_long_help().to_string();
        let mut shown: Vec<String> = help
            .lines()
            .filter_map(|line| line.trim_start().trim_start_matches("-h, ").strip_prefix("--"))
            .map(|line| line.split_whitespace().next().unwrap_or_default().to_owned())
            .collect();
        shown.sort();
        shown
    }

    #[test]
    fn the_help_of_a_subcommand_shows_what_means_something_there() {
        assert_eq!(shown("card"), ["card-wait", "help", "json", "lang", "log", "reader", "trace"]);
        assert_eq!(
            shown("doctor"),
            ["browser", "gateway", "gateway-ca", "help", "json", "lang", "log", "port", "reader"]
        );
    }

    #[test]
    fn the_doctors_gateways_come_before_or_after_it() {
        for arguments in [
            &["--gateway=http://localhost:1", "--port=4711", "doctor"][..],
            &["doctor", "--gateway=http://localhost:1", "--port=4711"],
            &[
                "--gateway=http://localhost:2",
                "--port=1",
                "doctor",
                "--gateway=http://localhost:1",
                "--port=4711",
            ],
        ] {
            let options = options(arguments);
            let Some(Command::Doctor(doctor)) = &options.command else { panic!("{arguments:?}") };
            let connections = doctor.connections.or(&options.connections);
            assert_eq!(connections.ports(), [4711], "{arguments:?}");
            let gateways: Vec<String> = connections.gateways.iter().map(ToString::to_string).collect();
            assert_eq!(gateways, ["http://localhost:1"], "{arguments:?}");
        }
    }

    #[test]
    fn an_origin_is_canonical() {
        for gateway in ["http://madoguchi.example.jp", "https://madoguchi.example.jp/", "localhost"] {
            assert!(Options::try_parse_from(["madoguchi-agent", "--gateway", gateway]).is_err(), "{gateway}");
        }
    }
}

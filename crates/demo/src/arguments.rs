//! The command line of `madoguchi-demo`.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::AsFd as _;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser};
use madoguchi_demo::{
    AgentFront, Answer, Binaries, Card, DemoError, ExternalCard, Extras, MockCard, MyService, Pin, Ports,
    StackOptions,
};
use zeroize::Zeroizing;

const ENDS: &str = concat!(
    "Exit codes:\n",
    "  0  ended by a signal; with --once, somebody is signed in\n",
    "  1  something broke; with --once also when the sign-in ended otherwise, as --answer\n",
    "     wants it: the answer is printed\n",
    "  2  the command line cannot be used",
);

/// Everything of Madoguchi on loopback: test PKI, virtual card reader, mock card, gateway, agent, sample service.
#[derive(Debug, Parser)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
#[command(name = "madoguchi-demo", version, after_help = ENDS)]
pub(crate) struct Arguments {
    /// Print one JSON line when everything runs.
    #[arg(long, conflicts_with = "once")]
    pub(crate) json: bool,
    /// Sign in by itself, print the claims of the ID token as one JSON line, stop everything.
    #[arg(long)]
    pub(crate) once: bool,
    /// The agent answers every request with the test PIN.
    #[arg(long)]
    unattended: bool,
    /// Produce this outcome instead of a sign-in (with --unattended or --once).
    #[arg(long, value_enum, conflicts_with = "external_card")]
    answer: Option<Answer>,
    /// The agent says that it stands on a shared computer: the browser keeps no session.
    #[arg(long)]
    counter: bool,
    /// Register a service of your own, `my-service`, whose answers may go there. May be repeated.
    #[arg(long, value_name = "URI")]
    client_redirect_uri: Vec<String>,
    /// Where the browser may go after signing out of your service. May be repeated.
    #[arg(long, value_name = "URI", requires = "client_redirect_uri")]
    client_post_logout_redirect_uri: Vec<String>,
    /// Where your service is told that a session ended.
    #[arg(long, value_name = "URI", requires = "client_redirect_uri")]
    client_backchannel_logout_uri: Option<String>,
    /// First port: the gateway's; +1 sample service, +2 OCSP, +3 health and metrics, +7 agent.
    #[arg(long, value_name = "N", default_value_t = Ports::DEFAULT_BASE)]
    port_base: u16,
    /// Use the card on a reader of the running PC/SC service (or of PCSCLITE_CSOCK_NAME).
    #[arg(long, requires_all = ["anchor", "crl", "pin_stdin"])]
    external_card: bool,
    /// A trust anchor of the external card.
    #[arg(long, value_name = "FILE", requires = "external_card")]
    anchor: Vec<PathBuf>,
    /// A CRL for the external card.
    #[arg(long, value_name = "FILE", requires = "external_card")]
    crl: Vec<PathBuf>,
    /// A certificate policy that the external card's certificate must have one of; any when not given.
    #[arg(long, value_name = "OID", requires = "external_card")]
    policy: Vec<String>,
    /// Read the external card's PIN as one line from standard input.
    #[arg(long, requires = "external_card")]
    pin_stdin: bool,
}

impl Arguments {
    /// Reads the command line; says what is wrong and ends the program when it is.
    pub(crate) fn read() -> Self {
        Self::from_words(std::env::args_os()).unwrap_or_else(|error| error.exit())
    }

    /// With the rule that clap cannot say: an answer needs somebody who gives it.
    fn from_words(words: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> Result<Self, clap::Error> {
        let arguments = Self::try_parse_from(words)?;
        if arguments.answer.is_some() && !arguments.unattended && !arguments.once {
            let text = "--answer needs --unattended or --once";
            return Err(Self::command().error(ErrorKind::MissingRequiredArgument, text));
        }
        Ok(arguments)
    }

    /// What to start. Reads the PIN of an external card.
    pub(crate) fn stack_options(self) -> Result<StackOptions, DemoError> {
        let ports = Ports::from_base(self.port_base)?;
        let extras = Extras {
            agent_args: if self.counter { vec!["--counter".to_owned()] } else { Vec::new() },
            my_service: (!self.client_redirect_uri.is_empty()).then_some(MyService {
                redirect_uris: self.client_redirect_uri,
                post_logout_redirect_uris: self.client_post_logout_redirect_uri,
                backchannel_logout_uri: self.client_backchannel_logout_uri,
            }),
            ..Extras::default()
        };
        let binaries = Binaries::beside_this_program()
            .map_err(|source| DemoError::File { path: PathBuf::from("/proc/self/exe"), source })?;
        if self.external_card {
            #[expect(
                clippy::disallowed_methods,
                reason = "the PC/SC client library's own way to name its socket"
            )]
            let socket = std::env::var_os("PCSCLITE_CSOCK_NAME").map(PathBuf::from);
            let card = ExternalCard {
                anchors: absolute(self.anchor)?,
                crls: absolute(self.crl)?,
                policies: self.policy,
                socket,
            };
            let agent = AgentFront::Unattended(read_pin()?);
            return Ok(StackOptions { binaries, ports, card: Card::External(card), agent, extras });
        }
        let agent = if self.unattended || self.once {
            AgentFront::Unattended(Pin::for_answer(self.answer))
        } else {
            AgentFront::Terminal
        };
        let card = Card::Mock(MockCard { answer: self.answer, ..MockCard::default() });
        Ok(StackOptions { binaries, ports, card, agent, extras })
    }
}

/// The gateway reads relative paths from its own folder.
fn absolute(paths: Vec<PathBuf>) -> Result<Vec<PathBuf>, DemoError> {
    let absolute = |path: PathBuf| path.canonicalize().map_err(|source| DemoError::File { path, source });
    paths.into_iter().map(absolute).collect()
}

/// Octet by octet into a buffer that is wiped: the standard library's buffered standard input would keep a copy.
fn read_pin() -> Result<Pin, DemoError> {
    let stdin = io::stdin().as_fd().try_clone_to_owned().map_err(|_| DemoError::NotAPin)?;
    let mut stdin = File::from(stdin);
    let mut line = Zeroizing::new([0; LONGEST_LINE]);
    let mut length = 0;
    for octet in line.iter_mut() {
        if stdin.read(std::slice::from_mut(octet)).map_err(|_| DemoError::NotAPin)? == 0 || *octet == b'\n' {
            break;
        }
        length += 1;
    }
    let line = line.get(..length).unwrap_or_default();
    Pin::new(line.strip_suffix(b"\r").unwrap_or(line))
}

const LONGEST_LINE: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Arguments, ErrorKind> {
        Arguments::from_words(line.split(' ')).map_err(|error| error.kind())
    }

    #[test]
    fn what_belongs_together_is_asked_for() {
        let external = "demo --external-card --anchor a --crl c --pin-stdin";
        assert!(read(external).is_ok());
        for part in [" --anchor a", " --crl c", " --pin-stdin", " --external-card"] {
            assert_eq!(
                read(&external.replace(part, "")).err(),
                Some(ErrorKind::MissingRequiredArgument),
                "{part}"
            );
        }
        assert_eq!(read("demo --policy 1.2.3").err(), Some(ErrorKind::MissingRequiredArgument));
        assert_eq!(read("demo --answer revoked").err(), Some(ErrorKind::MissingRequiredArgument));
        assert_eq!(read("demo --once --json").err(), Some(ErrorKind::ArgumentConflict));
        let answer = format!("{external} --once --answer revoked");
        assert_eq!(read(&answer).err(), Some(ErrorKind::ArgumentConflict));
    }

    #[test]
    fn every_documented_answer_is_known() {
        for answer in [
            "access_denied",
            "pin_wrong",
            "revoked",
            "cannot_check",
            "expired",
            "on_hold",
            "card_removed",
            "pin_blocked",
            "certificate_missing",
            "not_my_number_card",
        ] {
            assert!(read(&format!("demo --unattended --answer {answer}")).is_ok(), "{answer}");
        }
    }

    #[test]
    fn a_service_of_ones_own_begins_with_its_redirect_uri() {
        let own =
            |line: &str| read(line).expect("parses").stack_options().expect("options").extras.my_service;
        assert!(own("demo").is_none());
        let uris =
            "demo --client-redirect-uri http://127.0.0.1:1/a --client-redirect-uri http://127.0.0.1:1/b";
        assert_eq!(own(uris).expect("a service").redirect_uris.len(), 2);
        let alone = "demo --client-post-logout-redirect-uri http://127.0.0.1:1/a";
        assert_eq!(read(alone).err(), Some(ErrorKind::MissingRequiredArgument));
    }

    #[test]
    fn somebody_answers_the_agent() {
        let front = |line| read(line).expect("parses").stack_options().expect("options").agent;
        assert!(matches!(front("demo"), AgentFront::Terminal));
        assert!(matches!(front("demo --once"), AgentFront::Unattended(_)));
        assert!(matches!(front("demo --json --unattended"), AgentFront::Unattended(_)));
    }
}
